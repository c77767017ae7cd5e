"""Two-stage estimator: outcomes net of unit and time effects, regressed on event times.

The estimates equal those of imputation. Residuals of treated observations come from the second
stage: they are centred by event time (for the average: by the overall mean).
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
    """Regress outcomes net of unit and time effects on event times (Gardner 2022)."""
    times, v, residual = imputed(rows)
    by_time = centred(residual, rows.event - rows.event.min(), rows.treated)
    overall = centred(residual, np.zeros_like(rows.unit), rows.treated)
    e = np.column_stack([*[by_time] * (len(times) - 1), overall])
    return rows.estimates(times, v, e)
