"""Fitting a design to a panel; keeping and reading back what comes of it."""

from bayes_nqp.fitting._batch import Kept, Numbers, batch
from bayes_nqp.fitting._conditional import conditional_mean
from bayes_nqp.fitting._files import load
from bayes_nqp.fitting._fit import Fit, fit
from bayes_nqp.fitting._modal import modal_effects
from bayes_nqp.fitting._prior import prior_predictive

__all__ = [
    "Fit",
    "Kept",
    "Numbers",
    "batch",
    "conditional_mean",
    "fit",
    "load",
    "modal_effects",
    "prior_predictive",
]
