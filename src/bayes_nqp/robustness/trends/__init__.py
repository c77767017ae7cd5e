"""Sensitivity of linear estimands to violations of parallel trends.

Only `robustness` imports it; other packages use `bayes_nqp.robustness`.
"""

from bayes_nqp.robustness.trends._event_study import EventStudy, event_study_draws, event_study_of
from bayes_nqp.robustness.trends._over_time import OverTime, over_time
from bayes_nqp.robustness.trends._priors import BoundedDeviation, SmoothnessPrior
from bayes_nqp.robustness.trends._regions import trend_sensitivity

__all__ = [
    "BoundedDeviation",
    "EventStudy",
    "OverTime",
    "SmoothnessPrior",
    "event_study_draws",
    "event_study_of",
    "over_time",
    "trend_sensitivity",
]
