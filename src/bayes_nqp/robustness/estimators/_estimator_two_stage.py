"""Two stages: outcomes less unit and time effects of untreated rows, regressed on event times.

The estimates are those of imputation; residuals of treated rows are those of the second stage,
which are less their mean by event time (for the average: less the mean of all).
"""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.robustness.estimators._estimator_imputation import centred, imputed
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator


@estimator(
    "Gardner (two-stage)",
    Message(
        "parallel trends in all periods; reference: all pre-adoption periods; controls: "
        "all untreated observations"
    ),
    place=40,
)
def two_stage(rows: Sample) -> EventCurve:
    """Regress outcomes less untreated effects on event times (Gardner 2022)."""
    times, v, residual = imputed(rows)
    by_time = centred(residual, rows.event - rows.event.min(), rows.treated)
    overall = centred(residual, np.zeros_like(rows.unit), rows.treated)
    e = np.column_stack([*[by_time] * (len(times) - 1), overall])
    return rows.estimates(times, v, e)
