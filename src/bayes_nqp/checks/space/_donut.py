"""Whether the effect is the same without rows near units in force."""

from __future__ import annotations

from bayes_nqp.checks.shared import HOLDS, Alternative, Finding, asks, compared, comparison
from bayes_nqp.checks.space._near import located, rings_of
from bayes_nqp.designs import Donut
from bayes_nqp.fitting import ADOPTION, REFITS, ROWS, Fit
from bayes_nqp.language import Message

__all__ = ["donut"]


@asks(
    "Is the effect the same without exposed rows?",
    "donut",
    place=174,
    needs=(ADOPTION, ROWS, REFITS),
    suits=located,
    assumption=True,
)
def donut(fit: Fit) -> Finding:
    """Refit without untreated rows near units in force, in place of effects of their own.

    What is left is the effect of the policy and of treated neighbours together, as the average
    effect of a design with rings is.
    """
    term = rings_of(fit)
    hole = Donut(term.km[-1], longitude=term.longitude, latitude=term.latitude)
    other = Alternative(
        Message("without exposed rows"),
        Message("spillovers"),
        fit.variant(spillovers=hole),
    )
    evidence = compared(fit, [other], Message("refitting without exposed rows"))
    against = comparison(evidence, far=1.5)
    figure = Message(
        "average effect {:.3g} ({:.2g}) with rings, {:.3g} ({:.2g}) without exposed rows",
        against.mean[0], against.sd[0], against.mean[1], against.sd[1],
    )  # fmt: skip
    sentence = (
        Message("Without rows near units in force the average effect is the same.")
        if against.verdict == HOLDS
        else Message("Without rows near units in force the average effect is another.")
    )
    return Finding(against.verdict, figure, sentence, evidence, "specifications")
