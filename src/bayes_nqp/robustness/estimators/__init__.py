"""Other estimators of effects by event time, one a file, in closed form."""

from bayes_nqp.robustness.estimators._rows import (
    AVERAGE,
    ESTIMATORS,
    Estimator,
    EventCurve,
    Sample,
    estimator,
)

__all__ = ["AVERAGE", "ESTIMATORS", "Estimator", "EventCurve", "Sample", "estimator"]
