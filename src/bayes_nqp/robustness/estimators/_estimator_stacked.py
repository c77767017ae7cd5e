"""Stacked regression: a data set for every cohort with clean controls, by diff-diff."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._packages import ask, curve, frame_of, need, window
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "Stacked (Wing et al.)",
    Message(
        "parallel trends with units that are not treated in the window; reference: last period "
        "before adoption"
    ),
    place=60,
)
def stacked(rows: Sample) -> EventCurve:
    """Regress on event times in stacked data sets of cohorts (Wing et al. 2024)."""
    need(rows, no_anticipation=True, every_period=True)
    data, (before, after, _) = frame_of(rows), window(rows)
    result, notes = ask(
        "diff_diff",
        lambda dd: dd.StackedDiD(kappa_pre=before, kappa_post=after).fit(
            data, "y", "unit", "time", "first"
        ),
    )
    span = Message(
        "event times {} to {}, equally weighted; {} of {} cohorts have all of them",
        -before, after, result.n_sub_experiments, np.unique(rows.cohort[~rows.never]).size,
    )  # fmt: skip
    effects = result.event_study_effects
    mean, sd = ([effects[e][name] for e in sorted(effects)] for name in ("effect", "se"))
    average = float(result.overall_att), float(result.overall_se)
    return curve(sorted(effects), mean, sd, average, (span, *notes))
