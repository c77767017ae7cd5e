"""How strong unmeasured confounding of mediators would have to be."""

from bayes_nqp.checks.confounding._axis import CONFOUNDED as CONFOUNDED
from bayes_nqp.checks.confounding._axis import axis_of as axis_of
from bayes_nqp.checks.confounding._curve import confounding
from bayes_nqp.checks.confounding._curve import curves as curves
from bayes_nqp.checks.confounding._priors import NormalRho, UniformRho
from bayes_nqp.checks.confounding._priors import RhoPrior as RhoPrior
from bayes_nqp.checks.confounding._study import Study as Study
from bayes_nqp.checks.confounding._study import study_of as study_of

__all__ = ["NormalRho", "UniformRho", "confounding"]
