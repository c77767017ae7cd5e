"""Robustness rows: without one cohort."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_units
from bayes_nqp.inference.fitting import Fit, panel_of

_MOST: Final = 12
"""Largest number of cohorts, each of which is left out in turn."""


@robustness_row(
    Message("leaving out a cohort"),
    place=52,
    shows=Message(
        "Leaving out a cohort: tests if the units of one adoption date drive the effect; the "
        "average then refers to the other cohorts."
    ),
)
def cohorts(fit: Fit, requested: Requested) -> Specifications:
    """Leave out each cohort in turn."""
    panel = panel_of(fit)
    codes = np.unique(panel.cohort_codes[panel.cohort_codes >= 0])
    if not 1 < codes.size <= _MOST:
        raise NotApplicable(Message("the number of cohorts is {}, not 2 to {}", codes.size, _MOST))
    for code in codes:
        label = Message("without cohort {}", str(panel.time_labels[code]))
        yield label, partial(some_units, fit, panel.cohort_codes != code)
