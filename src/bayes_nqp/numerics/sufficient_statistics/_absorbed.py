"""Normal equations of all units of a key, under independent errors of known weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.sufficient_statistics._rows import CHUNK, Rows, distinct_rows, units_of_each


@dataclass(frozen=True, eq=False)
class AbsorbedGroup:
    """All units of one key under independent errors, summed up net of their levels.

    Parameters
    ----------
    units : ndarray of int (unit)
        The units.
    normal : ndarray (J, J)
        Normal equations of periods, varying columns and the outcome.
    log_det : float
        ``log|Q| - log|1'Q1|``, summed over units.
    free : int
        Observations less units.
    """

    units: Index
    normal: Array
    log_det: float
    free: int


@dataclass(frozen=True, eq=False)
class AbsorbedLoadings:
    """Loadings of shared deviations under independent errors, by owner and group.

    Parameters
    ----------
    cluster, group : ndarray of int (entry)
        Every pair with units in it, owner by owner.
    normal : ndarray (entry, J)
        ``[Q̃d; Z'Q̃d]``, summed over these units, with d the loading of the deviation.
    inner : ndarray (entry)
        ``d'Q̃d``.
    """

    cluster: Index
    group: Index
    normal: Array
    inner: Array


def absorb_levels(rows: Rows, n_periods: int) -> list[AbsorbedGroup]:
    """Reduce observations with independent errors to the normal equations of their groups.

    With f the number of units that an entry represents, w its weights, ``W = sum w`` and
    ``z̃ = z - w'z / W`` its columns net of their weighted means, the sums are
    ``sum_i f [diag(w) - w w' / W, w z̃; (w z̃)', z̃'w z̃]``.
    They are in the order of `Rows.group`, without units observed once.
    """
    return [_absorb_group(rows, units, n_periods) for units in units_of_each(rows, rows.group)]


def _absorb_group(rows: Rows, units: Index, n_periods: int) -> AbsorbedGroup:
    columns = rows.every_column
    normal, log_det, free = np.zeros((n_periods + len(columns),) * 2), 0.0, 0.0
    for begin in range(0, units.size, CHUNK):
        part = units[begin : begin + CHUNK]
        # Observations of these units in sequence: row numbers, owners, and the start of each unit.
        first = np.searchsorted(rows.unit, part)
        lengths = np.searchsorted(rows.unit, part, side="right") - first
        starts = np.cumsum(lengths) - lengths
        index = np.arange(lengths.sum()) + np.repeat(first - starts, lengths)
        cluster, time = np.repeat(np.arange(part.size), lengths), rows.time[index]
        w = np.ones(index.size) if rows.weights is None else rows.weights[index]
        f = rows.count_of(part)
        # w of each unit by period, zero if unobserved, and W.
        table = np.zeros((part.size, n_periods))
        table[cluster, time] = w
        total = table.sum(axis=1)
        z = np.stack([c.at(time, index) for c in columns], axis=1)
        # z̃ = z - w'z / W: Q̃ 1 = 0, so that the unit's own means have no influence.
        z -= (np.add.reduceat(w[:, None] * z, starts) / total[:, None])[cluster]
        wz = (f[cluster] * w)[:, None] * z
        # sum_i f_i [diag(w) - w w'/W, .; (w z̃)', z̃'w z̃]: the upper right is filled at the end.
        normal[:n_periods, :n_periods] += np.diag(f @ table)
        normal[:n_periods, :n_periods] -= ((f / total)[:, None] * table).T @ table
        for k, values in enumerate(wz.T, n_periods):
            normal[k, :n_periods] += np.bincount(time, values, n_periods)
        normal[n_periods:, n_periods:] += z.T @ wz
        # |Q| = prod w_t and 1'Q1 = W.
        log_det += float(f[cluster] @ np.log(w) - f @ np.log(total))
        free += float(f @ (lengths - 1))
    normal[:n_periods, n_periods:] = normal[n_periods:, :n_periods].T
    return AbsorbedGroup(units, normal, log_det, round(free))


def absorb_loadings(rows: Rows, cluster: Index, n_periods: int) -> AbsorbedLoadings:
    """Reduce loadings of deviations to their part of the normal equations of groups.

    With ``d̃ = d - w'd / W``, ``Q̃d = w d̃``. ``cluster`` (unit) is the owner of a unit's
    deviation, -1 for none; units observed once are left out.
    """
    assert rows.loading is not None
    pairs = np.stack([cluster, rows.group], axis=1)
    units = np.flatnonzero((pairs >= 0).all(axis=1))
    distinct, number = distinct_rows(pairs[units])
    entry = np.full(cluster.size, -1, dtype=np.int64)
    entry[units] = number
    row = np.flatnonzero(entry[rows.unit] >= 0)
    unit, time, d = rows.unit[row], rows.time[row], rows.loading[row]
    w = np.ones(row.size) if rows.weights is None else rows.weights[row]
    # d̃ = d - w'd / W, and w d̃ = Q̃d: the part of a loading in the level is subtracted.
    total, n = np.bincount(unit, w, cluster.size), len(distinct)
    d = d - np.bincount(unit, w * d, cluster.size)[unit] / total[unit]
    # Sums over the units of each owner and group: (Q̃d)_t by period, z'Q̃d by column, d'Q̃d.
    pair, wd = entry[unit], rows.count_of(unit) * w * d
    normal = [np.bincount(pair * n_periods + time, wd, n * n_periods).reshape(n, n_periods)]
    for c in rows.every_column:
        normal.append(np.bincount(pair, c.at(time, row) * wd, n)[:, None])
    inner = np.bincount(pair, d * wd, n)
    return AbsorbedLoadings(distinct[:, 0], distinct[:, 1], np.concatenate(normal, axis=1), inner)
