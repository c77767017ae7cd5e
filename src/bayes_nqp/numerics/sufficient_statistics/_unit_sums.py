"""Sums over the units of classes, exact for any order of the units.

An entry x of at most s, a power of two, is represented by three whole numbers ``h, m, l`` of b bits
each:

    x = s 2^-b (h + m 2^-b + l 2^-2b),

up to a part in 2^52 of s, the precision of doubles. Products of whole numbers of b bits are whole
numbers of 2b bits, and doubles below 2^53 add whole numbers without rounding. Sums of products are
therefore bitwise the same for any order, parts, threads and linear-algebra library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.numerics.sufficient_statistics._representatives import LEVEL, UnitSums
from bayes_nqp.numerics.sufficient_statistics._rows import distinct_rows

_BITS: Final = 17
"""Bits of a whole number: ``2^17 · 2^17`` times the maximum number of units in a part is 2^53."""
_PART: Final = 2**20
"""Maximum number of entries in a part."""
_BLOCK: Final = 2**13
"""Units with digits in memory at once."""


class UnitPart(NamedTuple):
    """Some of the units.

    Parameters
    ----------
    values : ndarray (unit, column, T)
        NaN for missing values; the first column has a value in every observation.
    key : ndarray of int (unit, ...)
        Units of one class have the same key.
    counts : ndarray (unit) or None
        Number of units that each represents; None for one each, with exact sums.
    """

    values: Array
    key: Index
    counts: Array | None = None


@dataclass(frozen=True, eq=False)
class UnitSummary:
    """Units that arrive in parts, readable several times, and their classes.

    A class consists of units of one key with the same periods and the same missing values. Classes
    are in the order of their keys and patterns, for any order of units.

    Parameters
    ----------
    parts : callable
        Iterates over the units: once to find the classes, once to compute their sums.
    whole : sequence of bool (column)
        True if the mean of a unit's observations is used in addition to deviations from it.
    bare : sequence of bool (column)
        True if values are used unchanged, so that zeros of all units of a class stay zero.
    """

    parts: Callable[[], Iterable[UnitPart]]
    whole: Sequence[bool]
    bare: Sequence[bool]

    @cached_property
    def _seen(self) -> tuple[Index, Array, Array, int, int]:
        """Return classes as rows of codes, least and largest entries, periods, and unit counts."""
        classes: list[Index] = []
        low, high, periods, units = np.array(np.inf), np.array(-np.inf), 0, 0
        for part in self.parts():
            gap = np.isnan(part.values)
            classes.append(distinct_rows(self._codes(part, gap))[0])
            entries = self._entries(part.values, gap)
            low, high = np.minimum(low, entries.min(axis=0)), np.maximum(high, entries.max(axis=0))
            periods, units = part.values.shape[2], units + len(part.values)
        return distinct_rows(np.concatenate(classes))[0], low, high, periods, units

    @property
    def n_classes(self) -> int:
        """Return the number of classes."""
        return len(self._seen[0])

    @property
    def n_units(self) -> int:
        """Return the number of units."""
        return self._seen[-1]

    def sums(self) -> tuple[UnitSums, Index]:
        """Compute the sums over units.

        Returns
        -------
        tuple of UnitSums and ndarray of int (class, ...)
            The sums, and the key of each class.
        """
        table, low, high, periods, _ = self._seen
        column, period = _entries_of(self.whole, periods)
        k, size = column.size, len(table)
        centre, s = _reckoned(low, high, period)
        place = {row.tobytes(): at for at, row in enumerate(table)}
        n_key, n, first = 0, np.zeros(size), np.zeros((size, 3 * s.size))
        gaps = np.zeros((size, len(self.whole), periods), dtype=bool)
        second: npt.NDArray[Any] = np.zeros((size, k, 3 * k), dtype=np.int64)
        for part in self.parts():
            n_key, gap = part.key.shape[1], np.isnan(part.values)
            rows, of_class = distinct_rows(self._codes(part, gap))
            order = np.argsort(of_class, kind="stable")
            bounds = np.flatnonzero(np.diff(of_class[order], prepend=-1))
            at = np.array([place[row.tobytes()] for row in rows])
            gaps[at] = gap[order[bounds]]
            f = np.ones(order.size) if part.counts is None else part.counts[order]
            n[at] += np.add.reduceat(f, bounds)
            if part.counts is not None:
                second = second.astype(np.float64)
            entries = self._entries(part.values, gap)[order]
            ends = np.append(bounds[1:], order.size)
            for block in np.split(np.arange(at.size), np.flatnonzero(np.diff(ends // _BLOCK)) + 1):
                start = bounds[block[0]]
                units = slice(start, ends[block[-1]])
                digits = _digits((entries[units] - centre) / s)
                z = fz = np.ascontiguousarray(digits[:, :, :k]).reshape(len(digits), -1)
                digits = digits.reshape(len(digits), -1)
                if part.counts is not None:
                    digits, fz = f[units, None] * digits, f[units, None] * z
                first[at[block]] += np.add.reduceat(digits, bounds[block] - start)
                for c in block:
                    inside = slice(bounds[c] - start, ends[c] - start)
                    second[at[c]] += _cross(z[inside], fz[inside], k).astype(second.dtype)
        mean, covariance = _first_two(first, second, n, s)
        mean += centre
        sums = UnitSums(
            column, period, ~gaps[:, 0], gaps & ~gaps[:, :1], n, mean[:, k:], mean[:, :k],
            covariance,
        )  # fmt: skip
        return sums, table[:, :n_key]

    def _codes(self, part: UnitPart, gap: Mask) -> Index:
        """Return key and pattern of every unit, as rows of codes."""
        bits = [np.packbits(gap.reshape(len(gap), -1), axis=1)]
        if any(self.bare):
            bare = part.values[:, np.asarray(self.bare)] != 0
            bits.append(np.packbits(bare, axis=2).reshape(len(gap), -1))
        pattern = np.concatenate(bits, axis=1)
        words = np.pad(pattern, ((0, 0), (0, -pattern.shape[1] % 4))).view(">u4").astype(np.int64)
        return np.concatenate([part.key, words], axis=1)

    def _entries(self, values: Array, gap: Mask) -> Array:
        """Return entries of every unit, ``x_t - x-bar`` and ``x-bar`` if used, and other levels."""
        filled = np.where(gap, 0.0, values)
        level = filled.sum(axis=2) / np.maximum((~gap).sum(axis=2), 1)
        level[:, np.asarray(self.bare)] = 0.0
        filled -= np.where(gap, 0.0, level[:, :, None])
        summed = np.asarray(self.whole)
        flat = filled.reshape(len(values), -1)
        return np.concatenate([flat, level[:, summed], np.where(summed, 0.0, level)], axis=1)


def _entries_of(constant: Sequence[bool], periods: int) -> tuple[Index, Index]:
    """Return columns and periods of entries: each column's periods, then levels that are kept."""
    levels = np.flatnonzero(np.asarray(constant, dtype=bool))
    column = np.concatenate([np.repeat(np.arange(len(constant)), periods), levels])
    period = np.concatenate(
        [np.tile(np.arange(periods), len(constant)), np.full(levels.size, LEVEL)]
    )
    return column.astype(np.int64), period.astype(np.int64)


def units_of_part(columns: int, periods: int) -> int:
    """Return the number of units processed at once, such that sums of a part are exact."""
    return int(max(1, min(_PART // (columns * periods), 2 ** (53 - 2 * _BITS))))


def _reckoned(low: Array, high: Array, period: Index) -> tuple[Array, Array]:
    """Return origins and units of the entries' digits: powers of two above their range."""
    # Means of observations are near some level c.
    means = np.append(period == LEVEL, np.zeros(low.size - period.size, dtype=bool))
    centre = np.where(means, (low + high) / 2.0, 0.0)
    reach = np.maximum(high - centre, centre - low)
    return centre, np.exp2(np.ceil(np.log2(np.where(reach > 0.0, reach, 1.0))))


def _cross(z: Array, fz: Array, k: int) -> Array:
    """Compute products of digits (k, 3k): h with h, m and l; m with m is added to the last."""
    cross = fz[:, :k].T @ z
    cross[:, 2 * k :] += fz[:, k : 2 * k].T @ z[:, k : 2 * k]
    return np.asarray(cross)


def _first_two(first: Array, second: Array, n: Array, s: Array) -> tuple[Array, Array]:
    """Compute means of entries and levels, and covariances of entries, from sums of digits."""
    k = second.shape[1]
    unit = 2.0**-_BITS
    first_h, first_m, first_l = np.split(first, 3, axis=1)
    mean = s * unit * (first_h + unit * (first_m + unit * first_l / 2.0)) / n[:, None]
    # sum x x' = s s' 2^-2b (hh' + 2^-b (hm' + mh') + 2^-2b (hl' + mm' + lh')), where 2l is stored
    # instead of l: the last term is half of 2hl' + mm' and its transpose.
    hh, hm, hl = np.split(second, 3, axis=2)
    hm, hl = hm + hm.swapaxes(1, 2), (hl + hl.swapaxes(1, 2)) / 2.0
    covariance = (hh + unit * (hm + unit * hl)) * (unit * unit * np.outer(s[:k], s[:k]))
    covariance /= n[:, None, None]
    covariance -= mean[:, :k, None] * mean[:, None, :k]
    return mean, covariance


def _digits(x: Array) -> Array:
    """Return whole numbers ``h, m, 2l`` of numbers of at most one (number, 3, ...)."""
    out = np.empty((len(x), 3, *x.shape[1:]))
    remainder = x * 2.0**_BITS
    for d in range(3):
        np.rint(remainder, out=out[:, d])
        remainder -= out[:, d]
        remainder *= 2.0**_BITS
    out[:, 2] *= 2.0
    return out
