"""Observations of a panel before they are summed up, and the groups of their units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index

_LARGEST = 2.0**62


def distinct_rows(codes: Index) -> tuple[Index, Index]:
    """Find the distinct rows of a table of codes, as ``np.unique`` does along its first axis.

    Codes of a row are joined to one number, because sorting numbers is much faster than sorting
    rows.

    Returns
    -------
    tuple of ndarray (distinct, code) and ndarray (row)
        The distinct rows in their order, and the index of each row among them.
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


CHUNK = 50_000
"""Units processed at once."""


@dataclass(frozen=True, eq=False)
class VaryingColumn:
    """One column that varies between the units of a class.

    Parameters
    ----------
    name : str
        Its label.
    values : ndarray (row)
        Its values.
    period : int, optional
        The only period in which it is not zero; None if it is active in all.
    """

    name: str
    values: Array
    period: int | None = None

    def active(self, time: Index) -> Index:
        """Return positions among some periods at which it is not zero by design."""
        return np.arange(time.size) if self.period is None else np.flatnonzero(time == self.period)

    def at(self, time: Index, rows: Index | slice = slice(None)) -> Array:
        """Return values in some observations of these periods (row)."""
        values = self.values[rows]
        return values if self.period is None else np.where(time == self.period, values, 0.0)


@dataclass(frozen=True, eq=False)
class Rows:
    """The observations of a panel, sorted by unit and time, as input of the reduction.

    Parameters
    ----------
    unit, time : ndarray of int (row)
        Codes; units are 0..n-1, in order.
    key : ndarray (unit, ...)
        Units of equal keys have the same coefficients in every period. Any type that can be sorted;
        only equality matters.
    outcome : ndarray (row)
        In multiples of ``s``.
    columns : sequence of Column
        Covariates and the like.
    weights : ndarray (row), optional
        Precision weights.
    variances : ndarray (row), optional
        Known variances of the outcome in addition to its errors, in multiples of ``s²``.
    loading : ndarray (row), optional
        Loading of a member's deviation, if there are any; units of a class share it.
    own : int, default 1
        Flat coefficients of each unit.
    counts : ndarray (unit), optional
        Number of units that each represents; one by default.
    offset : ndarray (row), optional
        Logarithm of the exposure, added to the latent outcome under a log link.
    trials : ndarray (row), optional
        Number of trials of which the outcome counts the successes.
    """

    unit: Index
    time: Index
    key: npt.NDArray[Any]
    outcome: Array
    columns: Sequence[VaryingColumn] = ()
    weights: Array | None = None
    loading: Array | None = None
    own: int = 1
    counts: Array | None = None
    variances: Array | None = None
    offset: Array | None = None
    trials: Array | None = None

    def count_of(self, units: Index) -> Array:
        """Return the number of units that some entries represent (unit)."""
        return np.ones(units.size) if self.counts is None else self.counts[units]

    @property
    def every_column(self) -> list[VaryingColumn]:
        """Return the varying columns, and then the outcome."""
        return [*self.columns, VaryingColumn("outcome", self.outcome)]

    @property
    def n_periods(self) -> int:
        """Return the length of the time grid of the observations."""
        return int(self.time.max()) + 1 if self.time.size else 0

    @cached_property
    def group(self) -> Index:
        """Return the number of each unit's key, in the order of keys; -1 for short series.

        Units with no more observations than flat coefficients carry no information about effects.
        """
        repeated = np.bincount(self.unit, minlength=len(self.key)) > self.own
        out = np.full(len(self.key), -1, dtype=np.int64)
        # A row of a table is one key; keys in one dimension may be any sortable objects.
        key = self.key[repeated]
        if key.ndim > 1 and key.dtype.kind == "i":
            out[repeated] = distinct_rows(key)[1]
        else:
            axis = 0 if key.ndim > 1 else None
            out[repeated] = np.unique(key, axis=axis, return_inverse=True)[1].ravel()
        return out

    @cached_property
    def first_units(self) -> Index:
        """Return the first unit of each group (group)."""
        numbers, first = np.unique(self.group, return_index=True)
        return first[numbers >= 0]


def units_of_each(rows: Rows, number: Index) -> list[Index]:
    """Return the units of each number, in order, without short series."""
    order = np.argsort(number, kind="stable")
    bounds = np.flatnonzero(np.diff(number[order])) + 1
    parts = np.split(order, bounds)
    return [units for units in parts if units.size and rows.group[units[0]] >= 0]
