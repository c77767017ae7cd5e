"""Callaway and Sant'Anna with covariates: doubly robust, by diff-diff."""

from __future__ import annotations

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import adjusted, ask, curve, frame_of, x_of
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator, never_treated


@estimator(
    "Callaway–Sant'Anna (doubly robust)",
    Message(
        "parallel trends with never-treated units of equal covariates; reference: last period "
        "before adoption"
    ),
    place=15,
)
def callaway_santanna_dr(rows: Sample) -> EventCurve:
    """Adjust for covariates by regression and propensity score (Sant'Anna and Zhao 2020)."""
    never_treated(rows)
    if not (rows.x or rows.z):
        raise NotApplicable(Message("the fit has neither covariates nor baseline variables"))
    data = frame_of(rows)
    result, notes = ask(
        "diff_diff",
        lambda dd: dd.CallawaySantAnna(base_period="universal", anticipation=rows.ahead).fit(
            data, "y", "unit", "time", "first", covariates=x_of(data, "xz")
        ),
    )
    study = result.aggregate("event_study")
    average = float(result.overall_att), float(result.overall_se)
    return curve(
        study.event_time, study.att, study.se, average, (*adjusted([*rows.x, *rows.z]), *notes)
    )
