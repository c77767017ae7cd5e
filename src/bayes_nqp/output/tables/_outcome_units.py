"""Effects on the scale of a link in per cent and in units of the outcome, in one sentence each."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import att, percent, relative_effects
from bayes_nqp.output.tables._model import decimals_for
from bayes_nqp.output.tables._summary import summary


def in_percent(effects: xr.Dataset, prob: float) -> Message | None:
    """Return the proportional effect; None without the outcome in the absence of the policy."""
    if v.UNTREATED not in effects:
        return None
    line = summary(relative_effects(effects), prob).iloc[0]
    return Message(
        "Proportional effect on the sum of the outcomes: {:+.1%} ({} interval {:+.1%} to {:+.1%}).",
        line["mean"], percent(prob), line["lower"], line["upper"],
    )  # fmt: skip


def in_probability(effects: xr.Dataset, prob: float) -> Message | None:
    """Return the effect on the probability and the odds ratio; None without trials."""
    if v.UNTREATED not in effects or v.TRIALS not in effects.coords:
        return None
    ends = ("mean", "lower", "upper")
    points, odds = (
        [float(summary(draws, prob).iloc[0][end]) for end in ends]
        for draws in (100.0 * att(effects, scale="probability"), att(effects))
    )
    return Message(
        "Effect on the probability: {:+z.1f} percentage points ({prob} interval {:+z.1f} to "
        "{:+z.1f}). Odds ratio: {:.2f} ({prob} interval {:.2f} to {:.2f}).",
        *points, *np.exp(odds), prob=percent(prob),
    )  # fmt: skip


def in_units_of_outcome(effects: xr.Dataset, weights: str, prob: float) -> Message | None:
    """Return the number of additional events; None without the outcome without the policy."""
    if v.UNTREATED not in effects or weights != "rows":
        return None
    average = att(effects, scale="outcome")
    each = summary(average, prob).iloc[0]
    every = summary(att(effects, scale="outcome", total=True), prob).iloc[0]
    digits = decimals_for([float(each["sd"])], None)
    return Message(
        "Additional events: {} per treated observation and {:,.0f} in all {:,.0f} treated "
        "observations ({} interval {:,.0f} to {:,.0f}).",
        f"{float(each['mean']):.{digits}f}", float(every["mean"]), float(average[v.ROWS]),
        percent(prob), float(every["lower"]), float(every["upper"]),
    )  # fmt: skip
