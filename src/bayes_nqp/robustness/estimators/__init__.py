"""Estimators of other packages for effects by event time, in closed form, one per file.

Only `robustness` imports it; other packages use `bayes_nqp.robustness`.
"""

from bayes_nqp.robustness.estimators._rows import (
    AVERAGE,
    ESTIMATORS,
    Estimator,
    EventCurve,
    Sample,
    estimator,
)

__all__ = ["AVERAGE", "ESTIMATORS", "Estimator", "EventCurve", "Sample", "estimator"]
