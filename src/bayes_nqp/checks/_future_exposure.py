"""Whether exposure to come predicts the outcome, which under strict exogeneity it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp.checks._needs import DOSE, REFITS, ROWS
from bayes_nqp.checks._options import whole_number
from bayes_nqp.checks._reasons import reason
from bayes_nqp.checks._refit import cautious, panel_of, refit
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.designs import ContinuousExposure
from bayes_nqp.errors import PanelError
from bayes_nqp.estimands import att
from bayes_nqp.language import Message
from bayes_nqp.panel import free_name

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

__all__ = ["future_exposure"]

Array = npt.NDArray[np.float64]

_LARGE = 0.5
"""Share of the effect from which a lead is no trifle."""


@asks(
    "Does exposure to come predict the outcome?",
    "exposure to come",
    place=40,
    needs=(DOSE, ROWS, REFITS),
)
def future_exposure(fit: Fit, *, periods: int = 1) -> Finding:
    """Refit with the exposure some periods ahead beside that of today, its slope flat.

    Under strict exogeneity, and unless it is anticipated, exposure to come has no slope given
    today's: a slope of it says that exposure follows the outcome's own course, as where units
    that grow take it up. It is what a pre-trend is to a treatment that is adopted. Rows without
    a row so many periods later are left out, and the effect is also estimated on the others
    alone. An interval of the lead that excludes zero leaves doubt; where the lead is also half
    as large as the effect, or the effect's conclusion does not survive it, the check fails. An
    interval wider than the effect is no evidence and leaves doubt too.

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
    whole_number("periods", periods, 1)
    design = cast("ContinuousExposure", fit.design)
    panel, column = _ahead(panel_of(fit), design, periods)
    own = panel_of(fit).roles.covariates if design.covariates is None else design.covariates
    same, names = tuple(own), (*own, column)
    plain = refit(fit, design.replace(covariates=same), panel)
    led = refit(fit, design.replace(covariates=names), panel)
    exposure = led.plan.exposure
    assert exposure is not None
    slope = led.posterior["outcome__slope"].sel({"outcome__slope_label": column})
    draws = {
        "effect": att(fit),
        "effect, rows with a future": att(plain),
        "effect beside future exposure": att(led),
        f"exposure {periods} ahead": slope * exposure.unit,
    }
    table = _table({name: one.to_numpy().ravel() for name, one in draws.items()})
    verdict, sentence = _judged(table)
    lead, beside = table.iloc[3], table.iloc[2]
    figure = Message(
        "exposure {} ahead {:.3g} [{:.3g}, {:.3g}]; effect beside it {:.3g} (without it {:.3g}, "
        "on the {} rows with a future)",
        periods,
        lead["mean"],
        lead["lower"],
        lead["upper"],
        beside["mean"],
        table["mean"][1],
        panel.n_rows,
    )
    verdict, sentence = cautious(verdict, sentence, led)
    return Finding(verdict, figure, sentence, table)


def _ahead(panel: Panel, design: ContinuousExposure, periods: int) -> tuple[Panel, str]:
    """The rows with a row so many periods later, and that row's exposure as a covariate."""
    place = np.full((panel.n_units, panel.periods + periods), -1, dtype=np.int64)
    place[panel.unit_codes, panel.time_codes] = np.arange(panel.n_rows)
    later = place[panel.unit_codes, panel.time_codes + periods]
    whole = later >= 0
    if whole.sum() < 2:
        raise NotApplicable(Message("No unit has rows {} periods apart.", periods))
    values = panel.exposures[:, panel.roles.exposures.index(design.exposure)][later]
    column = free_name(f"{design.exposure} ahead {periods}", panel.frame)
    arguments = panel.arguments
    arguments["covariates"] = (*panel.roles.covariates, column)
    frame = panel.frame.assign(**{column: values})[whole]
    try:
        return type(panel).from_frame(frame, **arguments), column
    except PanelError as error:
        raise NotApplicable(
            Message(
                "Too little is left of rows that have a row {} later: {}", periods, reason(error)
            )
        ) from None


def _table(draws: dict[str, Array]) -> pd.DataFrame:
    rows = []
    for name, one in draws.items():
        low, high = np.quantile(one, (0.025, 0.975))
        rows.append((name, one.mean(), one.std(), low, high, (one > 0).mean()))
    return pd.DataFrame(rows, columns=["quantity", "mean", "sd", "lower", "upper", "p_positive"])


def _judged(table: pd.DataFrame) -> tuple[Verdict, Message]:
    plain, beside, lead = (table.iloc[k] for k in (1, 2, 3))
    clear = lead["lower"] > 0 or lead["upper"] < 0
    large = abs(lead["mean"]) > _LARGE * abs(plain["mean"])
    own = _sign(plain)
    lost = own != 0 and beside["mean"] * own < beside["sd"]
    if clear and (large or lost):
        return FAILS, Message(
            "Exposure to come predicts the outcome, and by much: exposure follows the outcome's "
            "own course, or is anticipated, and its slope is not an effect."
        )
    if clear:
        return DOUBT, Message(
            "Exposure to come predicts the outcome, though by less than half of the effect: part "
            "of the slope may be a trend that exposure follows."
        )
    if lead["upper"] - lead["lower"] > 2 * abs(plain["mean"]):
        return DOUBT, Message(
            "The slope of exposure to come is known too badly to tell: its interval is wider than "
            "the effect is large."
        )
    return HOLDS, Message("Exposure to come says nothing about the outcome beyond today's.")


def _sign(row: pd.Series[float]) -> int:
    return int(row["lower"] > 0) - int(row["upper"] < 0)
