"""Local projections: a regression of changes for every event time, by diff-diff."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import (
    LEADS,
    adjusted,
    ask,
    curve,
    frame_of,
    need,
    window,
    x_of,
)
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "Local projections (LP-DiD)",
    Message("parallel trends with not yet treated units; reference: last period before adoption"),
    place=70,
)
def local_projections(rows: Sample) -> EventCurve:
    """Regress changes on adoption for every event time (Dube et al. 2025)."""
    need(rows, no_anticipation=True, every_period=True)
    data, (_, after, longest) = frame_of(rows), window(rows)
    result, notes = ask(
        "diff_diff",
        lambda dd: dd.LPDiD(pre_window=LEADS, post_window=longest, reweight=True).fit(
            data, "y", "unit", "time", "treated", covariates=x_of(data),
            pre_pooled=(-2, -2), post_pooled=(0, after),
        ),
    )  # fmt: skip
    study, pooled = result.event_study, result.pooled.set_index("window").loc["post"]
    span = Message("average: treated units observed at all event times from 0 to {}", after)
    return curve(
        study["horizon"], study["coefficient"], study["se"],
        (float(pooled["coefficient"]), float(pooled["se"])), (*adjusted(rows.x), span, *notes),
    )  # fmt: skip
