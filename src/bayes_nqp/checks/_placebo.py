"""Judging an effect that should not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._refit import cautious
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, Verdict
from bayes_nqp.estimands import att

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["placebo_finding"]


def placebo_finding(fitted: Fit, placebo: Fit, what: str, *, same_outcome: bool = True) -> Finding:
    """Judge the average effect of a placebo, which should be zero.

    It fails if the 99 % interval excludes zero; it is in doubt if the 95 % interval does, or
    if the placebo is estimated so badly that it could not have shown an effect as large as the
    one that was found.

    Parameters
    ----------
    fitted : Fit
        Of the real data.
    placebo : Fit
    what : str
        The placebo, in words.
    same_outcome : bool, default True
        Whether both are in the same units.

    Returns
    -------
    Finding
        Of kind "event_study", with the draws ``effect`` (chain, draw, event_time_after).
    """
    draws = att(placebo)
    mean, sd = float(draws.mean()), float(draws.std())
    low, high = np.quantile(draws, (0.025, 0.975))
    lowest, highest = np.quantile(draws, (0.005, 0.995))
    found = abs(float(att(fitted).mean()))
    weak = same_outcome and high - low > 4 * found
    verdict: Verdict = HOLDS
    if low > 0 or high < 0 or weak:
        verdict = DOUBT
    if lowest > 0 or highest < 0:
        verdict = FAILS
    if verdict == HOLDS:
        sentence = f"As it should, {what} shows no effect."
    elif low > 0 or high < 0:
        sentence = (
            f"There should be no effect of {what}, and there is one: the treated differed from "
            "the others for another reason than the policy."
        ).replace("of the outcome", "on the outcome")
    else:
        sentence = (
            f"The effect of {what} is too uncertain to speak: its interval is wider than four "
            "times the effect that was found."
        )
    figure = f"placebo effect {mean:.3g} ({sd:.2g}), 95 % interval [{low:.3g}, {high:.3g}]"
    after = f"{v.EVENT_TIME}_after"
    by_time = att(placebo, v.EVENT_TIME).reset_coords(drop=True).rename({v.EVENT_TIME: after})
    evidence = xr.Dataset({"effect": by_time, "att": draws.reset_coords(drop=True)})
    evidence = evidence.assign_coords({v.GATE: str(placebo.gate)}).assign_attrs(by_time.attrs)
    verdict, sentence = cautious(verdict, sentence, placebo)
    return Finding(verdict, figure, sentence, evidence, "event_study")
