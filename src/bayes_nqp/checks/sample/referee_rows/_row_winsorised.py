"""Robustness rows: winsorised outcomes."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, Task, robustness_row
from bayes_nqp.inference.fitting import Fit, panel_of

_TAILS: Final = (0.01, 0.05)
"""Shares of observations at either end of the outcome that are winsorised."""


@robustness_row(
    Message("winsorised outcome"),
    place=20,
    shows=Message(
        "Winsorised outcome: tests the sensitivity to extreme observations; winsorising "
        "shrinks large effects."
    ),
)
def winsorised(fit: Fit, requested: Requested) -> Specifications:
    """Set outcomes beyond the outer quantiles to these quantiles."""
    for tail in _TAILS:
        label = Message("at {:.0%} and {:.0%}", tail, 1.0 - tail)
        yield label, partial(_clipped, fit, tail)


def _clipped(fit: Fit, tail: float) -> Task:
    panel = panel_of(fit)
    low, high = np.quantile(panel.outcome, [tail, 1.0 - tail])
    clipped = np.clip(panel.outcome, low, high)
    return fit.outcome_design, panel.with_outcome(clipped, panel.outcome_se)
