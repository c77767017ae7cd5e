"""Robustness row: baseline controls times a linear trend."""

from __future__ import annotations

from functools import partial

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, with_controls
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("baseline controls"),
    place=32,
    shows=Message(
        "Baseline controls times a linear trend, in place of the controls: the policy cannot "
        "change values before the first adoption."
    ),
)
def controls_baseline(fit: Fit, requested: Requested) -> Specifications:
    """Replace each control by its mean before the first adoption, times the period."""
    trend = partial(_trend, panel_of(fit))
    label = Message("means before the first adoption times a linear trend")
    yield label, partial(with_controls, fit, trend, "{} before adoption × period")


def _trend(panel: Panel, values: Array) -> Array:
    """Return ``x_i (t - mean t)`` with x_i the mean before the first adoption, standardised."""
    adopted = panel.cohort_codes[panel.cohort_codes >= 0]
    early = (panel.time_codes < adopted.min()) & ~np.isnan(values)
    units, count = panel.unit_labels.size, np.bincount(panel.unit_codes[early])
    if count.size < units or not count.all():
        raise NotApplicable(Message("some units have no observation before the first adoption"))
    x = np.bincount(panel.unit_codes[early], values[early], units) / count
    return np.asarray(
        (x - x.mean())[panel.unit_codes] * (panel.time_codes - (panel.periods - 1) / 2)
    )
