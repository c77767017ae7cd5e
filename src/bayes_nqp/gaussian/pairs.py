"""Global columns through dummies of their distinct rows; pairs of varying columns, dense in map1.

The second is of entries ``<Q̃, M>`` of F (3), `PairedMap`; the first of X_g (5), `as_dummies`.
Columns C of global coefficients on slots mostly have few distinct rows, C_0: those of a random walk
over event time, written in its increments, have one for each event time. With U the dummies of
which row each slot has, ``C = U C_0`` and a slot has one entry in place of many (step b of
docs/gaussian.md, "Many cells").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, hstack

from bayes_nqp.arrays import Array, Index
from bayes_nqp.gaussian._small import lower_indices

_SPARE = 3
"""Kinds of slots beyond the number of columns up to which dummies stand for these columns.

Each dummy makes the border wider by a row; with more of them than this the wider border costs
what the sparser map saves.
"""


def as_dummies(columns: Array, scale: Index) -> tuple[Any, Array]:
    """Write columns C as ``U C_0``: dummies of distinct rows, and these rows.

    Columns that share a scale mostly depend on one thing, as on event time, on a stratum or on a
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
    """Different rows that are not zero, and which of them each slot has; -1 for zero."""
    rows, kind = np.unique(columns, axis=0, return_inverse=True)
    filled = rows.any(axis=1)
    number = np.where(filled, np.cumsum(filled) - 1, -1)
    return rows[filled], number[kind.ravel()]


def _joined(columns: Array, sets: list[Index]) -> list[Index]:
    """Join sets of columns that depend on one thing, so that few kinds of slots carry both."""
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
"""Pairs of columns from which their rows of map1 are dense.

Microseconds a point of map1 with 861 pairs (40 covariates and the outcome), 320 sparse and 169
dense; with 91, 41 and 25; with the outcome alone, 5 and 9.
"""


@dataclass(frozen=True, eq=False)
class PairedMap:
    """A sparse matrix with some rows in dense blocks.

    Of groups with the same slopes only the sum of their pairs of columns counts: it stands with
    the first of these groups.

    Parameters
    ----------
    rest : csr_array (row, column)
        All other rows.
    rows, columns : sequence of ndarray of int
        Where each block lies.
    """

    rest: Any
    rows: Sequence[Index]
    columns: Sequence[Index]
    blocks: Sequence[Array]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.rest.shape
        return int(rows), int(columns)

    @property
    def parts(self) -> list[Array]:
        """All that it is made of."""
        sparse = [self.rest.indptr, self.rest.indices, self.rest.data]
        return [*sparse, *self.rows, *self.columns, *self.blocks]

    @property
    def nnz(self) -> int:
        """Entries, those of dense blocks included."""
        return int(self.rest.nnz) + sum(block.size for block in self.blocks)

    @property
    def sparse(self) -> Any:
        """The same, sparse throughout."""
        out = coo_array(self.rest)
        rows, columns, data = [out.coords[0]], [out.coords[1]], [out.data]
        for row, column, block in zip(self.rows, self.columns, self.blocks, strict=True):
            rows.append(np.repeat(row, column.size))
            columns.append(np.tile(column, row.size))
            data.append(block.ravel())
        places = (np.concatenate(rows), np.concatenate(columns))
        return csr_array((np.concatenate(data), places), shape=self.shape)

    @property
    def T(self) -> PairedMap:  # noqa: N802  (as that of an array)
        """The transpose."""
        return PairedMap(self.rest.T, self.columns, self.rows, [block.T for block in self.blocks])

    def __matmul__(self, right: Array) -> Array:
        out = np.asarray(self.rest @ right)
        for rows, columns, block in zip(self.rows, self.columns, self.blocks, strict=True):
            out[rows] += block @ right[columns]
        return out


def paired(map1: Any, slopes: Sequence[tuple[int, int]], width: int, n_periods: int) -> PairedMap:
    """Sum pairs of columns over the groups of each set of slopes, in dense blocks.

    Parameters
    ----------
    slopes : sequence of (block, set of slopes)
        Of every group.
    width, n_periods : int
        J and T.
    """
    # Entries F_kl of two columns, or a column and the outcome: <Q̃, M> over periods of both.
    low = lower_indices(width)
    pairs, size = np.flatnonzero(low[1] >= n_periods), low[0].size
    number = np.full(size, -1)  # Of a pair among pairs.
    number[pairs] = np.arange(pairs.size)
    triplets = map1.tocoo()
    (row, column), data = triplets.coords, triplets.data
    group, entry = np.divmod(row, size)
    inside = number[entry] >= 0
    _, first, kind = np.unique(np.array(slopes), axis=0, return_index=True, return_inverse=True)
    # Groups of equal slopes add X_g'F_g X_g to the same entries of A: their sum is enough.
    place = kind.ravel()[group[inside]] * pairs.size + number[entry[inside]]
    shape = (first.size * pairs.size, map1.shape[1])
    sums = csr_array(coo_array((data[inside], (place, column[inside])), shape=shape))
    rows, columns, blocks = [], [], []
    for k, member in enumerate(first):
        total = sums[k * pairs.size : (k + 1) * pairs.size]
        filled = np.unique(total.indices)
        rows.append(member * size + pairs)
        columns.append(filled)
        blocks.append(np.ascontiguousarray(total[:, filled].toarray()))
    places = (row[~inside], column[~inside])
    sparse = csr_array((data[~inside], places), shape=map1.shape)
    return PairedMap(sparse, rows, columns, blocks)
