"""Whether exposure to come predicts the outcome, which under strict exogeneity it does not."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from annotated_types import Ge

from bayes_nqp._core.i18n import Message, spanned
from bayes_nqp.checks.shared import FAILING, Finding, Verdict, asks, ladder
from bayes_nqp.checks.trends._other_period import other_period
from bayes_nqp.inference.fitting import DOSE, REFITS, ROWS, Fit

_LARGE = 0.5
"""Share of the effect from which a lead is no trifle."""


@asks(
    "Does exposure to come predict the outcome?",
    "exposure to come",
    place=40,
    needs=(DOSE, ROWS, REFITS),
    assumption=True,
)
def future_exposure(fit: Fit, *, periods: Annotated[int, Ge(1)] = 1) -> Finding:
    """Refit with the exposure some periods ahead beside that of today, its slope flat.

    Under strict exogeneity, and unless it is anticipated, exposure to come has no slope given
    today's: a slope of it says that exposure follows the outcome's own course, as where units
    that grow take it up. It is what a pre-trend is to a treatment that is adopted. Rows without
    a row so many periods later are left out, and the effect is also estimated on the others
    alone. A 95 % interval of the lead that excludes zero leaves doubt; where the 99.5 % one does,
    and the lead is half as large as the effect or the effect's conclusion does not survive it, the
    check fails. An interval wider than the effect could not tell.

    Parameters
    ----------
    periods : int, default 1
        How far ahead.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper, p_positive: the effect,
        the effect on rows that have a future, the effect beside the lead, and the lead itself;
        outcome units per as much exposure as the fit's effects.
    """
    ahead = other_period(fit, periods, f"exposure {periods} ahead")
    table = ahead.table
    verdict, sentence = _judged(table)
    lead, held = table.iloc[3], table.iloc[2]
    figure = Message(
        "exposure {} ahead {}; effect beside it {:.3g} (without it {:.3g}, "
        "on the {} rows with a future)",
        periods,
        spanned(*lead[["mean", "lower", "upper"]]),
        held["mean"],
        table["mean"][1],
        ahead.rows,
    )
    return Finding(verdict, figure, sentence, table, refit=ahead.refit)


def _judged(table: pd.DataFrame) -> tuple[Verdict, Message]:
    plain, held, lead = (table.iloc[k] for k in (1, 2, 3))
    clear, sign = _sign(lead) != 0, _sign(plain)
    large = abs(lead["mean"]) > _LARGE * abs(plain["mean"])
    lost = sign != 0 and held["mean"] * sign < held["sd"]
    vague = lead["upper"] - lead["lower"] > 2 * abs(plain["mean"])
    sure = min(lead["p_positive"], 1.0 - lead["p_positive"]) < FAILING / 2.0
    verdict = ladder(fails=sure and (large or lost), doubt=clear, untold=vague)
    if clear and (large or lost):
        return verdict, Message(
            "Exposure to come predicts the outcome, and by much: exposure follows the outcome's "
            "own course, or is anticipated, and its slope is not an effect."
        )
    if clear:
        return verdict, Message(
            "Exposure to come predicts the outcome, though by less than half of the effect: part "
            "of the slope may be a trend that exposure follows."
        )
    if vague:
        return verdict, Message(
            "The slope of exposure to come is known too badly to tell: its interval is wider than "
            "the effect is large."
        )
    return verdict, Message("Exposure to come says nothing about the outcome beyond today's.")


def _sign(row: pd.Series[float]) -> int:
    return int(row["lower"] > 0) - int(row["upper"] < 0)
