"""A regular grid of periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp.data.panel._times import TimeScale
from bayes_nqp.data.reading import SourceRows, days_since_1900


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular grid of periods.

    Parameters
    ----------
    base : str or None
        pandas period frequency, or None for whole numbers.
    start, step, size : int
        First ordinal, distance between periods, number of periods.
    """

    base: str | None
    start: int
    step: int
    size: int

    @property
    def freq(self) -> int | str:
        """Return the step of the grid as a value of ``freq=``."""
        if self.base is None:
            return self.step
        return self.base if self.step == 1 else f"{self.step}{self.base}"

    def labels(self) -> npt.NDArray[Any]:
        """Label every period: numbers, or text such as ``2015-03``."""
        ordinals = self.start + self.step * np.arange(self.size, dtype=np.int64)
        return ordinals if self.base is None else self.text(ordinals)

    def text(self, ordinals: Index) -> npt.NDArray[Any]:
        """Write ordinals as labels."""
        if self.base is None:
            return np.array([str(x) for x in ordinals], dtype=str)
        periods = periods_of(ordinals, self.base)
        if self.base.startswith("W"):
            return np.array(periods.start_time.strftime("%Y-%m-%d"), dtype=str)
        return np.array(periods.astype(str), dtype=str)


def periods_of(ordinals: Index, base: str) -> pd.PeriodIndex:
    """Convert ordinals to pandas periods."""
    return pd.PeriodIndex(pd.arrays.PeriodArray(ordinals, dtype=pd.PeriodDtype(base)))


def make_grid(ordinals: Index, scale: TimeScale, rows: SourceRows, name: str) -> tuple[Grid, Index]:
    """Fit a regular grid to the observed periods, and list periods without observations."""
    seen = np.unique(ordinals)
    if len(seen) == 1:
        return Grid(scale.base, int(seen[0]), scale.step or 1, 1), seen[:0]
    gaps = np.diff(seen)
    sizes, counts = np.unique(gaps, return_counts=True)
    step = scale.step or int(sizes[np.argmax(counts)])
    grid = Grid(scale.base, int(seen[0]), step, int((seen[-1] - seen[0]) // step) + 1)
    off = (gaps % step) != 0
    if off.any() or (scale.step is None and 2 * len(seen) < grid.size):
        _irregular(grid, seen, gaps, name)
    if grid.size > limit("periods"):
        _refuse_long(grid, seen, ordinals, rows, name)
    full = grid.start + step * np.arange(grid.size, dtype=np.int64)
    if scale.step is None and len(sizes) > 1 and scale.base is None:
        _refuse_calendar_codes(seen, name)
    return grid, np.setdiff1d(full, seen)


def _refuse_long(grid: Grid, seen: Index, ordinals: Index, rows: SourceRows, name: str) -> None:
    """Refuse a nearly empty grid, for example one caused by a single wrong year."""
    gap = int(np.argmax(np.diff(seen)))
    late = ordinals > seen[gap]
    far = late if late.mean() < 0.5 else ~late
    raise PanelError(
        Message(
            "time={!r} spans {:,} periods with freq={!r}, {:,} of them with observations;"
            " the limit is {:,} periods",
            name,
            grid.size,
            grid.freq,
            len(seen),
            limit("periods"),
        ),
        where=Message("beyond the longest gap: {}", rows.shown(far)),
        hint=Message(
            "correct the times of these rows; if they are right, {}", way_out("periods", grid.size)
        ),
    )


def _irregular(grid: Grid, seen: Index, gaps: Index, name: str) -> None:
    if grid.base is None:
        _refuse_calendar_codes(seen, name)
        if date := days_since_1900(seen):
            raise PanelError(
                Message("time={!r} contains dates stored as day numbers: {}", name, date),
                hint="format the column as dates in the spreadsheet, or write the years there",
            )
    unusual = np.flatnonzero(gaps != grid.step)
    labels = grid.text(seen)
    listed = [f"{labels[i]} is followed by {labels[i + 1]}" for i in unusual]
    smaller = int(np.gcd.reduce(gaps))
    usual = f"{grid.step}" if grid.base is None else f"{grid.step} {TimeScale(grid.base).words}"
    finer = Grid(grid.base, grid.start, smaller, grid.size).freq
    raise PanelError(
        Message(
            "time={!r} has irregular periods: the usual step is {}, but some steps differ",
            name,
            usual,
        ),
        where=shown(listed),
        hint=Message(
            "freq={!r} if the periods in between are missing; otherwise number the waves "
            "1, 2, 3, …, or drop the irregular periods",
            finer,
        ),
    )


def _refuse_calendar_codes(seen: Index, name: str) -> None:
    """Refuse codes such as 201512 and 201601, which do not count periods."""
    months, quarters = seen % 100, seen % 10
    if seen[0] >= 190001 and seen[-1] <= 210012 and months.min() >= 1 and months.max() <= 12:
        hint = Message("pd.to_datetime(df[{!r}].astype(str), format='%Y%m')", name)
    elif seen[0] >= 19000101 and seen[-1] <= 21001231:
        hint = Message("pd.to_datetime(df[{!r}].astype(str), format='%Y%m%d')", name)
    elif seen[0] >= 19001 and seen[-1] <= 21004 and quarters.min() >= 1 and quarters.max() <= 4:
        hint = Message(
            "pd.PeriodIndex.from_fields(year=df[{!r}] // 10, quarter=df[{!r}] % 10)", name, name
        )
    else:
        return
    raise PanelError(
        Message("time={!r} appears to contain dates written as numbers", name),
        where=shown(seen, 3),
        hint=Message("df[{!r}] = {}", name, hint),
        about="time dates",
        column=name,
    )
