"""A problem of many cells, in fewer coefficients (5 to 7; docs/gaussian.md, "Many cells").

a. Cells of only one group are eliminated from its F (`unshared_cells`).
b. Global coefficients load on slots through dummies, ``C = U C_0`` (`pairs`).
c. The other local coefficients of a block are eliminated from one border of dummies for all
   blocks, ``S = C_0'(A_gg - sum_b H_b'H_b) C_0 + prior`` with ``H_b = L_b^-1 A_bg``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import cholesky, half_solve, lower_places
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart, Reduced
from bayes_nqp.numerics.linear_gaussian.pairs import as_dummies
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Values
from bayes_nqp.numerics.linear_gaussian.unshared_cells import (
    Elimination,
    UnsharedCells,
    eliminate,
    unshared_cells,
)

MANY_LOCAL = 200
"""Number of local coefficients of all blocks above which unshared cells are eliminated first.

Microseconds a point without and with: 4 × 24, 87 and 76; 2 × 54, 96 and 99; 4 × 54, 198 and 157;
8 × 189, 3,890 and 1,500. For fewer, many small steps cost more than one larger factor.
"""
NARROW = 0.4
"""Largest ratio of J to the local coefficients of a block for which this is done.

Cells are eliminated from J × J squares of every group. At 4 × 54, without and with: J = 19, 270 and
234; 24, 287 and 327; 54, 789 and 1,425.
"""
VERY_MANY_LOCAL = 400
"""Number of local coefficients of all blocks above which the allowed ratio grows with it.

Microseconds a point without and with, 33 locals a block and J = 22: 8 blocks, 163 and 210; 15, 422
and 459; 30, 1,154 and 736.
"""


@dataclass(frozen=True, eq=False)
class ReducedFactor:
    """Factor after the elimination of unshared cells, with the arrays for their draws.

    Parameters
    ----------
    lower : ndarray (B, block, local, local)
        Of local coefficients.
    cross_root : ndarray (B, block, local, border)
        ``H_b = L_b^-1 A_bg`` on dummies and outcome.
    border : ndarray (B, global + 1, global + 1)
        Of global coefficients and the outcome.
    eliminations : sequence of Elimination or None
        Of each bucket.
    log_det : ndarray (B)
        Of all coefficients.
    """

    lower: Array
    cross_root: Array
    border: Array
    eliminations: Sequence[Elimination | None]
    log_det: Array

    @property
    def residual(self) -> Array:
        """Return the root of the outcome's residual energy (B, 1, 1)."""
        return self.border[:, -1:, -1:]


def reduced(problem: Problem, positions: Sequence[tuple[int, Any]], n_local: int) -> Reduced:
    """Build the layout of the coefficients that remain without unshared cells.

    Parameters
    ----------
    positions : sequence of (block, csr_array (J, slot + 1))
        Loadings of each group's observations on the slots of its block.
    n_local : int
        Local coefficients of the largest block, unshared cells included.
    """
    width = positions[0][1].shape[0]
    buckets = unshared_cells(problem, width, n_local)
    local, scale = _other_locals(problem, buckets, n_local)
    # C = U C_0, and a row and a column for the outcome: [U 0; 0 1] [C_0 0; 0 1].
    dummies, kind_loads = as_dummies(np.concatenate([b.columns for b in problem.blocks]),
                                     np.asarray(problem.global_scale))  # fmt: skip
    kind_loads = np.block([
        [kind_loads, np.zeros((kind_loads.shape[0], 1))],
        [np.zeros((1, kind_loads.shape[1])), np.ones((1, 1))],
    ])  # fmt: skip
    of_block = _loads(problem, local, dummies)
    # Each group's F, own cells first, from the packed triangles: a square of J² numbers.
    in_f, size_f = lower_places(width), width * (width + 1) // 2
    take = [
        bucket.groups[:, None, None] * size_f
        + in_f[bucket.order[:, :, None], bucket.order[:, None, :]]
        for bucket in buckets
    ]
    map2 = _map2(buckets, positions, of_block, local.shape, kind_loads.shape[0])
    squares = np.concatenate([t.ravel() for t in take])
    lags = _lags(problem, positions)
    return Reduced(buckets, squares, local, scale, kind_loads, map2, lags)


def _lags(problem: Problem, positions: Sequence[tuple[int, Any]]) -> Index:
    """Return rows of every group's F that are subtracted from the outcome's: columns of a lag."""
    if problem.lag is None:
        return np.zeros(0, dtype=np.int64)
    block, position_map = positions[0]
    # A column has a slope in every group; only the global coefficient of a lag loads on it.
    loads = (position_map[:, :-1] @ csr_array(problem.blocks[block].columns)).tocsc()
    return np.array([loads.indices[loads.indptr[k]] for k in problem.lag.columns])


def _other_locals(
    problem: Problem, buckets: Sequence[UnsharedCells], n_local: int
) -> tuple[Index, Index]:
    """Return other local coefficients of each block, and their scales."""
    places = np.concatenate([bucket.place.ravel() for bucket in buckets])
    sizes = [b.local_position.size for b in problem.blocks]
    # Places are flat in (block, local): block k's own cells are those from k n_local on.
    others = [np.setdiff1d(np.arange(s), places - k * n_local) for k, s in enumerate(sizes)]
    local = np.full((len(sizes), max((s.size for s in others), default=0)), -1)
    scale = np.full(local.shape, PADDING)
    for k, (index, block) in enumerate(zip(others, problem.blocks, strict=True)):
        local[k, : index.size], scale[k, : index.size] = index, block.local_scale[index]
    return local, scale


def _loads(problem: Problem, local: Index, dummies: Any) -> list[Any]:
    """Return loadings of slots and outcome of each block on other locals, dummies and outcome."""
    n_local, n_dummies, start, out = local.shape[1], dummies.shape[1], 0, []
    for index, block in zip(local, problem.blocks, strict=True):
        n_positions = block.columns.shape[0]
        part = dummies[start : start + n_positions].tocoo()
        start += n_positions
        # [I U 0; 0 0 1] on the slots of the block: a local has one slot, dummies have theirs.
        inside = np.flatnonzero(index >= 0)
        rows = np.concatenate([block.local_position[index[inside]], part.coords[0], [n_positions]])
        columns = np.concatenate([inside, n_local + part.coords[1], [n_local + n_dummies]])
        data = np.concatenate([np.ones(inside.size), part.data, [1.0]])
        out.append(
            csr_array((data, (rows, columns)), shape=(n_positions + 1, n_local + n_dummies + 1))
        )
    return out


def _map2(
    buckets: Sequence[UnsharedCells],
    positions: Sequence[tuple[int, Any]],
    of_block: Sequence[Any],
    shape: tuple[int, int],
    n_border: int,
) -> Any:
    """Build ``A = sum_g X_g' F_g X_g``: rows of locals by block, one border for all of them."""
    n_blocks, n_local = shape
    n = n_local + n_border
    rows, columns, data, start = [], [], [], 0
    for bucket in buckets:
        width = bucket.order.shape[1]
        for g, order in zip(bucket.groups, bucket.order, strict=True):
            block, position_map = positions[g]
            x = (
                (position_map @ of_block[block]).tocsr()[order].tocoo()
            )  # X_g, rows in the order c, r.
            (row, column), value = x.coords, x.data
            # A_ab gains X_ia F_ij X_jb for each pair of entries; of F i >= j is right.
            a, b = column[:, None], column[None, :]
            i, j = np.maximum(row[:, None], row), np.minimum(row[:, None], row)
            # Whole rows of local coefficients a; of the border, a and b, the lower triangle.
            wanted = (a < n_local) | (a >= b) & (b >= n_local)
            local = (block * n_local + a) * n + b
            border = n_blocks * n_local * n + (a - n_local) * n_border + b - n_local
            rows.append(np.where(a < n_local, local, border)[wanted])
            columns.append((start + i * width + j)[wanted])
            data.append((value[:, None] * value)[wanted])
            start += width**2
    places = (np.concatenate(rows), np.concatenate(columns))
    size = n_blocks * n_local * n + n_border**2
    out = csr_array(coo_array((np.concatenate(data), places), shape=(size, start)))
    out.sum_duplicates()
    return out


def _eliminations(
    problem: LinearPart, buckets: Sequence[UnsharedCells], values: Values, squares: Array
) -> list[Elimination | None]:
    """Eliminate unshared cells from F_g of their groups (a), in place; None for an empty bucket."""
    eliminations: list[Elimination | None] = []
    start = 0
    for bucket in buckets:
        stop = start + bucket.order.size * bucket.order.shape[1]
        # J² numbers for each group of the bucket.
        square, elimination = squares[:, start:stop], None
        if bucket.count:
            # A view of `squares`: it contains the remainder of F_g afterwards.
            square = square.reshape(len(values), *bucket.order.shape, -1)
            elimination = eliminate(square, problem.prior_precision(values, bucket.scale))
        eliminations.append(elimination)
        start = stop
    return eliminations


def lag_off_groups(layout: Reduced, lag: Array, f: Array) -> Array:
    """Subtract a lag in F of every group: ``C'FC`` with ``C = I - sum_k delta_k e_k e_y'``.

    Row y of F loses delta times row k, and its diagonal entry becomes ``F_yy - 2 delta F_yk +
    delta² F_kk``. Row k is zero afterwards: its coefficient adds nothing to the density.

    Parameters
    ----------
    lag : ndarray (B, column)
        delta.
    f : ndarray (B, G J (J + 1) / 2)
        Lower triangles of F; B = 1 if they are the same at every point.
    """
    in_f = lower_places(layout.buckets[0].order.shape[1])
    out = np.array(np.broadcast_to(f, (len(lag), f.shape[1])), order="C")
    out = out.reshape(len(lag), -1, in_f[-1, -1] + 1)
    for delta, k in zip(lag.T[..., None], layout.lags.tolist(), strict=True):
        row = out[..., in_f[k]]  # F_k: of every group (B, G, J).
        out[..., in_f[-1]] -= delta[..., None] * row
        # F_yy has lost delta F_yk once.
        out[..., in_f[-1, -1]] += delta * (delta * row[..., k] - row[..., -1])
        out[..., in_f[k]] = 0.0
    return out.reshape(len(lag), -1)


def factor_reduced(problem: LinearPart, values: Values, f: Array) -> ReducedFactor:
    """Eliminate unshared cells, assemble the remaining equations, and factor them (5 to 7).

    Local coefficients are few, so that ``A_gg - A_gl A_ll^-1 A_lg`` is one product over all blocks
    and needs no Cholesky of the border in each.

    Parameters
    ----------
    problem : LinearPart
        With `reduced`.
    f : ndarray (B, G J (J + 1) / 2)
        Lower triangles of F; B = 1 if they are the same at every point.

    Raises
    ------
    LinAlgError
        If a matrix of any point is not positive definite.
    """
    layout = problem.reduced
    assert layout is not None
    n_points, (n_blocks, n_local) = len(values), layout.local.shape
    n_border = layout.n_border
    # Points last for sparse products, points first for stacks of matrices.
    squares = np.take(f.T, layout.take, axis=0).T
    squares = np.array(np.broadcast_to(squares, (n_points, squares.shape[1])), order="C")
    eliminations = _eliminations(problem, layout.buckets, values, squares)
    log_det = sum((e.log_det for e in eliminations if e is not None), np.zeros(n_points))
    # A = sum_g X_g'F_g X_g on other locals and dummies: rows [A_bb A_bg] of each block, then A_gg.
    precision = np.ascontiguousarray((layout.map2 @ np.ascontiguousarray(squares.T)).T)
    cut = n_blocks * n_local * (n_local + n_border)
    # (B, block, local, local + border) and (B, border, border).
    rows = precision[:, :cut].reshape(n_points, n_blocks, n_local, n_local + n_border)
    schur = precision[:, cut:].reshape(n_points, n_border, n_border)
    schur = np.tril(schur) + np.tril(schur, -1).swapaxes(-1, -2)
    diagonal = np.arange(n_local)
    inner = rows[..., :n_local].copy()
    inner[..., diagonal, diagonal] += problem.prior_precision(values, layout.local_scale)
    lower = cholesky(inner)
    cross_root = half_solve(lower, rows[..., n_local:])  # H_b = L_b^-1 A_bg
    stacked = cross_root.reshape(n_points, -1, n_border)
    # C_0'(A_gg - sum_b H_b'H_b) C_0: the Schur complement, from dummies to coefficients (b, c).
    schur = schur - stacked.swapaxes(-1, -2) @ stacked
    schur = layout.kind_loads.T @ schur @ layout.kind_loads
    shared = np.arange(problem.arrowhead.n_global)
    schur[:, shared, shared] += problem.prior_precision(values, problem.arrowhead.global_scale)
    border = cholesky(schur)
    # log|A| = sum log|F_cc + k| over groups + sum_b log|A_bb| + log|S|, S the Schur complement of
    # both on global coefficients, the outcome's row left out.
    log_det = log_det + 2.0 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=(1, 2))
    log_det = log_det + 2.0 * np.log(np.diagonal(border, axis1=1, axis2=2)[:, shared]).sum(axis=1)
    return ReducedFactor(lower, cross_root, border, eliminations, log_det)
