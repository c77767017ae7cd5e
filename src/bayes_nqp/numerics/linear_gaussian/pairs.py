"""Global columns through dummies of their distinct rows; pairs of varying columns, dense in map1.

The second are entries ``<Q̃, M>`` of F (3), `PairedMap`; the first are part of X_g (5),
`as_dummies`. Columns C of global coefficients on slots mostly have few distinct rows, C_0: those of
a random walk over event time, written in its increments, have one for each event time. With U the
dummies for the row of each slot, ``C = U C_0`` and a slot has one entry instead of many (step b of
docs/gaussian.md, "Many cells").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices
from bayes_nqp.numerics.linear_gaussian.class_maps import ClassTypes
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem

_SPARE = 3
"""Largest excess of kinds of slots over columns for which dummies replace these columns.

Each dummy makes the border wider by a row; with more of them than this the wider border costs
what the sparser map saves.
"""


def as_dummies(columns: Array, scale: Index) -> tuple[Any, Array]:
    """Write columns C as ``U C_0``: dummies of distinct rows, and these rows.

    Columns that share a scale mostly depend on one variable, such as event time, a stratum or a
    cohort.

    Parameters
    ----------
    scale : ndarray of int (global)
        Number of the scale of each column.
    """
    loads, kind_loads = [], []
    for index in _joined(columns, [np.flatnonzero(scale == k) for k in np.unique(scale)]):
        kinds, kind = _kinds(columns[:, index])
        # C_index = U kinds: a one in U at each slot's row, and the distinct rows of C_index.
        inside = np.flatnonzero(kind >= 0)
        n_entries = np.count_nonzero(columns[:, index])
        if len(kinds) <= index.size + _SPARE and inside.size < n_entries:
            place = (inside, kind[inside])
            part = csr_array((np.ones(inside.size), place), shape=(len(columns), len(kinds)))
        else:
            # As it is: U = C_index and the identity.
            part, kinds = csr_array(columns[:, index]), np.eye(index.size)
        rows = np.zeros((len(kinds), columns.shape[1]))
        rows[:, index] = kinds
        loads.append(part)
        kind_loads.append(rows)
    if not loads:
        return csr_array((len(columns), 0)), np.zeros((0, 0))
    return csr_array(hstack(loads)), np.concatenate(kind_loads)  # U, C_0


def _kinds(columns: Array) -> tuple[Array, Index]:
    """Return distinct nonzero rows, and their number for each slot; -1 for zero."""
    rows, kind = np.unique(columns, axis=0, return_inverse=True)
    filled = rows.any(axis=1)
    number = np.where(filled, np.cumsum(filled) - 1, -1)
    return rows[filled], number[kind.ravel()]


def _joined(columns: Array, sets: list[Index]) -> list[Index]:
    """Join sets of columns that depend on one variable, so that few kinds of slots have both."""
    out: list[Index] = []
    for index in sets:
        for k, other in enumerate(out):
            union = np.concatenate([other, index])
            if len(_kinds(columns[:, union])[0]) <= union.size + _SPARE:
                out[k] = union
                break
        else:
            out.append(index)
    return out


MANY_PAIRS = 50
"""Number of pairs of columns above which their rows of map1 are dense.

Microseconds a point of map1 with 861 pairs (40 covariates and the outcome), 320 sparse and 169
dense; with 91, 41 and 25; with the outcome alone, 5 and 9.
"""


@dataclass(frozen=True, eq=False)
class PairedMap:
    """A sparse matrix with some rows in dense blocks.

    For groups with the same slopes only the sum of their pairs of columns matters: it is stored
    with the first of these groups.

    Parameters
    ----------
    remainder : csr_array (row, column)
        All other rows.
    rows, columns : sequence of ndarray of int
        Positions of each block.
    """

    remainder: Any
    rows: Sequence[Index]
    columns: Sequence[Index]
    blocks: Sequence[Array]

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of rows and columns."""
        rows, columns = self.remainder.shape
        return int(rows), int(columns)

    @property
    def parts(self) -> list[Array]:
        """Return all parts."""
        sparse = [self.remainder.indptr, self.remainder.indices, self.remainder.data]
        return [*sparse, *self.rows, *self.columns, *self.blocks]

    @property
    def nnz(self) -> int:
        """Return the number of entries, those of dense blocks included."""
        return int(self.remainder.nnz) + sum(block.size for block in self.blocks)

    @property
    def sparse(self) -> Any:
        """Return the same matrix in sparse form."""
        out = coo_array(self.remainder)
        rows, columns, data = [out.coords[0]], [out.coords[1]], [out.data]
        for row, column, block in zip(self.rows, self.columns, self.blocks, strict=True):
            rows.append(np.repeat(row, column.size))
            columns.append(np.tile(column, row.size))
            data.append(block.ravel())
        places = (np.concatenate(rows), np.concatenate(columns))
        return csr_array((np.concatenate(data), places), shape=self.shape)

    @property
    def T(self) -> PairedMap:  # noqa: N802  (as that of an array)
        """Return the transpose."""
        return PairedMap(
            self.remainder.T, self.columns, self.rows, [block.T for block in self.blocks]
        )

    def __matmul__(self, right: Array) -> Array:
        out = np.asarray(self.remainder @ right)
        for rows, columns, block in zip(self.rows, self.columns, self.blocks, strict=True):
            out[rows] += block @ right[columns]
        return out


def paired(problem: Problem, types: ClassTypes, remainder: Any) -> PairedMap:
    """Sum pairs of columns over the groups of each set of slopes, in dense blocks.

    Parameters
    ----------
    remainder : csr_array
        map1 without pairs of columns.
    """
    size, n_columns = problem.n_periods, problem.n_columns + 1
    # Entries F_kl of two columns, or a column and the outcome, in the triangle of a group.
    low = lower_indices(size + n_columns)
    pairs = np.flatnonzero(low[1] >= size)
    slopes = np.array([(group.block, group.slopes) for group in problem.groups])
    # Groups with equal slopes add X_g'F_g X_g to the same entries of A: their sum is sufficient.
    _, first, kind = np.unique(slopes, axis=0, return_index=True, return_inverse=True)
    sums: list[dict[int, Array]] = [{} for _ in first]
    for c, of_type in zip(problem.classes, types.type_of.tolist(), strict=True):
        place = c.times[c.position] * n_columns + c.column
        total = sums[kind.ravel()[c.group]].setdefault(of_type, np.zeros((size * n_columns,) * 2))
        total[place[:, None], place] += c.cross
    rows, columns, blocks = [], [], []
    for member, by_type in zip(first, sums, strict=True):
        parts = [_of_lower(by_type[h], size) for h in sorted(by_type)]
        filled = [np.flatnonzero(part.any(axis=0)) for part in parts]
        starts = [h * (size * (size + 1) // 2) for h in sorted(by_type)]
        rows.append(member * low[0].size + pairs)
        columns.append(np.concatenate([a + x for a, x in zip(starts, filled, strict=True)]))
        pieces = [part[:, x] for part, x in zip(parts, filled, strict=True)]
        blocks.append(np.concatenate(pieces, axis=1))
    return PairedMap(remainder, rows, columns, blocks)


def _of_lower(m: Array, n_periods: int) -> Array:
    """Compute ``<Q̃, M_kl>`` of pairs of columns (pair, entry) from M_tk,ul and Q̃."""
    m = m.reshape(n_periods, -1, n_periods, len(m) // n_periods)
    (t, u), (k, second) = lower_indices(n_periods), lower_indices(m.shape[1])
    k, second = k[:, None], second[:, None]
    # The triangle has one entry for (t, u) and (u, t).
    return np.asarray(m[t, k, u, second] + np.where(t == u, 0.0, m[u, k, t, second]))
