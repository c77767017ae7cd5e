"""Check whether units leave a treatment because of their outcomes: leads before exit."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    average_effect,
    ladder,
)
from bayes_nqp.checks.trends._differential_trend import widened
from bayes_nqp.checks.trends._leads import freedom, tail_of
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import (
    ADOPTION,
    EXITING,
    REFITS,
    ROWS,
    Fit,
    covariate_slopes,
    panel_of,
    refit,
)
from bayes_nqp.model.designs import saturated_design

_POWER = 2.8
"""Multiple of the SD at which a coefficient is detected with 80 % power."""


@asks(
    "Do units leave because of their outcomes?",
    "exit timing",
    place=63,
    needs=(ADOPTION, ROWS, EXITING, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Coefficients of indicators of the last treated periods before exit, in a model with "
            "flat effects of cells: units about to leave against units of the same cell that stay."
        ),
        thresholds=Message(
            "Failed: the tail probability that all coefficients are zero is below {0}. Caution: "
            "below {1}. Inconclusive: a difference in the last treated period as large as the "
            "average effect would not be detected with 80 % power. Passed: otherwise.",
            FAILING,
            DOUBTFUL,
        ),
        failure=Message(
            "Units leave after bad or good periods, so effects after exit also contain the "
            "recovery from these periods, and effects of the treatment contain the bad periods."
        ),
        remedy=Message(
            "report effects of periods well before the exit, leave out the last treated period, or "
            "restrict the sample to exits decided for other reasons"
        ),
        code='nqp.check(fit, "exit_timing", periods=3)',
        literature="Chiu, Lan, Liu and Xu (2025)",
        limits=Message(
            "Exits that follow expected future outcomes, and selection within the last treated "
            "period that leaves its mean unchanged, remain undetected."
        ),
    ),
)
def exit_timing(fit: Fit, *, periods: Annotated[int, Ge(1)] = 2) -> Finding:
    """Test if outcomes before the exit differ from those of treated units that stay.

    Parameters
    ----------
    periods : int, default 2
        Number of treated periods before exit with a coefficient.

    Returns
    -------
    Finding
        Its evidence is a DataFrame by period before exit: mean, sd, lower, upper, units.
    """
    panel = panel_of(fit)
    if not fit.takes("covariates"):
        raise NotApplicable(Message("This design takes no covariates."))
    distance = before_exit(panel)[panel.unit_codes, panel.time_codes]
    steps = np.array([k for k in range(1, periods + 1) if (distance == k).any()])
    columns = (distance == steps[:, None]).astype(np.float64)
    wider, names = widened(panel, "period before exit", columns)
    stated = fit.facts.covariates_of(panel)
    design = saturated_design(fit.design, panel, covariates=(*stated, *names))
    try:
        other = refit(fit, design, wider)
    except IdentificationError:
        raise NotApplicable(
            Message(
                "Units treated from the same period on leave in the same period, so they cannot be "
                "compared with units that stay."
            )
        ) from None
    draws = covariate_slopes(other, names).reshape(-1, len(names))
    leaving = distance > 0
    units = [panel.counts[np.unique(panel.unit_codes[x])].sum() for x in (leaving, ~leaving)]
    tail, sd = tail_of(draws, freedom(units[0], units[1] - units[0])), float(draws[:, 0].std())
    effect = float(average_effect(fit).mean())
    verdict = ladder(fails=tail < FAILING, doubt=tail < DOUBTFUL, untold=_POWER * sd > abs(effect))
    figure = Message(
        "difference in the last treated period {:.3g} (SD {:.2g}, detectable {:.2g}); p of zero in "
        "the last {} periods before exit {:.3f}",
        draws[:, 0].mean(), sd, _POWER * sd, len(names), tail,
    )  # fmt: skip
    return Finding(verdict, figure, _sentence(verdict), _table(steps, draws, columns), refit=other)


def before_exit(panel: Panel) -> Index:
    """Return the periods until exit of treated units (unit, period); 0 if it is not observed.

    The last treated period before an exit has the value 1.
    """
    on, last = panel.treatment_path, panel.periods
    ends = np.concatenate([np.zeros((len(on), 1), dtype=bool), on[:, :-1] & ~on[:, 1:]], axis=1)
    time = np.arange(last)
    following = np.minimum.accumulate(np.where(ends, time, last)[:, ::-1], axis=1)[:, ::-1]
    return np.where(on & (following < last), following - time, 0).astype(np.int64)


def _sentence(verdict: Verdict) -> Message:
    if verdict == UNTOLD:
        found = Message(
            "Outcomes before the exit do not differ from those of treated units that stay, but a "
            "difference as large as the average effect would not be detected."
        )
        step = Message("Next: explain why units leave, and report this limitation.")
        return joined([found, advised(step)])
    if verdict == "passed":
        return Message(
            "Outcomes in the last periods before the exit do not differ from those of treated "
            "units that stay."
        )
    found = Message(
        "Outcomes in the last periods before the exit differ from those of treated units that "
        "stay. Exits may follow outcomes, and effects after exit then contain the recovery."
    )
    step = Message(
        "Next: report effects in periods well before the exit, or restrict the sample to exits "
        "decided for other reasons."
    )
    return joined([found, advised(step)])


def _table(steps: Index, draws: Array, columns: Array) -> pd.DataFrame:
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    return pd.DataFrame(
        {
            "before_exit": steps, "mean": draws.mean(axis=0), "sd": draws.std(axis=0),
            "lower": low, "upper": high, "units": columns.sum(axis=1).astype(np.int64),
        }
    )  # fmt: skip
