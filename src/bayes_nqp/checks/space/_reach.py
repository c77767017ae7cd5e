"""How far the policy reaches, as a check that is asked by its name."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_nqp.checks.shared import REPORTED, Finding, asks, on_request
from bayes_nqp.checks.space._decay import KM, Decay, decay
from bayes_nqp.checks.space._near import readable
from bayes_nqp.errors import NotApplicable
from bayes_nqp.fitting import REFITS, ROWS, UNITS, Fit, panel_of
from bayes_nqp.language import Message


@asks(
    "How far does the policy reach?",
    "decay with distance",
    place=174,
    needs=(ROWS, UNITS, REFITS),
    suits=on_request,
)
def reach(fit: Fit, *, km: Sequence[float] = KM) -> Finding:
    """Report what units receive of one unit in force by its distance, the reach integrated out.

    The design's spillovers give way to exposure that falls with distance, as in `nqp.decay`. No
    verdict is given: rings go by the nearest unit in force alone, and this adds up over all.

    Parameters
    ----------
    km : sequence of float, kilometres
        Lengths of decay, 25, 50, 100, 200 and 400 by default.
    """
    if not readable(panel_of(fit)):
        raise NotApplicable(
            Message("Other weights cannot be made: units have no places of their own.")
        )
    curve = decay(fit, km)
    table = curve.curve
    shares = curve.probabilities
    table.attrs |= {
        "lengths": " ".join(f"{km:g}" for km in curve.km),
        "probabilities": " ".join(map(repr, shares.tolist())),
    }
    best, last = max(curve.models, key=lambda x: x.probability), max(curve.km)
    near, far = (curve.at([x]).iloc[0] for x in (0.0, last))
    figure = Message(
        "most probable length {} (probability {:.2f}); received of one unit in force {:.3g} "
        "[{:.3g}, {:.3g}] at no distance, {:.3g} [{:.3g}, {:.3g}] {:g} km away",
        best.weights, best.probability, near["mean"], near["lower"], near["upper"],
        far["mean"], far["lower"], far["upper"], last,
    )  # fmt: skip
    return Finding(REPORTED, figure, _sentence(curve), table, "decay")


def _sentence(decay: Decay) -> Message:
    """What can be said of the reach: whether the lengths that were asked hold it."""
    shares = decay.probabilities
    if len(shares) > 1 and shares.idxmax() == max(decay.km):
        return Message(
            "The longest length asked is the most probable one: the policy may reach farther, or "
            "nothing is received that falls with distance."
        )
    if len(shares) > 1 and shares.idxmax() == min(decay.km):
        return Message(
            "The shortest length asked is the most probable one: what is received may fall faster."
        )
    return Message(
        "What units receive falls to 37 % over some {:.0f} km.",
        max(decay.km, key=lambda km: shares[km]),
    )
