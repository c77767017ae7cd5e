"""Judging an effect that should not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._refit import cautious
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, Verdict
from bayes_nqp.estimands import att, by_event_time
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["placebo_finding"]


def placebo_finding(
    fitted: Fit, placebo: Fit, what: Message, *, same_outcome: bool = True
) -> Finding:
    """Judge the average effect of a placebo, which should be zero.

    It fails if the 99 % interval excludes zero; it is in doubt if the 95% interval does, or
    if the placebo is estimated so badly that it could not have shown an effect as large as the
    one that was found.

    Parameters
    ----------
    fitted : Fit
        Of the real data.
    what : Message
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
        sentence = Message("As it should, {} shows no effect.", what)
    elif low > 0 or high < 0:
        sentence = Message(
            "There should be no effect of {}, and there is one: the treated differed from the "
            "others for another reason than the policy."
            if same_outcome
            else "There should be no effect on {}, and there is one: the treated differed from "
            "the others for another reason than the policy.",
            what,
        )
    else:
        sentence = Message(
            "The effect of {} is too uncertain to speak: its interval is wider than four times "
            "the effect that was found.",
            what,
        )
    figure = Message(
        "placebo effect {:.3g} ({:.2g}), 95% interval [{:.3g}, {:.3g}]", mean, sd, low, high
    )
    after = f"{v.EVENT_TIME}_after"
    counted = by_event_time(placebo).rename({v.EVENT_TIME: after})
    by_time = counted.reset_coords(drop=True)
    evidence = xr.Dataset({"effect": by_time, "att": draws.reset_coords(drop=True)})
    evidence[f"{v.UNITS}_effect"] = (after, counted[v.UNITS].to_numpy())
    evidence = evidence.assign_coords({v.GATE: str(placebo.gate)}).assign_attrs(by_time.attrs)
    verdict, sentence = cautious(verdict, sentence, placebo)
    return Finding(verdict, figure, sentence, evidence, "event_study")
