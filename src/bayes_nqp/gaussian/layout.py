"""How groups' periods and columns load on coefficients: the layout of normal equations (5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_diag, coo_array, csr_array

from bayes_nqp.arrays import Index
from bayes_nqp.gaussian._small import lower_places
from bayes_nqp.gaussian._sparse import from_triplets, under
from bayes_nqp.gaussian.path_laws import Placement
from bayes_nqp.gaussian.statement import Block, Group, Problem
from bayes_nqp.gaussian.types import PADDING, Arrowhead

_REMEMBERED = 8
"""Layouts that are held: refits to other outcomes, or to cohorts dealt anew, share theirs."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Where coefficients stand, whatever the rows say of them.

    Parameters
    ----------
    loads : sequence of csr_array (J, n)
        ``X_g``: how periods, columns and outcome of each group load on coefficients and outcome.
    """

    loads: Sequence[Any]
    arrowhead: Arrowhead


@dataclass(frozen=True)
class _Statement:
    """All that a layout depends on, equal where its digest is."""

    digest: bytes
    n_periods: int = field(compare=False)
    n_columns: int = field(compare=False)
    global_scale: Index = field(compare=False)
    blocks: Sequence[Block] = field(compare=False)
    groups: Sequence[Group] = field(compare=False)
    placement: Placement = field(compare=False)


def layout_of(problem: Problem) -> Layout:
    """Lay coefficients out, or take the layout of a problem with the same blocks and groups."""
    sizes = (problem.n_periods, problem.n_columns, len(problem.blocks), len(problem.groups))
    # X_g and map2 follow from these alone, neither from outcomes nor from weights.
    seal = sha256(repr(sizes).encode())
    arrays: list[npt.NDArray[Any]] = [problem.global_scale]
    for block in problem.blocks:
        arrays += [
            np.array([block.n_levels, block.n_cells, *block.columns.shape]),
            block.columns,
            block.local_slot, block.local_scale,
        ]  # fmt: skip
    for group in problem.groups:
        arrays += [np.array([group.block, group.level, group.slopes]), group.cells]
    placement = problem.placement
    paths = [group.paths for group in problem.groups]
    seal.update(repr((placement.shared, placement.apart, placement.of_group, paths)).encode())
    for array in arrays:
        seal.update(np.ascontiguousarray(array))
    statement = _Statement(
        seal.digest(), problem.n_periods, problem.n_columns, problem.global_scale,
        problem.blocks, problem.groups, placement,
    )  # fmt: skip
    return _laid_out(statement)


@lru_cache(maxsize=_REMEMBERED)
def _laid_out(statement: _Statement) -> Layout:
    """``X_g`` of every group, map2, and the scale of every coefficient."""
    blocks, block_of = statement.blocks, [group.block for group in statement.groups]
    # Local coefficients of a block, then padding up to those of the largest, then values of paths.
    n_values = statement.placement.most * statement.n_periods
    n_local = max((b.local_slot.size for b in blocks), default=0) + n_values
    local = np.full((len(blocks), n_local), PADDING)
    for b, block in enumerate(blocks):
        # Values of processes, as padding, keep PADDING: they are no coefficients.
        local[b, : block.local_slot.size] = block.local_scale
    # X_g = (rows of the group on slots) (slots of its block on coefficients): (J, n).
    of_block = [_loadings(b, n_local, n_values) for b in blocks]
    loads = [csr_array(x @ of_block[block]) for block, x in slots_of_groups(statement)]
    map2, stored = quadratic_map(loads, block_of, len(blocks))
    arrowhead = Arrowhead(
        map2, stored, local, np.asarray(statement.global_scale), 1,
        under(loads, block_of, len(blocks)),
        # Slots of all blocks, without values of processes and the outcome.
        block_diag([x[: -1 - n_values] for x in of_block], format="csr"), n_values,
        statement.placement.apart * statement.n_periods, statement.n_periods,
    )  # fmt: skip
    return Layout(loads, arrowhead)


def slots_of_groups(problem: Problem | _Statement) -> list[tuple[int, Any]]:
    """How periods, columns and outcome of each group load on the slots of its block.

    Values of the block's processes follow its slots.

    Returns
    -------
    list of (int, csr_array (J, slot + 1))
        Number of the block, and the loadings; the outcome last.
    """
    n_periods, n_columns = problem.n_periods, problem.n_columns
    periods, n_values = np.arange(n_periods), problem.placement.most * n_periods
    out = []
    for group, processes in zip(problem.groups, problem.placement.of_group, strict=True):
        block = problem.blocks[group.block]
        # Slots of a block: levels × T, cells, sets × K, paths × T, then values of processes × T.
        base, size = block.n_levels * n_periods, block.columns.shape[0]
        inside = np.flatnonzero(group.cells >= 0)
        # Ones: row t on its level's time effect and cell, column k on its slope, y on the outcome.
        slope = base + block.n_cells + group.slopes * n_columns
        rows = [periods, inside, n_periods + np.arange(n_columns + 1)]
        places = [group.level * n_periods + periods, base + group.cells[inside],
                  np.r_[slope : slope + n_columns, size + n_values]]  # fmt: skip
        common = base + block.n_cells + block.n_slopes * n_columns
        rows += [periods] * (len(group.paths) + len(processes))
        places += [common + k * n_periods + periods for k in group.paths]
        places += [size + k * n_periods + periods for k in processes]
        row, slot = np.concatenate(rows), np.concatenate(places)
        shape = (n_periods + n_columns + 1, size + n_values + 1)
        ones = coo_array((np.ones(row.size), (row, slot)), shape=shape)
        out.append((group.block, csr_array(ones)))
    return out


def _loadings(block: Block, n_local: int, n_values: int) -> Any:
    """How slots of a block, values of its processes and the outcome load on coefficients.

    Values of processes stand at the end of the local ones.
    """
    slots, n_global = block.columns.shape
    rows, columns = np.nonzero(block.columns)
    # (slot, value, outcome) by (local, value, global, outcome): [I 0 C 0; 0 I 0 0; 0 0 0 1].
    local, values = np.arange(block.local_slot.size), np.arange(n_values)
    ones = np.ones(local.size + values.size)
    return csr_array(
        (
            np.concatenate([ones, block.columns[rows, columns], [1.0]]),
            (
                np.concatenate([block.local_slot, slots + values, rows, [slots + n_values]]),
                np.concatenate(
                    [local, n_local - n_values + values, n_local + columns, [n_local + n_global]]
                ),
            ),
        ),
        shape=(slots + n_values + 1, n_local + n_global + 1),
    )


def quadratic_map(
    loads: Sequence[Any], block_of: Sequence[int], n_blocks: int
) -> tuple[Any, Index]:
    """``vec A = map2 vec F``, ``A_b = sum_g X_g' F_g X_g`` over the groups of a block (5).

    Parameters
    ----------
    loads : sequence of csr_array (J, n)
        ``X_g`` of every group.
    block_of : sequence of int
        Block of every group.

    Returns
    -------
    tuple of csr_array (stored, G J (J + 1) / 2) and ndarray of int (stored)
        And where the stored entries lie in (block, n, n).
    """
    width, n = loads[0].shape
    # (A_b)_ij = sum_g sum_pr X_pi F_pr X_rj: every pair of entries of X_g adds to map2.
    in_f = lower_places(width).ravel()
    size_f = width * (width + 1) // 2
    rows, columns, values = [], [], []
    for g, (x, block) in enumerate(zip(loads, block_of, strict=True)):
        entry = x.tocoo()
        row, coefficient = entry.coords
        # Pairs of entries of X_g: coefficients (low, high) from periods and columns (p, r).
        first, second = np.nonzero(coefficient[:, None] >= coefficient)
        rows.append(block * n * n + coefficient[first] * n + coefficient[second])
        columns.append(g * size_f + in_f[row[first] * width + row[second]])
        values.append(entry.data[first] * entry.data[second])
    # i >= j are the lower triangle of A_b; of F_pr, symmetric, the lower triangle is held.
    full = from_triplets(rows, columns, values, (n_blocks * n * n, len(loads) * size_f))
    # Entries of A that no F reaches are zero at every point; the diagonal has the prior besides.
    diagonal = np.arange(n_blocks)[:, None] * n * n + np.arange(n) * (n + 1)
    stored = np.union1d(np.flatnonzero(np.diff(full.indptr)), diagonal.ravel())
    return csr_array(full[stored]), stored
