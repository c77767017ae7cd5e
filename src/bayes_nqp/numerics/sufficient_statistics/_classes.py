"""Cross-moments of units with one key that were observed in the same periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.sufficient_statistics._rows import (
    CHUNK,
    Rows,
    VaryingColumn,
    distinct_rows,
    units_of_each,
)


@dataclass(frozen=True, eq=False)
class UnitClass:
    """Units of one key with the same observed periods, summed up.

    Parameters
    ----------
    group : int
        Number of their key.
    units : ndarray of int (unit)
        The units.
    times : ndarray of int (m,)
        Observed periods.
    weights : ndarray (m,)
        Precision weights of these periods.
    variances : ndarray (m,)
        Known variances of the outcome in these periods, in multiples of ``s²``.
    column, position : ndarray of int (k,)
        For each packed entry the varying column (the outcome is the last) and the position
        of its period in ``times``.
    sums : ndarray (k,)
        Sums of the packed entries over units.
    cross : ndarray (k, k)
        Their cross-products, summed over units.
    loading : ndarray (m,), optional
        Loading of a member's deviation.
    own : int, default 1
        Flat coefficients of each unit.
    n : float
        Number of units that they represent.
    """

    group: int
    units: Index
    times: Index
    weights: Array
    variances: Array
    column: Index
    position: Index
    sums: Array
    cross: Array
    loading: Array | None = None
    own: int = 1
    n: float = 0.0

    @property
    def free(self) -> int:
        """Return the number of observations less flat coefficients of units."""
        return round(self.n * (self.times.size - self.own))


def reduce_rows(rows: Rows) -> list[UnitClass]:
    """Reduce observations, sorted by unit and time, to the cross-moments of their classes.

    The order of classes is independent of units' labels; units with too few observations are left
    out.
    """
    starts = np.searchsorted(rows.unit, np.arange(len(rows.key) + 1))
    lengths = np.diff(starts)
    return [
        _reduce_class(rows, units, starts, int(lengths[units[0]]))
        for units in units_of_each(rows, _class_numbers(rows))
    ]


def _class_numbers(rows: Rows) -> Index:
    """Number the classes: key, observed periods, weights, known variances, loadings."""
    n_units, n_periods = len(rows.key), rows.n_periods
    seen = np.zeros((n_units, n_periods), dtype=bool)
    seen[rows.unit, rows.time] = True
    keys = [rows.group, _number(np.packbits(seen, axis=1))]
    for values in (rows.weights, rows.variances, rows.loading):
        if values is not None:
            table = np.zeros((n_units, n_periods))
            table[rows.unit, rows.time] = values
            keys.append(_number(table))
    return distinct_rows(np.column_stack(keys))[1]


def _number(table: npt.NDArray[np.generic]) -> Index:
    flat = np.ascontiguousarray(table)
    # Rows as bytes: equal if every bit is, which is the definition of equal weights here.
    as_bytes = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    return np.asarray(np.unique(as_bytes, return_inverse=True)[1], dtype=np.int64)


def _reduce_class(rows: Rows, units: Index, starts: Index, length: int) -> UnitClass:
    first = np.arange(starts[units[0]], starts[units[0]] + length)
    times, columns = rows.time[first], rows.every_column
    # Packed entries: a column that is active in one period has one entry, other columns have m.
    active = [c.active(times) for c in columns]
    column = np.repeat(np.arange(len(columns)), [a.size for a in active]).astype(np.int64)
    position = np.concatenate(active).astype(np.int64)
    f = rows.count_of(units)
    sums, cross = np.zeros(position.size), np.zeros((position.size, position.size))
    for begin in range(0, units.size, CHUNK):
        part = slice(begin, begin + CHUNK)
        index = starts[units[part], None] + np.arange(length)
        packed = _pack(columns, index, column, position)
        sums += f[part] @ packed  # S = sum_i f_i Z_i
        cross += packed.T @ (f[part, None] * packed)  # M = sum_i f_i vec Z_i (vec Z_i)'
    weights = np.ones(length) if rows.weights is None else rows.weights[first]
    variances = np.zeros(length) if rows.variances is None else rows.variances[first]
    return UnitClass(
        int(rows.group[units[0]]), units, times, weights, variances,
        column, position, sums, cross, None if rows.loading is None else rows.loading[first],
        rows.own, float(f.sum()),
    )  # fmt: skip


def _pack(columns: Sequence[VaryingColumn], index: Index, column: Index, position: Index) -> Array:
    if len(columns) == 1:
        return columns[0].values[index]  # The outcome only, which has every period.
    out = np.empty((index.shape[0], column.size))
    for j, c in enumerate(columns):
        entries = np.flatnonzero(column == j)
        out[:, entries] = c.values[index[:, position[entries]]]
    return out


def packed_rows(rows: Rows, units: Index, like: UnitClass) -> Array:
    """Return packed entries of some units of a class (unit, entry)."""
    starts = np.searchsorted(rows.unit, units)
    index = starts[:, None] + np.arange(like.times.size)
    return _pack(rows.every_column, index, like.column, like.position)
