"""What the noise alone decides: at any point, on Chebyshev nodes of its one parameter, or once.

Without deviations of single units, ``Q̃``, F and the normal equations of owners are smooth functions
of the noise's parameters and of nothing else. Where there is one parameter and many patterns of
observed periods, they are computed at a few nodes of its unconstrained scale, panel by panel, and
one product gives them at every point. No point is extrapolated to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian._small import lower_triangles
from bayes_nqp.gaussian.equations import NoiseEquations
from bayes_nqp.gaussian.owners import owner_equations
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Values
from bayes_nqp.gaussian.unit_precision import small

__all__ = ["MANY_PATTERNS", "Nodes", "noise_equations"]

MANY_PATTERNS = 16
"""Patterns of observed periods from which nodes are used.

With 191 patterns, microseconds a point fell from 2,580 to 240; with one there is nothing to gain.
"""
_WIDTH = 1.0
"""Width of a panel, on the unconstrained scale."""
_FARTHEST = 12.0
"""Where panels end; beyond, points are computed one by one."""
_SIZES = (12, 18)
"""Nodes of a panel: the fewest that are exact in between."""
_EXACT = 1e-11
"""Largest error in between, relative to the largest value of each array."""


def noise_equations(problem: GaussianProblem, values: Values) -> NoiseEquations:
    """Normal equations of groups and owners."""
    if problem.fixed is not None:
        return problem.fixed
    if problem.on_nodes and values.own is None:
        return Nodes(problem).equations(values)
    return _at_points(problem, values)


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


class Nodes:
    """Panels of the noise's parameter, each computed when a point first falls into it.

    Parameters
    ----------
    problem : GaussianProblem
        With one parameter of the noise, and without deviations of single units.
    """

    def __init__(self, problem: GaussianProblem) -> None:
        self.problem = problem
        # Of the parameters the last is sigma, before it a lag's, and before that the noise's.
        self.prior = problem.space.parameters[-2 - (problem.lag is not None)].prior
        self.panels = problem.node_panels

    def equations(self, values: Values) -> NoiseEquations:
        """Normal equations at points, from nodes wherever these are exact."""
        found = self._pieced(values, _between)
        return _at_points(self.problem, values) if found is None else found[0].like(found[1])

    def slopes(self, values: Values) -> Array | None:
        """Slopes of their `table` along u (B, number); None where nodes are not exact."""
        found = self._pieced(values, _slope_between)
        return None if found is None else found[1]

    def _pieced(
        self, values: Values, between: Callable[[Array, Array], Array]
    ) -> tuple[NoiseEquations, Array] | None:
        """Some equations, and what polynomials say at points; None where nodes are not exact."""
        # u, the parameter on its unconstrained scale.
        u = self.prior.unconstrain(values.noise[:, 0])
        if not (np.abs(u) < _FARTHEST).all():
            return None
        # Panel k holds [k, k + 1) widths of u; its own scale is [-1, 1].
        number = np.floor(u / _WIDTH).astype(np.int64)
        panels = {int(k): self._panel(int(k)) for k in np.unique(number)}
        if None in panels.values():
            return None
        pieces = [(number == k, k, panel) for k, panel in panels.items() if panel is not None]
        out = np.empty((len(u), pieces[0][2][1].shape[1]))
        for inside, k, (_, table) in pieces:
            out[inside] = between(table, 2.0 * (u[inside] / _WIDTH - k) - 1.0)
        return pieces[0][2][0], out

    def _panel(self, number: int) -> tuple[NoiseEquations, Array] | None:
        """Some equations, and coefficients of Chebyshev polynomials; None where these fail."""
        if number not in self.panels:
            self.panels[number] = self._computed(number)
        return self.panels[number]

    def _computed(self, number: int) -> tuple[NoiseEquations, Array] | None:
        """Interpolate at nodes, and look at extrema in between."""
        for size in _SIZES:
            places = np.cos(np.pi * (np.arange(size) + 0.5) / size)
            # Halfway between nodes in angle, where the error of interpolation is largest.
            between = np.cos(np.pi * np.arange(1, size, 4) / size)
            try:
                nodes, true = self._at(number, places), self._at(number, between).table
            except np.linalg.LinAlgError:
                return None
            # Coefficients c of T_0 to T_n-1: V c = values at nodes, V the Vandermonde matrix there.
            table = np.linalg.solve(chebyshev.chebvander(places, size - 1), nodes.table)
            error = nodes.like(np.abs(_between(table, between) - true)).arrays
            largest = nodes.like(np.abs(true)).arrays
            if all(e.max(initial=0.0) <= _EXACT * t.max(initial=0.0)
                   for e, t in zip(error, largest, strict=True)):  # fmt: skip
                return nodes, table
        return None

    def _at(self, number: int, places: Array) -> NoiseEquations:
        """Normal equations at places in [-1, 1] of a panel, computed there."""
        # F, a_o and H_o depend on the noise alone: other parameters may be anything.
        u = _WIDTH * (number + 0.5 * (places + 1.0))
        unit_scale, none = np.ones(len(u)), np.zeros((len(u), 0))
        noise = self.prior.constrain(u)[:, None]
        return _at_points(self.problem, Values(none, none[:, :, None], noise, unit_scale))


def _between(table: Array, places: Array) -> Array:
    """Polynomials with given coefficients (degree, number), at places (B): (B, number)."""
    return np.asarray(chebyshev.chebvander(places, len(table) - 1) @ table)


def _slope_between(table: Array, places: Array) -> Array:
    """Their slopes along u, of which a panel's own scale is 2 / `_WIDTH` times as long."""
    return _between(np.asarray(chebyshev.chebder(table, scl=2.0 / _WIDTH), np.float64), places)
