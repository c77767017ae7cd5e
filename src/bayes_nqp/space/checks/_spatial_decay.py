"""Spillover effects by distance, as a check that runs on request."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, detailed, joined
from bayes_nqp.checks.shared import REPORTED, Finding, Guide, asks, on_request
from bayes_nqp.inference.fitting import REFITS, ROWS, UNITS, Fit, panel_of
from bayes_nqp.space.checks._decay import KM, decay
from bayes_nqp.space.checks._neighbour_weights import readable


@asks(
    "How fast do spillover effects decline with distance?",
    "decay of spillovers with distance",
    place=174,
    needs=(ROWS, UNITS, REFITS),
    suits=on_request,
    guide=Guide(
        statistic=Message(
            "Spillover effect of one treated unit by distance, under exponential "
            "decay, averaged over decay lengths by posterior probability."
        ),
        thresholds=Message("No verdict: the result is reported only. It runs only if it is named."),
        failure=Message("The check does not fail; it shows how far spillovers reach."),
        remedy=Message("choose the bounds of nqp.Rings from the decay length"),
        code="nqp.decay(fit).curve",
        limits=Message(
            "Exposure adds up over all treated units, whereas effects by distance band "
            "(nqp.Rings) depend on the nearest treated unit only."
        ),
    ),
)
def spatial_decay(fit: Fit, *, km: Sequence[float] = KM) -> Finding:
    """Report the spillover effect of one treated unit by distance, averaged over decay lengths.

    The design's spillovers are replaced by exposure that declines with distance, as in `nqp.decay`.
    There is no verdict: distance bands depend on the nearest treated unit only, and this exposure
    adds up over all treated units.

    Parameters
    ----------
    km : sequence of float, kilometres
        Decay lengths, by default 25, 50, 100, 200 and 400.
    """
    if not readable(panel_of(fit)):
        raise NotApplicable(
            Message("The panel has no coordinates of the units, so distances cannot be computed.")
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
        "decay length (to 37 %) {:.0f} km [{:.0f}, {:.0f}]; spillover effect of "
"one treated unit {:.3g} [{:.3g}, {:.3g}] at distance zero, {:.3g} "
"[{:.3g}, {:.3g}] at {:g} km",
        middle, low, high, near["mean"], near["lower"], near["upper"],
        far["mean"], far["lower"], far["upper"], max(curve.km),
    )  # fmt: skip
    return Finding(REPORTED, figure, _sentence(shares, near), table, "decay")


def _quantiles(shares: pd.Series[float]) -> list[float]:
    """Return the 2.5, 50 and 97.5 % quantiles of the decay length (km)."""
    shares = shares.sort_index()
    at = np.searchsorted(shares.cumsum().to_numpy(), (0.025, 0.5, 0.975))
    return [float(x) for x in shares.index.to_numpy()[at.clip(max=shares.size - 1)]]


def _sentence(shares: pd.Series[float], near: pd.Series[float]) -> Message:
    """Describe the decay length, if spillovers differ from zero and the lengths include it.

    Parameters
    ----------
    shares : Series of float
        Probabilities of lengths, by kilometres.
    near : Series of float
        Spillover effect of one treated unit at distance zero.
    """
    if near["lower"] <= 0.0 <= near["upper"]:
        return Message(
            "Spillover effects that decline with distance do not differ credibly from "
            "zero, so the decay length is not identified."
        )
    if len(shares) > 1 and shares.idxmax() == shares.index.max():
        return joined(
            [
                Message("The longest decay length in the grid is the most probable one."),
                Message(
                    "The policy may reach farther than the grid; repeat the check with larger "
                    "km=[...]."
                ),
                detailed(Message("Alternatively, no spillover declines with distance.")),
            ]
        )
    if len(shares) > 1 and shares.idxmax() == shares.index.min():
        return Message(
            "The shortest decay length in the grid is the most probable one; repeat "
            "the check with smaller km=[...]."
        )
    low, middle, high = _quantiles(shares)
    return Message(
        "Spillover effects fall to 37 % over about {:.0f} km (95 % interval from "
"{:.0f} to {:.0f} km).",
        middle, low, high,
    )  # fmt: skip
