"""The density of the parameters, with every linear coefficient integrated out.

One point costs a few small products, two sparse ones and one Cholesky; points come in batches
that fit into the second-level cache. Numbers in brackets are the equations of docs/gaussian.md.

Variables are integrated out as soon as all their loadings are in one matrix. Owners and processes
of one group are removed from its F_g (4, 5a). Owners across groups (4) and processes of a block
(5a) are removed from ``A = sum_g X_g'F_g X_g`` (5). Global coefficients are transformed from values
of paths to their z (5a), and a spatial lag is removed from A (5). Priors and the factor follow (6,
7), and give the density (8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import cholesky, half_solve, lower_indices
from bayes_nqp.numerics.linear_gaussian.assembled_nodes import assembled_sums
from bayes_nqp.numerics.linear_gaussian.batches import batch_size, in_chunks, point_by_point
from bayes_nqp.numerics.linear_gaussian.clusters import taken_by_clusters
from bayes_nqp.numerics.linear_gaussian.equations import ClusterEquations
from bayes_nqp.numerics.linear_gaussian.group_cells import cells_out
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart
from bayes_nqp.numerics.linear_gaussian.nodes import noise_equations
from bayes_nqp.numerics.linear_gaussian.path_laws import turned_in
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.processes import block_processes_out, group_processes_out
from bayes_nqp.numerics.linear_gaussian.reduced_cells import (
    ReducedFactor,
    factor_reduced,
    lag_off_groups,
)
from bayes_nqp.numerics.linear_gaussian.types import Arrowhead, Values

_LOG_2PI = float(np.log(2.0 * np.pi))
_MANY = 2_000
"""Entries of a part of A from which points are copied one by one: for 3,853, 4 and 20 µs each."""


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Normal equations of all coefficients at B points.

    Parameters
    ----------
    matrix : ndarray (B, block, rest, rest)
        A without values of processes, the outcomes last, and before prior precision is added. Lower
        triangles: entries above the diagonal are undefined.
    total : ndarray (B)
        The log density's part that depends on no coefficient. It is half the sum over units of
        ``log|Q| - log|N'QN|`` and over deviations of ``log|Lambda| - log|Lambda + D'Q̃D|``, or of
        ``log|Lambda| - log|Lambda + H_o|``. Half the log determinants of processes and, for
        stacked equations, ``n_free log sigma`` of each are subtracted. The log Jacobian of a lag is
        added.
    """

    matrix: Array
    total: Array


@dataclass(frozen=True, eq=False)
class Factor:
    """Arrowhead Cholesky factor L of ``A + sigma² diag(tau)^-2`` at B points, outcomes last (7).

    Parameters
    ----------
    local : ndarray (B, block, n, local)
        ``[L_b; A_gb L_b^-T]``: the factor of each block's local coefficients. Below it are the rows
        of the border g, global coefficients and outcomes.
    border : ndarray (B, n_border, n_border)
        Factor of ``A_gg - sum_b A_gb A_bb^-1 A_bg``: ``[L 0; L_y' e]``, with ``e e' = E``.
    log_det : ndarray (B)
        ``log|A + sigma² diag(tau)^-2|`` of the coefficients.
    triangle : ndarray (B, n, n), optional
        For a single block: its factor, of which `local` and `border` are parts.
    """

    local: Array
    border: Array
    log_det: Array

    @property
    def residual(self) -> Array:
        """Return the Cholesky factor of the outcomes' residual energy E (B, m, m).

        It is the last block of the border's factor.
        """
        n = self.border.shape[1] - self.n_outcomes
        return self.border[:, n:, n:]

    n_outcomes: int = 1
    triangle: Array | None = None

    @classmethod
    def of_triangle(cls, triangle: Array, n_local: int, log_det: Array, n_outcomes: int) -> Factor:
        """Build from the factor of a single block with its local coefficients first."""
        # [L_bb; L_gb] and L_gg, lower triangular.
        local, border = triangle[:, None, :, :n_local], triangle[:, n_local:, n_local:]
        return cls(local, border, log_det, n_outcomes, triangle)


class Keeper(Protocol):
    """Draws coefficients from factors of points, and stores them."""

    def reserved(self, points: Array) -> Index | None:
        """Reserve rows for new points (B); None if there is no space."""

    def put(self, values: Values, factor: Factor | ReducedFactor) -> None:
        """Draw from a factor."""


def density(
    problem: GaussianProblem,
    points: Array,
    *,
    threads: int | None = None,
    keeper: Keeper | None = None,
) -> Array:
    """Compute the log posterior density of unconstrained points, normalised.

    Constants are included: outcomes are in multiples of s, and flat coefficients have the density
    one.

    Parameters
    ----------
    keeper : Keeper, optional
        Store of draws at these points.

    Returns
    -------
    ndarray (B)
        Minus infinity where there is no factor.
    """

    def likelihood(part: Values) -> Array:
        return log_likelihood(problem, part, keeper)

    problem = problem.for_density
    values = problem.values(points)
    if keeper is not None:
        values = replace(values, kept=keeper.reserved(points))
    heights = in_chunks(likelihood, values, size=batch_size(problem), threads=threads)
    return problem.space.log_prior(points) + heights


def log_likelihood(problem: GaussianProblem, values: Values, keeper: Keeper | None = None) -> Array:
    """Compute the marginal log likelihood of one batch; points without a factor are separate."""
    m = problem.arrowhead.n_outcomes

    def marginal(part: Values) -> Array:
        total, factor = solved(problem, part)
        if keeper is not None:
            keeper.put(part, factor)
        return assembled(problem, part, total, factor)

    return point_by_point(marginal, values, (1,) if m == 1 else (1, m))


def solved(problem: GaussianProblem, values: Values) -> tuple[Array, Factor | ReducedFactor]:
    """Factor the normal equations of one batch, unshared cells first if that is faster (3 to 7).

    Returns
    -------
    tuple of ndarray (B) and Factor or ReducedFactor
        The part of the log density that depends on no coefficient, and the factor.
    """
    if problem.reduced is None:
        equations = normal_equations(problem, values)
        return equations.total, factorise(problem, values, equations.matrix)
    groups = group_equations(problem, values)
    f, total, jacobian = groups.f, groups.total, values.log_determinant
    if problem.lag is not None and values.lag is not None and jacobian is not None:
        f = lag_off_groups(problem.reduced, values.lag, f)
        total = total + problem.lag.periods * jacobian  # |I - delta W| of every free period.
    return total, factor_reduced(problem, values, f)


def assembled(
    problem: LinearPart, values: Values, total: Array, factor: Factor | ReducedFactor
) -> Array:
    """Compute the log likelihood from its parts (8).

    ``total - n_free/2 log 2 pi sigma² + n_flat/2 log 2 pi - (log|A + sigma² diag(tau)^-2| - p log
    sigma²)/2 - sum_j log tau_j - E / 2 sigma²``.
    Here n_free is the number of observations less that of the flat alpha_i, and p that of
    coefficients beta. Among these, n_flat are flat: they have neither tau^-2 nor log tau. E is the
    residual energy of the outcome given the coefficients.

    Parameters
    ----------
    total : ndarray (B)
        The part that depends on no coefficient, as in `NormalEquations`.
    """
    log_sigma2 = 2.0 * np.log(values.sigma)
    present = problem.scale_count > 0
    # Priors N(0, tau_j²) of coefficients; those with tau = 1 add nothing and have no index.
    log_tau = np.log(values.tau[:, present]) @ problem.scale_count[present]
    # The p integrals together give (2 pi sigma²)^(p/2) |A + sigma² diag(tau)^-2|^-1/2, each prior
    # (2 pi)^-1/2 / tau_j and a flat one nothing: n_flat/2 log 2 pi and p/2 log sigma² remain.
    common = (
        total
        - 0.5 * problem.n_free * (_LOG_2PI + log_sigma2)
        + 0.5 * problem.n_flat * _LOG_2PI
        - 0.5 * (factor.log_det - problem.n_coefficients * log_sigma2)
        - log_tau
    )
    # E = y'Q̃y - b'(A + sigma² diag(tau)^-2)^-1 b, b the outcome's row of A: last in the factor.
    energy = (factor.residual**2).sum(axis=2)
    out = common[:, None] - 0.5 * energy * np.exp(-log_sigma2)[:, None]
    out = np.where(np.isfinite(out), out, -np.inf)
    return out[:, 0] if problem.arrowhead.n_outcomes == 1 else out


@dataclass(frozen=True, eq=False)
class GroupEquations:
    """Normal equations of groups at B points.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles; owners and processes of one group are integrated out.
    total : ndarray (B)
        The known part of the log density that depends on no coefficient.
    by_block : ClusterEquations or None
        Owners across groups, which are not yet integrated out.
    """

    f: Array
    total: Array
    by_block: ClusterEquations | None


def group_equations(problem: GaussianProblem, values: Values) -> GroupEquations:
    """Compute normal equations of groups, net of owners and processes of one group (3, 4, 5a)."""
    sums = noise_equations(problem, values)  # vec F = map1 vec Q̃, a_o and H_o (3, 4).
    values.known[group_equations, id(problem)] = sums  # Including owners, for the gradient.
    f, total = sums.f, sums.total
    if problem.by_group is not None and sums.by_group is not None:
        # Subtract sum_o a_o'(Lambda + H_o)^-1 a_o from F_g, over the owners of the group (4).
        taken, log_det = taken_by_clusters(problem.by_group, sums.by_group, values)
        rows, columns = lower_indices(problem.moments.width)
        # (B, G, J, J) to packed lower triangles, group after group.
        f = f - taken[:, :, rows, columns].reshape(len(taken), -1)
        total = total - 0.5 * log_det
    if problem.cells is not None:
        f, log_det, cells = cells_out(problem, problem.cells, values, f)
        values.known[cells_out, id(problem)] = cells
        total = total - 0.5 * log_det
    if problem.placement is not None:
        # Less F_:t R (sigma² I + R'F_tt R)^-1 R'F_t:, t the group's periods and R z a process (5a).
        f, log_det = group_processes_out(problem, values, f)
        total = total - 0.5 * log_det
    return GroupEquations(f, total, sums.by_block)


def normal_equations(problem: GaussianProblem, values: Values) -> NormalEquations:
    """Compute A net of deviations, processes and a lag, for z of border paths (3 to 5a)."""
    head, by_block = problem.arrowhead, None
    if (sums := assembled_sums(problem, values)) is not None:
        stored, total = sums.stored, sums.total
    else:
        groups = group_equations(problem, values)
        total, by_block = groups.total, groups.by_block
        # vec A = map2 vec F: A_b = sum_g X_g'F_g X_g over the groups of each block (5).
        # Points last for the sparse product, (G J (J + 1) / 2, B) to (stored, B).
        stored = (head.map2 @ np.ascontiguousarray(groups.f.T)).T
    # With v values of processes and r all other coefficients: A_rr, A_vr and the blocks of A_vv.
    matrix, a_vr, *a_vv = (part_of(stored, len(values), *part) for part in head.parts)
    if problem.by_block is not None and by_block is not None:
        taken, log_det = taken_by_clusters(problem.by_block, by_block, values)
        total = total - 0.5 * log_det
        _clusters_off(head, taken, matrix, a_vr, a_vv)  # Clusters across groups (4).
    if head.n_values:
        # A_rr less A_rv R (sigma² I + R'A_vv R)^-1 R'A_vr, R z the processes of a block (5a).
        total = total - 0.5 * block_processes_out(problem, values, matrix, a_vr, a_vv)
    if turns := problem.turns(values):
        values.known[turned_in, id(problem)] = matrix.copy()  # A of values, for the gradient.
        turned_in(turns, matrix, head.n_proper)  # R'AR: from values of paths to z.
    jacobian = values.log_determinant
    if problem.lag is not None and values.lag is not None and jacobian is not None:
        # A before the lag is subtracted, with columns of W y and W x, for the gradient.
        values.known[normal_equations, id(problem)] = _columns(
            matrix, head.n_proper + problem.lag.sources
        )
        # y - delta W y and x - delta W x, from one set of moments for every delta.
        if problem.lag.ties:
            _ties_off(matrix, head.n_proper + np.array(problem.lag.ties), values.lag[:, 0])
        # y less W y times delta and, for a dynamic lag, less y and W y of the previous period times
        # their coefficients: one column after another.
        for column, value in zip(problem.lag.columns, values.lag.T, strict=True):
            _lag_off(matrix, head.n_proper + column, value)
        # Jacobian |I - delta W| of every free period, net of the means absorbed by time effects.
        total = total + problem.lag.periods * jacobian
    return NormalEquations(matrix, total)


def _clusters_off(
    head: Arrowhead, taken: Array, matrix: Array, a_vr: Array, a_vv: list[Array]
) -> None:
    """Subtract ``sum_o a_o'(Lambda + H_o)^-1 a_o`` of owners across groups from A, in place (4).

    Owners also load on values of processes, so that every part of A is reduced.

    Parameters
    ----------
    taken : ndarray (B, block, n, n)
        Reduction of A, symmetric.
    matrix, a_vr : ndarray (B, block, rest, rest), (B, block, value, rest)
        A_rr and A_vr; entries of A_rr above the diagonal are undefined afterwards.
    a_vv : list of three ndarrays
        D, C and E of ``A_vv = [D C'; C E]``, as in `Arrowhead.parts`.
    """
    if head.n_values:
        v, r = head.values, head.beside_values
        a_vr -= taken[:, :, v, r]
        square = taken[:, :, v, v]
        # No owner connects two of the first sets: outside these blocks `taken` is zero.
        first, shape = head.n_apart, a_vv[0].shape
        diagonal = square[:, :, :first, :first].reshape(*shape[:4], *shape[2:4])
        a_vv[0] -= np.einsum("abiuiv->abiuv", diagonal)  # Set i with itself, entries u and v.
        a_vv[1] -= square[:, :, first:, :first]
        a_vv[2] -= square[:, :, first:, first:]
        taken = taken[:, :, r[:, None], r]
    matrix -= taken


def part_of(
    stored: Array, n_points: int, shape: Sequence[int], entries: Index, places: Index
) -> Array:
    """Return a part of A (B, ...) from its stored entries (B, stored); B of these may be 1."""
    size = int(np.prod(shape))
    # A step of a power of two from point to point would conflict in the cache.
    out = np.zeros((n_points, size + 8 * (size % 64 == 0)))[:, :size]
    every = entries.size == stored.shape[1] and np.array_equal(entries, np.arange(entries.size))
    numbers = stored if every else stored[:, entries]
    if places.size < _MANY:
        out[:, places] = numbers
    else:
        for row, point in zip(out, np.broadcast_to(numbers, (n_points, places.size)), strict=True):
            row[places] = point
    return out.reshape(n_points, *shape)


def _ties_off(matrix: Array, ties: Index, delta: Array) -> None:
    """Subtract ``delta W x`` from columns x in A, in place (5).

    ``C'AC`` with C the identity except for ``-delta`` in row ``W x`` of column x, and zeros in
    column ``W x``.

    Parameters
    ----------
    matrix : ndarray (B, block, rest, rest)
        A, lower triangles.
    ties : ndarray of int (tie, 2)
        Positions of x, and of ``W x``, in A.
    """
    lower = np.tril(matrix)
    matrix[:] = lower + np.tril(matrix, -1).swapaxes(-1, -2)
    # The symmetric A, rows first and columns then.
    scale, (column, near) = delta[:, None, None, None], ties.T
    matrix[:, :, column] -= scale * matrix[:, :, near]
    matrix[:, :, :, column] -= scale * matrix[:, :, :, near]
    # W x has no separate coefficient.
    matrix[:, :, near] = 0.0
    matrix[:, :, :, near] = 0.0
    matrix[:] = np.tril(matrix)


def _columns(matrix: Array, places: Index) -> Array:
    """Return columns of the symmetric A from its lower triangle (B, block, column, rest)."""
    parts = [(matrix[:, :, k, :k], matrix[:, :, k:, k]) for k in places.tolist()]
    return np.stack([np.concatenate(part, axis=2) for part in parts], axis=2)


def _lag_off(matrix: Array, lag: int, delta: Array) -> None:
    """Subtract ``delta W y`` from the outcome in A, in place (5).

    ``b = b_y - delta b_l`` and ``c = c_yy - 2 delta c_yl + delta² c_ll``. Here b are the rows of A
    on coefficients and c its entries, for the outcome y and the column l of ``W y``. Row and column
    l are zero afterwards: the coefficient's posterior is its prior, which must be proper, and it
    adds ``-(log sigma²/tau² - log sigma²)/2 - log tau = 0`` to the density.

    Parameters
    ----------
    matrix : ndarray (B, block, rest, rest)
        A, lower triangles.
    lag : int
        Position of l in A.
    delta : ndarray (B)
        Its coefficient; for a dynamic lag, any of the three.
    """
    column = _columns(matrix, np.array([lag]))[:, :, 0]
    square = column[:, :, lag].copy()  # c_ll
    scale = delta[:, None]
    # Subtract delta b_l from the outcome's row b_y, and so delta c_yl once from its entry c_yy.
    matrix[:, :, -1] -= scale[..., None] * column
    matrix[:, :, -1, -1] += scale * (scale * square - column[:, :, -1])
    matrix[:, :, lag] = 0.0
    matrix[:, :, :, lag] = 0.0


def factorise(problem: LinearPart, values: Values, matrix: Array) -> Factor:
    """Compute the arrowhead Cholesky of A with the prior on its diagonal (6, 7); overwrites A.

    Values of processes are not part of A, nor of the factor.

    Raises
    ------
    LinAlgError
        If A of any point is not positive definite.
    """
    head = problem.arrowhead
    n_local, shared, triangle = head.n_proper, np.arange(head.n_global), None
    # A + sigma² diag(tau)^-2: sigma² times the precision of coefficients given the data (6). In
    # comments from here on this sum is A, b a block's local coefficients, g the border.
    prior = problem.prior_precision(values, head.global_scale)
    diagonal = np.einsum("...ii->...i", matrix)
    if n_local:
        diagonal[..., :n_local] += problem.prior_precision(values, head.local_scale[:, :n_local])
    if head.n_blocks == 1:
        # One block: [A_ll A_lg; A_gl A_gg] has one factor, of which both parts are views.
        diagonal[:, 0, n_local + shared] += prior
        triangle = cholesky(matrix, overwrite=True)[:, 0]
        # [L_bb; L_gb] and L_gg, lower triangular.
        local, border = triangle[:, None, :, :n_local], triangle[:, n_local:, n_local:]
    else:
        local, border = _blocks_off(matrix, head) if n_local else (matrix[..., :0], matrix.sum(1))
        # The border's prior is added once, to the sum over blocks after elimination.
        border[:, shared, shared] += prior
        border = cholesky(border)
    # log|A| = sum_b log|A_bb| + log|A_gg - sum_b A_gb A_bb^-1 A_bg|, without the outcome's row.
    log_det = 2.0 * np.log(np.diagonal(local, axis1=-2, axis2=-1)).sum(axis=(1, 2))
    log_det += 2.0 * np.log(np.diagonal(border, axis1=1, axis2=2)[:, shared]).sum(axis=1)
    return Factor(local, border, log_det, head.n_outcomes, triangle)


def _blocks_off(matrix: Array, head: Arrowhead) -> tuple[Array, Array]:
    """Factor the local coefficients of every block, and eliminate them from the border.

    ``S = sum_b (A_gg,b - A_gb A_bb^-1 A_bg)`` is the Schur complement of all local coefficients,
    with ``A_gg,b`` the contribution of block b to ``A_gg`` on the border g. One Cholesky of each
    whole block would cost the cube of its border; this one does not: ``A_gg - sum_b H_b'H_b`` with
    ``H_b = L_b^-1 A_bg``.
    """
    n_local, n_border = head.n_proper, head.n_border
    lower = cholesky(matrix[..., :n_local, :n_local])
    cross_root = half_solve(lower, matrix[..., n_local:, :n_local].swapaxes(-1, -2))
    # The rows of all H_b are stacked: one product sums H_b'H_b over blocks.
    stacked = cross_root.reshape(len(cross_root), -1, n_border)
    schur = matrix[..., n_local:, n_local:].sum(axis=1) - stacked.swapaxes(-1, -2) @ stacked
    return np.concatenate([lower, cross_root.swapaxes(-1, -2)], axis=-2), schur
