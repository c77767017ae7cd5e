"""Detect values of another magnitude, and relevant rounding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrc

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Measurements, Trace, middle, scale_of, step_of
from bayes_nqp.checks.shared import DOUBT, FAILS

_FAR: Final = 200.0
"""Robust SDs above which a row is an error rather than part of the tail."""
_FACTOR: Final = 10.0
"""The same for logarithms."""
_REPEATED: Final = 20.0
"""The same for three or more rows with the same value."""
_RATIO: Final = (100.0, 30.0)
"""Ratio of the variation of a unit to that of nearly all others, and to the next unit."""
_FEW: Final = 0.05
_RARE: Final = 0.01


def units_of_measurement(column: Measurements, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Find units, or parts of their series, that differ from others by a power of ten."""
    yield from _powers(column, units)
    scale, level = column.unit_scale, middle(np.abs(column.values), axis=1)[:, 0]
    for up in (True, False):
        who = _apart(scale, up=up) & _apart(level, up=up)
        if who.any():
            ratio = float(np.nanmedian(scale[who]) / np.nanmedian(scale[~who]))
            yield Trace(
                Message(
                    "{n} unit varies {ratio:.2g} times as much as the others and is as "
                    "much larger, so it may have another unit of measurement",
                    plural=
                        "{n} units vary {ratio:.2g} times as much as the others and are "
                        "as much larger, so they may have another unit of measurement",
                    n=int(who.sum()), ratio=ratio,
                ),
                column.name, FAILS if max(ratio, 1.0 / ratio) >= 1e3 else DOUBT, int(who.sum()),
                listed(units[who]),
            )  # fmt: skip


def _apart(size: Array, *, up: bool) -> npt.NDArray[np.bool_]:
    """Mark the few units beyond a unique gap, far above or below all others."""
    out = np.zeros(size.size, dtype=bool)
    positive = np.flatnonzero(np.isfinite(size) & (size > 0.0))
    few = int(max(1, _FEW * positive.size))
    if positive.size < 8:
        return out
    logs = np.log(size[positive]) * (1.0 if up else -1.0)
    order = np.argsort(logs)
    ranked = logs[order]
    gaps = np.diff(ranked)[-few:]
    k = int(np.argmax(gaps))
    last = positive.size - gaps.size + k
    if gaps[k] > np.log(_RATIO[1]) and ranked[last] - np.quantile(logs, 0.9) > np.log(_RATIO[0]):
        out[positive[order[last:]]] = True
    return out


def _powers(column: Measurements, units: npt.NDArray[np.str_]) -> Iterator[Trace]:
    """Find jumps by a power of ten within units, if all values are positive."""
    if not column.positive or column.changes.shape[1] < 2:
        return
    jumps = np.diff(np.log10(column.values), axis=1)
    jumps = jumps - middle(jumps, axis=0)
    scale = float(scale_of(jumps.reshape(1, -1))[0])
    power = np.round(jumps)
    with np.errstate(invalid="ignore"):
        slips = np.abs(jumps) > max(12.0 * scale, 0.7)
        slips &= np.abs(jumps - power) < min(max(4.0 * scale, 0.01), 0.4)
        slips &= np.abs(power) > (0.0 if scale < 0.03 else 1.0 if scale < 0.1 else 2.0)
    count, who = int(slips.sum()), np.flatnonzero(slips.any(axis=1))
    if not count or count > max(3, 2.0 * _RARE * np.isfinite(jumps).sum()) or scale > 0.25:
        return
    largest = int(np.abs(power[slips]).max())
    yield Trace(
        Message(
            "{n} change is by a factor of ten to the power of {power} or less",
            plural="{n} changes are by factors of ten to the power of {power} or less",
            n=count, power=largest,
        ),
        column.name, FAILS if largest > 1 else DOUBT, count, listed(units[who]),
    )  # fmt: skip


def far_rows(
    column: Measurements, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find single rows beyond any plausible tail."""
    distance = _distance(column)
    far = distance > _FAR
    if column.positive:
        # Multiplicative tails are long in levels and short in logarithms.
        far &= _distance(column.logarithms()) > _FACTOR
    if not far.any() or far.sum() > max(3, _RARE * np.isfinite(distance).sum()):
        return
    at = np.nonzero(far)
    yield Trace(
        Message(
            "{n} observation deviates hundreds of times more than usual",
            plural="{n} observations deviate hundreds of times more than usual",
            n=at[0].size,
        ),
        column.name, DOUBT, at[0].size,
        listed([f"{units[i]} ({times[t]})" for i, t in zip(*at, strict=True)]),
    )  # fmt: skip


def repeated_extremes(
    column: Measurements, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find a repeated value far from adjacent rows: a code, not a number."""
    out = np.where(_distance(column) > _REPEATED, column.values, np.nan)
    values, counts = np.unique(out[np.isfinite(out)], return_counts=True)
    for value in values[counts >= 3]:
        at = np.nonzero(out == value)
        if np.unique(at[0]).size < 2:
            continue
        nines = set(f"{abs(value):g}") == {"9"}
        yield Trace(
            Message(
                "{n} observation has the value {value:g}, far from adjacent ones, which "
                "may be a code of missing values",
                plural=
                    "{n} observations have the value {value:g}, far from adjacent ones, "
                    "which may be a code of missing values",
                n=at[0].size, value=float(value),
            ),
            column.name, FAILS if nines else DOUBT, at[0].size,
            listed([f"{units[i]} ({times[t]})" for i, t in zip(*at, strict=True)]),
        )  # fmt: skip


def _distance(column: Measurements) -> Array:
    """Return distances from unit and period medians, in robust SDs (unit, period)."""
    left = column.values - middle(column.values, axis=1)
    left = left - middle(left, axis=0)
    every = float(scale_of(left.reshape(1, -1))[0])
    if not every > 0.0:
        return np.zeros_like(left)
    return np.asarray(np.nan_to_num(np.abs(left) / np.fmax(scale_of(left), every)[:, None]))


_MATTERS: Final = 0.1
"""Smallest relevant rounding step, as a share of the robust SD of changes."""
_VALUES: Final = 8
"""Number of distinct non-zero values for which common multiples are not a coincidence."""
_HEAP: Final = (0.25, 1e-8)
"""Share of multiples of ten that indicates heaping, and its probability."""
_WIDE: Final = 30.0
"""Robust SD of changes, in steps, above which the last digit is nearly random."""


def rounded(
    column: Measurements, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find units and periods with coarser rounding than the rest; then heaps."""
    who = _coarser(column, column.values)
    if who.any():
        yield Trace(
            Message(
                "{n} unit is rounded more coarsely than the others",
                plural="{n} units are rounded more coarsely than the others",
                n=int(who.sum()),
            ),
            column.name, DOUBT, int(who.sum()), listed(units[who]),
        )  # fmt: skip
    when = _coarser(column, column.values.T)
    if when.any():
        yield Trace(
            Message(
                "{n} period is rounded more coarsely than the others",
                plural="{n} periods are rounded more coarsely than the others",
                n=int(when.sum()),
            ),
            column.name, DOUBT, int(when.sum()), listed(map(str, times[when])),
        )  # fmt: skip
    yield from _heaps(column)


def _coarser(column: Measurements, rows: Array) -> npt.NDArray[np.bool_]:
    """Mark rows of a table that are multiples of a coarser step than the column."""
    out = np.zeros(len(rows), dtype=bool)
    if not column.fine:
        return out
    for k, row in enumerate(rows):
        distinct = np.unique(row[np.isfinite(row) & (row != 0.0)])
        step = step_of(distinct) if distinct.size >= _VALUES else 0.0
        out[k] = step > max(5.0 * column.step, _MATTERS * column.scale)
    return out if not out.all() else np.zeros_like(out)


def _heaps(column: Measurements) -> Iterator[Trace]:
    if not column.step or column.scale < _WIDE * column.step:
        return
    values = column.values[np.isfinite(column.values) & (column.values != 0.0)]
    tens = np.round(values / column.step) % 10 == 0
    count, share = int(tens.sum()), float(tens.mean())
    if share > _HEAP[0] and bdtrc(count - 1, tens.size, 0.1) < _HEAP[1]:
        yield Trace(
            Message(
                "{:.0%} of the values are multiples of {:g}, ten times the rounding of "
                "the others",
                    share, 10.0 * column.step),
            column.name, DOUBT, count,
        )  # fmt: skip
