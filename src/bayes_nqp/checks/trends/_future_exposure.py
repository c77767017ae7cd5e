"""Check of strict exogeneity: future exposure does not predict the outcome."""

from __future__ import annotations

from typing import Annotated, Final

import pandas as pd
from annotated_types import Ge

from bayes_nqp._core.i18n import Message, advised, joined, spanned
from bayes_nqp.checks.shared import FAILING, UNTOLD, Finding, Guide, Verdict, asks, ladder
from bayes_nqp.checks.trends._other_period import other_period
from bayes_nqp.inference.fitting import DOSE, REFITS, ROWS, Fit

_LARGE: Final = 0.5
"""Slope of future exposure, as a share of the effect, from which it is large."""
_WIDE: Final = 2.0
"""Width of its 95 % interval, in multiples of the effect, beyond which it is uninformative."""


@asks(
    "Does future exposure predict the outcome?",
    "future exposure",
    place=40,
    needs=(DOSE, ROWS, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Slope of exposure one or more periods ahead, given current exposure; and the effect "
            "of current exposure with and without it, on the same observations."
        ),
        thresholds=Message(
            "Failed: the {0:.1%} interval of the slope excludes zero, and the slope is larger than "
            "{1:.0%} of the effect or the effect falls below one posterior SD. Caution: the 95 % "
            "interval excludes zero. Inconclusive: it is wider than {2:.0f} times the effect. "
            "Passed: otherwise.",
            1.0 - FAILING,
            _LARGE,
            _WIDE,
        ),
        failure=Message(
            "Exposure may follow earlier outcomes or be anticipated (no strict exogeneity), so "
            "its slope is no evidence of a causal effect."
        ),
        remedy=Message(
            "add covariates that explain exposure and the outcome, and report the effect net of "
            "future exposure; use nqp.StaggeredDiD if exposure begins at a date"
        ),
        code='result = nqp.check(fit, "future_exposure", periods=2)\nresult.evidence',
        limits=Message(
            "A common cause that changes exposure and the outcome in the same period remains "
            "undetected."
        ),
    ),
)
def future_exposure(fit: Fit, *, periods: Annotated[int, Ge(1)] = 1) -> Finding:
    """Refit with exposure some periods ahead as a covariate with a flat prior.

    Under strict exogeneity, and without anticipation, future exposure has a zero slope given
    current exposure. Another slope shows that exposure follows the outcome, as if units that grow
    take up exposure. The check corresponds to a pre-trend test for a treatment with adoption dates.
    Observations without the later period are excluded, and the effect without the covariate is
    estimated on the same observations. The verdict is *caution* if the 95 % interval of the slope
    excludes zero. It is *failed* if the 99.5 % interval does and the slope is half as large as the
    effect, or the effect loses its sign. It is *inconclusive* if the interval is wider than twice
    the effect.

    Parameters
    ----------
    periods : int, default 1
        Number of periods ahead.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper, p_positive: the effect, the
        effect on observations with a future period, the effect net of future exposure, and the
        slope of future exposure; outcome units per unit of exposure as in the fit.
    """
    ahead = other_period(fit, periods, f"exposure {periods} ahead")
    table = ahead.table
    verdict, sentence = _judged(table)
    lead, held = table.iloc[3], table.iloc[2]
    figure = Message(
        "slope of exposure at t + {} is {}; effect of current exposure {:.3g} net of it, {:.3g} "
        "without it ({} observations)",
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
    vague = lead["upper"] - lead["lower"] > _WIDE * abs(plain["mean"])
    sure = min(lead["p_positive"], 1.0 - lead["p_positive"]) < FAILING / 2.0
    verdict = ladder(fails=sure and (large or lost), doubt=clear, untold=vague)
    if clear and large:
        return verdict, Message(
            "Future exposure predicts the outcome, with a slope of more than half the effect. "
            "Exposure may follow earlier outcomes or be anticipated, so its slope is no "
            "evidence of a causal effect."
        )
    if clear and lost:
        return verdict, Message(
            "Future exposure predicts the outcome, and the sign of the effect of current "
            "exposure is uncertain net of it. Exposure may follow earlier outcomes or be "
            "anticipated, so its slope is no evidence of a causal effect."
        )
    if clear:
        return verdict, Message(
            "Future exposure predicts the outcome, with a slope of less than half the effect. Part "
            "of the estimated effect may be a trend that exposure follows."
        )
    if verdict == UNTOLD:
        imprecise = Message(
            "The slope of future exposure is estimated too imprecisely: its 95 % interval is wider "
            "than {:.0f} times the effect. The check can neither confirm nor reject strict "
            "exogeneity.",
            _WIDE,
        )
        step = Message("Next: report this limitation, or add further periods to the panel.")
        return verdict, joined([imprecise, advised(step)])
    return verdict, Message("Given current exposure, future exposure does not predict the outcome.")


def _sign(row: pd.Series[float]) -> int:
    return int(row["lower"] > 0) - int(row["upper"] < 0)
