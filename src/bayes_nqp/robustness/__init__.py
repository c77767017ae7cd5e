"""Robustness: effects where trends are not parallel, and channels that are confounded."""

from bayes_nqp.robustness.confounding import (
    CONFOUNDED,
    ConfoundedFit,
    NormalRho,
    RhoPrior,
    UniformRho,
    axis_of,
    confounded_fit,
    confounding,
    curves,
)
from bayes_nqp.robustness.confounding import strength as strength
from bayes_nqp.robustness.estimators import AVERAGE, ESTIMATORS, EventCurve, Sample
from bayes_nqp.robustness.trends import (
    EventStudy,
    NormalSteps,
    OverTime,
    UniformSteps,
    event_study_draws,
    event_study_of,
    over_time,
    sensitivity,
)

__all__ = [
    "AVERAGE",
    "CONFOUNDED",
    "ESTIMATORS",
    "ConfoundedFit",
    "EventCurve",
    "EventStudy",
    "NormalRho",
    "NormalSteps",
    "OverTime",
    "RhoPrior",
    "Sample",
    "UniformRho",
    "UniformSteps",
    "axis_of",
    "confounded_fit",
    "confounding",
    "curves",
    "event_study_draws",
    "event_study_of",
    "over_time",
    "sensitivity",
]
