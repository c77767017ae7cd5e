"""Sparse matrices from their entries, and from blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, get_index_dtype


def from_triplets(
    rows: Sequence[npt.NDArray[Any]],
    columns: Sequence[npt.NDArray[Any]],
    values: Sequence[npt.NDArray[Any]],
    shape: tuple[int, int],
) -> Any:
    """Sum triplets into a sparse matrix, with indices of 32 bits if possible, which are faster."""
    kind = get_index_dtype(maxval=max(*shape, sum(map(len, values))))
    places = (np.concatenate(rows, dtype=kind), np.concatenate(columns, dtype=kind))
    out = csr_array(coo_array((np.concatenate(values), places), shape=shape))
    out.sum_duplicates()
    return out


def under(loads: Sequence[Any], block_of: Sequence[int], n_blocks: int) -> Any:
    """Stack loadings of groups, in the columns of their blocks."""
    # Group g's rows (J) have entries only in the n columns of its block: (G J, block n).
    n = loads[0].shape[1]
    parts = [x.tocoo() for x in loads]
    starts = np.cumsum([0, *(x.shape[0] for x in loads)])
    return from_triplets(
        [start + x.coords[0] for start, x in zip(starts, parts, strict=False)],
        [block * n + x.coords[1] for block, x in zip(block_of, parts, strict=True)],
        [x.data for x in parts],
        (int(starts[-1]), n_blocks * n),
    )


def product(loads: Any, flat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Multiply a sparse matrix with (B, column, times), to (B, row, times)."""
    n_points, _, times = flat.shape
    # Points and times side by side as columns: one sparse product for all.
    out = loads @ flat.transpose(1, 0, 2).reshape(flat.shape[1], -1)
    return np.asarray(out).reshape(-1, n_points, times).transpose(1, 0, 2)
