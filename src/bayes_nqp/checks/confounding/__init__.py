"""How strong unmeasured confounding of mediators would have to be."""

from bayes_nqp.checks.confounding._curve import confounding
from bayes_nqp.checks.confounding._priors import NormalRho, UniformRho

__all__ = ["NormalRho", "UniformRho", "confounding"]
