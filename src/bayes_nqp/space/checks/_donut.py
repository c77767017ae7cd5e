"""Whether the effect is the same without rows near units in force."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    UNTOLD,
    Alternative,
    Finding,
    asks,
    compared,
    comparison,
    ladder,
)
from bayes_nqp.data.spatial_weights import located
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, UNITS, Fit
from bayes_nqp.space.checks._neighbour_weights import chance_of_shift, farther, rings_of
from bayes_nqp.space.checks._refit_agreement import kept
from bayes_nqp.space.terms import Donut


@asks(
    "Is the effect the same without exposed rows?",
    "donut",
    place=174,
    needs=(ADOPTION, ROWS, UNITS, REFITS),
    suits=located,
    assumption=True,
)
def donut(fit: Fit) -> Finding:
    """Refit without untreated rows near units in force, in place of effects of their own.

    What is left is the effect of the policy and of treated neighbours together, as the average
    effect of a design with rings is. Rows are left out up to the last ring, and up to two rings
    farther, each as wide as the last one. *Caution* if without the former the average effect lies
    more than 1.5 posterior sd from the fit's, or concludes otherwise, or if without the latter it
    moves by more than half a posterior sd, and more than fewer controls explain. It *passes* only
    if
    by both refits it is inside the fit's 95 % interval with a probability of .90 or more. Else the
    rows that are left are *inconclusive*.
    """
    term = rings_of(fit)
    holes = [
        Donut(km, longitude=term.longitude, latitude=term.latitude)
        for km in (term.km[-1], farther(term, 2)[-1])
    ]
    others = [
        Alternative(
            Message("without rows within {:g} km", hole.km), Message("spillovers"),
            fit.variant(spillovers=hole), counts=hole is holes[0],
        )
        for hole in holes
    ]  # fmt: skip
    evidence = compared(fit, others, Message("refitting without exposed rows"))
    against = comparison(evidence, far=1.5)
    stays = kept(fit, [other.design for other in others])
    last = len(against.names) - 1
    shift = abs(against.mean[last] - against.mean[0]) / against.sd[0]
    moved = bool(shift > chance_of_shift(against, last))
    shown = last if moved else 1
    verdict = ladder(
        fails=against.verdict == FAILS,
        doubt=against.verdict == DOUBT or moved,
        untold=not stays.enough,
    )
    figure = Message(
        "average effect {:.3g} ({:.2g}) with rings, {:.3g} ({:.2g}) {}",
        against.estimates[0], against.sd[0], against.estimates[shown], against.sd[shown],
        against.names[shown],
    )  # fmt: skip
    sentence = (
        stays.sentence(Message("Without rows near units in force the average effect is the same."))
        if verdict in (HOLDS, UNTOLD)
        else Message("Without rows near units in force the average effect is another.")
    )
    evidence = evidence.assign_attrs(probability=stays.probability)
    return Finding(verdict, figure, sentence, evidence, "specifications")
