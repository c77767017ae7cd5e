"""Every second unit: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/checks/sample/referee_rows/_row_half.py
"""

from __future__ import annotations

from functools import partial

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_rows
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("half of the units"),
    place=69,
    shows=Message("Half of the units: tests if the effect depends on the sample."),
)
def half(fit: Fit, requested: Requested) -> Specifications:
    """Keep every second unit."""
    even = panel_of(fit).unit_codes % 2 == 0
    yield Message("every second unit"), partial(some_rows, fit, even)
