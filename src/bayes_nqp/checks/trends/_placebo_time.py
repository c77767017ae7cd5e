"""Whether an adoption that never happened seems to have an effect."""

from __future__ import annotations

import numpy as np

from bayes_nqp.checks.shared import Finding, asks, number_from
from bayes_nqp.checks.trends._placebo import BEFORE, moved_back, placebo_finding
from bayes_nqp.errors import NotApplicable
from bayes_nqp.fitting import ADOPTION, REFITS, ROWS, SEPARATE, Fit, panel_of, refit
from bayes_nqp.language import Message


@asks(
    "Does a pretended, earlier adoption have no effect?",
    "placebo in time",
    place=70,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    assumption=True,
    periods=number_from(1),
)
def placebo_time(fit: Fit, *, periods: int | None = None) -> Finding:
    """Pretend that units adopted earlier, and use rows before they did alone.

    Parameters
    ----------
    periods : int, optional
        How much earlier; by default 3, or fewer where cohorts have fewer periods before.
    """
    panel, ahead = panel_of(fit), fit.facts.anticipation
    starts = panel.cohort_codes[panel.cohort_codes >= 0] - ahead
    if periods is None:
        periods = int(np.clip(np.median(starts) - BEFORE, 1, 3))
    if int(starts.max()) - BEFORE < periods:
        raise NotApplicable(
            Message(
                "No cohort has {} periods before adoption, as a placebo of {} needs.",
                periods + BEFORE,
                periods,
            )
        )
    early = moved_back(panel, periods, ahead)
    prompt = {"anticipation": 0} if ahead else {}
    placebo = refit(fit, fit.variant(drop=True, **prompt), early)
    name = Message(
        "an adoption {n} period earlier", plural="an adoption {n} periods earlier", n=periods
    )
    return placebo_finding(fit, placebo, name)
