"""Test of inconsistent mediation (suppression)."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, detailed, joined, listed, separated, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import NOT_APPLICABLE, Finding, Guide, asks, certain, ladder
from bayes_nqp.effects.estimands import ALL, nde, nie, proportion_mediated
from bayes_nqp.inference.fitting import CHANNELS, Fit

_UNSURE = 0.05
"""Probability of the other sign, divided by the number of mediators, below which a sign counts."""


@asks(
    "Do direct and indirect effects have the same sign?",
    "signs of direct and indirect effects",
    of="channels",
    place=280,
    needs=(CHANNELS,),
    guide=Guide(
        statistic=Message(
            "Posterior probabilities of the signs of the direct effect and of each indirect effect."
        ),
        thresholds=Message(
            "Caution: the direct effect and an indirect effect have opposite signs, "
            "each with a probability of at least one minus {:.0%} over the number of "
            "mediators.",
            _UNSURE,
        ),
        failure=Message(
            "Direct and indirect effects partly offset each other in the total effect, and "
            "the proportion mediated has no meaning."
        ),
        remedy=Message(
            "report the direct and the indirect effect separately, and no proportion mediated"
        ),
        code="nqp.nde(fit)\nnqp.nie(fit)",
        literature="MacKinnon, Krull and Lockwood (2000)",
        limits=Message("Opposite signs are a result and no error of the model."),
    ),
)
def inconsistent(fit: Fit) -> Finding:
    """Test for inconsistent mediation, also called suppression.

    Opposite signs of direct and indirect effects are a result and not an error. The policy works
    through paths of opposite sign, so the total effect understates both. A proportion mediated then
    has no meaning and is not reported.
    """
    direct, via, share = nde(fit), nie(fit), proportion_mediated(fit)
    sure = 1.0 - _UNSURE / len(fit.facts.mediators(fit.rows))
    sign, path = certain(direct, sure), Message("direct effect")
    lines, opposed = [drawn(path, path, direct)], []
    mediators = via[v.MEDIATOR].to_numpy()
    for mediator in mediators:
        draws = via.sel({v.MEDIATOR: mediator})
        against = sign * certain(draws, sure) < 0
        if against:
            joint = Message("all mediators jointly")
            opposed.append(joint if mediator == ALL else str(mediator))
        verdict = ladder(doubt=against)
        lines.append(drawn(_called(mediator), Message("indirect effect"), draws, verdict))
    withheld, quantity = share.attrs["withheld"], Message("proportion mediated")
    for mediator in mediators:
        nothing = (np.nan, np.nan, np.nan)
        line = EvidenceRow(_called(mediator), quantity, *nothing, NOT_APPLICABLE, "share")
        if not opposed and not withheld:
            draws = share.sel({v.MEDIATOR: mediator})
            line = drawn(_called(mediator), quantity, draws, scale="share")
        lines.append(line)
    figure = separated(
        Message("{} {}", x.mediator, spanned(x.value, x.lower, x.upper))
        for x in lines
        if x.scale == "effect"
    )
    sentence = Message(
        "No indirect effect has the opposite sign of the direct effect with a "
        "probability of {:.1%}.",
        sure,
    )
    if opposed:
        signs = Message(
            "Inconsistent mediation (suppression): the direct effect is {}, but indirect effects "
            "have the opposite sign (through {}).",
            Message("positive") if sign > 0 else Message("negative"),
            listed(opposed),
        )
        meaning = Message(
            "Direct and indirect effects partly offset each other in the total effect."
        )
        sentence = joined([signs, meaning])
    elif withheld:
        reason = Message("The proportion mediated is not reported: {}.", withheld)
        sentence = joined([sentence, detailed(reason)])
    return finding_of(lines, figure, sentence, [fit])


def _called(path: object) -> str:
    """Return the name of a path."""
    return Message("all mediators") if path == ALL else str(path)
