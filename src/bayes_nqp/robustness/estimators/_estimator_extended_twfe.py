"""Extended two-way fixed effects: a dummy for every treated cohort and period, by diff-diff."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import adjusted, ask, curve, frame_of, x_of
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "Wooldridge (extended TWFE)",
    Message(
        "parallel trends in all periods; reference: all pre-adoption periods; controls: "
        "all untreated observations"
    ),
    place=45,
)
def extended_twfe(rows: Sample) -> EventCurve:
    """Average the cells of a saturated regression (Wooldridge 2021)."""
    data = frame_of(rows)
    result, notes = ask(
        "diff_diff",
        lambda dd: (
            dd.WooldridgeDiD(anticipation=rows.ahead)
            .fit(data, "y", "unit", "time", "first", xtvar=x_of(data))
            .aggregate("event_study")
        ),
    )
    effects = result.event_study_effects
    mean, sd = ([x[name] for x in effects.values()] for name in ("att", "se"))
    average = float(result.overall_att), float(result.overall_se)
    return curve(effects, mean, sd, average, (*adjusted(rows.x), *notes))
