"""Normal equations of groups and owners (3, 4): at any point, between nodes, or once.

Without deviations of single units, ``Q̃``, F and the normal equations of owners are smooth functions
of the noise's parameters and of nothing else. Where there is one parameter and many patterns of
observed periods, one product gives them at every point, from nodes of that parameter
(`interpolation`). Deviations of single units make F a function of ``Lambda = sigma²/omega²`` too:
nodes are then of both, in panels that many points fall into.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian._small import lower_triangles
from bayes_nqp.gaussian.equations import NoiseEquations, deviation_precision
from bayes_nqp.gaussian.interpolation import Panels
from bayes_nqp.gaussian.owners import owner_equations
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Values
from bayes_nqp.gaussian.unit_precision import small, values_of_noise

__all__ = ["count_points", "noise_equations", "noise_slopes"]


def noise_equations(problem: GaussianProblem, values: Values) -> NoiseEquations:
    """Normal equations of groups and owners."""
    if problem.fixed is not None:
        return problem.fixed
    if not problem.on_nodes or values.own is not None:
        return _at_points(problem, values)
    if problem.deviates_by_unit:
        return _with_deviations(problem, values)
    arrays = _panels(problem).values(problem.noise_parameter(values))
    return _at_points(problem, values) if arrays is None else _from_arrays(problem, arrays)


def count_points(problem: GaussianProblem, points: Array) -> None:
    """Compute nodes in panels that many points fall into, where single units deviate."""
    if problem.on_nodes and problem.deviates_by_unit and problem.fixed is None:
        _panels(problem).count(_noise_and_precision(problem, problem.values(points)))


def _with_deviations(problem: GaussianProblem, values: Values) -> NoiseEquations:
    """From nodes where panels are known, and at points elsewhere."""
    inside, arrays = _panels(problem).at_hand(_noise_and_precision(problem, values))
    if inside.all():
        return _from_arrays(problem, arrays)
    outside = _at_points(problem, values[~inside] if inside.any() else values)
    if not inside.any():
        return outside
    joined = []
    for array, computed in zip(arrays, outside.arrays, strict=True):
        out = np.empty((len(values), *array.shape[1:]))
        out[inside], out[~inside] = array, computed
        joined.append(out)
    return _from_arrays(problem, joined)


def noise_slopes(problem: GaussianProblem, values: Values) -> NoiseEquations | None:
    """Slopes of these along the noise's parameter; None where nodes are not exact."""
    arrays = _panels(problem).slopes(problem.noise_parameter(values))
    return None if arrays is None else _from_arrays(problem, arrays)


def _noise_and_precision(problem: GaussianProblem, values: Values) -> Array:
    """The noise's parameter, and ``log Lambda`` of units' deviations (B, 2)."""
    log_precision = np.log(deviation_precision(values)[:, 0, 0])
    return np.column_stack([problem.noise_parameter(values)[:, 0], log_precision])


def _panels(problem: GaussianProblem) -> Panels:
    """Interpolants of F, ``a_o`` and ``H_o`` along the noise's parameter, and ``log Lambda``."""

    def computed(u: Array) -> list[Array]:
        values = values_of_noise(problem, u[:, :1])
        if problem.deviates_by_unit:
            # Omega = sigma² / Lambda, and sigma = 1 here: F depends on Lambda alone.
            values = replace(values, deviation=np.exp(-u[:, 1, None, None]))
        return _at_points(problem, values).arrays

    return Panels(computed, problem.node_panels, problem.node_counts)


def _from_arrays(problem: GaussianProblem, arrays: list[Array]) -> NoiseEquations:
    present = problem.by_group is not None, problem.by_block is not None
    return NoiseEquations.of(arrays, *present)


def _at_points(problem: GaussianProblem, values: Values) -> NoiseEquations:
    """F of groups, ``a_o`` and ``H_o`` of owners, from ``Q̃`` at every point."""
    types, m = small(problem, values), problem.moments
    f = (m.map1 @ lower_triangles(types.q).T).T  # vec F = map1 vec Q̃, points last.
    group, block = problem.by_group, problem.by_block
    return NoiseEquations(
        f,
        types.total,
        None if group is None else owner_equations(problem, group, types, m.width),
        None if block is None else owner_equations(problem, block, types, problem.arrowhead.size),
    )
