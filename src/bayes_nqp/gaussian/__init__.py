"""Gaussian problems: the likelihood of rows summed up, with every coefficient integrated out."""

from bayes_nqp.gaussian._stacked_density import stacked_density
from bayes_nqp.gaussian._stacked_draws import StackedDraws, stacked_draw
from bayes_nqp.gaussian.correlated import ErrorSums, FixedErrorSums, error_sums
from bayes_nqp.gaussian.density import density
from bayes_nqp.gaussian.draws import Coefficients, SharedErrors, draw, number_count
from bayes_nqp.gaussian.functionals import averages, functionals, local_variances
from bayes_nqp.gaussian.maps import gaussian_problem
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.spans import absorbed_products, net_of
from bayes_nqp.gaussian.stacked import Stacked, stacked
from bayes_nqp.gaussian.statement import Block, Group, Member, Problem
from bayes_nqp.gaussian.types import PADDING, Noise
from bayes_nqp.gaussian.unit_precision import class_precision

__all__ = [
    "PADDING",
    "Block",
    "Coefficients",
    "ErrorSums",
    "FixedErrorSums",
    "GaussianProblem",
    "Group",
    "Member",
    "Noise",
    "Problem",
    "SharedErrors",
    "Stacked",
    "StackedDraws",
    "absorbed_products",
    "averages",
    "class_precision",
    "density",
    "draw",
    "error_sums",
    "functionals",
    "gaussian_problem",
    "local_variances",
    "net_of",
    "number_count",
    "stacked",
    "stacked_density",
    "stacked_draw",
]
