"""Robustness rows: other periods of observation."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_rows
from bayes_nqp.inference.fitting import Fit, panel_of

_WINDOW: Final = 3
"""Periods around adoption in the narrow window."""


@robustness_row(
    Message("another window"),
    place=65,
    shows=Message(
        "Other windows: test the sensitivity to distant periods; growing effects differ "
        "between windows in any case."
    ),
)
def windows(fit: Fit, requested: Requested) -> Specifications:
    """Use the periods around adoption, or leave out the first or the last period."""
    panel = panel_of(fit)
    start, time = panel.cohort_codes[panel.unit_codes], panel.time_codes
    # The midpoint of event times −3, …, 2 is −1/2.
    near = np.abs(time - start + 0.5) <= _WINDOW
    for label, mask in {
        Message("{} periods before and after adoption", _WINDOW): near | (start < 0),
        Message("without the first period"): time > time.min(),
        Message("without the last period"): time < time.max(),
    }.items():
        yield label, partial(some_rows, fit, mask)
