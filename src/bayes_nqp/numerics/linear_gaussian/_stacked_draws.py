"""Exact draws of coefficients and deviations of two stacked equations (9, 10)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._back_substitution import (
    back_substituted,
    by_draw,
    in_blocks,
)
from bayes_nqp.numerics.linear_gaussian._sparse import product
from bayes_nqp.numerics.linear_gaussian._stacked_density import (
    chunk_size,
    own_covariance,
    own_normal,
    stacked_normal_equations,
    treated_normal,
)
from bayes_nqp.numerics.linear_gaussian.batches import draws_of_distinct
from bayes_nqp.numerics.linear_gaussian.density import factorise
from bayes_nqp.numerics.linear_gaussian.path_laws import turned
from bayes_nqp.numerics.linear_gaussian.processes import (
    PathFactor,
    block_processes_out,
    group_processes_out,
)
from bayes_nqp.numerics.linear_gaussian.stacked import Stacked, StackedValues
from bayes_nqp.numerics.linear_gaussian.types import Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import small


@dataclass(frozen=True, eq=False)
class StackedDraws:
    """Draws of the coefficients that are integrated out, in multiples of each equation's ``s``.

    Parameters
    ----------
    shared : tuple of two ndarrays (draw, global)
        Global coefficients of the first equation and of the second.
    positions : tuple of two ndarrays (draw, position)
        Time effects, cells, slopes.
    own : ndarray (draw, unit, 3)
        Deviations of each unit: of the effect on the mediator, of its slope, of the direct effect;
        in the order of `UnitClasses.units`.
    """

    shared: tuple[Array, Array]
    local: tuple[Array, Array]
    positions: tuple[Array, Array]
    own: Array


def stacked_draw(
    stacked: Stacked,
    points: Array,
    generator: np.random.Generator | None,
    *,
    threads: int | None = None,
) -> StackedDraws:
    """Draw all coefficients and deviations given parameters.

    Repeated points share one factor.

    Parameters
    ----------
    points : ndarray (draw, parameter)
        Unconstrained.
    generator : Generator or None
        None gives conditional means.
    threads : int, optional
        Draws do not depend on their number.

    Raises
    ------
    LinAlgError
        If there is no factor at a point.
    """

    def piece(
        values: StackedValues, stream: np.random.Generator | None, draws: Index
    ) -> tuple[Array, ...]:
        return _drawn(stacked, values, stream, draws.shape[1])

    arrays = draws_of_distinct(
        piece, points, generator, values=stacked.values,
        size=lambda times: chunk_size(stacked, times), threads=threads,
    )  # fmt: skip
    shared, shared_y, local, local_y, positions, positions_y, deviation = arrays
    return StackedDraws((shared, shared_y), (local, local_y), (positions, positions_y), deviation)


def _drawn(
    stacked: Stacked, values: StackedValues, stream: np.random.Generator | None, times: int
) -> tuple[Array, ...]:
    """Draw global and local coefficients and slots of both, and deviations (B, times, ...)."""
    head, n_points, point = stacked.arrowhead, len(values), values.coefficients
    equations = stacked_normal_equations(stacked, values)
    factor = factorise(stacked, point, equations.matrix)
    # beta = A^-1 b + L^-T z at sigma = 1: observations are in multiples of theirs.
    shared, local = back_substituted(
        head,
        factor,
        _normals(stream, n_points, head.n_global, times),
        _normals(stream, n_points, head.n_blocks, head.n_local, times),
    )
    shared = turned(stacked.turns(values), shared)
    # Coefficients of the first equation come before those of the second, local and global alike.
    n_global, n_local = stacked.first.arrowhead.n_global, stacked.first.arrowhead.n_proper
    of_all = shared[:, :n_global], shared[:, n_global:]
    of_blocks = local[:, :, :n_local], local[:, :, n_local : head.n_proper]
    flat = in_blocks(head, shared, local)
    n_positions = stacked.first.arrowhead.position_loads.shape[0]
    of_positions = product(head.position_loads, flat)
    positions = of_positions[:, :n_positions], of_positions[:, n_positions:]
    fits = _fitted(stacked, point, flat, stream, times)
    # X_g beta of each equation, as if it were separate: (B, G, J, times).
    deviations = _own(
        stacked, values, [fits[:, :, place] for place in stacked.places], stream, times
    )
    return tuple(by_draw(part) for part in (*of_all, *of_blocks, *positions, deviations))


def _fitted(
    stacked: Stacked, values: Values, flat: Array, stream: np.random.Generator | None, times: int
) -> Array:
    """Return ``X_g beta`` of both equations with processes drawn given beta (B, G, J, times)."""
    head, n_points = stacked.arrowhead, len(values)
    if head.n_values:
        shared: PathFactor = values.known[block_processes_out, id(stacked)]
        blocks = flat.reshape(n_points, head.n_blocks, head.size, times)
        z = _normals(stream, n_points, head.n_blocks, shared.n_numbers, times)
        blocks[:, :, head.values] = shared.values(blocks[:, :, head.beside_values], z)
    fits = product(head.group_loads, flat).reshape(n_points, -1, stacked.width, times)
    paths = stacked.own_paths
    if paths.groups.size:
        single: PathFactor = values.known[group_processes_out, id(stacked)]
        z = _normals(stream, n_points, paths.groups.size, single.n_numbers, times)
        fits[:, paths.groups[:, None], paths.rows] += single.values(fits[:, paths.groups], z)
    return fits


def _normals(stream: np.random.Generator | None, *shape: int) -> Array:
    """Draw standard normal numbers; zero for conditional means."""
    return np.zeros(shape) if stream is None else stream.standard_normal(shape)


def _own(
    stacked: Stacked,
    values: StackedValues,
    fits: list[Array],
    stream: np.random.Generator | None,
    times: int,
) -> Array:
    """Draw effect on the mediator, slope and direct effect of every unit (B, N, 3, times)."""
    first = small(stacked.first, values.first, flat_only=True)
    second = small(stacked.second, values.second)
    q_first = first.q / (values.first.sigma**2)[:, None, None, None]
    q_second = second.q / (values.second.sigma**2)[:, None, None, None]
    normal = own_normal(stacked, q_first, q_second)
    (aa, ab, bb), _ = own_covariance(values, normal)
    n_units = stacked.units.units.size
    # (a_i, b_i) ~ N(M_i [f_i'(y - X beta), g_i'(y - X beta)]', M_i), y and X beta in rows of F.
    residual_a = _residuals(stacked, normal.effect, fits[0])
    residual_b = _residuals(stacked, normal.slope, fits[1])
    # The lower root of M: the conditional variance of the slope is |M| over the effect's.
    root = np.sqrt(np.maximum(aa, 1e-300))
    conditional = np.sqrt(np.maximum(bb - (ab / root) ** 2, 0.0))
    # (a, b) = M e + [r 0; c/r s] (z_1, z_2), r² = M_aa, c = M_ab, s² = M_bb - c²/r².
    z = _normals(stream, 3, len(values), n_units, times)
    a = aa[..., None] * residual_a + ab[..., None] * residual_b + root[..., None] * z[0]
    b = (
        ab[..., None] * residual_a
        + bb[..., None] * residual_b
        + (ab / root)[..., None] * z[0]
        + conditional[..., None] * z[1]
    )
    direct = _direct(stacked, values, fits[1], b, z[2])
    return np.stack([a, b, direct], axis=2)


def _residuals(stacked: Stacked, rows: Array, fit: Array) -> Array:
    """Return ``a_iy - a_i' X beta`` of every unit (B, N, times)."""
    outcome = np.zeros(rows.shape[1])
    outcome[-1] = 1.0
    bounds = stacked.units.groups
    out = np.empty((len(rows), rows.shape[2], fit.shape[3]))
    for g, (start, stop) in enumerate(pairwise(bounds)):
        weight = outcome[:, None] - fit[:, g]  # Weight of a row of the group's F: y - X beta.
        out[:, start:stop] = rows[:, :, start:stop].swapaxes(1, 2) @ weight
    return out


def _direct(stacked: Stacked, values: StackedValues, fit: Array, slope: Array, z: Array) -> Array:
    """Draw direct effects given coefficients and slopes, with precision ``1/omega_u² + h``."""
    moments, units = stacked.second.moments, stacked.units
    second = small(stacked.second, values.second, flat_only=True)
    q = second.q / (values.second.sigma**2)[:, None, None, None]
    # [Q̃d; Z_i'Q̃d] and h = d'Q̃d, the direct deviation still in Q̃_2.
    rows, inner = treated_normal(moments, units, units.second, q)
    # d'Q̃ (y - X beta - x b): its column at the mediator is d'Q̃x.
    residual = _residuals(stacked, rows, fit)
    residual -= slope * rows[:, moments.n_periods + stacked.column, :, None]
    # The inverse is omega_u² / (1 + omega_u² h), without division by omega_u².
    prior = values.second.deviation[:, 0, 0, None]
    variance = (prior / (1.0 + prior * inner))[..., None]
    return np.asarray(variance * residual + np.sqrt(variance) * z)
