"""Robustness rows: winsorised controls."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, with_controls
from bayes_nqp.inference.fitting import Fit

_TAILS: Final = (0.01, 0.05)
"""Shares of observations at either end of a control that are winsorised."""


@robustness_row(
    Message("winsorised controls"),
    place=28,
    shows=Message(
        "Winsorised controls: tests the sensitivity to extreme values of controls, each at its "
        "own quantiles; controls with two values stay as they are."
    ),
)
def controls_winsorised(fit: Fit, requested: Requested) -> Specifications:
    """Set values of each control beyond its outer quantiles to these quantiles."""
    for tail in _TAILS:
        label = Message("each control at {:.0%} and {:.0%}", tail, 1.0 - tail)
        clipped = partial(_clipped, tail=tail)
        yield label, partial(with_controls, fit, clipped, "{} winsorised")


def _clipped(values: Array, tail: float) -> Array:
    known = values[~np.isnan(values)]
    if np.unique(known).size <= 2:
        return values
    return np.asarray(np.clip(values, *np.quantile(known, [tail, 1.0 - tail])))
