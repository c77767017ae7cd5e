"""Whether the legs of a channel vary together across units, which their means would not show."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, listed, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import AS_FITTED, HOLDS, Finding, asks, certain, ladder
from bayes_nqp.effects.estimands import nie
from bayes_nqp.inference.fitting import (
    CHANNELS,
    REFITS,
    ROWS,
    UNITS,
    Fit,
    path_covariance_draws,
    refit,
)

_LIMITS = (0.5, 1.0)
"""Posterior SDs of the indirect effect that are lost for the verdicts caution and failed."""


@asks(
    "Do units whose mediator responds more gain no more from it?",
    "legs that vary together",
    of="channels",
    place=215,
    needs=(CHANNELS, ROWS, UNITS, REFITS),
)
def path_covariance(fit: Fit) -> Finding:
    """Refit every channel with legs that vary by unit, and take the covariance that is lost.

    The mean of ``a_i b_i`` is ``E[a] E[b] + cov(a, b)``. Unless the design has
    ``vary_by="unit"``, slopes are those of strata, and the second term is no part of indirect
    effects. Each mediator by itself is fitted with legs that are correlated across units; what is
    lost is their covariance. It holds if its interval covers zero, or its mean is below half a
    posterior sd of the fit's indirect effect; it fails from one posterior sd on.
    """
    _ask(fit)
    lines: list[EvidenceRow] = []
    lost, names = [], fit.facts.mediators(fit.rows)
    designs = [fit.variant(mediators=(name,), vary_by="unit") for name in names]
    refits = [refit(fit, design, fit.rows) for design in designs]
    for name, refitted in zip(names, refits, strict=True):
        via, covariance = nie(fit, mediators=name), path_covariance_draws(refitted)
        sign = certain(covariance)
        size = abs(float(np.mean(covariance)) / float(via.std())) if sign else 0.0
        verdict = ladder(fails=size >= _LIMITS[1], doubt=size >= _LIMITS[0])
        lines.append(drawn(name, AS_FITTED, via))
        lines.append(drawn(name, Message("legs that vary together"), nie(refitted, mediators=name)))
        lines.append(drawn(name, Message("covariance of the legs"), covariance, verdict))
        lost += [lines[-1]] if verdict != HOLDS else []
    sizes = [Message("{} {}", x.mediator, spanned(x.value, x.lower, x.upper)) for x in lines[2::3]]
    figure = Message("covariance of the legs: {}", listed(sizes))
    return finding_of(lines, figure, _sentence(lost), [fit, *refits])


def _ask(fit: Fit) -> None:
    """See that legs can vary by unit, and do not yet.

    Raises
    ------
    NotApplicable
        With the reason.
    """
    facts = fit.facts
    assert facts.channels is not None
    if facts.joined:
        raise NotApplicable(Message("Both legs vary by unit here: the covariance is in the fit."))
    if facts.varying != "unit" or facts.moderator is not None:
        raise NotApplicable(
            Message("Legs vary by unit where effects do, and without a moderator; ask it of those.")
        )
    if facts.reach != "none":
        raise NotApplicable(
            Message("Legs vary by unit where channels do not lie in space; ask it of those.")
        )
    if facts.lag or facts.channels.interaction:
        raise NotApplicable(
            Message("Legs vary by unit without an interaction and without a lag; ask it of those.")
        )


def _sentence(lost: list[EvidenceRow]) -> Message:
    if not lost:
        return Message(
            "Legs of channels do not vary together by more than intervals of indirect effects "
            "allow."
        )
    sentence = Message(
        "Both legs vary together across units, and indirect effects lack cov(a, b): {}.",
        listed([Message("{:+.3g} via {}", x.value, x.mediator) for x in lost]),
    )
    advice = Message("Fit one mediator at a time with {}.", Hint("vary_by", "unit"))
    return joined([sentence, advised(advice)])
