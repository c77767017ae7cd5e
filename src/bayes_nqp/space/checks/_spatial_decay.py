"""How far the policy reaches, as a check that is asked by its name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import REPORTED, Finding, asks, on_request
from bayes_nqp.inference.fitting import REFITS, ROWS, UNITS, Fit, panel_of
from bayes_nqp.space.checks._decay import KM, decay
from bayes_nqp.space.checks._neighbour_weights import readable


@asks(
    "How far does the policy reach?",
    "decay with distance",
    place=174,
    needs=(ROWS, UNITS, REFITS),
    suits=on_request,
)
def spatial_decay(fit: Fit, *, km: Sequence[float] = KM) -> Finding:
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
    near, far = (curve.at([x]).iloc[0] for x in (0.0, max(curve.km)))
    low, middle, high = _quantiles(shares)
    figure = Message(
        "received falls to 37 % over {:.0f} km [{:.0f}, {:.0f}]; received of one unit in force "
        "{:.3g} [{:.3g}, {:.3g}] at no distance, {:.3g} [{:.3g}, {:.3g}] {:g} km away",
        middle, low, high, near["mean"], near["lower"], near["upper"],
        far["mean"], far["lower"], far["upper"], max(curve.km),
    )  # fmt: skip
    return Finding(REPORTED, figure, _sentence(shares, near), table, "decay")


def _quantiles(shares: pd.Series[float]) -> list[float]:
    """The lengths below which 2.5, 50 and 97.5 % of the probability lie (km)."""
    shares = shares.sort_index()
    at = np.searchsorted(shares.cumsum().to_numpy(), (0.025, 0.5, 0.975))
    return [float(x) for x in shares.index.to_numpy()[at.clip(max=shares.size - 1)]]


def _sentence(shares: pd.Series[float], near: pd.Series[float]) -> Message:
    """What can be said of the reach: whether anything falls, and lengths that were asked hold it.

    Parameters
    ----------
    shares : Series of float
        Probabilities of lengths, by kilometres.
    near : Series of float
        What is received of one unit in force at no distance.
    """
    if near["lower"] <= 0.0 <= near["upper"]:
        return Message(
            "Nothing that falls with distance is told from zero, so that its reach is not known."
        )
    if len(shares) > 1 and shares.idxmax() == shares.index.max():
        return Message(
            "The longest length asked is the most probable one: the policy may reach farther, or "
            "nothing is received that falls with distance."
        )
    if len(shares) > 1 and shares.idxmax() == shares.index.min():
        return Message(
            "The shortest length asked is the most probable one: what is received may fall faster."
        )
    low, middle, high = _quantiles(shares)
    return Message(
        "What units receive falls to 37 % over some {:.0f} km, between {:.0f} and {:.0f} km with "
        "a probability of 95 %.",
        middle, low, high,
    )  # fmt: skip
