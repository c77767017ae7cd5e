"""Sensitivity of mediated effects to unmeasured confounding of the mediators.

Only `robustness` imports it; other packages use `bayes_nqp.robustness`.
"""

from bayes_nqp.robustness.mediation._curves import CONFOUNDED, axis_of, curves
from bayes_nqp.robustness.mediation._curves import strength as strength
from bayes_nqp.robustness.mediation._fit import ConfoundedFit, confounded_fit
from bayes_nqp.robustness.mediation._mediation_sensitivity import mediation_sensitivity
from bayes_nqp.robustness.mediation._priors import NormalCorrelation, RhoPrior, UniformCorrelation

__all__ = [
    "CONFOUNDED",
    "ConfoundedFit",
    "NormalCorrelation",
    "RhoPrior",
    "UniformCorrelation",
    "axis_of",
    "confounded_fit",
    "curves",
    "mediation_sensitivity",
]
