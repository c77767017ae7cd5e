"""Without the last period: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/checks/sample/referee_rows/_row_last_period.py
"""

from __future__ import annotations

from functools import partial

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_rows
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("last period left out"),
    place=69,
    shows=Message("Last period left out: tests if the last period drives the effect."),
)
def last_period(fit: Fit, requested: Requested) -> Specifications:
    """Leave out the last period."""
    panel = panel_of(fit)
    yield (
        Message("without the last period"),
        partial(some_rows, fit, panel.time_codes < panel.periods - 1),
    )
