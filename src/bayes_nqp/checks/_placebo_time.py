"""Whether an adoption that never happened seems to have an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.checks._needs import ADOPTION, REFITS, ROWS
from bayes_nqp.checks._options import whole_number
from bayes_nqp.checks._placebo import placebo_finding
from bayes_nqp.checks._refit import panel_of, refit, staggered
from bayes_nqp.checks._result import Finding, NotApplicable, asks
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

_BEFORE = 2
"""Periods that must be left before the pretended adoption."""


@asks(
    "Does a pretended, earlier adoption have no effect?",
    "placebo in time",
    place=70,
    needs=(ADOPTION, ROWS, REFITS),
)
def placebo_time(fit: Fit, *, periods: int | None = None) -> Finding:
    """Pretend that units adopted earlier, and use rows before they did alone.

    Parameters
    ----------
    periods : int, optional
        How much earlier; by default 3, or fewer where cohorts have fewer periods before.

    Returns
    -------
    Finding
        Of kind "event_study".

    Raises
    ------
    StudyError
        If ``periods`` is no positive whole number.
    """
    design, panel = staggered(fit), panel_of(fit)
    starts = panel.cohort_codes[panel.cohort_codes >= 0] - design.anticipation
    most = int(starts.max()) - _BEFORE
    if periods is None:
        periods = int(np.clip(np.median(starts) - _BEFORE, 1, 3))
    whole_number("periods", periods, 1)
    if most < periods:
        raise NotApplicable(
            Message(
                "No cohort has {} periods before adoption, as a placebo of {} needs.",
                periods + _BEFORE,
                periods,
            )
        )
    earlier = _earlier(panel, periods, design.anticipation)
    placebo = design.replace(anticipation=0, unidentified="drop")
    made = refit(fit, placebo, earlier)
    what = Message(
        "an adoption {n} period earlier", plural="an adoption {n} periods earlier", n=periods
    )
    return placebo_finding(fit, made, what)


def _earlier(panel: Panel, periods: int, anticipation: int) -> Panel:
    """Move cohorts, and drop what was treated and whom nothing precedes."""
    codes = panel.cohort_codes
    start = np.where(codes >= 0, codes - anticipation, panel.periods)
    moved = np.where(codes >= 0, start - periods, -1)
    kept = (codes < 0) | (moved >= _BEFORE)
    moved = np.where(kept, moved, -1)
    rows = (panel.time_codes < start[panel.unit_codes]) & kept[panel.unit_codes]
    return panel.with_cohorts(moved.astype(np.int64)).where(rows)
