"""Other estimators of effects by event time, one a file, in closed form."""

from bayes_nqp.robustness.estimators._rows import (
    AVERAGE,
    ESTIMATORS,
    Estimates,
    Estimator,
    Rows,
    estimator,
)

__all__ = ["AVERAGE", "ESTIMATORS", "Estimates", "Estimator", "Rows", "estimator"]
