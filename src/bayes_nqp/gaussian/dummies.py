"""Columns of global coefficients as dummies: one entry where a walk has many.

Step b of docs/gaussian.md, "Many cells".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack

from bayes_nqp.arrays import Array, Index

__all__ = ["as_dummies"]

_SPARE = 3
"""Kinds of slots beyond the number of columns up to which dummies stand for these columns.

Each dummy makes the border wider by a row; with more of them than this the wider border costs
what the sparser map saves.
"""


def as_dummies(columns: Array, scale: Index) -> tuple[Any, Array]:
    """Write columns C as ``D R``: dummies of kinds of slots, and what each kind has of C.

    Columns that share a scale mostly depend on one thing, as on event time, on a stratum or on a
    cohort. Slots of one kind have equal rows of these columns.

    Parameters
    ----------
    scale : ndarray of int (global)
        Number of the scale of each column.
    """
    loads, kind_loads = [], []
    for index in _joined(columns, [np.flatnonzero(scale == k) for k in np.unique(scale)]):
        kinds, kind = _kinds(columns[:, index])
        # C_index = D kinds: a one in D at each slot's kind, and the distinct rows of C_index.
        inside = np.flatnonzero(kind >= 0)
        n_entries = np.count_nonzero(columns[:, index])
        if len(kinds) <= index.size + _SPARE and inside.size < n_entries:
            place = (inside, kind[inside])
            part = csr_array((np.ones(inside.size), place), shape=(len(columns), len(kinds)))
        else:
            # As it is: D = C_index and the identity.
            part, kinds = csr_array(columns[:, index]), np.eye(index.size)
        rows = np.zeros((len(kinds), columns.shape[1]))
        rows[:, index] = kinds
        loads.append(part)
        kind_loads.append(rows)
    if not loads:
        return csr_array((len(columns), 0)), np.zeros((0, 0))
    return csr_array(hstack(loads)), np.concatenate(kind_loads)  # D, R


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
