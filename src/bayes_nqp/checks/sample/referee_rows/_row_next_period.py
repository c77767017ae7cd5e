"""Robustness row: adoption counted from the next period."""

from __future__ import annotations

from functools import partial

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, Task, robustness_row
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("date of adoption"),
    place=62,
    shows=Message(
        "Adoption counted from the next period: the period of adoption, which is treated only in "
        "part, is left out. If it stayed as an untreated period, an effect that begins at once "
        "would reduce the estimate."
    ),
)
def next_period(fit: Fit, requested: Requested) -> Specifications:
    """Count units as treated from the period after their adoption, which is left out."""
    yield Message("adoption counted from the next period"), partial(_later, fit)


def _later(fit: Fit) -> Task:
    """Move adoption by one period; units that adopt in the last period stay untreated.

    If treatments end, the date of exit stays, and adoption is only left out.
    """
    panel = panel_of(fit)
    code = panel.cohort_codes
    if panel.ends:
        return fit.variant(drop=True), panel.where(code[panel.unit_codes] != panel.time_codes)
    later = np.where((code >= 0) & (code + 1 < panel.periods), code + 1, -1)
    moved = panel.with_cohorts(later)
    return fit.variant(drop=True), moved.where(code[panel.unit_codes] != panel.time_codes)
