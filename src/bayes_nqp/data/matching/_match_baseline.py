"""Matching on means of the outcome and of covariates before the first adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching._match import match
from bayes_nqp.data.matching._matched import Matched
from bayes_nqp.data.panel import baseline

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

_FEWEST: Final = 10
"""Smallest number of treated and of never-treated units for a propensity score."""


def match_baseline(panel: Panel) -> Matched:
    """Match each treated unit with its nearest never-treated unit within the caliper.

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
    return match(panel, names, replacement=True)
