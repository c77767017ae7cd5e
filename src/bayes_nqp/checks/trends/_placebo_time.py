"""Whether an adoption that never happened seems to have an effect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import norm

from bayes_nqp import vocabulary as v
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    Finding,
    Verdict,
    asks,
    average_effect,
    ladder,
    number_from,
)
from bayes_nqp.checks.trends._placebo import BEFORE, moved_back, placebo_design
from bayes_nqp.errors import NotApplicable
from bayes_nqp.estimands import att, gate_of
from bayes_nqp.fitting import (
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    Fit,
    apart,
    reached_rows,
    short_refit,
)
from bayes_nqp.language import Message, listed

Array = npt.NDArray[np.float64]

_DOUBT, _FAILS = 0.05, 0.01
"""Chances of any shift so far from zero below which there is doubt, and failure."""


@asks(
    "Does a pretended, earlier adoption have no effect?",
    "placebo in time",
    place=70,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    assumption=True,
    periods=number_from(1),
)
def placebo_time(fit: Fit, *, periods: int | None = None) -> Finding:
    """Pretend that units adopted one period earlier, two, and so on, on rows before they did alone.

    Where the treatment of linked units is in the model, rows that it has reached are left out too.

    Each shift is a short refit, of the units that have two periods before the pretended adoption.
    The smallest of the two-sided tail probabilities of zero, times their number, is the chance of
    any: it fails below 1 %, and is in doubt below 5 %, or if every 95 % interval is wider than four
    times the effect that was found.

    Parameters
    ----------
    periods : int, optional
        The largest shift; by default 3, or fewer where cohorts have fewer periods before.

    References
    ----------
    Chen, Q., Qi, J. and Yan, G. (2025). Placebo tests of difference-in-differences (in Chinese).
    Management World 41(2).
    """
    (design, panel), ahead = apart(fit), fit.facts.anticipation
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
    shifts = range(1, periods + 1)
    design, reached = placebo_design(fit, design), reached_rows(fit)
    effects = [short_refit(fit, design, moved_back(panel, k, ahead, reached)) for k in shifts]
    draws = xr.concat([att(x).reset_coords(drop=True) for x in effects], "shift", join="override")
    draws = draws.assign_coords(shift=list(shifts)).transpose(*v.SAMPLE_DIMS, "shift")
    far = (draws.mean(v.SAMPLE_DIMS) / draws.std(v.SAMPLE_DIMS)).to_numpy()
    tail = np.asarray(2.0 * norm.sf(np.abs(far)))
    chance = min(1.0, periods * float(tail.min()))
    verdict, sentence = _judged(fit, draws, tail, chance)
    worst = next((x for x in effects if gate_of(x) != v.PASSED), effects[0])
    evidence = xr.Dataset(
        {"effect": draws, "att": average_effect(fit).reset_coords(drop=True).rename(
            {v.CHAIN: "fit_chain", v.DRAW: "fit_draw"})},
        attrs={**att(effects[0]).attrs, "chance": chance},
    ).assign_coords({v.GATE: gate_of(worst)})  # fmt: skip
    numbers = [
        Message("{}: {:.3g} ({:.2g})", k, float(x.mean()), float(x.std()))
        for k, x in zip(shifts, draws.transpose("shift", ...), strict=True)
    ]
    figure = Message(
        "placebo effects by periods earlier {}; p = {:.3f} over all of them",
        listed(numbers, 6),
        chance,
    )
    return Finding(verdict, figure, sentence, evidence, "shifts", worst)


def _judged(fit: Fit, draws: xr.DataArray, tail: Array, chance: float) -> tuple[Verdict, Message]:
    """Judge the placebo effects by the chance of any, and by what they could have shown."""
    verdict, periods = ladder(fails=chance < _FAILS, doubt=chance < _DOUBT), tail.size
    if verdict != HOLDS:
        k = int(tail.argmin()) + 1
        early = Message(
            "an adoption {n} period earlier", plural="an adoption {n} periods earlier", n=k
        )
        return verdict, Message(
            "There should be no effect of {}, and there is one: the treated differed from the "
            "others for another reason than the policy.",
            early,
        )
    low, high = draws.quantile((0.025, 0.975), v.SAMPLE_DIMS).to_numpy()
    if (high - low).min() > 4 * abs(float(average_effect(fit).mean())):
        return DOUBT, Message(
            "Effects of earlier adoptions are too uncertain to speak: their intervals are wider "
            "than four times the effect that was found."
        )
    return HOLDS, Message(
        "As it should, an adoption {n} period earlier shows no effect.",
        plural="As they should, adoptions up to {n} periods earlier show no effect.",
        n=periods,
    )
