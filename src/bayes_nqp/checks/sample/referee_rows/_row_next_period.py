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
        "Adoption from the next period: the period of adoption counts as untreated, which "
        "reduces the estimate if the effect begins at once."
    ),
)
def next_period(fit: Fit, requested: Requested) -> Specifications:
    """Count units as treated from the period after their adoption."""
    yield Message("adoption counted from the next period"), partial(_later, fit)


def _later(fit: Fit) -> Task:
    """Move adoption by one period; units that adopt in the last period stay untreated."""
    panel = panel_of(fit)
    code = panel.cohort_codes
    later = np.where((code >= 0) & (code + 1 < panel.periods), code + 1, -1)
    return fit.variant(drop=True), panel.with_cohorts(later)
