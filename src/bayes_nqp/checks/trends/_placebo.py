"""An adoption moved back in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs import Design
from bayes_nqp.fitting import Fit
from bayes_nqp.panel import Panel

__all__ = ["BEFORE", "moved_back", "placebo_design"]

BEFORE = 2
"""Periods that must be left before a pretended adoption."""


def placebo_design(fit: Fit, design: Design) -> Design:
    """State a design for adoptions that never happened: nothing is anticipated, cells may drop."""
    changes: dict[str, object] = {"anticipation": 0} if fit.facts.anticipation else {}
    if fit.takes("unidentified"):
        changes["unidentified"] = "drop"
    return design.variant(changes)


def moved_back(
    panel: Panel, periods: int, anticipation: int, reached: npt.NDArray[np.bool_] | None = None
) -> Panel:
    """Move cohorts, and drop what was treated or reached, and whom nothing precedes."""
    codes = panel.cohort_codes
    start = np.where(codes >= 0, codes - anticipation, panel.periods)
    moved = np.where(codes >= 0, start - periods, -1)
    untouched = (codes < 0) | (moved >= BEFORE)
    moved = np.where(untouched, moved, -1)
    rows = (panel.time_codes < start[panel.unit_codes]) & untouched[panel.unit_codes]
    if reached is not None:
        rows &= ~reached
    return panel.with_cohorts(moved.astype(np.int64)).where(rows)
