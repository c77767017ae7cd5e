"""Robustness row: controls lagged by one period."""

from __future__ import annotations

from functools import partial

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import (
    Requested,
    Specifications,
    robustness_row,
    shifted,
    with_controls,
)
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("lagged controls"),
    place=30,
    shows=Message(
        "Lagged controls: the policy of a period cannot change them in the same period, but "
        "earlier years of the policy can; the first period of each unit is lost."
    ),
)
def controls_lagged(fit: Fit, requested: Requested) -> Specifications:
    """Replace each control by its value one period earlier."""
    earlier = partial(shifted, panel_of(fit), periods=-1)
    yield (
        Message("controls of the period before"),
        partial(with_controls, fit, earlier, "{} one period earlier"),
    )
