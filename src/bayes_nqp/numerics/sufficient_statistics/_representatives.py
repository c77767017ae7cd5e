"""Sums over the units of classes, and a few artificial units with the same sums.

The likelihood depends on the observations of units only through sums and cross-products over those
of a class. A class may therefore be replaced by other units with the same number, means and
cross-products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import helmert

from bayes_nqp._core.arrays import Array, Index, Mask

LEVEL = -1
"""Period of an entry that contains the mean of a unit's observations."""

_ROUNDING = 1e-13
"""Share of the largest eigenvalue below which another one may be a rounding error."""
_DIGITS = 1e-14
"""Share of a column's level below which the spread between units may be a rounding error."""
_PART = 2**22
"""Number of entries of covariances that are decomposed at once."""


@dataclass(frozen=True, eq=False)
class UnitSums:
    """Sums of the observations of many units, by class.

    A unit's entries are the values of its columns in each period. The mean over its observations is
    subtracted, unless the column is used unchanged; if the mean is kept, it is a separate entry.

    Parameters
    ----------
    column, period : ndarray of int (entry)
        Contents of an entry; `LEVEL` for the mean of a unit's observations.
    seen : ndarray of bool (class, T)
        Observed periods.
    absent : ndarray of bool (class, column, T)
        True for missing values.
    n : ndarray (class)
        Number of units.
    level : ndarray (class, column)
        Mean over units of means that are not entries; otherwise zero.
    mean : ndarray (class, entry)
        Mean of the entries.
    covariance : ndarray (class, entry, entry)
        Covariance of the entries, divided by n.
    """

    column: Index
    period: Index
    seen: Mask
    absent: Mask
    n: Array
    level: Array
    mean: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class Representatives:
    """Artificial units with the sums of others.

    Parameters
    ----------
    of_class : ndarray of int (unit)
        The class that they represent together with the others of this class.
    counts : ndarray (unit)
        Number of units that each represents.
    values : ndarray (unit, column, T)
        NaN where there is no observation, or no value.
    """

    of_class: Index
    counts: Array
    values: Array


def representatives(sums: UnitSums) -> Representatives:
    """Construct units from sums: for each class one more than the rank of its covariance.

    With ``C = V diag(e) V'`` of rank r and ``z_0 ... z_r`` the corners of a simplex with mean zero
    and covariance one, ``mean + V diag(e)^1/2 z_j`` have the mean and the covariance of the class.
    They are in the affine span of its units, so that a linear relation of all units also applies to
    them.

    Returns
    -------
    Representatives
        Class by class.
    """
    parts = []
    step = max(1, _PART // max(sums.column.size, 1) ** 2)
    for start in range(0, sums.n.size, step):
        classes = np.arange(start, min(start + step, sums.n.size))
        parts.append(_points(sums, classes))
    of_class, counts, entries = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(of_class, kind="stable")
    of_class, counts, entries = of_class[order], counts[order], entries[order]
    values = np.repeat(sums.level[of_class][:, :, None], sums.seen.shape[1], axis=2)
    levels = sums.period == LEVEL
    values[:, sums.column[levels]] += entries[:, levels, None]
    values[:, sums.column[~levels], sums.period[~levels]] += entries[:, ~levels]
    values[np.broadcast_to(~sums.seen[of_class][:, None], values.shape)] = np.nan
    values[sums.absent[of_class]] = np.nan
    return Representatives(of_class, counts, values)


def _points(sums: UnitSums, classes: Index) -> tuple[Index, Array, Array]:
    """Return classes of points, the number that each represents, and their entries."""
    c, n = sums.covariance[classes], sums.n[classes]
    # Correlations, because columns and periods differ in scale.
    s = np.sqrt(np.maximum(np.einsum("gii->gi", c), 0.0))
    reach = np.zeros_like(sums.level[classes])
    for k in range(reach.shape[1]):
        reach[:, k] = np.abs(sums.mean[classes][:, sums.column == k]).max(axis=1)
    s[s < _DIGITS * (reach + np.abs(sums.level[classes]))[:, sums.column]] = 0.0
    inverse = np.where(s > 0.0, 1.0 / np.where(s > 0.0, s, 1.0), 0.0)
    size, vectors = np.linalg.eigh(c * inverse[:, :, None] * inverse[:, None, :])
    size, vectors = size[:, ::-1], vectors[:, :, ::-1]
    largest = np.maximum(size[:, :1], np.finfo(float).tiny)
    rank = np.minimum((size > _ROUNDING * largest).sum(axis=1), np.maximum(np.rint(n) - 1, 0))
    out = []
    for r in np.unique(rank).astype(int):
        at = np.flatnonzero(rank == r)
        root = vectors[at, :, :r] * np.sqrt(size[at, None, :r]) * s[at, :, None]
        # r + 1 points in r dimensions with mean zero and covariance one.
        corners = helmert(r + 1).T * np.sqrt(r + 1.0)
        points = sums.mean[classes[at], None] + corners @ root.swapaxes(1, 2)
        out.append(
            (np.repeat(classes[at], r + 1), np.repeat(n[at] / (r + 1), r + 1),
             points.reshape(-1, sums.column.size))
        )  # fmt: skip
    of_class, counts, entries = (np.concatenate(part) for part in zip(*out, strict=True))
    return of_class, counts, entries
