"""Gaussian problems: the likelihood of compressed rows, with every coefficient integrated out."""

from bayes_nqp.gaussian.density import density
from bayes_nqp.gaussian.draws import Coefficients, draw
from bayes_nqp.gaussian.flat import flat_pivots
from bayes_nqp.gaussian.functionals import functionals, local_variances
from bayes_nqp.gaussian.maps import gaussian_problem
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import PADDING, Noise

__all__ = [
    "PADDING",
    "Coefficients",
    "GaussianProblem",
    "Noise",
    "density",
    "draw",
    "flat_pivots",
    "functionals",
    "gaussian_problem",
    "local_variances",
]
