"""Robustness rows: observations with extreme outcomes left out."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_rows
from bayes_nqp.inference.fitting import Fit, panel_of

_TAILS: Final = (0.01, 0.05)
"""Shares of observations at either end of the outcome that are left out."""


@robustness_row(
    Message("truncated outcome"),
    place=25,
    shows=Message(
        "Truncated outcome: selects observations by the outcome itself, which shrinks effects "
        "more than winsorising does."
    ),
)
def truncated(fit: Fit, requested: Requested) -> Specifications:
    """Leave out observations with an outcome beyond the outer quantiles."""
    outcome = panel_of(fit).outcome
    for tail in _TAILS:
        low, high = np.quantile(outcome, [tail, 1.0 - tail])
        label = Message("without outcomes below {:.0%} and above {:.0%}", tail, 1.0 - tail)
        yield label, partial(some_rows, fit, (outcome >= low) & (outcome <= high))
