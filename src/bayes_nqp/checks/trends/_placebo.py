"""Judging an effect that should not be there."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks.shared import DOUBT, HOLDS, Finding, excluding_zero
from bayes_nqp.estimands import att, by_event_time
from bayes_nqp.fitting import Fit
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel

__all__ = ["BEFORE", "moved_back", "placebo_finding"]

BEFORE = 2
"""Periods that must be left before a pretended adoption."""


def placebo_finding(
    fitted: Fit, placebo: Fit, name: Message, *, same_outcome: bool = True
) -> Finding:
    """Judge the average effect of a placebo, which should be zero.

    It fails if the 99 % interval excludes zero; it is in doubt if the 95% interval does, or
    if the placebo is estimated so badly that it could not have shown an effect as large as the
    one that was found.

    Parameters
    ----------
    fitted : Fit
        Of the real data.
    name : Message
        The placebo, in words.
    same_outcome : bool, default True
        Whether both are in the same units.

    Returns
    -------
    Finding
        Of kind "event_study", with the draws ``effect`` (chain, draw, event_time_after).
    """
    draws = att(placebo)
    low, high = np.quantile(draws, (0.025, 0.975))
    verdict = excluding_zero(draws)
    sentence = Message("As it should, {} shows no effect.", name)
    if verdict != HOLDS:
        sentence = Message(
            "There should be no effect of {}, and there is one: the treated differed from the "
            "others for another reason than the policy."
            if same_outcome
            else "There should be no effect on {}, and there is one: the treated differed from "
            "the others for another reason than the policy.",
            name,
        )
    elif same_outcome and high - low > 4 * abs(float(att(fitted).mean())):
        verdict = DOUBT
        sentence = Message(
            "The effect of {} is too uncertain to speak: its interval is wider than four times "
            "the effect that was found.",
            name,
        )
    figure = Message(
        "placebo effect {:.3g} ({:.2g}), 95% interval [{:.3g}, {:.3g}]",
        float(draws.mean()),
        float(draws.std()),
        low,
        high,
    )
    counted = by_event_time(placebo).rename({v.EVENT_TIME: f"{v.EVENT_TIME}_after"})
    by_time = counted.reset_coords(drop=True)
    evidence = xr.Dataset({"effect": by_time, "att": draws.reset_coords(drop=True)})
    evidence[f"{v.UNITS}_effect"] = (f"{v.EVENT_TIME}_after", counted[v.UNITS].to_numpy())
    evidence = evidence.assign_coords({v.GATE: str(placebo.gate)}).assign_attrs(by_time.attrs)
    return Finding(verdict, figure, sentence, evidence, "event_study", placebo)


def moved_back(panel: Panel, periods: int, anticipation: int) -> Panel:
    """Move cohorts, and drop what was treated and whom nothing precedes."""
    codes = panel.cohort_codes
    start = np.where(codes >= 0, codes - anticipation, panel.periods)
    moved = np.where(codes >= 0, start - periods, -1)
    untouched = (codes < 0) | (moved >= BEFORE)
    moved = np.where(untouched, moved, -1)
    rows = (panel.time_codes < start[panel.unit_codes]) & untouched[panel.unit_codes]
    return panel.with_cohorts(moved.astype(np.int64)).where(rows)
