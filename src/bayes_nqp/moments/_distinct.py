"""Distinct rows of tables of codes."""

from __future__ import annotations

import numpy as np

from bayes_nqp.arrays import Index

_LARGEST = 2.0**62


def distinct_rows(codes: Index) -> tuple[Index, Index]:
    """Find the distinct rows of a table of codes, as ``np.unique`` along its first axis does.

    Codes of a row are joined to one number, since numbers sort far quicker than rows.

    Returns
    -------
    tuple of ndarray (distinct, code) and ndarray (row)
        The distinct rows in their order, and which of them each row is.
    """
    if codes.size:
        low = codes.min(axis=0)
        span = codes.max(axis=0) - low + 1
        if span.astype(float).prod() < _LARGEST:
            radix = np.concatenate([np.cumprod(span[:0:-1])[::-1], [1]])
            _, first, number = np.unique(
                (codes - low) @ radix, return_index=True, return_inverse=True
            )
            return codes[first], number
    table, number = np.unique(codes, axis=0, return_inverse=True)
    return table, number.ravel()
