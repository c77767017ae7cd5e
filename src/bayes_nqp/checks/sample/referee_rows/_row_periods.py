"""Robustness row: named periods left out, by default the years of the pandemic."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import NotApplicable, StudyError, nearest
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, some_rows
from bayes_nqp.inference.fitting import Fit, panel_of

_PANDEMIC: Final = re.compile(r"(2020|2021|2022)(?!\d)")
"""Labels of periods of the COVID-19 pandemic."""


@robustness_row(
    Message("periods left out"),
    place=67,
    shows=Message(
        "Periods left out, by default the pandemic years 2020 to 2022: tests if shocks of these "
        "periods drive the effect; effects in these periods are not estimated."
    ),
)
def periods(fit: Fit, requested: Requested) -> Specifications:
    """Leave out the periods of the option ``without_periods``, or those of the pandemic."""
    panel = panel_of(fit)
    labels = [str(x) for x in panel.time_labels]
    for name in requested.without_periods:
        if name not in labels:
            raise StudyError(
                Message("'without_periods' names {!r}, which is not a period of the panel", name),
                hint=nearest(name, labels),
            )
    named = requested.without_periods or [x for x in labels if _PANDEMIC.match(x)]
    if not named:
        why = Message("the panel has no period of 2020 to 2022; without_periods=[…] names others")
        raise NotApplicable(why)
    kept = ~np.isin(labels, named)[panel.time_codes]
    yield Message("without {}", listed(named, 4)), partial(some_rows, fit, kept)
