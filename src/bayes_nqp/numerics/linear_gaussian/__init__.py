"""Compute the likelihood of a linear Gaussian model with all coefficients integrated out.

`problem_spec` describes a model, `maps` turns it into a `problem`, and `density` and `draws`
evaluate it with the equations of docs/gaussian.md. All packages above `numerics` may import it.
"""

from bayes_nqp.numerics.linear_gaussian._stacked_density import stacked_density
from bayes_nqp.numerics.linear_gaussian._stacked_draws import StackedDraws, stacked_draw
from bayes_nqp.numerics.linear_gaussian._stacked_gradient import stacked_gradient
from bayes_nqp.numerics.linear_gaussian._unit_matrices import back_solve
from bayes_nqp.numerics.linear_gaussian.class_maps import class_types
from bayes_nqp.numerics.linear_gaussian.correlated import ErrorSums, FixedErrorSums, error_sums
from bayes_nqp.numerics.linear_gaussian.density import density, normal_equations
from bayes_nqp.numerics.linear_gaussian.draws import Coefficients, SharedErrors, draw, number_count
from bayes_nqp.numerics.linear_gaussian.draws_with_density import DrawsWithDensity
from bayes_nqp.numerics.linear_gaussian.dynamics import (
    DynamicDeterminant,
    coefficients_of,
    dynamic_determinant,
    lasting_response,
    responses,
    series_length,
)
from bayes_nqp.numerics.linear_gaussian.functionals import averages, functionals, local_variances
from bayes_nqp.numerics.linear_gaussian.gradient import gradient
from bayes_nqp.numerics.linear_gaussian.lag import (
    HIGHEST,
    LOWEST,
    MOST_DENSE,
    LogDeterminant,
    inverse_diagonal,
    is_dense,
    linked_diagonal,
    log_determinant,
)
from bayes_nqp.numerics.linear_gaussian.maps import gaussian_problem
from bayes_nqp.numerics.linear_gaussian.path_laws import BorderLaw, PathLaw, correlation_root
from bayes_nqp.numerics.linear_gaussian.permuted_problems import PermutedProblems
from bayes_nqp.numerics.linear_gaussian.permuted_units import Permutations, Units
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.problem_spec import (
    Block,
    Group,
    Lag,
    Problem,
    Process,
    UnitEffect,
)
from bayes_nqp.numerics.linear_gaussian.spans import absorbed_products, net_of
from bayes_nqp.numerics.linear_gaussian.stacked import Stacked, stacked
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Arrowhead, ErrorLaw, Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import class_precision, small

__all__ = [
    "HIGHEST",
    "LOWEST",
    "MOST_DENSE",
    "PADDING",
    "Arrowhead",
    "Block",
    "BorderLaw",
    "Coefficients",
    "DrawsWithDensity",
    "DynamicDeterminant",
    "ErrorLaw",
    "ErrorSums",
    "FixedErrorSums",
    "GaussianProblem",
    "Group",
    "Lag",
    "LogDeterminant",
    "PathLaw",
    "Permutations",
    "PermutedProblems",
    "Problem",
    "Process",
    "SharedErrors",
    "Stacked",
    "StackedDraws",
    "UnitEffect",
    "Units",
    "Values",
    "absorbed_products",
    "averages",
    "back_solve",
    "class_precision",
    "class_types",
    "coefficients_of",
    "correlation_root",
    "density",
    "draw",
    "dynamic_determinant",
    "error_sums",
    "functionals",
    "gaussian_problem",
    "gradient",
    "inverse_diagonal",
    "is_dense",
    "lasting_response",
    "linked_diagonal",
    "local_variances",
    "log_determinant",
    "net_of",
    "normal_equations",
    "number_count",
    "responses",
    "series_length",
    "small",
    "stacked",
    "stacked_density",
    "stacked_draw",
    "stacked_gradient",
]
