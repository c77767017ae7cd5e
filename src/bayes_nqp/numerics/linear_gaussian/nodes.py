"""Normal equations of groups and owners (3, 4): at any point, interpolated, or computed once.

Without deviations of single units, ``Q̃``, F and the normal equations of owners are smooth
functions of the noise's parameters alone. With one parameter and many patterns of observed periods,
one product gives them at every point, from nodes of that parameter (`interpolation`). With
deviations of single units, nodes contain the arrays that these need (`class_sums`).
"""

from __future__ import annotations

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_triangles
from bayes_nqp.numerics.linear_gaussian.class_sums import ClassSums, PermutedPanels
from bayes_nqp.numerics.linear_gaussian.clusters import cluster_equations
from bayes_nqp.numerics.linear_gaussian.equations import NoiseEquations
from bayes_nqp.numerics.linear_gaussian.interpolation import Panels
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import of_types, small, values_of_noise


def noise_equations(problem: GaussianProblem, values: Values) -> NoiseEquations:
    """Return normal equations of groups and owners."""
    if problem.fixed is not None:
        return problem.fixed
    if not problem.on_nodes or values.nuisance is not None:
        return _at_points(problem, values)
    if problem.deviates_by_unit:
        sums = class_sums(problem, values)
        return _at_points(problem, values) if sums is None else sums.equations()
    arrays = _panels(problem).values(problem.noise_parameter(values))
    return _at_points(problem, values) if arrays is None else _from_arrays(problem, arrays)


def noise_slopes(problem: GaussianProblem, values: Values) -> NoiseEquations | None:
    """Return their derivatives by the noise's parameter; None where nodes are not exact."""
    arrays = _panels(problem).slopes(problem.noise_parameter(values))
    return None if arrays is None else _from_arrays(problem, arrays)


def class_sums(problem: GaussianProblem, values: Values) -> ClassSums | None:
    """Return reductions by single units' deviations; None where nodes are not exact."""
    layout = problem.class_layout
    if layout is None or values.nuisance is not None:
        return None
    key = (class_sums, id(problem))
    if key not in values.known:
        arrays = _panels(problem).values(problem.noise_parameter(values))
        values.known[key] = None if arrays is None else ClassSums.of(layout, arrays, values)
    sums: ClassSums | None = values.known[key]
    return sums


def class_slopes(problem: GaussianProblem, values: Values) -> list[Array]:
    """Return derivatives of their arrays by the noise's parameter, if `class_sums` has them."""
    return _panels(problem).slopes(problem.noise_parameter(values)) or []


def _panels(problem: GaussianProblem) -> Panels | PermutedPanels:
    """Return interpolants over the noise's parameter: F, ``a_o``, ``H_o``, or sums of classes."""
    if problem.permuted is not None:
        return problem.permuted

    def computed(u: Array) -> list[Array]:
        values = values_of_noise(problem, u)
        layout = problem.class_layout
        if layout is None:
            return _at_points(problem, values).arrays
        types = of_types(problem, values)
        return layout.sums(types.q, types.total)

    return Panels(computed, problem.node_panels)


def _from_arrays(problem: GaussianProblem, arrays: list[Array]) -> NoiseEquations:
    present = problem.by_group is not None, problem.by_block is not None
    return NoiseEquations.of(arrays, *present)


def _at_points(problem: GaussianProblem, values: Values) -> NoiseEquations:
    """Compute F of groups, ``a_o`` and ``H_o`` of owners, from ``Q̃`` at every point."""
    types, m = small(problem, values), problem.moments
    f = (m.map1 @ lower_triangles(types.q).T).T  # vec F = map1 vec Q̃, points last.
    group, block = problem.by_group, problem.by_block
    return NoiseEquations(
        f,
        types.total,
        None if group is None else cluster_equations(problem, group, types, m.width),
        None if block is None else cluster_equations(problem, block, types, problem.arrowhead.size),
    )
