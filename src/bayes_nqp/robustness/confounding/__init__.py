"""How strong unmeasured confounding of mediators would have to be."""

from bayes_nqp.robustness.confounding._confounding import confounding
from bayes_nqp.robustness.confounding._curves import CONFOUNDED, axis_of, curves
from bayes_nqp.robustness.confounding._curves import strength as strength
from bayes_nqp.robustness.confounding._fit import ConfoundedFit, confounded_fit
from bayes_nqp.robustness.confounding._priors import NormalRho, RhoPrior, UniformRho

__all__ = [
    "CONFOUNDED",
    "ConfoundedFit",
    "NormalRho",
    "RhoPrior",
    "UniformRho",
    "axis_of",
    "confounded_fit",
    "confounding",
    "curves",
]
