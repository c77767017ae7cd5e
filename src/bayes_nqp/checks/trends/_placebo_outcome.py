"""Placebo test with an outcome that the policy cannot affect."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint, NotApplicable, PanelError, StudyError, nearest
from bayes_nqp._core.i18n import Message, spanned
from bayes_nqp._core.types import Column
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    HOLDS,
    Finding,
    Guide,
    asks,
    excluding_zero,
)
from bayes_nqp.effects.estimands import att, by_event_time
from bayes_nqp.inference.fitting import ADOPTION, ROWS, Fit, panel_of, refit


@asks(
    "Does an outcome that the policy cannot affect show no effect?",
    "placebo outcome",
    place=90,
    needs=(ADOPTION, ROWS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Average effect of the same model on another outcome, which the policy cannot affect."
        ),
        thresholds=Message(
            "Failed: the {0:.1%} interval of the average effect on the placebo outcome excludes "
            "zero. Caution: the {1:.0%} interval does. Passed: otherwise. Not applicable without "
            "the option outcome.",
            1.0 - FAILING,
            1.0 - DOUBTFUL,
        ),
        failure=Message(
            "Treated and untreated units differ for another reason than the policy, and the "
            "average effect may include this difference."
        ),
        remedy=Message(
            "compare the assumptions about trends with {}, and add covariates that explain the "
            "placebo outcome",
            Hint("check", "assumptions"),
        ),
        code='nqp.check(fit, "assumptions")\naverage = nqp.model_average(fit)',
        limits=Message(
            "The check is only as good as the claim that the policy cannot affect the placebo "
            "outcome; a confounder of the actual outcome alone remains undetected."
        ),
    ),
)
def placebo_outcome(fit: Fit, *, outcome: Column | None = None) -> Finding:
    """Fit the same design to an outcome that the policy cannot affect.

    The verdict is *failed* if the 99.5 % interval of the average effect excludes zero, and
    *caution* if the 98 % interval does.

    Parameters
    ----------
    outcome : str, optional
        A column of the panel's frame; without it the check does not apply.

    Raises
    ------
    PanelError
        If there is no such column, or it is not numeric.
    StudyError
        If it is the outcome of the fit itself.
    """
    if outcome is None:
        raise NotApplicable(
            Message(
                "No placebo outcome is given. Name a column that the policy cannot affect: "
                "nqp.check(fit, 'placebo_outcome', outcome='column'), or in a study file outcome = "
                "'column' under [checks.placebo_outcome]."
            )
        )
    panel = panel_of(fit)
    if outcome not in panel.frame.columns:
        raise PanelError(
            f"'outcome' names the column {outcome!r}, which the panel does not have",
            hint=nearest(outcome, panel.frame.columns),
        )
    if outcome == panel.roles.outcome:
        problem = f"'outcome' is {outcome!r}, the outcome of the fit itself"
        raise StudyError(problem, hint="name a column that the policy cannot affect")
    placebo = refit(fit, fit.variant(drop=True), panel.with_outcome(outcome))
    draws = att(placebo)
    verdict = excluding_zero(draws)
    sentence = Message("The placebo outcome {!r} shows no effect, as expected.", outcome)
    if verdict != HOLDS:
        sentence = Message(
            "The placebo outcome {!r} shows an effect, although the policy cannot affect it. "
            "Treated and untreated units differ for another reason, which the average effect may "
            "include.",
            outcome,
        )
    figure = Message(
        "placebo effect {}", spanned(float(draws.mean()), *np.quantile(draws, (0.025, 0.975)))
    )
    return Finding(verdict, figure, sentence, _evidence(placebo), "event_study", placebo)


def _evidence(placebo: Fit) -> xr.Dataset:
    """Return draws of the average effect, and of ``effect`` (chain, draw, event_time_after)."""
    counted = by_event_time(placebo).rename({v.EVENT_TIME: f"{v.EVENT_TIME}_after"})
    by_time = counted.reset_coords(drop=True)
    evidence = xr.Dataset({"effect": by_time, "att": att(placebo).reset_coords(drop=True)})
    evidence[f"{v.UNITS}_effect"] = (f"{v.EVENT_TIME}_after", counted[v.UNITS].to_numpy())
    return evidence.assign_coords({v.GATE: str(placebo.gate)}).assign_attrs(by_time.attrs)
