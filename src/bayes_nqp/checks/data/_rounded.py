"""Rounding that matters: coarser for some units or periods, or heaped on multiples of ten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from bayes_nqp.arrays import Array
from bayes_nqp.checks.data._column import Column, Trace, step_of
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.language import Message, listed

_MATTERS: Final = 0.1
"""Of the robust sd of changes: a step from which on it matters."""
_VALUES: Final = 8
"""Different values, zero apart, from which on all being multiples is no accident."""
_HEAP: Final = (0.25, 1e-8)
"""Share of multiples of ten from which on values are heaped, and its chance."""
_WIDE: Final = 30.0
"""Robust sd of changes, in steps, from which on the last digit is as good as random."""


def rounded(
    column: Column, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find units and periods with multiples of a coarser step than the rest; then heaps."""
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


def _coarser(column: Column, rows: Array) -> npt.NDArray[np.bool_]:
    """Which rows of a table are multiples of a step that is coarser than the column's."""
    out = np.zeros(len(rows), dtype=bool)
    if not column.fine:
        return out
    for k, row in enumerate(rows):
        found = np.unique(row[np.isfinite(row) & (row != 0.0)])
        step = step_of(found) if found.size >= _VALUES else 0.0
        out[k] = step > max(5.0 * column.step, _MATTERS * column.scale)
    return out if not out.all() else np.zeros_like(out)


def _heaps(column: Column) -> Iterator[Trace]:
    if not column.step or column.scale < _WIDE * column.step:
        return
    values = column.values[np.isfinite(column.values) & (column.values != 0.0)]
    tens = np.round(values / column.step) % 10 == 0
    count, share = int(tens.sum()), float(tens.mean())
    if share > _HEAP[0] and binom.sf(count - 1, tens.size, 0.1) < _HEAP[1]:
        yield Trace(
            Message("{:.0%} of values are multiples of {:g}, ten times the step of the others",
                    share, 10.0 * column.step),
            column.name, DOUBT, count,
        )  # fmt: skip
