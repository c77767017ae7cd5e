"""Correlated draws of several problems with correlated errors of their observations.

Given parameters, coefficients are drawn as ``beta = (A + sigma² diag(tau)^-2)^-1 (X'Q̃ y + sigma
xi)`` with ``xi = X'Q̃ e + sigma diag(tau)^-1 z``: e are new errors at unit innovation variance, and
z standard normal. The covariance of xi is ``A + sigma² diag(tau)^-2``, so that the draws of one
problem have the distribution of `draw`, whatever e is shared with. If problems' standardised errors
are correlated, so are their draws, and so are their estimation errors (docs/gaussian.md, Correlated
equations). C classes, R sets of slopes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._sparse import product
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    half_solve,
    lower_indices,
    lower_places,
    lower_triangles,
    whitener,
)
from bayes_nqp.numerics.linear_gaussian.class_maps import class_types
from bayes_nqp.numerics.linear_gaussian.density import Factor
from bayes_nqp.numerics.linear_gaussian.equations import deviation_precision
from bayes_nqp.numerics.linear_gaussian.path_laws import turned_back
from bayes_nqp.numerics.linear_gaussian.paths import block_errors, group_errors
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem
from bayes_nqp.numerics.linear_gaussian.types import Arrowhead, Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import innovations, small


@dataclass(frozen=True, eq=False)
class ErrorSums:
    """Standardised errors in the normal equations, class by class of units.

    Parameters
    ----------
    loads : csr_array (G J, C T)
        ``[sqrt(n) I; S / sqrt(n)]`` of each class: errors' means over units.
    within : csr_array (R K (K + 1) / 2, H T (T + 1) / 2)
        Maps lower triangles of ``Q̃`` to the information on columns' slopes from differences of
        units inside their classes, ``<Q̃, M - S S' / n>``; R sets of slopes.
    slope_loads : csr_array (block n, R K)
        Loadings of coefficients on these slopes, transposed.
    n_columns : int
        K.
    """

    loads: Any
    within: Any
    slope_loads: Any
    type_of: Index  # Type of each class (C).
    seen: Any  # Observed periods of each class, bool (C, T).
    n_columns: int

    @cached_property
    def width(self) -> int:
        """Return the number of standardised errors of a draw.

        There is one for every class and period, and for every slope.
        """
        return int(self.seen.size + self.slope_loads.shape[1])

    def right_side(
        self, problem: GaussianProblem, values: Values, errors: Array, white: tuple[Array, Array]
    ) -> tuple[Array, Array, Array]:
        """Return ``X'Q̃ e`` of coefficients (B, block n, times), and other noise.

        Parameters
        ----------
        errors : ndarray (B, width, times)
            Standard normal.
        white : tuple of ndarray (B, class, times) and ndarray (B, number, times)
            Standard normal: of deviations of single units, no class where there are none; and of
            processes.

        Returns
        -------
        tuple of ndarray (B, block n, times), ndarray (B, class, times) and (B, number, times)
            The noise of deviations and processes is standard normal again.
        """
        n_classes, n_periods = self.seen.shape
        n_points, _, times = errors.shape
        nuisance = problem.nuisance if values.nuisance is None else values.nuisance[:, None]
        # sqrt(n) times the mean of n units' errors, standardised in the order of time.
        rows = errors[:, : self.seen.size].reshape(n_points, n_classes, n_periods, times)
        root = whitener(innovations(problem, values)[0], nuisance)
        # g = W̃'z with W̃'W̃ = Q̃: Q̃e of each class (B, C, T, times), z the standardised e of its
        # rows.
        pattern = problem.moments.pattern[self.type_of]
        g = root[:, pattern].swapaxes(-1, -2) @ (rows * self.seen[:, :, None])
        noise, processes = white
        if noise.shape[1]:
            g, noise = self._with_deviations(problem, values, g, noise)
        # sum_i [I, Z_i]'Q̃ e_i by class: n and S of the means; then of groups, then X_g' of these.
        sums = product(self.loads, g.reshape(n_points, -1, times))
        sums, processes = group_errors(problem, values, sums, processes)
        right = product(problem.arrowhead.group_loads.T, sums)  # sum_g X_g'(.)
        right, processes = block_errors(problem, values, right, processes)
        if self.n_columns:
            # Differences of units inside a class, independent of their mean.
            right = right + product(self.slope_loads, self._slopes(problem, values, errors))
        return right, noise, processes

    def _with_deviations(
        self, problem: GaussianProblem, values: Values, g: Array, white: Array
    ) -> tuple[Array, Array]:
        """Remove deviations of single units, drawn together with e, from ``Q e``."""
        # total = d'Q̃e + Lambda^1/2 z has variance h = d'Q̃d + Lambda and covariance v = Q̃d with
        # Q̃e: less v total / h this has the covariance Q̃ - v v'/h, deviations out, and is free of
        # total.
        types = small(problem, values, flat_only=True)
        d = problem.moments.loadings
        v = (types.q @ d)[..., 0][:, self.type_of]  # (B, C, T)
        d = d[..., 0][self.type_of]  # (C, T)
        prior = deviation_precision(values)[:, 0, 0, None]  # Lambda (B, 1).
        precision = (v * d).sum(axis=2) + prior  # h (B, C)
        total = np.sqrt(prior)[:, :, None] * white + (d[:, :, None] * g).sum(axis=2)
        g = g - v[..., None] * (total / precision[..., None])[:, :, None]
        return g, total / np.sqrt(precision)[..., None]

    def _slopes(self, problem: GaussianProblem, values: Values, errors: Array) -> Array:
        """Return contributions of differences within classes to slopes (B, R K, times)."""
        n_points, _, times = errors.shape
        k = self.n_columns
        rows, columns = lower_indices(k)
        lower = (self.within @ lower_triangles(small(problem, values).q).T).T
        # <Q̃, M - S S'/n> of every set of slopes: the covariance of sum_i (Z_i - S/n)'Q̃ e_i.
        lower = lower.reshape(n_points, -1, rows.size)
        square = np.zeros((n_points, lower.shape[1], k, k))
        square[:, :, rows, columns] = lower
        square[:, :, columns, rows] = square[:, :, rows, columns]
        root = _symmetric_root(square)
        z = errors[:, self.seen.size :].reshape(n_points, -1, k, times)
        return np.asarray((root @ z).reshape(n_points, -1, times))


@dataclass(frozen=True, eq=False)
class FixedErrorSums:
    """Standardised errors in normal equations that are the same at every point.

    Parameters
    ----------
    root : ndarray (G, J - 1, J - 1)
        Symmetric roots of F, without the outcome.
    """

    root: Array

    @property
    def width(self) -> int:
        """Return the number of standardised errors of a draw.

        There is one for every period and column of every group.
        """
        return int(self.root.shape[0] * self.root.shape[1])

    def right_side(
        self, problem: GaussianProblem, values: Values, errors: Array, white: tuple[Array, Array]
    ) -> tuple[Array, Array, Array]:
        """Return ``X'Q̃ e`` of coefficients (B, block n, times), no deviations, and processes.

        Parameters
        ----------
        errors : ndarray (B, width, times)
            Standard normal.
        """
        n_points, _, times = errors.shape
        groups, width, _ = self.root.shape
        # F^1/2 z: X'Q̃e of a group's periods and columns has the covariance F; the outcome has
        # none.
        # The outcome's row, the last of J, stays zero.
        sums = np.zeros((n_points, groups, width + 1, times))
        sums[:, :, :-1] = self.root @ errors.reshape(n_points, groups, width, times)
        deviations, processes = white
        sums, processes = group_errors(
            problem, values, sums.reshape(n_points, -1, times), processes
        )
        right = product(problem.arrowhead.group_loads.T, sums)
        right, processes = block_errors(problem, values, right, processes)
        return right, deviations, processes


def error_sums(problem: Problem, head: Arrowhead) -> ErrorSums | FixedErrorSums:
    """Sum errors in the same way as observations.

    Parameters
    ----------
    head : Arrowhead
        The problem's coefficients.
    """
    if problem.absorbed:
        roots = _symmetric_root(np.stack([group.normal[:-1, :-1] for group in problem.absorbed]))
        return FixedErrorSums(roots)
    types = class_types(problem)
    n_periods, k = problem.n_periods, problem.n_columns
    width = n_periods + k + 1
    seen = np.zeros((len(problem.classes), n_periods), dtype=bool)
    rows, columns, data = [], [], []
    for number, c in enumerate(problem.classes):
        seen[number, c.times] = True
        # e-bar has the variance 1/n: sum_i e_i = sqrt(n) z, sum_i Z_i'Q̃ e-bar = S'Q̃ z / sqrt(n).
        root = np.sqrt(c.n)
        entries = c.column < k
        row = np.concatenate([c.times, n_periods + c.column[entries]])
        period = np.concatenate([c.times, c.times[c.position[entries]]])
        rows.append(c.group * width + row)
        columns.append(number * n_periods + period)
        data.append(np.concatenate([np.full(c.times.size, root), c.sums[entries] / root]))
    shape = (len(problem.groups) * width, seen.size)
    loads = csr_array(
        (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=shape
    )
    positions, places = _slope_positions(problem)
    return ErrorSums(
        loads,
        _within(problem, types.type_of, len(types.kinds), places),
        csr_array(head.position_loads[positions].T), types.type_of, seen, k,
    )  # fmt: skip


def _symmetric_root(square: Array) -> Array:
    """Return symmetric roots of stacks (..., a, a), which do not depend on the eigenvectors."""
    # V diag(e)^1/2 V': continuous in the matrix, so that draws of near points move together.
    size, vectors = np.linalg.eigh(square)
    root = np.sqrt(np.maximum(size, 0.0))[..., None, :]
    return np.asarray((vectors * root) @ vectors.swapaxes(-1, -2))


def _slope_positions(problem: Problem) -> tuple[Index, dict[tuple[int, int], int]]:
    """Return slots of every set of slopes of every block (R K), and the number of each set."""
    positions: list[int] = []
    places: dict[tuple[int, int], int] = {}
    start = 0
    for number, block in enumerate(problem.blocks):
        base = start + block.n_levels * problem.n_periods + block.n_cells
        for k in range(block.n_slopes):
            places[number, k] = len(places)
            positions += range(base + k * problem.n_columns, base + (k + 1) * problem.n_columns)
        start += block.columns.shape[0]
    return np.array(positions, dtype=np.int64), places


def _within(
    problem: Problem, type_of: Index, n_types: int, places: dict[tuple[int, int], int]
) -> Any:
    """Build ``vec <Q̃, M - S S'/n> = within vec Q̃``, summed over classes of each set of slopes."""
    n_periods, k = problem.n_periods, problem.n_columns
    in_q, in_s = lower_places(n_periods), lower_places(k) if k else np.zeros((0, 0), np.int64)
    size_q, size_s = n_periods * (n_periods + 1) // 2, k * (k + 1) // 2
    rows, columns, data = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for number, c in enumerate(problem.classes):
        entries = np.flatnonzero(c.column < k)
        if not entries.size or c.n < 2:
            continue
        period, column = c.times[c.position[entries]], c.column[entries]
        spread = c.cross[np.ix_(entries, entries)]
        # M - S S'/n of packed entries: cross-products about the class's means.
        spread = spread - np.outer(c.sums[entries], c.sums[entries]) / c.n
        # Lower pairs (k, l) of columns: <Q̃, .>_kl sums Q̃_tu times the spread of (t, k) and (u, l).
        p, r = np.nonzero(column[:, None] >= column)
        group = problem.groups[c.group]
        place = places[group.block, group.slopes]
        rows.append(place * size_s + in_s[column[p], column[r]])
        columns.append(type_of[number] * size_q + in_q[period[p], period[r]])
        data.append(spread[p, r])
    shape = (len(places) * size_s, n_types * size_q)
    return csr_array(
        (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=shape
    )


def standardised(
    problem: GaussianProblem, values: Values, factor: Factor, right: Array, white: Array
) -> tuple[Array, Array]:
    """Return standard normal noise of coefficients.

    It is ``z = L^-1 (X'Q̃ e + sigma diag(tau)^-1 z0)``.

    Parameters
    ----------
    right : ndarray (B, block n, times)
        ``X'Q̃ e``.
    white : ndarray (B, coefficient, times)
        z0: of global coefficients, then local ones of all blocks.
    """
    head = problem.arrowhead
    n_points, times = len(values), right.shape[-1]
    n_local, n_global = head.n_proper, head.n_global
    # xi, whose covariance L L' = A + sigma² diag(tau)^-2 is that of the factor.
    blocks = right.reshape(n_points, head.n_blocks, head.size, times)
    # sigma / tau times z0: the prior's part of xi, independent of the rows'.
    prior = np.sqrt(problem.prior_precision(values, head.local_scale[:, :n_local]))[..., None]
    drawn = white[:, n_global:].reshape(n_points, head.n_blocks, head.n_local, times)
    local = np.zeros_like(drawn)
    local[:, :, :n_local] = blocks[:, :, :n_local] + prior * drawn[:, :, :n_local]
    # Global coefficients gather X'Q̃e from every block.
    shared = blocks[:, :, head.n_local : head.n_local + n_global].sum(axis=1)
    # R'X'Q̃e, for A of z is R'AR.
    shared = turned_back(problem.turns(values), shared)
    prior = np.sqrt(problem.prior_precision(values, head.global_scale))[..., None]
    shared = shared + prior * white[:, :n_global]
    # L z = xi by blocks: z_b = L_b^-1 xi_b, then L z_g = xi_g - sum_b L_gb z_b.
    if n_local:
        local[:, :, :n_local] = half_solve(factor.local[:, :, :n_local], local[:, :, :n_local])
        cross = factor.local[:, :, n_local : n_local + n_global]
        shared = shared - (cross @ local[:, :, :n_local]).sum(axis=1)
    return half_solve(factor.border[:, :n_global, :n_global], shared), local
