"""Strata connected by shared coefficients, and periods connected by units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import qr
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.numerics.sufficient_statistics import Rows


def block_of_strata(
    frame: PanelCodes, *, local_time: bool, unit_effects: bool, clusters: Sequence[Index] = ()
) -> Index:
    """Number the blocks of strata that share time effects, members or processes (stratum).

    ``local_time`` is True if time effects belong to blocks, ``unit_effects`` if members contain
    several units. Owners (unit) give the path of each process that a unit has, -1 for none.
    """
    n = int(frame.stratum_levels.shape[0])
    every = [frame.level] * local_time + [
        np.where(frame.cohort >= 0, frame.unit_effect, -1)
    ] * unit_effects
    a, b, size = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)], n
    for owner in (*every, *clusters):
        shared = np.flatnonzero(owner >= 0)
        a.append(frame.stratum[shared])
        b.append(owner[shared] + size)
        size += int(owner.max()) + 1
    component = components(np.concatenate(a), np.concatenate(b), size)[:n]
    return np.unique(component, return_inverse=True)[1].astype(np.int64)


def components(a: Index, b: Index, size: int) -> Index:
    """Number the components connected by links from a to b (node)."""
    graph = coo_matrix((np.ones(a.size, dtype=np.int8), (a, b)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def free_times(
    rows: Rows, level: Index, n_levels: int, n_periods: int, series: Array | None = None
) -> tuple[Index, Index]:
    """Return level × period of all time effects, and those without the references.

    One reference is left out for every set of periods connected by units. If every unit has its own
    coefficients on ``series`` (T, k), these absorb the projection of time effects on them. As many
    further references are then left out, such that no series vanishes on all of these.
    """
    repeated = rows.group[rows.unit] >= 0
    unit = rows.unit[repeated]
    second = level[unit] * n_periods + rows.time[repeated]
    first = second[np.searchsorted(unit, unit)]
    component = components(first, second, n_levels * n_periods)
    seen = np.unique(second)
    _, reference, number = np.unique(component[seen], return_index=True, return_inverse=True)
    if series is not None:
        columns = np.column_stack([np.ones(n_periods), series])[seen % n_periods]
        inside = [np.flatnonzero(number == k) for k in range(reference.size)]
        # Rows of a table that span it, the largest first.
        order = [qr(columns[at].T, mode="r", pivoting=True)[1] for at in inside]
        spanning = [at[k[: columns.shape[1]]] for at, k in zip(inside, order, strict=True)]
        reference = np.concatenate(spanning)
    return seen, np.delete(seen, reference)
