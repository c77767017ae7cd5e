"""Gaussian problems: the likelihood of rows summed up, with every coefficient integrated out.

`types` has the symbols. A design states its model in `problem_spec`; `maps` makes a `problem` of
it, from which everything is computed. The equations of docs/gaussian.md stand, in the order of a
density, in

- `_unit_matrices`, `unit_precision`: a unit's precision, what is its own absorbed (1, 2);
- `class_maps`, `pairs`, `fixed`, `nodes`, `equations`: normal equations of groups (3);
- `class_maps`, `fixed`, `clusters`: deviations that several units share (4);
- `layout`, `linear_part`, `density`: those of all coefficients, priors, the factor, the density (5
  to 8), with `path_laws`, `processes`: processes on the time grid (5a); `lag`: the Jacobian of a
  spatial lag, and `dynamics`: that of one with outcomes of the period before; and `unshared_cells`,
  `pairs`, `reduced`: the same where cells are many;
- `_back_substitution`, `draws`, `paths`, `functionals`: draws and conditional moments (9),
  `draws_with_density`: where proposals were factored, and `correlated`: draws of several problems
  that move together;
- `stacked`, `_stacked_density`, `_stacked_draws`: two equations with units as clusters (10);
- `permuted_units`, `permuted_problems`: problems of the same units, permuted between groups, in one
  batch.

`batches` cuts points up. `spans` is no step of a density: a plan asks it which columns others span.
"""

from bayes_nqp.numerics.linear_gaussian._stacked_density import stacked_density
from bayes_nqp.numerics.linear_gaussian._stacked_draws import StackedDraws, stacked_draw
from bayes_nqp.numerics.linear_gaussian._stacked_gradient import stacked_gradient
from bayes_nqp.numerics.linear_gaussian._unit_matrices import back_solve
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
from bayes_nqp.numerics.linear_gaussian.unit_precision import class_precision

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
    "stacked",
    "stacked_density",
    "stacked_draw",
    "stacked_gradient",
]
