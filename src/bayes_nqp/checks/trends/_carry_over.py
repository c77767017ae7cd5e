"""Check for carry-over: effects in the first periods after a treatment has ended."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
import pandas as pd
from annotated_types import Ge

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, spanned
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    REPORTED,
    UNTOLD,
    Finding,
    Guide,
    asks,
    ladder,
)
from bayes_nqp.checks.trends._leads import freedom, tail_of
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import EXITS, after_exit, att
from bayes_nqp.inference.fitting import ADOPTION, EXITING, REFITS, ROWS, Fit, panel_of, refit

_LARGE: Final = 0.5
"""Carry-over, as a share of the average effect, that the data must be able to exclude."""


@asks(
    "Does the effect remain after the treatment has ended?",
    "carry-over",
    place=62,
    needs=(ADOPTION, ROWS, EXITING, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Effects in the first periods after exit, estimated with cells after exit, and the "
            "tail probability that all of them are zero."
        ),
        thresholds=Message(
            "If observations after exit are controls (after='none'): failed below a tail "
            "probability of {0}, caution below {1}. Inconclusive if the 95 % interval of the "
            "average effect in these periods includes {2:.0%} of the average effect of the "
            "treatment. Passed otherwise. If the design estimates effects after exit: reported.",
            FAILING,
            DOUBTFUL,
            _LARGE,
        ),
        failure=Message(
            "Observations after exit still contain an effect, so as controls they bias the "
            "average effect towards zero."
        ),
        remedy=Message("estimate effects after exit: {}", Hint("after", "effects")),
        code='nqp.check(fit, "carry_over", periods=3)',
        literature="Liu, Wang and Xu (2024)",
        limits=Message(
            "A trend that began with the exit, or that led to it, looks the same; the check "
            "exit_timing tests outcomes before the exit."
        ),
    ),
)
def carry_over(fit: Fit, *, periods: Annotated[int, Ge(1)] = 2) -> Finding:
    """Estimate the effect in the first periods after exit.

    Parameters
    ----------
    periods : int, default 2
        Number of periods after exit.

    Returns
    -------
    Finding
        Its evidence is a DataFrame by period after exit: mean, sd, lower, upper, units.

    References
    ----------
    Liu, L., Wang, Y. and Xu, Y. (2024). A practical guide to counterfactual estimators for causal
    inference with time-series cross-sectional data. American Journal of Political Science 68(1).
    """
    panel, modelled = panel_of(fit), EXITS.met(fit)
    if not modelled and not fit.takes("after"):
        raise NotApplicable(Message("This design does not estimate effects after exit."))
    other = fit if modelled else refit(fit, fit.variant(drop=True, after="effects"), panel)
    if not EXITS.met(other):
        raise NotApplicable(Message("No effect after exit is identified."))
    by_time = after_exit(other, v.EXIT_TIME).isel({v.EXIT_TIME: slice(0, periods)})
    draws = by_time.transpose(*v.SAMPLE_DIMS, v.EXIT_TIME).to_numpy().reshape(-1, by_time.shape[-1])
    tail = tail_of(draws, freedom(*_groups(panel)))
    rows = by_time[v.ROWS].to_numpy()
    average, effect = draws @ (rows / rows.sum()), float(att(other).mean())
    low, high = np.quantile(average, (0.025, 0.975))
    figure = Message(
        "effect in the first {} periods after exit {}, {:.0%} of the average effect of {:.3g}; p "
        "of zero {:.3f}",
        draws.shape[1], spanned(average.mean(), low, high), average.mean() / effect, effect, tail,
    )  # fmt: skip
    table = _table(by_time[v.EXIT_TIME].to_numpy(), draws, rows)
    if modelled:
        return Finding(REPORTED, figure, _reported(tail), table)
    verdict = ladder(
        fails=tail < FAILING, doubt=tail < DOUBTFUL,
        untold=max(abs(low), abs(high)) > _LARGE * abs(effect),
    )  # fmt: skip
    return Finding(verdict, figure, _judged(verdict, tail), table, refit=other)


def _groups(panel: Panel) -> tuple[float, float]:
    """Count the units whose treatment ends, and all others."""
    path = panel.treatment_path
    ends = (path[:, :-1] & ~path[:, 1:]).any(axis=1)
    return float(panel.counts[ends].sum()), float(panel.counts[~ends].sum())


def _reported(tail: float) -> Message:
    if tail < DOUBTFUL:
        return Message(
            "Effects remain in the first periods after exit. The design estimates them, and these "
            "observations are not controls."
        )
    return Message(
        "Effects in the first periods after exit are compatible with zero. The design estimates "
        "them, and these observations are not controls."
    )


def _judged(verdict: str, tail: float) -> Message:
    step = advised(Message("Next: estimate effects after exit with {}.", Hint("after", "effects")))
    if tail < DOUBTFUL:
        found = Message(
            "Effects remain in the first periods after exit, but the design uses these "
            "observations as controls. The average effect is biased towards zero."
        )
        return joined([found, step])
    if verdict == UNTOLD:
        found = Message(
            "Effects in the first periods after exit are estimated too imprecisely: half of the "
            "average effect or more may remain. The design uses these observations as controls."
        )
        return joined([found, step])
    return Message(
        "Effects in the first periods after exit are compatible with zero and small, so these "
        "observations are valid controls."
    )


def _table(steps: Array, draws: Array, rows: Array) -> pd.DataFrame:
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    return pd.DataFrame(
        {
            v.EXIT_TIME: steps, "mean": draws.mean(axis=0), "sd": draws.std(axis=0), "lower": low,
            "upper": high, v.UNITS: np.rint(rows).astype(np.int64),
        }
    )  # fmt: skip
