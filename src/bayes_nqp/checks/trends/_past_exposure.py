"""Check of effects of past or ended exposure, given current exposure."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import pandas as pd
from annotated_types import Ge

from bayes_nqp._core.i18n import Message, advised, detailed, joined, separated, spanned, unadvised
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILING,
    FAILS,
    Finding,
    Guide,
    Verdict,
    asks,
    ladder,
    worst_of,
)
from bayes_nqp.checks.trends._other_period import Left, left_behind, other_period
from bayes_nqp.inference.fitting import DOSE, REFITS, ROWS, Fit

_DOUBT: Final = 0.01
"""Tail probability of zero below which a slope that should be zero gets the verdict caution."""
_LARGE: Final = 0.25
"""Slope of past exposure, as a share of the effect, from which it is large."""
_WIDE: Final = 2.0
"""Width of its 95 % interval, in multiples of the effect, beyond which it is uninformative."""


@asks(
    "Does exposure affect the outcome only in its own period?",
    "past exposure",
    place=42,
    needs=(DOSE, ROWS, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Slope of exposure one or more periods earlier, given current exposure. Where exposure "
            "ends, also the slope of the ended exposure in the first periods after its end."
        ),
        thresholds=Message(
            "Failed: zero has a tail probability below {0:.1%}, and the slope exceeds {1:.0%} of "
            "the effect or the effect moves by more than one posterior SD. Caution: the tail "
            "probability is below {2:.0%}. Inconclusive: the 95 % interval is wider than {3:.0f} "
            "times the effect. Passed: otherwise.",
            FAILING,
            _LARGE,
            _DOUBT,
            _WIDE,
        ),
        failure=Message(
            "The effect of exposure lasts beyond its period or exposure is measured with error, so "
            "the slope of current exposure is not the whole effect."
        ),
        remedy=Message(
            "add the earlier exposure as a covariate of the panel, and report both slopes"
        ),
        code='result = nqp.check(fit, "past_exposure", periods=2)\nresult.evidence',
        limits=Message(
            "Carry-over and errors of measurement leave similar traces; future_exposure responds "
            "to the latter too."
        ),
    ),
)
def past_exposure(fit: Fit, *, periods: Annotated[int, Ge(1)] = 1) -> Finding:
    """Refit with exposure some periods earlier as a covariate with a flat prior.

    Later effects of exposure are not part of the slope of current exposure, and bias it if exposure
    is autocorrelated. Exposure with measurement error looks the same, because exposure of adjacent
    periods then contains information about current exposure; in this case `future_exposure`
    responds too. The verdict is *caution* if zero has a tail probability below 1 %. It is *failed*
    below 0.5 % if the slope of past exposure is a quarter of the effect, or the effect moves by
    more than a posterior SD.

    If exposure returns to its reference in at least ten observations and five units, as for a
    policy that ends, the remaining effect is tested as well, by the same rules. The ended exposure
    enters as two columns, for the first two periods after its end and for later ones, of which the
    first is tested. Such observations count as unexposed, and a lasting effect in them is
    subtracted from the estimate.

    Parameters
    ----------
    periods : int, default 1
        Number of periods earlier.

    Returns
    -------
    Finding
        Its evidence is a table as for `future_exposure`.
    """
    ago, left = other_period(fit, -periods, f"exposure {periods} ago"), left_behind(fit)
    verdict, sentence = _judged(ago.table)
    plain, held, past = (ago.table.iloc[k] for k in (1, 2, 3))
    figure = Message(
        "slope of exposure at t − {} is {}; effect of current exposure {:.3g} net of it, {:.3g} "
        "without it ({} observations)",
        periods,
        spanned(*past[["mean", "lower", "upper"]]),
        held["mean"],
        plain["mean"],
        ago.rows,
    )
    if left is None:
        return Finding(verdict, figure, sentence, ago.table, refit=ago.refit)
    lasting, remainder = _lasting(ago.table.iloc[0], left)
    both = [(verdict, sentence), (lasting, remainder)]
    worst = worst_of([verdict, lasting])
    order = sorted(both, key=lambda x: x[0] != worst)
    loud = [x for y, x in order if y in (DOUBT, FAILS)]
    loud = [*loud[:1], *(detailed(unadvised(x)) for x in loud[1:])]
    table = pd.concat([ago.table, left.table], ignore_index=True)
    part = Message("slope of ended exposure {}", spanned(*_ends(left.table.iloc[1])))
    return Finding(
        worst, separated([figure, part]), joined(loud or [sentence]),
        table, refit=ago.refit if verdict != "passed" else left.refit,
    )  # fmt: skip


def _ends(row: pd.Series[float]) -> tuple[float, float, float]:
    return row["mean"], row["lower"], row["upper"]


def _lasting(plain: pd.Series[float], left: Left) -> tuple[Verdict, Message]:
    """Judge the slope of an exposure that has ended, relative to the effect."""
    held, after = left.table.iloc[0], left.table.iloc[1]
    tail = 2.0 * min(after["p_positive"], 1.0 - after["p_positive"])
    moved = abs(held["mean"] - plain["mean"]) > plain["sd"]
    large = abs(after["mean"]) > _LARGE * max(abs(plain["mean"]), abs(held["mean"])) or moved
    verdict = ladder(fails=tail < FAILING and large, doubt=tail < _DOUBT)
    found = Message(
        "Exposure that has ended still affects the outcome soon after its end: {}. These "
        "observations count as unexposed; net of the lasting effect, the effect of exposure is "
        "{:.3g} instead of {:.3g}.",
        spanned(*_ends(after)), held["mean"], plain["mean"],
    )  # fmt: skip
    step = Message(
        "Next: add the ended exposure as a covariate, by the number of periods since its end, and "
        "report both slopes."
    )
    return verdict, joined([found, advised(step)])


def _judged(table: pd.DataFrame) -> tuple[Verdict, Message]:
    plain, held, past = (table.iloc[k] for k in (1, 2, 3))
    tail = 2.0 * min(past["p_positive"], 1.0 - past["p_positive"])
    moved = abs(held["mean"] - plain["mean"]) > plain["sd"]
    large = abs(past["mean"]) > _LARGE * max(abs(plain["mean"]), abs(held["mean"])) or moved
    vague = past["upper"] - past["lower"] > _WIDE * abs(plain["mean"])
    verdict = ladder(fails=tail < FAILING and large, doubt=tail < _DOUBT, untold=vague)
    if tail < _DOUBT:
        same = bool(np.sign(past["mean"]) == np.sign(held["mean"]))
        return verdict, Message(
            "Past exposure affects the outcome in addition to current exposure. The slope of "
            "current exposure is not the whole effect, or exposure is measured with error."
        ) if same else Message(
            "Past exposure affects the outcome in addition to current exposure. The slope of "
            "current exposure is not the whole effect and includes part of the earlier one."
        )  # fmt: skip
    if vague:
        imprecise = Message(
            "The slope of past exposure is estimated too imprecisely: its 95 % interval is wider "
            "than {:.0f} times the effect. The check can neither confirm nor reject a lasting "
            "effect.",
            _WIDE,
        )
        step = Message("Next: report this limitation, or add further periods to the panel.")
        return verdict, joined([imprecise, advised(step)])
    return verdict, Message("Given current exposure, past exposure does not predict the outcome.")
