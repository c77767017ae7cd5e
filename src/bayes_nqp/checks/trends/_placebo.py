"""An adoption moved back in time."""

from __future__ import annotations

import numpy as np

from bayes_nqp.panel import Panel

__all__ = ["BEFORE", "moved_back"]

BEFORE = 2
"""Periods that must be left before a pretended adoption."""


def moved_back(panel: Panel, periods: int, anticipation: int) -> Panel:
    """Move cohorts, and drop what was treated and whom nothing precedes."""
    codes = panel.cohort_codes
    start = np.where(codes >= 0, codes - anticipation, panel.periods)
    moved = np.where(codes >= 0, start - periods, -1)
    untouched = (codes < 0) | (moved >= BEFORE)
    moved = np.where(untouched, moved, -1)
    rows = (panel.time_codes < start[panel.unit_codes]) & untouched[panel.unit_codes]
    return panel.with_cohorts(moved.astype(np.int64)).where(rows)
