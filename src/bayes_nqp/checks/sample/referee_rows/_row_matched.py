"""Robustness row: units matched by propensity score."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_units
from bayes_nqp.data.matching import match_baseline
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("matching"),
    place=70,
    shows=Message(
        "Matching: tests the sensitivity to units without similar controls; similarity in"
        " observed variables is no evidence of parallel trends."
    ),
)
def matched(fit: Fit, requested: Requested) -> Specifications:
    """Keep treated units with a similar never-treated unit, and these."""
    label = Message("nearest neighbours by propensity score")
    yield label, lambda: some_units(fit, neighbours(panel_of(fit)))


def neighbours(panel: Panel) -> Mask:
    """Return a mask of treated units with a match within the caliper, and of their matches (unit).

    Raises
    ------
    NotApplicable
        If too few units can be matched, or all covariates are constant.
    """
    return np.asarray(match_baseline(panel).items["weight"].to_numpy() > 0)
