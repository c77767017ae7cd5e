"""Estimators of other packages for effects by event time, one per file.

Some are in closed form; others call diff-diff and pyfixest.

Only `robustness` imports it; other packages use `bayes_nqp.robustness`.
"""

from bayes_nqp.robustness.estimators._goodman_bacon import (
    COMPARISONS,
    Decomposition,
    goodman_bacon,
)
from bayes_nqp.robustness.estimators._rows import (
    AVERAGE,
    ESTIMATORS,
    Estimator,
    EventCurve,
    Sample,
    estimator,
)

__all__ = [
    "AVERAGE",
    "COMPARISONS",
    "ESTIMATORS",
    "Decomposition",
    "Estimator",
    "EventCurve",
    "Sample",
    "estimator",
    "goodman_bacon",
]
