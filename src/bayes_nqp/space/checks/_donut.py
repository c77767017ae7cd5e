"""Comparison of the average effect with refits without observations near treated units."""

from __future__ import annotations

from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message, joined
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILS,
    HOLDS,
    UNTOLD,
    Alternative,
    Finding,
    Guide,
    asks,
    compared,
    comparison,
    ladder,
)
from bayes_nqp.data.spatial_weights import located
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, UNITS, Fit
from bayes_nqp.space.checks._neighbour_weights import chance_of_shift, farther, rings_of
from bayes_nqp.space.checks._refit_agreement import ENOUGH, kept
from bayes_nqp.space.terms import Donut

_FAR = 1.5
"""Shift of the average effect, in posterior SDs, above which the verdict is caution."""


_STAYS = Message(
    "Leaving out untreated observations near treated units does not change the average effect."
)
_MOVES = Message(
    "Leaving out untreated observations near treated units changes the average effect."
)
_DEPENDS = Message("The estimate depends on how spillovers on nearby untreated units are modelled.")


@asks(
    "Is the average effect the same without untreated observations near treated units?",
    "donut",
    place=174,
    needs=(ADOPTION, ROWS, UNITS, REFITS),
    suits=located,
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Average effect without untreated observations up to the last distance "
            "band, and up to two bands farther, compared with the design with "
            "nqp.Rings."
        ),
        thresholds=Message(
            "Caution: the first refit moves the average effect by more than {0:g} "
            "posterior SDs or changes its conclusion, or the second moves it by more "
            "than half a posterior SD and more than fewer controls explain. Failed: "
            "the conclusion has the opposite sign. Passed: both refits place it inside "
            "the fit's 95 % interval with probability {1:.2f} or more. Otherwise "
            "inconclusive.",
            _FAR,
            ENOUGH,
        ),
        failure=Message(
            "The average effect depends on how spillovers on nearby untreated units are modelled."
        ),
        remedy=Message(
            "fit again with {} in the design, with the distance of the last ring, and "
            "report both estimates",
            Code(
                "spillovers=nqp.Donut(km=...)", '[design] spillovers = { type = "Donut", km = … }'
            ),
        ),
        code=(
            "again = nqp.fit(design.replace(spillovers=nqp.Donut(km=300)), panel)\nnqp.att(again)"
        ),
        literature="Butts (2023); Hausman (1978)",
        limits=Message("Spillovers that reach farther than two more bands are not detected."),
    ),
)
def donut(fit: Fit) -> Finding:
    """Refit without untreated observations near treated units, not with effects for them.

    The estimate is then the effect of the policy together with that of treated neighbours, as the
    average effect of a design with distance bands is. Observations are left out up to the last
    band, and up to two bands farther, each as wide as the last one.
    """
    term = rings_of(fit)
    holes = [
        Donut(km, longitude=term.longitude, latitude=term.latitude)
        for km in (term.km[-1], farther(term, 2)[-1])
    ]
    others = [
        Alternative(
            Message("without observations within {:g} km", hole.km), Message("spillovers"),
            fit.variant(spillovers=hole), counts=hole is holes[0],
        )
        for hole in holes
    ]  # fmt: skip
    evidence = compared(fit, others, Message("refitting without exposed observations"))
    against = comparison(evidence, far=_FAR)
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
    same = verdict in (HOLDS, UNTOLD)
    sentence = stays.sentence(_STAYS) if same else joined([_MOVES, _DEPENDS])
    evidence = evidence.assign_attrs(probability=stays.probability)
    return Finding(verdict, figure, sentence, evidence, "specifications")
