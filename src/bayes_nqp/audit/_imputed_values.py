"""Detect imputed values, and values exchanged between units by wrong sorting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.special import gammainc

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Measurements, Trace, coded, middle, scale_of
from bayes_nqp.checks.shared import DOUBT, FAILS

_CHANCE: Final = 1e-6
_LEAST: Final = (3, 0.005)
"""Number of imputed rows, and their share, above which they are reported."""
_NORMAL: Final = 0.6
"""Density of changes at zero, in robust SDs: above the normal density, for heavy tails."""
_ALTERNATE: Final = 0.8
_SMOOTH: Final = 2.5
"""Ratio of spreads of second differences that indicates alternating periods."""
_UNITS: Final = 15


def carried(column: Measurements, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Find values carried forward from the previous period, beyond rounding.

    Values common to other units and periods, such as zeros and bounds, are ignored.
    """
    changes, telling, grain = column.changes, column.telling[:, 1:], column.grain[:, 1:]
    # A constant unit has no scale.
    scale = np.where(np.isfinite(column.unit_scale), column.unit_scale, column.scale)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = np.isfinite(changes) & telling & (scale > 5.0 * grain) & column.fine
        expected = np.where(seen, _NORMAL * grain / scale, 0.0)
    still = seen & (changes == 0.0)
    if not _beyond(still, expected, seen):
        return
    who = np.flatnonzero(still.any(axis=1))
    yield Trace(
        Message(
            "{n} value equals that of the previous period, in {units} units",
            plural="{n} values equal those of the previous period, in {units} units",
            n=int(still.sum()),
            units=who.size,
        ),
        column.name, DOUBT, int(still.sum()), listed(units[who]),
    )  # fmt: skip


def interpolated(
    column: Measurements, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find values on a straight line between their neighbours, in levels, logarithms or powers."""
    forms = [lines for x in _scales(column) if (lines := _lines(x)) is not None]
    if not forms:
        return
    lines = max(forms, key=lambda x: int(x.sum()))
    who, when = np.flatnonzero(lines.any(axis=1)), lines.sum(axis=0)
    even = when[::2].sum() / when.sum()
    count, most = int(lines.sum()), listed(units[who])
    alternate = max(even, 1.0 - even) >= _ALTERNATE and lines.shape[1] > 2
    if alternate:
        first = int(even < 0.5)
        periods = [str(times[k + 1]) for k in range(first, lines.shape[1], 2)]
        yield Trace(
            Message(
                "{n} value is linearly interpolated in every second period ({times}), in "
                "{units} units",
                plural=
                    "{n} values are linearly interpolated in every second period "
                    "({times}), in {units} units",
                n=count,
                times=listed(periods),
                units=who.size,
            ),
            column.name, DOUBT, count, most,
        )  # fmt: skip
        return
    yield Trace(
        Message(
            "{n} value is linearly interpolated between adjacent periods, in {units} units",
            plural=
                "{n} values are linearly interpolated between adjacent periods, in "
                "{units} units",
            n=count,
            units=who.size,
        ),
        column.name, DOUBT, count, most,
    )  # fmt: skip


def smooth_periods(column: Measurements, times: npt.NDArray[np.generic]) -> Iterator[Trace]:
    """Find periods that alternate between rough and smooth, as after noisy interpolation."""
    bends = np.diff(column.values, 2, axis=1)
    enough = np.isfinite(bends).sum(axis=0) >= _UNITS
    if enough.sum() < 4 or not enough.all():
        return
    spread = scale_of((bends - middle(bends, axis=0)).T)
    for smooth, rough, first in ((spread[::2], spread[1::2], 0), (spread[1::2], spread[::2], 1)):
        if rough.min() > _SMOOTH * smooth.max():
            periods = [str(times[k + 1]) for k in range(first, spread.size, 2)]
            yield Trace(
                Message(
                    "every second period is smooth ({}): its deviation from adjacent "
                    "periods is {:.2g} times that of the other periods",
                    listed(periods), float(np.median(smooth) / np.median(rough)),
                ),
                column.name, DOUBT, len(periods),
            )  # fmt: skip


def repeated_periods(column: Measurements, times: npt.NDArray[np.generic]) -> Iterator[Trace]:
    """Find periods in which most units have the same values as in another period."""
    if not column.fine:
        return
    codes = np.where(column.telling, coded(column.values, column.step)[0], -1)
    pairs = []
    for later in range(1, codes.shape[1]):
        same = (codes[:, :later] == codes[:, later, None]) & (codes[:, later, None] >= 0)
        paired = (codes[:, :later] >= 0) & (codes[:, later, None] >= 0)
        count, of = same.sum(axis=0), paired.sum(axis=0)
        for earlier in np.flatnonzero((count >= 5) & (2 * count > of)):
            pairs.append((earlier, later, int(count[earlier])))
    if pairs:
        count = sum(number for _, _, number in pairs)
        yield Trace(
            Message(
                "{n} period has most of the values of another period: {}",
                listed([f"{times[b]} = {times[a]}" for a, b, _ in pairs]),
                plural="{n} periods have most of the values of other periods: {}",
                n=len({b for _, b, _ in pairs}),
            ),
            column.name, FAILS, count,
        )  # fmt: skip


def _scales(column: Measurements) -> Iterator[Measurements]:
    """Return the column, its logarithm, and its exponential if it can be a logarithm."""
    yield column
    if column.positive:
        yield column.logarithms()
    if np.nanmax(np.abs(column.values), initial=0.0) < 30.0:
        yield Measurements(column.name, np.exp(column.values))


def _lines(column: Measurements) -> Mask | None:
    """Mark values halfway between adjacent ones (unit, period - 2); None if by chance."""
    changes, scale = column.changes, column.unit_scale[:, None]
    if changes.shape[1] < 2 or not column.fine:
        return None
    before, after, grain = changes[:, :-1], changes[:, 1:], column.grain[:, 1:-1]
    size, bend = np.abs(column.values[:, 1:-1]), np.abs(after - before)
    moves = np.minimum(np.abs(before), np.abs(after)) > 2.0 * grain + 1e-8 * size
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = np.isfinite(bend) & (scale > 20.0 * grain)
        expected = _NORMAL * (3.0 * grain + 2e-6 * np.abs(before)) / scale
    lines = seen & moves & (bend <= 1e-6 * np.abs(before) + 1.5 * grain)
    return lines if _beyond(lines, np.where(seen, expected, 0.0), seen) else None


def _beyond(marks: Mask, expected: Array, seen: Mask) -> bool:
    """Return True if the number exceeds chance and is relevant."""
    count = int(marks.sum())
    enough = count >= max(_LEAST[0], _LEAST[1] * int(seen.sum()))
    return bool(enough and gammainc(count, float(np.nansum(expected)) + 1e-9) < _CHANCE)


_FAR, _OUT, _NEAR = 6.0, 3.0, 2.0
"""Distances in robust SDs: above which a row departs from its series, or possibly departs; below
which it fits a series."""
_FEWEST: Final = (5, 0.03)
_MOST: Final = 2_000
_ORDER: Final = 0.5
"""Rank correlation with adjacent periods of the unit below which the order of units is lost."""
_WIDER, _ABOUT = 1.25, 5
"""Largest ratio of the spread of rows to the spread of their units in as many periods before and
after; noise that destroys the order increases it further."""


def exchanged(
    column: Measurements, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find periods in which many rows fit the series of each other instead of their own."""
    around = _around(column.values)
    left = column.values - around
    left = left - middle(left, axis=0)
    scale = float(scale_of(left.reshape(1, -1))[0])
    if not scale > 0.0 or not column.moving:
        return
    distance = np.abs(left) / np.fmax(scale_of(left), scale)[:, None]
    for period in range(left.shape[1]):
        out = np.flatnonzero(distance[:, period] > _OUT)
        seen = int(np.isfinite(distance[:, period]).sum())
        far = distance[out, period] > _FAR
        if far.sum() < max(_FEWEST[0], _FEWEST[1] * seen) or out.size > _MOST:
            continue
        level, neighbours = column.values[out, period], around[out, period]
        neighbours = neighbours + np.median(level) - np.median(neighbours)
        if not _disordered(level[far], neighbours[far]):
            continue
        cost = np.abs(level[:, None] - neighbours)
        row, other = linear_sum_assignment(cost)
        fits = (cost[row, other] < _NEAR * scale) & (row != other)
        if fits[far].mean() >= 0.8 and _spread_alike(column.values[out[fits]], period):
            yield Trace(
                Message(
                    "{n} observation of {time} does not fit the series of its unit, but "
                    "fits that of another unit",
                    plural=
                        "{n} observations of {time} do not fit the series of their units,"
                        " but fit those of one another",
                    n=int(fits.sum()), time=str(times[period]),
                ),
                column.name, FAILS, int(fits.sum()), listed(units[out[row[fits]]]),
            )  # fmt: skip


def _disordered(level: Array, neighbours: Array) -> bool:
    """Return True if the ranks of units are lost in a period."""
    if min(np.ptp(level), np.ptp(neighbours)) <= 0.0:
        return False
    from scipy.stats import spearmanr

    return bool(spearmanr(level, neighbours).statistic < _ORDER)


def _spread_alike(values: Array, period: int) -> bool:
    """Return True if values have the usual spread of units: an exchange keeps the set.

    Rows with more noise also depart from their series and fit each other, so the spread is
    compared.
    """
    near = [t for t in range(period - _ABOUT, period + _ABOUT + 1) if t != period]
    inside = [t for t in near if 0 <= t < values.shape[1]]
    usual = float(np.nanmedian(np.nanstd(values[:, inside], axis=0)))
    return bool(np.nanstd(values[:, period]) < _WIDER * usual)


def _around(values: Array) -> Array:
    """Return the mean of the adjacent periods of each row (unit, period)."""
    edge = np.full((len(values), 1), np.nan)
    sides = np.stack([np.hstack([edge, values[:, :-1]]), np.hstack([values[:, 1:], edge])])
    count = np.isfinite(sides).sum(axis=0)
    return np.where(count > 0, np.nansum(sides, axis=0) / np.maximum(count, 1), np.nan)
