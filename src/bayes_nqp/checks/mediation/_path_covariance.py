"""Covariance across units of the effect on a mediator and of the mediator's own effect."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, advised, joined, listed, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import AS_FITTED, HOLDS, Finding, Guide, asks, certain, ladder
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
"""Covariance, in posterior SDs of the indirect effect, for the verdicts caution and failed."""


@asks(
    "Are the effect on the mediator (a) and the effect of the mediator (b) "
    "uncorrelated across units?",
    "covariance of paths a and b",
    of="channels",
    place=215,
    needs=(CHANNELS, ROWS, UNITS, REFITS),
    guide=Guide(
        statistic=Message(
            "Covariance across units of path a (policy to mediator) and path b "
            "(mediator to outcome), from a refit of each mediator in which both vary "
            "by unit."
        ),
        thresholds=Message(
            "Judged if the 95 % interval of the covariance excludes zero. Caution: its "
            "mean is at least {0:g} posterior SDs of the indirect effect. Failed: at "
            "least {1:g}.",
            *_LIMITS,
        ),
        failure=Message(
            "The indirect effect is the product of average paths and omits their "
            "covariance, so it is biased by that covariance."
        ),
        remedy=Message(
            "fit one mediator at a time with {}",
            Code('nqp.Mediation(..., vary_by="unit")', '[channels] vary_by = "unit"'),
        ),
        code='nqp.check(fit, "path_covariance").evidence',
        limits=Message(
            "Each mediator is refitted alone, so covariance of paths through several "
            "mediators is not tested."
        ),
    ),
)
def path_covariance(fit: Fit) -> Finding:
    """Refit every mediator with paths that vary by unit, and estimate their covariance.

    The mean of ``a_i b_i`` is ``E[a] E[b] + cov(a, b)``. Unless the design has ``vary_by="unit"``,
    slopes are those of strata, and indirect effects omit the second term. Each mediator is fitted
    alone with paths that are correlated across units, and their covariance is compared with the
    posterior SD of the fit's indirect effect.
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
        lines.append(drawn(name, Message("paths that vary by unit"), nie(refitted, mediators=name)))
        lines.append(drawn(name, Message("covariance of paths a and b"), covariance, verdict))
        lost += [lines[-1]] if verdict != HOLDS else []
    sizes = [Message("{} {}", x.mediator, spanned(x.value, x.lower, x.upper)) for x in lines[2::3]]
    figure = Message("covariance of paths a and b: {}", listed(sizes))
    return finding_of(lines, figure, _sentence(lost), [fit, *refits])


def _ask(fit: Fit) -> None:
    """Require a design in which paths can vary by unit, and do not yet.

    Raises
    ------
    NotApplicable
        If the design does not allow it, with the reason.
    """
    facts = fit.facts
    assert facts.channels is not None
    if facts.joined:
        raise NotApplicable(
            Message(
                "Both paths vary by unit in this design, so the indirect effect includes "
                "their covariance."
            )
        )
    if facts.varying != "unit" or facts.moderator is not None:
        raise NotApplicable(
            Message(
                "Paths can vary by unit only if effects vary by unit and there is no moderator."
            )
        )
    if facts.reach != "none":
        raise NotApplicable(
            Message("Paths cannot vary by unit if mediators of other units enter the outcome.")
        )
    if facts.lag or facts.channels.interaction:
        raise NotApplicable(
            Message("Paths can vary by unit only without an interaction and without a lag.")
        )


def _sentence(lost: list[EvidenceRow]) -> Message:
    if not lost:
        return Message(
            "The covariance of paths a and b across units is small compared with the "
            "uncertainty of the indirect effects."
        )
    finding = Message(
        "Paths a and b are correlated across units, and the indirect effects omit "
        "their covariance: {}.",
        listed([Message("{:+.3g} via {}", x.value, x.mediator) for x in lost]),
    )
    advice = Message(
        "Next: fit one mediator at a time, with {} in nqp.Mediation.", Hint("vary_by", "unit")
    )
    return joined([finding, advised(advice)])
