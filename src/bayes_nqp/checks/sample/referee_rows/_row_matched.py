"""Robustness row: units matched by propensity score."""

from __future__ import annotations

from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_units
from bayes_nqp.data.matching import match
from bayes_nqp.data.panel import Panel, baseline
from bayes_nqp.inference.fitting import Fit, panel_of

_FEWEST: Final = 10
"""Smallest number of treated and of never-treated units for a propensity score."""


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

    Units are matched with replacement on means of the outcome and of covariates before the first
    adoption (Austin 2011).

    Raises
    ------
    NotApplicable
        If fewer than ten units are treated or never treated, or all covariates are constant.
    """
    ever = panel.cohort_codes >= 0
    if min(ever.sum(), (~ever).sum()) < _FEWEST:
        raise NotApplicable(Message("fewer than {} treated or never-treated units", _FEWEST))
    columns = (panel.roles.outcome, *panel.roles.covariates)
    names = [name for name in columns if np.ptp(baseline(panel, name)[0]) != 0.0]
    if not names:
        raise NotApplicable(Message("no covariate differs between units before adoption"))
    found = match(panel, names, replacement=True)
    return np.asarray(found.items["weight"].to_numpy() > 0)
