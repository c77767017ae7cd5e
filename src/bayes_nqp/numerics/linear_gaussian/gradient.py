"""The gradient of the density, from its own factor: the steps of `density` in reverse.

The adjoint of a quantity X is ``X̄`` with ``dl = <X̄, dX>``, l the log density; that of a symmetric
matrix is symmetric. With m = (-beta, 1), beta the posterior mean and E the residual energy,

- ``Ā = -((A + D)^-1 ⊕ 0 + m m'/sigma²) / 2``, from ``d log|A + D| = <(A + D)^-1, dA>`` and ``dE =
  m'dA m``; the prior D has the diagonal of it (6 to 8);
- a congruence ``A' = C'A C`` has ``Ā = C Ā'C'`` and ``C̄ = 2 A C Ā'`` (a lag, paths of the border);
- variables with precision S and cross-products c are eliminated by ``A' = A - c'S^-1 c`` and
  ``-log|S| / 2``. They have ``S̄ = K Ā K' - S^-1 / 2`` and ``c̄ = -2 K Ā`` with ``K = S^-1 c``:
  owners of several units, processes (4, 5a);
- linear maps are transposed, ``F̄ = map2'Ā`` and ``Q̃̄ = map1'F̄`` (3, 5);
- a type of n units has the covariance V, with flat coefficients projected out and its own
  deviations in ``V + D Omega D'/sigma²``. Then ``V̄ = -Q̃ Q̃̄ Q̃ - n Q̃ / 2``, since ``dQ̃ = -Q̃ dV
  Q̃`` and ``d (log|Q| - log|N'QN|) = -<Q̃, dV>``; its deviations have ``<D'V̄ D, d(Omega /
  sigma²)>`` (1, 2).

A gradient costs as much as two or three densities, for any number of parameters. The contributions
of small laws along each parameter come from `_slopes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._paths_back import PathsBack
from bayes_nqp.numerics.linear_gaussian._slopes import Slopes
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    back_solve,
    inverse_of,
    lower_indices,
    lower_places,
    padded,
    symmetric,
)
from bayes_nqp.numerics.linear_gaussian.assembled_nodes import AssembledSums, assembled_sums
from bayes_nqp.numerics.linear_gaussian.batches import batch_size, in_chunks, point_by_point
from bayes_nqp.numerics.linear_gaussian.class_sums import ClassSums
from bayes_nqp.numerics.linear_gaussian.density import (
    Factor,
    assembled,
    factorise,
    group_equations,
    normal_equations,
)
from bayes_nqp.numerics.linear_gaussian.equations import (
    ClusterEquations,
    NoiseEquations,
    deviation_precision,
)
from bayes_nqp.numerics.linear_gaussian.group_cells import cells_back, cells_out
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart
from bayes_nqp.numerics.linear_gaussian.nodes import class_slopes, class_sums, noise_slopes
from bayes_nqp.numerics.linear_gaussian.path_laws import Turn, turned, turned_in
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Arrowhead, ClusterLayout, Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import small


def gradient(
    problem: GaussianProblem, points: Array, *, threads: int | None = None
) -> tuple[Array, Array]:
    """Compute the log posterior density of `density` at unconstrained points, and its gradient.

    Returns
    -------
    tuple of ndarray (B) and ndarray (B, parameter)
        Minus infinity, and zeros, where there is no factor.
    """
    problem = problem.separated or problem

    def part(points: Array) -> Array:
        return point_by_point(lambda some: rows(problem, some), points, refused(points))

    return sides(in_chunks(part, points, size=batch_size(problem, unreduced=True), threads=threads))


def refused(points: Array) -> tuple[int, ...]:
    """Return the shape of the result for a point without a factor."""
    return (1, 1 + points.shape[1])


def sides(rows: Array) -> tuple[Array, Array]:
    """Split into heights, and gradients that are zero where there is none."""
    finite = np.isfinite(rows).all(axis=1)
    return np.where(finite, rows[:, 0], -np.inf), np.where(finite[:, None], rows[:, 1:], 0.0)


def rows(problem: GaussianProblem, points: Array) -> Array:
    """Join height and gradient (B, 1 + parameter)."""
    values, around = problem.values(points), Slopes(points, problem.values)
    equations = normal_equations(problem, values)
    factor = factorise(problem, values, equations.matrix)
    height = assembled(problem, values, equations.total, factor) + problem.space.log_prior(points)
    adjoint = factor_adjoint(problem, values, factor)
    slope = around.along(problem.space.log_prior(around.points), np.ones(len(points)))
    estimated = np.isnan(problem.tau)
    slope += around.along(np.log(around.values.tau[:, estimated]), adjoint.tau[:, estimated])
    reverse = _Reverse(problem, values, around, slope, adjoint.sigma - problem.n_free)
    reverse.run(adjoint.matrix)
    slope += around.along(np.log(around.values.sigma), reverse.log_sigma)
    return np.concatenate([height[:, None], slope], axis=1)


@dataclass(frozen=True, eq=False)
class FactorAdjoint:
    """Adjoints of the normal equations of coefficients, and of scales.

    Parameters
    ----------
    matrix : ndarray (B, block, rest, rest)
        ``Ā`` of every block; for a single one lower triangles.
    tau : ndarray (B, scale)
        Adjoint of ``log tau``.
    sigma : ndarray (B)
        Adjoint of ``log sigma``, free observations not counted.
    """

    matrix: Array
    tau: Array
    sigma: Array


def factor_adjoint(problem: LinearPart, values: Values, factor: Factor) -> FactorAdjoint:
    """Compute ``Ā = -((A + D)^-1 ⊕ 0 + m m'/sigma²) / 2`` on the arrowhead, and of its prior."""
    head, n_local = problem.arrowhead, problem.arrowhead.n_proper
    energy = factor.residual[:, 0, 0] / values.sigma
    several = factor.triangle is None
    matrix = _of_blocks(head, values, factor) if several else _of_triangle(values, factor)
    matrix *= -0.5
    # D_j = sigma²/tau_k²: d D_j = 2 D_j (d log sigma - d log tau_k), and -log tau_k once each.
    diagonal = np.einsum("...ii->...i", matrix)
    of_border = diagonal[:, 0, n_local : n_local + head.n_global]
    numbers = np.concatenate([head.local_scale[:, :n_local].ravel(), head.global_scale])
    local = diagonal[:, :, :n_local].reshape(len(values), -1)
    shares = np.concatenate([local, of_border], axis=1) * problem.prior_precision(values, numbers)
    shares = shares[:, numbers > PADDING]
    numbers = numbers[numbers > PADDING]
    each = (numbers[:, None] == np.arange(problem.tau.size)).astype(np.float64)
    tau = -2.0 * shares @ each - problem.scale_count
    sigma = 2.0 * shares.sum(axis=1) + problem.n_coefficients + energy**2
    return FactorAdjoint(matrix, tau, sigma)


def _of_triangle(values: Values, factor: Factor) -> Array:
    """Compute ``(A + D)^-1 ⊕ 0 + m m'/sigma²`` of a single block, lower triangles."""
    assert factor.triangle is not None
    # [L 0; L_y' e] L^-T has m = (-beta, 1) in its last row, over e, and the inverse of the whole
    # adds m m'/e² to the inverse for coefficients.
    out, last = inverse_of(factor.triangle), factor.residual[:, 0]
    m = out[:, -1] * last**2
    scale = 1.0 / values.sigma**2 - 1.0 / last[:, 0] ** 2
    out += scale[:, None, None] * m[:, :, None] * m[:, None]
    return out[:, None]


def _of_blocks(head: Arrowhead, values: Values, factor: Factor) -> Array:
    """Compute the same for several blocks, symmetric."""
    n_local, n_global = head.n_proper, head.n_global
    # The border's [L 0; L_y' e]: S = L L' of global coefficients, beta = L^-T L_y.
    lower = factor.border[:, :n_global, :n_global]
    m = np.ones((len(values), head.n_border))
    m[:, :n_global] = -back_solve(lower, factor.border[:, n_global, :n_global, None])[..., 0]
    m /= values.sigma[:, None]
    shared = m[:, :, None] * m[:, None]
    shared[:, :n_global, :n_global] += symmetric(inverse_of(lower))
    # [A_bb A_bg; A_gb A_gg]^-1 = [A_bb^-1 + K G K', -K G; -G K', G] with K = A_bb^-1 A_bg.
    size = n_local + head.n_border
    matrix = np.empty((len(values), head.n_blocks, size, size))
    matrix[:, :, n_local:, n_local:] = shared[:, None]
    if n_local:
        loads = factor.local[:, :, :n_local]
        k = back_solve(loads, factor.local[:, :, n_local:].swapaxes(-1, -2))
        onto = k @ shared[:, None]
        matrix[:, :, :n_local, :n_local] = symmetric(inverse_of(loads)) + onto @ k.swapaxes(-1, -2)
        matrix[:, :, :n_local, n_local:] = -onto
        matrix[:, :, n_local:, :n_local] = -onto.swapaxes(-1, -2)
    return matrix


class _Reverse:
    """Steps of `normal_equations` in reverse, which add to a gradient one after another.

    Parameters
    ----------
    slope : ndarray (B, parameter)
        The gradient so far.
    log_sigma : ndarray (B)
        Adjoint of ``log sigma`` so far.
    """

    def __init__(
        self,
        problem: GaussianProblem,
        values: Values,
        around: Slopes,
        slope: Array,
        log_sigma: Array,
    ) -> None:
        self.problem, self.values, self.around = problem, values, around
        self.slope, self.log_sigma = slope, log_sigma
        self.precision = np.zeros_like(values.deviation)  # Adjoint of Lambda.
        self.paths = PathsBack(problem, values)

    def run(self, matrix: Array) -> None:
        """Propagate ``Ā`` (B, block, rest, rest), lower triangles, to all parameters."""
        problem, head = self.problem, self.problem.arrowhead
        joined = problem.lag, problem.by_block, problem.path_coefficients, head.n_values
        if head.n_blocks == 1 and any(joined):
            matrix = symmetric(matrix)
        if problem.lag is not None and self.values.lag is not None:
            matrix = self._lag(matrix)
        full = matrix = self._turns(matrix)
        if head.n_values:
            full = self.paths.of_blocks(matrix)
        if (sums := assembled_sums(problem, self.values)) is not None:
            self._assembled(sums, full)
            return
        noise: NoiseEquations = self.values.known[group_equations, id(problem)]
        by_block = by_group = None
        if problem.by_block is not None and noise.by_block is not None:
            by_block = self._clusters(problem.by_block, noise.by_block, full)
        flat = self._entries(full)
        f = (head.map2_back @ np.ascontiguousarray(flat.T)).T  # F̄ = map2'Ā, lower triangles.
        width = problem.moments.width
        inside = problem.own_paths.groups.size, problem.by_group, problem.cells
        if any(inside):
            square = from_lower(f.reshape(len(f), -1, width * (width + 1) // 2), width)
            self.paths.of_groups(square)
            self._cells(square)
            if problem.by_group is not None and noise.by_group is not None:
                by_group = self._clusters(problem.by_group, noise.by_group, square)
            f = to_lower(square).reshape(len(f), -1)
        self.slope += self.paths.along(self.around, self.around.values)
        self._noise(NoiseEquations(f, np.ones(len(f)), by_group, by_block))
        self._deviations()

    def _cells(self, square: Array) -> None:
        """Propagate through the elimination of unshared cells, in place."""
        problem, estimated = self.problem, np.isnan(self.problem.tau)
        if problem.cells is None:
            return
        factors = self.values.known[cells_out, id(problem)]
        tau, sigma = cells_back(problem.cells, factors, square, problem.tau.size)
        of_tau = np.log(self.around.values.tau[:, estimated])
        self.slope += self.around.along(of_tau, tau[:, estimated])
        self.log_sigma = self.log_sigma + sigma

    def _entries(self, full: Array) -> Array:
        """Return adjoints of A's stored entries, each of which counts twice off the diagonal."""
        head = self.problem.arrowhead
        row, column = np.divmod(head.stored % head.size**2, head.size)
        flat = full.reshape(len(self.values), -1)[:, head.stored]
        return np.asarray(flat * np.where(row == column, 1.0, 2.0))

    def _assembled(self, sums: AssembledSums, full: Array) -> None:
        """Propagate from interpolated A to the noise's parameter and deviations."""
        along, precision = sums.adjoint(self._entries(full))
        (number,) = np.arange(len(self.problem.space))[self.problem.of_noise]
        self.slope[:, number] += along
        self.slope += self.paths.along(self.around, self.around.values)
        self.precision = self.precision + precision[:, None, None]
        self._deviations()

    def _lag(self, matrix: Array) -> Array:
        """Apply ``C = I - delta (e_l e_y' + ...)``, with zero rows and columns of the lag.

        These are the rows and columns of ``W y`` and ``W x``.
        """
        lag, values, before = self.problem.lag, self.values.lag, self.problem.arrowhead.n_proper
        assert lag is not None
        assert values is not None
        assert self.around.values.lag is not None
        n = matrix.shape[-1]
        # Columns subtracted from others, times a coefficient: from the outcome W y and those
        # of the previous period, from x delta W x.
        near = before + lag.sources
        column = np.array([n - 1] * len(lag.columns) + [before + x for x, _ in lag.ties])
        place = np.array([*range(len(lag.columns)), *[0] * len(lag.ties)])
        scale = values[:, None, place]
        # C is the identity except for rows of W y and W x: minus a coefficient in the column from
        # which these are subtracted, and zero elsewhere.
        onto = matrix.copy()
        onto[:, :, near] = -scale[..., None] * matrix[:, :, column]
        # C̄ = 2 A C Ā'; only the entries that are minus a coefficient are needed.
        a = self.values.known[normal_equations, id(self.problem)]
        sums = 2.0 * (a * onto[..., column].swapaxes(-1, -2)).sum(axis=(1, 3))
        slope = self.around.values.log_determinant
        self.slope += self.around.along(slope, np.full(len(values), float(lag.periods)))
        self.slope += self.around.along(self.around.values.lag[:, place], -sums)
        onto[..., near] = -scale[:, :, None] * onto[..., column]
        return onto

    def _turns(self, matrix: Array) -> Array:
        """Propagate from z of paths of the border to their values."""
        matrix, roots = through_turns(self.problem, self.values, matrix)
        for (root, _), adjoint in zip(self.problem.turns(self.around.values), roots, strict=True):
            self.slope += self.around.along(root, adjoint)
        return matrix

    def _clusters(
        self, clusters: ClusterLayout, equations: ClusterEquations, square: Array
    ) -> ClusterEquations:
        """Compute adjoints of ``a_o`` and ``H_o``; that of Lambda is stored.

        Parameters
        ----------
        square : ndarray (B, place, size, size)
            Adjoint of the normal equations from which they were eliminated.
        """
        values, (q, size) = self.values, equations.a.shape[2:]
        inner = np.linalg.inv(equations.inner(values))  # S^-1 (B, O, q, q)
        k = inner @ equations.a
        n_points, most = len(k), clusters.by_place.shape[1]
        by_place = padded(clusters.by_place, k).reshape(n_points, -1, most * q, size)
        onto = (by_place @ square).reshape(n_points, -1, q, size)  # K Ā, place after place.
        place, rank = np.nonzero(clusters.by_place >= 0)
        back = np.empty(clusters.n_clusters, dtype=np.int64)
        back[clusters.by_place[place, rank]] = place * most + rank
        onto = onto[:, back]
        h = onto @ k.swapaxes(-1, -2) - 0.5 * inner
        # Plus log|Lambda| / 2 of every owner.
        prior = values.deviation / (values.sigma**2)[:, None, None]
        self.precision = self.precision + h.sum(axis=1) + 0.5 * clusters.n_clusters * prior
        return ClusterEquations(-2.0 * onto, h)

    def _noise(self, adjoint: NoiseEquations) -> None:
        """Propagate from F, ``a_o`` and ``H_o`` to parameters of the noise and of deviations."""
        problem, values = self.problem, self.values
        if problem.fixed is not None:
            return
        if problem.on_nodes and not problem.deviates_by_unit:
            slope = noise_slopes(problem, values)
            if slope is not None:
                (number,) = np.arange(len(problem.space))[problem.of_noise]
                self.slope[:, number] += (slope.table * adjoint.table).sum(axis=1)
                return
        if (sums := class_sums(problem, values)) is not None:
            self._classes(sums, adjoint)
            return
        m, types = problem.moments, small(problem, values)
        size = m.n_periods * (m.n_periods + 1) // 2
        flat = (m.map1_back @ np.ascontiguousarray(adjoint.f.T)).T
        q = from_lower(flat.reshape(len(values), -1, size), m.n_periods)  # Q̃̄ = map1'F̄
        for clusters, part in (
            (problem.by_group, adjoint.by_group),
            (problem.by_block, adjoint.by_block),
        ):
            if clusters is not None and part is not None:
                q += _of_clusters(clusters, part, m.loadings)
        covariance, deviation, known = type_adjoint(problem, types.q, q)
        # diag(v) / sigma²: <V̄, diag(v)> d sigma^-2.
        self.log_sigma = self.log_sigma - 2.0 * known / values.sigma**2
        if problem.of_noise.start < problem.of_noise.stop:
            law = problem.noise.covariance(m.n_periods, self.around.values.noise)
            self.slope += self.around.along(law, covariance)
        if deviation is not None:
            # <X, d(Omega / sigma²)>
            share = deviation / (values.sigma**2)[:, None, None]
            self.slope += self.around.along(self.around.values.deviation, share)
            self.log_sigma = self.log_sigma - 2.0 * (share * values.deviation).sum(axis=(1, 2))

    def _classes(self, sums: ClassSums, adjoint: NoiseEquations) -> None:
        """Propagate from F to the noise's parameter and Lambda, by class with deviations."""
        problem, width = self.problem, self.problem.moments.width
        triangles = adjoint.f.reshape(len(adjoint.f), -1, width * (width + 1) // 2)
        arrays, precision = sums.adjoint(from_lower(triangles, width))
        (number,) = np.arange(len(problem.space))[problem.of_noise]
        for slope, array in zip(class_slopes(problem, self.values), arrays, strict=True):
            self.slope[:, number] += (slope * array).reshape(len(array), -1).sum(axis=1)
        self.precision = self.precision + precision[:, None, None]

    def _deviations(self) -> None:
        """Propagate from Lambda to Omega and sigma, if it has an adjoint."""
        if not self.precision.any():
            return
        # Lambda = sigma² Omega^-1: dLambda = 2 Lambda d log sigma - Lambda dOmega Lambda / sigma².
        prior = deviation_precision(self.values)
        self.log_sigma = self.log_sigma + 2.0 * (prior * self.precision).sum(axis=(1, 2))
        share = prior @ self.precision @ prior / (self.values.sigma**2)[:, None, None]
        self.slope += self.around.along(self.around.values.deviation, -share)


class Turning(Protocol):
    """A problem with paths of the border."""

    @property
    def arrowhead(self) -> Arrowhead:
        """Return the coefficients."""

    def turns(self, values: Any) -> list[Turn]:
        """Return the map from global coefficients to the values of their paths."""


def through_turns(problem: Turning, values: Any, matrix: Array) -> tuple[Array, list[Array]]:
    """Return ``R Ā R'`` after a transform to ``R'AR``, and the adjoint of L.

    The second is ``2 A R Ā``, summed over all paths (B, T, T).

    Parameters
    ----------
    matrix : ndarray (B, block, n, n)
        Ā.
    """
    turns, before = problem.turns(values), problem.arrowhead.n_proper
    if not turns:
        return matrix, []
    matrix = matrix.copy()
    for block in range(matrix.shape[1]):
        matrix[:, block, before:] = turned(turns, matrix[:, block, before:])  # R Ā
    a = symmetric(values.known[turned_in, id(problem)])
    slope = 2.0 * a[:, :, before:] @ matrix
    roots = [
        np.asarray(sum(slope[:, :, places][..., places + before].sum(axis=1) for places in index))
        for _, index in turns
    ]
    out = matrix.swapaxes(-1, -2).copy()
    for block in range(out.shape[1]):
        out[:, block, before:] = turned(turns, out[:, block, before:])
    return out, roots


def type_adjoint(
    problem: GaussianProblem, types: Array, q: Array, *, deviates: bool = True
) -> tuple[Array, Array | None, Array]:
    """Compute ``V̄ = -Q̃ Q̃̄ Q̃ - n Q̃ / 2`` of all types, ``D'V̄ D`` and ``<V̄, diag(v)>``.

    Parameters
    ----------
    types, q : ndarray (B, H, T, T)
        ``Q̃`` and its adjoint.
    deviates : bool, default True
        If True, units' own deviations, if any, are integrated out of Q̃.

    Returns
    -------
    tuple of ndarray (B, T, T), ndarray (B, q, q) or None, and ndarray (B)
        Of the covariance over the time grid, of ``Omega / sigma²``, and of ``1 / sigma²`` of the
        known variances.
    """
    m = problem.moments
    v = -(types @ q @ types) - 0.5 * m.n_units[:, None, None] * types
    deviation = None
    if problem.deviates_by_unit and deviates:
        deviation = (m.loadings.swapaxes(-1, -2) @ v @ m.loadings).sum(axis=1)
    # Observations have w^-1/2 V w^-1/2; for unobserved periods Q̃ is zero.
    root = 1.0 / np.sqrt(m.weights[m.pattern])
    known = np.einsum("bhtt,ht->b", v, m.variances[m.pattern])
    return (v * (root[:, :, None] * root[:, None, :])).sum(axis=1), deviation, known


def _of_clusters(clusters: ClusterLayout, adjoint: ClusterEquations, d: Array) -> Array:
    """Return the adjoint of Q̃ from ``a_o' = loads Q̃D`` and ``H_o = sum D'Q̃D``.

    Its dims are (B, H, T, T).
    """
    n_points, _, q, _ = adjoint.a.shape
    n_types, n_periods, _ = d.shape
    # (B, O, q, size) to (O size, B q), and from (H T, B q) to (B, H, T, q).
    a = np.ascontiguousarray(adjoint.a.transpose(1, 3, 0, 2)).reshape(-1, n_points * q)
    v = (clusters.loads.T @ a).reshape(n_types, n_periods, n_points, q).transpose(2, 0, 1, 3)
    h = np.ascontiguousarray(adjoint.h.transpose(1, 0, 2, 3)).reshape(clusters.n_clusters, -1)
    h = (clusters.counts.T @ h).reshape(n_types, n_points, q, q).swapaxes(0, 1)
    half = (0.5 * v + 0.5 * d @ h) @ d.swapaxes(-1, -2)
    return np.asarray(half + half.swapaxes(-1, -2))


def from_lower(flat: Array, n: int) -> Array:
    """Return adjoints of symmetric matrices (..., n, n), from those of their lower triangles."""
    # An entry off the diagonal represents two.
    rows, columns = lower_indices(n)
    return np.asarray((flat * np.where(rows == columns, 1.0, 0.5))[..., lower_places(n)])


def to_lower(square: Array) -> Array:
    """Return adjoints of lower triangles, from those of symmetric matrices."""
    rows, columns = lower_indices(square.shape[-1])
    return np.asarray(square[..., rows, columns] * np.where(rows == columns, 1.0, 2.0))
