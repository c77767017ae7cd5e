"""The gradient of the density of two stacked equations: its steps in reverse, as in `gradient`.

Units' deviations are integrated out with ``C_i = [f_i, g_i]`` and ``M_i = (Omega^-1 + H_i)^-1``.
With ``R_i = (I + Omega H_i)^-1``, ``M_i = R_i Omega``, and ``M̄_i = -C_i'F̄ C_i``, the adjoints are

- ``C̄_i = -2 F̄ C_i M_i``, ``H̄_i = -M_i M̄_i M_i - M_i / 2``,
- ``Omega̅ = sum_i (R_i'M̄_i R_i - H_i R_i / 2)``,

because ``dM = R dOmega R' - M dH M`` and ``d log|I + Omega H| = <M, dH> + tr(H R dOmega)``.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._paths_back import PathsBack
from bayes_nqp.numerics.linear_gaussian._slopes import Slopes
from bayes_nqp.numerics.linear_gaussian._stacked_density import (
    OwnNormal,
    chunk_size,
    own_covariance,
    own_normal,
    stacked_normal_equations,
)
from bayes_nqp.numerics.linear_gaussian._unit_matrices import symmetric
from bayes_nqp.numerics.linear_gaussian.batches import in_chunks, point_by_point
from bayes_nqp.numerics.linear_gaussian.density import assembled, factorise
from bayes_nqp.numerics.linear_gaussian.gradient import (
    factor_adjoint,
    from_lower,
    sides,
    through_turns,
    to_lower,
    type_adjoint,
)
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.stacked import Stacked, StackedValues
from bayes_nqp.numerics.linear_gaussian.types import Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import small


def stacked_gradient(
    stacked: Stacked, points: Array, *, threads: int | None = None
) -> tuple[Array, Array]:
    """Compute the log posterior density of `stacked_density`, and its gradient.

    Returns
    -------
    tuple of ndarray (B) and ndarray (B, parameter)
        Minus infinity, and zeros, where there is no factor.
    """
    shape = (1, 1 + points.shape[1])

    def part(points: Array) -> Array:
        return point_by_point(lambda some: _rows(stacked, some), points, shape)

    return sides(in_chunks(part, points, size=chunk_size(stacked, 2), threads=threads))


def _rows(stacked: Stacked, points: Array) -> Array:
    """Join height and gradient (B, 1 + parameter)."""
    values, around = stacked.values(points), Slopes(points, stacked.values)
    point = values.coefficients
    equations = stacked_normal_equations(stacked, values)
    factor = factorise(stacked, point, equations.matrix)
    height = assembled(stacked, point, equations.total, factor) + stacked.space.log_prior(points)
    adjoint = factor_adjoint(stacked, point, factor)
    slope = around.along(stacked.space.log_prior(around.points), np.ones(len(points)))
    estimated = np.isnan(stacked.tau)
    tau = around.values.coefficients.tau[:, estimated]
    slope += around.along(np.log(tau), adjoint.tau[:, estimated])
    matrix, paths = through_turns(stacked, values, symmetric(adjoint.matrix))
    head, n_first = stacked.arrowhead, len(stacked.first.border_laws)
    for problem, part, some in (
        (stacked.first, around.values.first, paths[:n_first]),
        (stacked.second, around.values.second, paths[n_first:]),
    ):
        for (root, _), path in zip(problem.turns(part), some, strict=True):
            slope += around.along(root, path)
    processes = PathsBack(stacked, point)
    if head.n_values:
        matrix = processes.of_blocks(matrix)
    flat = matrix.reshape(len(points), -1)[:, head.stored]
    row, column = np.divmod(head.stored % head.size**2, head.size)
    flat = flat * np.where(row == column, 1.0, 2.0)
    f = (head.map2_back @ np.ascontiguousarray(flat.T)).T
    width = stacked.width
    square = from_lower(f.reshape(len(f), -1, width * (width + 1) // 2), width)
    processes.of_groups(square)
    slope += processes.along(around, around.values.coefficients)
    return np.concatenate(
        [height[:, None], slope + _through_units(stacked, values, around, square)], axis=1
    )


def _through_units(stacked: Stacked, values: StackedValues, around: Slopes, square: Array) -> Array:
    """Map ``F̄`` (B, G, J, J) to parameters of errors and deviations (B, parameter)."""
    first = small(stacked.first, values.first, flat_only=True)
    second = small(stacked.second, values.second)
    sigma2 = [(part.sigma**2)[:, None, None, None] for part in (values.first, values.second)]
    q = first.q / sigma2[0], second.q / sigma2[1]
    normal = own_normal(stacked, *q)
    effect, slope, inner, omega = _units_adjoint(stacked, values, normal, square)
    adjoints = _through_normal(stacked, effect, slope, inner)
    of_joint = np.stack(np.broadcast_arrays(*around.values.omega[:3]), axis=1)
    out = around.along(of_joint, omega)
    for number, (problem, types, part, part_around) in enumerate(
        (
            (stacked.first, first.q, values.first, around.values.first),
            (stacked.second, second.q, values.second, around.values.second),
        )
    ):
        place, size = stacked.places[number], types.shape[-1] * (types.shape[-1] + 1) // 2
        diagonal = to_lower(square[:, :, place[:, None], place]).reshape(len(square), -1)
        flat = (problem.moments.map1_back @ np.ascontiguousarray(diagonal.T)).T
        diagonal = from_lower(flat.reshape(len(flat), -1, size), types.shape[-1]) + adjoints[number]
        # Q̃ over sigma²: <q̄, dQ̃> / sigma² - 2 <q̄, q> d log sigma.
        log_sigma = -2.0 * (diagonal * q[number]).sum(axis=(1, 2, 3)) - problem.n_free
        out += _through_types(
            problem,
            part,
            part_around,
            around,
            types,
            diagonal / sigma2[number],
            log_sigma,
            number == 1,
        )
    return np.asarray(out)


def _through_types(
    problem: GaussianProblem,
    values: Values,
    beside: Values,
    around: Slopes,
    types: Array,
    q: Array,
    log_sigma: Array,
    deviates: bool,
) -> Array:
    """Map the adjoint of ``Q̃`` of one equation to its errors and eliminated deviations."""
    covariance, deviation, known = type_adjoint(problem, types, q, deviates=deviates)
    log_sigma = log_sigma - 2.0 * known / values.sigma**2
    law = problem.noise.covariance(problem.moments.n_periods, beside.noise)
    out = around.along(law, covariance)
    if deviation is not None:
        share = deviation / (values.sigma**2)[:, None, None]
        out += around.along(beside.deviation, share)
        log_sigma = log_sigma - 2.0 * (share * values.deviation).sum(axis=(1, 2))
    return out + around.along(np.log(beside.sigma), log_sigma)


def _units_adjoint(
    stacked: Stacked, values: StackedValues, normal: OwnNormal, square: Array
) -> tuple[Array, Array, tuple[Array, Array], Array]:
    """Return adjoints of the units' normal equations and of Omega.

    They are those of ``f_i``, ``g_i``, ``h_i`` and ``k_i``, and of ``(a, c, b)`` of Omega (B, 3).
    """
    (aa, ab, bb), determinant = own_covariance(values, normal)
    effect, slope = np.empty_like(normal.effect), np.empty_like(normal.slope)
    m_aa, m_ab, m_bb = (np.empty_like(aa) for _ in range(3))
    first, second = stacked.places
    for g, (start, stop) in enumerate(pairwise(stacked.units.groups)):
        f, s = normal.effect[:, :, start:stop], normal.slope[:, :, start:stop]
        normal_f, cross, other = (
            square[:, g, rows[:, None], columns]
            for rows, columns in ((first, first), (first, second), (second, second))
        )
        # F̄ f and F̄ g, in the rows of each equation: M̄ = -C'F̄ C, C̄ = -2 F̄ C M.
        ff, fg = normal_f @ f, cross @ s
        gf, gg = cross.swapaxes(-1, -2) @ f, other @ s
        m_aa[:, start:stop] = -(f * ff).sum(axis=1)
        m_ab[:, start:stop] = -(f * fg).sum(axis=1)
        m_bb[:, start:stop] = -(s * gg).sum(axis=1)
        a, c, b = (part[:, None, start:stop] for part in (aa, ab, bb))
        effect[:, :, start:stop] = -2.0 * (ff * a + fg * c)
        slope[:, :, start:stop] = -2.0 * (gf * c + gg * b)
    # H̄ = -M M̄ M - M / 2, on the diagonal.
    h = -(aa * (aa * m_aa + 2.0 * ab * m_ab) + ab**2 * m_bb) - 0.5 * aa
    k = -(bb * (bb * m_bb + 2.0 * ab * m_ab) + ab**2 * m_aa) - 0.5 * bb
    # R = [1 + b k, -c k; -c h, 1 + a h] / |I + Omega H|
    a, c, b, _ = (part[:, None] for part in values.omega)
    hh, kk = normal.effect_inner, normal.slope_inner
    r_aa, r_ab = (1.0 + b * kk) / determinant, -c * kk / determinant
    r_ba, r_bb = -c * hh / determinant, (1.0 + a * hh) / determinant
    omega_aa = r_aa**2 * m_aa + 2.0 * r_aa * r_ba * m_ab + r_ba**2 * m_bb - 0.5 * hh * r_aa
    omega_bb = r_ab**2 * m_aa + 2.0 * r_ab * r_bb * m_ab + r_bb**2 * m_bb - 0.5 * kk * r_bb
    # c occurs twice in Omega.
    omega_ab = r_aa * r_ab * m_aa + (r_aa * r_bb + r_ba * r_ab) * m_ab + r_ba * r_bb * m_bb
    omega_ab = 2.0 * omega_ab - 0.5 * (hh * r_ab + kk * r_ba)
    omega = np.stack([part.sum(axis=1) for part in (omega_aa, omega_ab, omega_bb)], axis=1)
    return effect, slope, (h, k), omega


def _through_normal(
    stacked: Stacked, effect: Array, slope: Array, inner: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Return adjoints of both Q̃ / sigma² (B, H, T, T), from those of the normal equations."""
    units, n_periods = stacked.units, stacked.first.moments.n_periods
    d = stacked.first.moments.loadings[..., 0]
    out = tuple(
        np.zeros((len(effect), len(p.moments.pattern), n_periods, n_periods))
        for p in (stacked.first, stacked.second)
    )
    h, k = inner
    # k_i is the entry of g_i at the mediator's own column.
    slope[:, n_periods + stacked.column] += k
    for kind, (start, stop) in zip(units.types, pairwise(units.classes), strict=True):
        # f = [Q̃d; Z'Q̃d] and h = d'Q̃d: r d' with r = f̄_t + Z f̄_z, summed over units, and h̄ d d'.
        f, x = effect[:, :, start:stop], units.first[:, :, start:stop]
        r = f[:, :n_periods].sum(axis=2) + np.einsum("bkn,ktn->bt", f[:, n_periods:], x)
        r = r + h[:, start:stop].sum(axis=1)[:, None] * d[kind]
        part = 0.5 * r[:, :, None] * d[kind]
        out[0][:, kind] += part + part.swapaxes(-1, -2)
        # g = [Q̃x; Z'Q̃x]: s x' unit by unit.
        g, z = slope[:, :, start:stop], units.second[:, :, start:stop]
        s = g[:, :n_periods] + np.einsum("bkn,ktn->btn", g[:, n_periods:], z)
        part = 0.5 * (s @ z[stacked.column].T)
        out[1][:, kind] += part + part.swapaxes(-1, -2)
    return out[0], out[1]
