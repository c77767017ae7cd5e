"""Gaussian problems: the likelihood of compressed rows, with every coefficient integrated out."""

from bayes_nqp.gaussian.density import density
from bayes_nqp.gaussian.draws import Coefficients, draw
from bayes_nqp.gaussian.flat import flat_pivots
from bayes_nqp.gaussian.maps import gaussian_problem
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Noise

__all__ = [
    "Coefficients",
    "GaussianProblem",
    "Noise",
    "density",
    "draw",
    "flat_pivots",
    "gaussian_problem",
]
