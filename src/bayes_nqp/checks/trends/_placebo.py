"""Effects of placebo adoption dates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import ndtr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import DOUBTFUL, FAILING, Verdict, ladder
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import Fit, reached_rows, short_refit
from bayes_nqp.model.designs import Design

BEFORE = 2
"""Number of periods required before a placebo adoption date."""


@dataclass(frozen=True, eq=False)
class PlaceboDraws:
    """Effects of placebo adoption dates, one period early, two periods early, and so on.

    Parameters
    ----------
    draws : DataArray (chain, draw, shift), outcome units
        Average effects.
    tail : ndarray (shift)
        Two-sided tail probabilities of zero.
    worst : Dataset
        Effects of the first shift that did not converge; of the first shift if all converged.
    """

    draws: xr.DataArray
    tail: Array
    worst: xr.Dataset

    @property
    def chance(self) -> float:
        """Smallest tail probability, times the number of shifts (Bonferroni)."""
        return min(1.0, self.tail.size * float(self.tail.min()))

    @property
    def verdict(self) -> Verdict:
        """Verdict by the adjusted tail probability."""
        return ladder(fails=self.chance < FAILING, doubt=self.chance < DOUBTFUL)

    @property
    def farthest(self) -> int:
        """Shift with the effect farthest from zero, periods."""
        return int(self.tail.argmin()) + 1


def placebos(fit: Fit, design: Design, panel: Panel, periods: int | None = None) -> PlaceboDraws:
    """Fit placebo adoption dates on observations before adoption, with a short refit each.

    Parameters
    ----------
    design, panel : Design and Panel
        As returned by `apart`, or with other assumptions.
    periods : int, optional
        The largest shift; by default 3, or fewer if cohorts have fewer periods before.

    Raises
    ------
    NotApplicable
        If no cohort has as many periods before adoption.
    IdentificationError
        If a shift cannot be fitted.
    """
    ahead = design.facts.anticipation
    starts = panel.cohort_codes[panel.cohort_codes >= 0] - ahead
    if periods is None:
        usual = _median(starts, panel.counts[panel.cohort_codes >= 0])
        periods = int(np.clip(usual - BEFORE, 1, 3))
    if int(starts.max()) - BEFORE < periods:
        raise NotApplicable(
            Message(
                "No cohort has the {} periods before adoption that a placebo date {} periods "
                "earlier requires.",
                periods + BEFORE,
                periods,
            )
        )
    design, reached, shifts = placebo_design(fit, design), reached_rows(fit), range(1, periods + 1)
    effects = [short_refit(fit, design, moved_back(panel, k, ahead, reached)) for k in shifts]
    draws = xr.concat([att(x).reset_coords(drop=True) for x in effects], "shift", join="override")
    draws = draws.assign_coords(shift=list(shifts)).transpose(*v.SAMPLE_DIMS, "shift")
    far = (draws.mean(v.SAMPLE_DIMS) / draws.std(v.SAMPLE_DIMS)).to_numpy()
    worst = next((x for x in effects if convergence_of(x) != v.PASSED), effects[0])
    return PlaceboDraws(draws, np.asarray(2.0 * ndtr(-np.abs(far))), worst)


def _median(starts: Index, counts: Array) -> float:
    """Return the weighted median of adoption periods."""
    values, place = np.unique(starts, return_inverse=True)
    below = np.cumsum(np.rint(np.bincount(place, counts)))
    middle = [(below[-1] - 1) // 2, below[-1] // 2]
    return float(values[np.searchsorted(below, middle, side="right")].mean())


def placebo_design(fit: Fit, design: Design) -> Design:
    """Return a design for placebo dates: without anticipation, and with droppable cells."""
    changes: dict[str, object] = {"anticipation": 0} if design.facts.anticipation else {}
    if fit.takes("unidentified"):
        changes["unidentified"] = "drop"
    return design.variant(changes)


def moved_back(
    panel: Panel, periods: int, anticipation: int, reached: npt.NDArray[np.bool_] | None = None
) -> Panel:
    """Move cohorts back, and drop treated observations and units without earlier periods.

    Observations that spillovers have reached are dropped too. A placebo treatment does not end.
    """
    panel = replace(panel, roles=replace(panel.roles, treatment=None), in_force=None)
    codes = panel.cohort_codes
    start = np.where(codes >= 0, codes - anticipation, panel.periods)
    moved = np.where(codes >= 0, start - periods, -1)
    untouched = (codes < 0) | (moved >= BEFORE)
    moved = np.where(untouched, moved, -1)
    rows = (panel.time_codes < start[panel.unit_codes]) & untouched[panel.unit_codes]
    if reached is not None:
        rows &= ~reached
    return panel.with_cohorts(moved.astype(np.int64)).where(rows)
