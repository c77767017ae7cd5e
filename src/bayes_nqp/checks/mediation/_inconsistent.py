"""Whether an indirect effect hides a part of the direct one, or the other way round."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, joined, listed, separated, spanned
from bayes_nqp.checks.mediation._evidence_rows import EvidenceRow, drawn, finding_of
from bayes_nqp.checks.shared import NOT_APPLICABLE, Finding, asks, certain, ladder
from bayes_nqp.effects.estimands import ALL, nde, nie, proportion_mediated
from bayes_nqp.inference.fitting import CHANNELS, Fit

_UNSURE = 0.05
"""Probability of the other sign, over the number of mediators, up to which a sign counts."""


@asks(
    "Do direct and indirect effects point the same way?",
    "directions of effects",
    of="channels",
    place=280,
    needs=(CHANNELS,),
)
def inconsistent(fit: Fit) -> Finding:
    """Look for inconsistent mediation, also called suppression.

    It asks for caution if the direct effect has one sign and an indirect effect the other, each
    but for
    a probability of 5 % over the number of mediators. That is a finding, not an error: the policy
    works against itself, and the total effect hides how much it does on either way. A proportion
    mediated has no meaning then, and is withheld.
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
            opposed.append(str(mediator))
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
        "No indirect effect points against the direct one with a probability of {:.1%}.", sure
    )
    if opposed:
        sentence = Message(
            "Suppression (inconsistent mediation): the direct effect is {}, and what goes through "
            "{} has the other sign, so each hides a part of the other in the total effect. This "
            "is a finding to report; the proportion mediated has no meaning and is withheld.",
            Message("positive") if sign > 0 else Message("negative"),
            listed(opposed),
        )
    elif withheld:
        sentence = joined([sentence, Message("The proportion mediated is withheld: {}.", withheld)])
    return finding_of(lines, figure, sentence, [fit])


def _called(path: object) -> str:
    """Call a path; mediators by their own names."""
    return Message("all mediators") if path == ALL else str(path)
