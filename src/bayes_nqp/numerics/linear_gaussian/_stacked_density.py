"""The density of two stacked equations, with every linear coefficient integrated out.

Observations of each equation are divided by its own sigma, so that the common one is 1. Numbers in
brackets are the equations of docs/gaussian.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    lower_indices,
    lower_places,
    lower_triangles,
)
from bayes_nqp.numerics.linear_gaussian.batches import CHUNK, in_chunks, point_by_point
from bayes_nqp.numerics.linear_gaussian.density import (
    NormalEquations,
    assembled,
    factorise,
    part_of,
)
from bayes_nqp.numerics.linear_gaussian.path_laws import turned_in
from bayes_nqp.numerics.linear_gaussian.processes import block_processes_out, group_processes_out
from bayes_nqp.numerics.linear_gaussian.stacked import Stacked, StackedValues, UnitClasses
from bayes_nqp.numerics.linear_gaussian.types import Moments
from bayes_nqp.numerics.linear_gaussian.unit_precision import small

_CHUNK_NUMBERS = 1_000_000
"""Numbers that the units of a batch may use: eight megabytes, or a single point."""


@dataclass(frozen=True, eq=False)
class OwnNormal:
    """Normal equations of the units' deviations, net of unit effects and direct deviations.

    Parameters
    ----------
    effect : ndarray (B, J_1, N)
        ``f_i = [Q̃_1 d; Z_1'Q̃_1 d]``, the outcome last.
    slope : ndarray (B, J_2, N)
        ``g_i = [Q̃_2 x; Z_2'Q̃_2 x]``.
    effect_inner, slope_inner : ndarray (B, N)
        ``h_i = d'Q̃_1 d`` and ``k_i = x'Q̃_2 x``.
    """

    effect: Array
    slope: Array
    effect_inner: Array
    slope_inner: Array


def chunk_size(stacked: Stacked, times: int = 1) -> int:
    """Return the number of points in a batch that memory for the units' normal equations allows.

    Parameters
    ----------
    times : int, default 1
        Draws per point.
    """
    # f_i and g_i are J of both for each unit; draws need a few more numbers.
    of_point = stacked.units.units.size * (stacked.width + 8 * times)
    return int(np.clip(_CHUNK_NUMBERS // of_point, 1, CHUNK))


def stacked_density(stacked: Stacked, points: Array, *, threads: int | None = None) -> Array:
    """Compute the log posterior density of unconstrained points, normalised as in `density`.

    Returns
    -------
    ndarray (B)
        Minus infinity where there is no factor.
    """

    def likelihood(part: StackedValues) -> Array:
        return point_by_point(lambda values: _log_likelihood(stacked, values), part, (1,))

    size, values = chunk_size(stacked), stacked.values(points)
    prior = stacked.space.log_prior(points)
    return prior + in_chunks(likelihood, values, size=size, threads=threads)


def _log_likelihood(stacked: Stacked, values: StackedValues) -> Array:
    """Compute the log likelihood of both equations with sigma = 1 (7, 8).

    Both sigmas are included in the observations.
    """
    equations = stacked_normal_equations(stacked, values)
    factor = factorise(stacked, values.coefficients, equations.matrix)
    return assembled(stacked, values.coefficients, equations.total, factor)


def stacked_normal_equations(stacked: Stacked, values: StackedValues) -> NormalEquations:
    """Compute normal equations of all coefficients, net of deviations (3, 10, 5, 5a).

    Returns
    -------
    NormalEquations
        Of observations in multiples of their sigma.
    """
    # a_i is still in Q̃_1 and is eliminated with b_i; the direct effect is already out of Q̃_2.
    first = small(stacked.first, values.first, flat_only=True)
    second = small(stacked.second, values.second)
    q_first = first.q / (values.first.sigma**2)[:, None, None, None]
    q_second = second.q / (values.second.sigma**2)[:, None, None, None]
    normal = own_normal(stacked, q_first, q_second)
    covariance, determinant = own_covariance(values, normal)
    # -log|I + Omega H_i| / 2 of every unit: the prior |Omega|^-1/2 times |Omega^-1 + H_i|^-1/2.
    total = first.total + second.total - 0.5 * np.log(determinant).sum(axis=1)
    for problem, part in ((stacked.first, values.first), (stacked.second, values.second)):
        total = total - problem.n_free * np.log(part.sigma)  # Rows over sigma: the Jacobian.
    # F_g - sum_i [f_i, g_i] M_i [f_i, g_i]', then A = sum_g X_g'F_g X_g.
    f = _of_groups(stacked, q_first, q_second) - _taken(stacked, normal, covariance)
    head, point = stacked.arrowhead, values.coefficients
    f, log_det = group_processes_out(stacked, point, f.reshape(len(values), -1))
    total = total - 0.5 * log_det
    stored = (head.map2 @ np.ascontiguousarray(f.T)).T
    # With v values of processes and r all other coefficients: A_rr, A_vr and the blocks of A_vv.
    matrix, a_vr, *a_vv = (part_of(stored, len(values), *part) for part in head.parts)
    if head.n_values:
        total = total - 0.5 * block_processes_out(stacked, point, matrix, a_vr, a_vv)
    if turns := stacked.turns(values):
        values.known[turned_in, id(stacked)] = matrix.copy()  # A of values, for the gradient.
        turned_in(turns, matrix, head.n_proper)  # R'AR: from values of paths to z.
    return NormalEquations(matrix, total)


def _of_groups(stacked: Stacked, q_first: Array, q_second: Array) -> Array:
    """Compute ``F_g`` of both equations (B, G, lower triangle), deviations included (3)."""
    # Given the mediator, rows of different equations are independent: F_g is block diagonal, but
    # for the outcome's row, to which both add.
    lower = lower_places(stacked.width)
    groups = stacked.units.groups.size - 1
    out = np.zeros((len(q_first), groups, stacked.width * (stacked.width + 1) // 2))
    for problem, q, place in zip(
        (stacked.first, stacked.second), (q_first, q_second), stacked.places, strict=True
    ):
        f = (problem.moments.map1 @ lower_triangles(q).T).T
        rows, columns = lower_indices(place.size)
        # From the packed triangle of one equation's J to that of both's.
        out[:, :, lower[place[rows], place[columns]]] += f.reshape(len(q), groups, -1)
    return out


def _taken(stacked: Stacked, normal: OwnNormal, covariance: tuple[Array, Array, Array]) -> Array:
    """Compute ``sum_i [f_i, g_i] M_i [f_i, g_i]'`` by group (B, G, lower triangle) (10)."""
    aa, ab, bb = covariance
    bounds = stacked.units.groups
    groups, (first, second) = bounds.size - 1, stacked.places
    n_points = len(normal.effect)
    effects = np.empty((n_points, groups, first.size, first.size))
    crosses = np.empty((n_points, groups, second.size, first.size))
    slopes = np.empty((n_points, groups, second.size, second.size))
    for g, (start, stop) in enumerate(pairwise(bounds)):
        effect, slope = normal.effect[:, :, start:stop], normal.slope[:, :, start:stop]
        # M_aa f f', M_ab g f' and M_bb g g', summed over the group's units.
        transpose = effect.swapaxes(1, 2)
        effects[:, g] = (effect * aa[:, None, start:stop]) @ transpose
        crosses[:, g] = (slope * ab[:, None, start:stop]) @ transpose
        slopes[:, g] = (slope * bb[:, None, start:stop]) @ slope.swapaxes(1, 2)
    out = np.zeros((n_points, groups, stacked.width, stacked.width))
    # [f f', f g'; g f', g g'] in both equations' rows, which share the outcome's.
    out[:, :, first[:, None], first] += effects
    out[:, :, second[:, None], second] += slopes
    out[:, :, second[:, None], first] += crosses
    # In the upper part only the row of the outcome is in the lower triangle.
    out[:, :, -1, second] += crosses[:, :, :, -1]
    rows, columns = lower_indices(stacked.width)
    return out[:, :, rows, columns]


def own_normal(stacked: Stacked, q_first: Array, q_second: Array) -> OwnNormal:
    """Compute normal equations of the units' deviations (10).

    Parameters
    ----------
    q_first, q_second : ndarray (B, H, T, T)
        ``Q̃`` of each equation, over its ``sigma²``.
    """
    units = stacked.units
    effect, inner = treated_normal(stacked.first.moments, units, units.first, q_first)
    n_periods, mediator = q_second.shape[-1], stacked.column
    slope = np.empty((len(q_second), stacked.second.moments.width, units.units.size))
    bounds = zip(units.types, pairwise(units.classes), strict=True)
    for kind, (start, stop) in bounds:
        columns = units.second[:, :, start:stop]
        qx = q_second[:, kind] @ columns[mediator]  # Q̃_2 x_i (B, T, n).
        # g_i: Q̃_2 x in the periods' rows, z_k'Q̃_2 x in those of columns and outcome.
        slope[:, :n_periods, start:stop] = qx
        slope[:, n_periods:, start:stop] = np.einsum("btn,ktn->bkn", qx, columns)
    # k_i = x_i'Q̃_2 x_i is the entry of g_i at the mediator's own column.
    return OwnNormal(effect, slope, inner, slope[:, n_periods + mediator])


def treated_normal(
    moments: Moments, units: UnitClasses, columns: Array, q: Array
) -> tuple[Array, Array]:
    """Compute normal equations ``[Q̃d; Z'Q̃d]`` of deviations with the equation's own loadings.

    Parameters
    ----------
    columns : ndarray (columns + 1, T, N)
        Z, the outcome last.

    Returns
    -------
    tuple of ndarray (B, J, N) and ndarray (B, N)
        The second is ``d'Q̃d``.
    """
    n_periods = moments.n_periods
    out = np.empty((len(q), moments.width, units.units.size))
    inner = np.empty((len(q), units.units.size))
    d = moments.loadings[..., 0]
    # Units of one type share Q̃d; Z_i differs from unit to unit.
    qd = (q @ d[:, :, None])[..., 0]
    bounds = zip(units.types, pairwise(units.classes), strict=True)
    for kind, (start, stop) in bounds:
        out[:, :n_periods, start:stop] = qd[:, kind, :, None]
        out[:, n_periods:, start:stop] = (qd[:, kind] @ columns[:, :, start:stop]).swapaxes(0, 1)
        # d'Q̃d is that of the type.
        inner[:, start:stop] = (qd[:, kind] @ d[kind])[:, None]
    return out, inner


def own_covariance(
    values: StackedValues, normal: OwnNormal
) -> tuple[tuple[Array, Array, Array], Array]:
    """Compute ``M_i = (Omega^-1 + H_i)^-1``, the covariance of deviations (10).

    It is conditional on coefficients, and computed as ``Omega (I + H_i Omega)^-1``, which allows
    scales near zero.

    Returns
    -------
    tuple of three ndarray (B, N) and ndarray (B, N)
        Variance of the effect, covariance, variance of the slope; and ``|I + Omega H_i|``.
    """
    # Omega = [a c; c b], H = diag(h, k): M = [a + |Omega| k, c; c, b + |Omega| h] / |I + Omega H|.
    a, c, b, omega = (part[:, None] for part in values.omega)
    h, k = normal.effect_inner, normal.slope_inner
    determinant = 1.0 + a * h + b * k + omega * h * k
    out = ((a + omega * k) / determinant, c / determinant, (b + omega * h) / determinant)
    return out, determinant
