"""Pairs of columns by dense products: what many covariates add to normal equations (3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp.arrays import Array, Index

__all__ = ["MANY_PAIRS", "PairedMap", "paired"]

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

    def __matmul__(self, right: Array) -> Array:
        out = np.asarray(self.rest @ right)
        for rows, columns, block in zip(self.rows, self.columns, self.blocks, strict=True):
            out[rows] = block @ right[columns]
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
    low = np.tril_indices(width)
    pairs, size = np.flatnonzero(low[1] >= n_periods), low[0].size
    every = np.arange(len(slopes))[:, None] * size + pairs
    triplets = map1.tocoo()
    outside = ~np.isin(triplets.coords[0], every)
    places = (triplets.coords[0][outside], triplets.coords[1][outside])
    rows, columns, blocks = [], [], []
    numbers = np.unique(np.array(slopes), axis=0, return_inverse=True)[1].ravel()
    for number in range(int(numbers.max(initial=-1)) + 1):
        members = np.flatnonzero(numbers == number)
        # Groups of equal slopes add X_g'F_g X_g to the same entries of A: their sum is enough.
        total = sum(map1[every[g]] for g in members)
        column = np.unique(total.indices)
        rows.append(every[members[0]])
        columns.append(column)
        blocks.append(np.ascontiguousarray(total[:, column].toarray()))
    sparse = csr_array((triplets.data[outside], places), shape=map1.shape)
    return PairedMap(sparse, rows, columns, blocks)
