"""Whether exposure of the period before, or one that ended, still acts, beside today's slope."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import pandas as pd
from annotated_types import Ge

from bayes_nqp._core.i18n import Message, joined, separated, spanned
from bayes_nqp.checks.shared import (
    DOUBT,
    FAILING,
    FAILS,
    Finding,
    Verdict,
    asks,
    ladder,
    worst_of,
)
from bayes_nqp.checks.trends._other_period import Left, left_behind, other_period
from bayes_nqp.inference.fitting import DOSE, REFITS, ROWS, Fit

_DOUBT: Final = 0.01
"""Tail probability of zero below which a slope that should be zero gets the verdict caution."""
_LARGE = 0.25
"""Share of the effect from which what is left of the past is no trifle."""


@asks(
    "Does exposure act in its own period alone?",
    "exposure of the past",
    place=42,
    needs=(DOSE, ROWS, REFITS),
    assumption=True,
)
def past_exposure(fit: Fit, *, periods: Annotated[int, Ge(1)] = 1) -> Finding:
    """Refit with the exposure some periods ago beside that of today, its slope flat.

    What exposure does later is no part of today's slope, and bends it where exposure of one
    period goes with that of the next. An exposure that is measured with error leaves the same
    mark, for its neighbours in time then tell of it too: there `future_exposure` speaks as well.
    It asks for caution if zero has a tail probability below 1 %, and fails below .5 % if the slope
    of
    the past is a quarter of the effect, or the effect moves by more than a posterior sd.

    Where exposure goes back to its reference, as a policy that is switched off, in ten rows and
    five units or more, what is left of it there is asked as well, by the same rules: the exposure
    that ended, in the first two periods after it, and in later ones, as two columns, of which the
    first is judged. Such rows count as unexposed, and what lasts in them is taken off the effect.

    Parameters
    ----------
    periods : int, default 1
        How long ago.

    Returns
    -------
    Finding
        Its evidence is a table as of `future_exposure`.
    """
    ago, left = other_period(fit, -periods, f"exposure {periods} ago"), left_behind(fit)
    verdict, sentence = _judged(ago.table)
    plain, held, past = (ago.table.iloc[k] for k in (1, 2, 3))
    figure = Message(
        "exposure {} ago {}; effect beside it {:.3g} (without it {:.3g}, on the {} rows with a "
        "past)",
        periods,
        spanned(*past[["mean", "lower", "upper"]]),
        held["mean"],
        plain["mean"],
        ago.rows,
    )
    if left is None:
        return Finding(verdict, figure, sentence, ago.table, refit=ago.refit)
    lasting, remainder = _lasting(ago.table.iloc[0], left)
    loud = [x for y, x in ((verdict, sentence), (lasting, remainder)) if y in (DOUBT, FAILS)]
    table = pd.concat([ago.table, left.table], ignore_index=True)
    part = Message("left of it after its end {}", spanned(*_ends(left.table.iloc[1])))
    return Finding(
        worst_of([verdict, lasting]), separated([figure, part]), joined(loud or [sentence]),
        table, refit=ago.refit if verdict != "passed" else left.refit,
    )  # fmt: skip


def _ends(row: pd.Series[float]) -> tuple[float, float, float]:
    return row["mean"], row["lower"], row["upper"]


def _lasting(plain: pd.Series[float], left: Left) -> tuple[Verdict, Message]:
    """Judge what is left of an exposure after its end, beside the effect."""
    held, after = left.table.iloc[0], left.table.iloc[1]
    tail = 2.0 * min(after["p_positive"], 1.0 - after["p_positive"])
    moved = abs(held["mean"] - plain["mean"]) > plain["sd"]
    large = abs(after["mean"]) > _LARGE * max(abs(plain["mean"]), abs(held["mean"])) or moved
    verdict = ladder(fails=tail < FAILING and large, doubt=tail < _DOUBT)
    return verdict, Message(
        "Exposure that has ended still acts: in the two periods after its end {} is left of it, "
        "in rows that count as unexposed, and the effect is {:.3g} beside that (without it {:.3g})."
        " Enter the exposure that ended as a covariate, by how long ago, and report both.",
        spanned(*_ends(after)), held["mean"], plain["mean"],
    )  # fmt: skip


def _judged(table: pd.DataFrame) -> tuple[Verdict, Message]:
    plain, held, past = (table.iloc[k] for k in (1, 2, 3))
    tail = 2.0 * min(past["p_positive"], 1.0 - past["p_positive"])
    moved = abs(held["mean"] - plain["mean"]) > plain["sd"]
    large = abs(past["mean"]) > _LARGE * max(abs(plain["mean"]), abs(held["mean"])) or moved
    vague = past["upper"] - past["lower"] > 2.0 * abs(plain["mean"])
    verdict = ladder(fails=tail < FAILING and large, doubt=tail < _DOUBT, untold=vague)
    if tail < _DOUBT:
        same = bool(np.sign(past["mean"]) == np.sign(held["mean"]))
        return verdict, Message(
            "Exposure of the past acts beside today's: the slope is not all that exposure does, "
            "and part of it is what earlier exposure did. Enter the earlier exposure as a "
            "covariate, and report both slopes."
        ) if not same else Message(
            "Exposure of the past acts beside today's: the slope is not all that exposure does, "
            "or exposure is measured with error, and its neighbours in time tell of it. Enter the "
            "earlier exposure as a covariate, and report both slopes."
        )  # fmt: skip
    if vague:
        return verdict, Message(
            "The slope of past exposure is known too badly to tell: its interval is wider than "
            "the effect is large."
        )
    return verdict, Message("Beside today's, exposure of the past says nothing of the outcome.")
