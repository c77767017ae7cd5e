"""Analyse the sensitivity of effects to differential trends, omitted variables and mediators.

It also contains estimators of other packages. `checks` and all higher packages may import it.
"""

from bayes_nqp.robustness.estimators import (
    AVERAGE,
    COMPARISONS,
    ESTIMATORS,
    Decomposition,
    EventCurve,
    Sample,
    goodman_bacon,
)
from bayes_nqp.robustness.mediation import (
    CONFOUNDED,
    ConfoundedFit,
    NormalCorrelation,
    RhoPrior,
    UniformCorrelation,
    axis_of,
    confounded_fit,
    curves,
    mediation_sensitivity,
)
from bayes_nqp.robustness.mediation import strength as strength
from bayes_nqp.robustness.omitted_variables import (
    AverageRegression,
    Coefficient,
    Stability,
    average_regression,
    benchmark,
)
from bayes_nqp.robustness.trends import (
    BoundedDeviation,
    EventStudy,
    OverTime,
    SmoothnessPrior,
    event_study_draws,
    event_study_of,
    over_time,
    trend_sensitivity,
)

__all__ = [
    "AVERAGE",
    "COMPARISONS",
    "CONFOUNDED",
    "ESTIMATORS",
    "AverageRegression",
    "BoundedDeviation",
    "Coefficient",
    "ConfoundedFit",
    "Decomposition",
    "EventCurve",
    "EventStudy",
    "NormalCorrelation",
    "OverTime",
    "RhoPrior",
    "Sample",
    "SmoothnessPrior",
    "Stability",
    "UniformCorrelation",
    "average_regression",
    "axis_of",
    "benchmark",
    "confounded_fit",
    "curves",
    "event_study_draws",
    "event_study_of",
    "goodman_bacon",
    "mediation_sensitivity",
    "over_time",
    "trend_sensitivity",
]
