"""The layout of normal equations: loadings of groups' periods and columns on coefficients (5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_diag, coo_array, csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._sparse import from_triplets
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_places
from bayes_nqp.numerics.linear_gaussian.path_laws import Placement
from bayes_nqp.numerics.linear_gaussian.problem_spec import Block, Group, Problem
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Arrowhead

_REMEMBERED = 8
"""Cached layouts: refits to other outcomes, or to permuted cohorts, share theirs."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions of coefficients, independent of the data.

    Parameters
    ----------
    block_of : sequence of int
        Block of every group.
    """

    arrowhead: Arrowhead
    block_of: Sequence[int]

    @cached_property
    def loads(self) -> Sequence[Any]:
        """Return ``X_g``: loadings of each group on coefficients and outcome, csr_arrays (J, n)."""
        x, n = self.arrowhead.group_loads, self.arrowhead.size
        width = x.shape[0] // len(self.block_of)
        return [
            csr_array(x[g * width : (g + 1) * width, block * n : (block + 1) * n])
            for g, block in enumerate(self.block_of)
        ]


@dataclass(frozen=True)
class _Statement:
    """All inputs of a layout, equal if their digests are."""

    digest: bytes
    n_periods: int = field(compare=False)
    n_columns: int = field(compare=False)
    global_scale: Index = field(compare=False)
    blocks: Sequence[Block] = field(compare=False)
    groups: Sequence[Group] = field(compare=False)
    placement: Placement = field(compare=False)


def layout_of(problem: Problem) -> Layout:
    """Build a layout, or take that of a problem with the same blocks and groups."""
    sizes = (problem.n_periods, problem.n_columns, len(problem.blocks), len(problem.groups))
    # X_g and map2 depend only on these, neither on outcomes nor on weights.
    seal = sha256(repr(sizes).encode())
    arrays: list[npt.NDArray[Any]] = [problem.global_scale]
    for block in problem.blocks:
        arrays += [
            np.array([block.n_levels, block.n_cells, *block.columns.shape]),
            block.columns,
            block.local_position, block.local_scale,
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
    """Build ``X_g`` of every group, map2, and the scale of every coefficient."""
    blocks, block_of = statement.blocks, [group.block for group in statement.groups]
    # Local coefficients of a block, then padding up to those of the largest, then values of paths.
    n_values = statement.placement.most * statement.n_periods
    n_local = max((b.local_position.size for b in blocks), default=0) + n_values
    local = np.full((len(blocks), n_local), PADDING)
    for b, block in enumerate(blocks):
        # Values of processes keep PADDING, like unused entries: they are not coefficients.
        local[b, : block.local_position.size] = block.local_scale
    # X_g = (rows of the group on slots) (slots of its block on coefficients), stacked.
    of_block = [_loadings(b, n_local, n_values) for b in blocks]
    entries = list(_position_entries(statement))
    width = statement.n_periods + statement.n_columns + 1
    starts = np.cumsum([0, *(x.shape[0] for x in of_block)])
    positions = from_triplets(
        [g * width + row for g, (_, row, _) in enumerate(entries)],
        [starts[block] + position for block, _, position in entries],
        [np.ones(row.size) for _, row, _ in entries],
        (len(entries) * width, int(starts[-1])),
    )
    loads = csr_array(positions @ block_diag(of_block, format="csr"))
    loads.sort_indices()
    size = loads.shape[1] // len(blocks)
    map2, stored = _quadratic(_by_group(loads, block_of, size), (width, size), len(blocks))
    arrowhead = Arrowhead(
        map2, stored, local, np.asarray(statement.global_scale), 1, loads,
        # Slots of all blocks, without values of processes and the outcome.
        block_diag([x[: -1 - n_values] for x in of_block], format="csr"), n_values,
        statement.placement.apart * statement.n_periods, statement.n_periods,
    )  # fmt: skip
    return Layout(arrowhead, block_of)


def positions_of_groups(problem: Problem | _Statement) -> list[tuple[int, Any]]:
    """Return loadings of each group's periods, columns and outcome on the slots of its block.

    Values of the block's processes follow its slots.

    Returns
    -------
    list of (int, csr_array (J, slot + 1))
        Number of the block, and the loadings; the outcome last.
    """
    width, n_values = problem.n_periods + problem.n_columns + 1, problem.placement.most
    out = []
    for block, row, position in _position_entries(problem):
        size = problem.blocks[block].columns.shape[0] + n_values * problem.n_periods
        ones = coo_array((np.ones(row.size), (row, position)), shape=(width, size + 1))
        out.append((block, csr_array(ones)))
    return out


def _position_entries(problem: Problem | _Statement) -> Iterator[tuple[int, Index, Index]]:
    """Return the block of each group, and rows and slots of loadings equal to one."""
    n_periods, n_columns = problem.n_periods, problem.n_columns
    periods, n_values = np.arange(n_periods), problem.placement.most * n_periods
    for group, processes in zip(problem.groups, problem.placement.of_group, strict=True):
        block = problem.blocks[group.block]
        # Slots of a block: levels × T, cells, sets × K, paths × T, then values of processes × T.
        base, size = block.n_levels * n_periods, block.columns.shape[0]
        inside = np.flatnonzero(group.cells >= 0)
        # Ones: row t on its level's time effect and cell, column k on its slope, y on the outcome.
        slope = base + block.n_cells + group.slopes * n_columns
        rows = [periods, inside, n_periods + np.arange(n_columns + 1)]
        places = [group.level * n_periods + periods, base + group.cells[inside],
                  np.append(slope + np.arange(n_columns), size + n_values)]  # fmt: skip
        common = base + block.n_cells + block.n_slopes * n_columns
        rows += [periods] * (len(group.paths) + len(processes))
        places += [common + k * n_periods + periods for k in group.paths]
        places += [size + k * n_periods + periods for k in processes]
        yield group.block, np.concatenate(rows), np.concatenate(places)


def _loadings(block: Block, n_local: int, n_values: int) -> Any:
    """Return loadings of slots, values of processes and the outcome of a block on coefficients.

    Values of processes are the last of the local coefficients.
    """
    positions, n_global = block.columns.shape
    rows, columns = np.nonzero(block.columns)
    # (slot, value, outcome) by (local, value, global, outcome): [I 0 C 0; 0 I 0 0; 0 0 0 1].
    local, values = np.arange(block.local_position.size), np.arange(n_values)
    ones = np.ones(local.size + values.size)
    return csr_array(
        (
            np.concatenate([ones, block.columns[rows, columns], [1.0]]),
            (
                np.concatenate(
                    [block.local_position, positions + values, rows, [positions + n_values]]
                ),
                np.concatenate(
                    [local, n_local - n_values + values, n_local + columns, [n_local + n_global]]
                ),
            ),
        ),
        shape=(positions + n_values + 1, n_local + n_global + 1),
    )


def quadratic_map(
    loads: Sequence[Any], block_of: Sequence[int], n_blocks: int
) -> tuple[Any, Index]:
    """Build ``vec A = map2 vec F``, ``A_b = sum_g X_g' F_g X_g`` over the groups of a block (5).

    Parameters
    ----------
    loads : sequence of csr_array (J, n)
        ``X_g`` of every group.
    block_of : sequence of int
        Block of every group.

    Returns
    -------
    tuple of csr_array (stored, G J (J + 1) / 2) and ndarray of int (stored)
        The second are positions of the stored entries in (block, n, n).
    """
    width, n = loads[0].shape
    parts = [x.tocoo() for x in loads]
    entries = [(b, *x.coords, x.data) for b, x in zip(block_of, parts, strict=True)]
    return _quadratic(entries, (width, n), n_blocks)


type _Entries = tuple[int, Index, Index, Array]
"""For one group: its block, and rows, coefficients and values of the nonzero ``X_g``."""


def _by_group(loads: Any, block_of: Sequence[int], n: int) -> Iterator[_Entries]:
    """Return entries of every group, from all stacked ``X_g`` (G J, block n)."""
    width = loads.shape[0] // len(block_of)
    counts = np.diff(loads.indptr)
    for g, block in enumerate(block_of):
        part = slice(loads.indptr[g * width], loads.indptr[(g + 1) * width])
        row = np.repeat(np.arange(width), counts[g * width : (g + 1) * width])
        yield block, row, loads.indices[part].astype(np.int64) - block * n, loads.data[part]


def _quadratic(
    entries: Iterable[_Entries], shape: tuple[int, int], n_blocks: int
) -> tuple[Any, Index]:
    """Return map2 and the stored entries of A, from entries of every ``X_g`` (J, n)."""
    width, n = shape
    # (A_b)_ij = sum_g sum_pr X_pi F_pr X_rj: every pair of entries of X_g contributes to map2.
    in_f = lower_places(width).ravel()
    size_f = width * (width + 1) // 2
    rows, columns, values = [], [], []
    for g, (block, row, coefficient, entry) in enumerate(entries):
        # Pairs of entries of X_g: coefficients (low, high) from periods and columns (p, r).
        first, second = np.nonzero(coefficient[:, None] >= coefficient)
        rows.append(block * n * n + coefficient[first] * n + coefficient[second])
        columns.append(g * size_f + in_f[row[first] * width + row[second]])
        values.append(entry[first] * entry[second])
    # i >= j is the lower triangle of A_b; only the lower triangle of the symmetric F is stored.
    full = from_triplets(rows, columns, values, (n_blocks * n * n, len(rows) * size_f))
    # Entries of A without any F are zero at every point; the diagonal also has the prior.
    diagonal = np.arange(n_blocks)[:, None] * n * n + np.arange(n) * (n + 1)
    stored = np.union1d(np.flatnonzero(np.diff(full.indptr)), diagonal.ravel())
    return csr_array(full[stored]), stored
