"""Read indicators from a frame: numbers, gaps, and complete rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.data.index._indicator import Indicator
from bayes_nqp.data.reading import SourceRows, admitted, counted, encode, missing, numbers

MISSING: tuple[str, ...] = ("error", "drop", "interpolate", "extend")
"""Options for missing values."""

_CHOICES = Message(
    "missing='drop' leaves the index missing in these rows, 'interpolate' fills gaps "
    "within a unit linearly, 'extend' also extends its first and last value to the ends "
    "of the panel"
)
_USING = Message(
    "Or name the columns with system.using({key: column}), or select the available "
    "indicators with system.keep([…])"
)


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Indicators of complete rows.

    Parameters
    ----------
    x : ndarray (row, indicator)
        Values in original units.
    units, times : ndarray of int64 (row)
        Codes.
    labels : ndarray of str (period)
        Periods, sorted.
    used : ndarray of bool (row of the frame)
        Rows of the frame that are used.
    """

    indicators: tuple[Indicator, ...]
    x: Array
    units: Index
    times: Index
    labels: npt.NDArray[np.str_]
    used: Mask
    notes: tuple[str, ...]


def read(
    frame: pd.DataFrame, indicators: Sequence[Indicator], unit: str, time: str, gaps: str
) -> Read:
    """Read indicators from a frame.

    Parameters
    ----------
    unit, time : str
        Columns of the unit and the time.
    gaps : {"error", "drop", "interpolate", "extend"}
        Treatment of missing values.

    Raises
    ------
    PanelError
        If a column is unknown or contains text, rows are duplicated, or required values are
        missing.
    """
    _check_columns(frame, indicators, unit, time)
    rows = SourceRows(frame, unit, time)
    named = [(f"indicator {indicator.key!r}: column", indicator.data) for indicator in indicators]
    cleaning: list[str] = []
    for argument, name in [("unit", unit), ("time", time), *named]:
        frame = frame.assign(**{name: admitted(frame[name], argument, rows, cleaning)})
    for argument, name in (("unit", unit), ("time", time)):
        gone = missing(frame[name])
        if gone.any():
            raise PanelError(
                Message("{}={!r} is missing in {}", argument, name, counted(gone.sum(), "row")),
                where=Message("row {}", shown(frame.index[gone])),
                hint=Message("df.dropna(subset=[{!r}])", name),
            )
    units = encode(frame[unit])[0]
    times, labels = encode(frame[time])
    twice = frame.duplicated([unit, time], keep=False).to_numpy()
    if twice.any():
        raise PanelError(
            Message(
                "unit={!r} and time={!r} are duplicated in {}",
                unit,
                time,
                counted(twice.sum(), "row"),
            ),
            where=rows.shown(twice),
            hint="aggregate or drop these rows, or name a finer unit",
            about="rows duplicated",
        )
    notes = cleaning
    columns = [numbers(frame[indicator.data], f"indicator {indicator.key!r}: column", rows, notes)
               for indicator in indicators]  # fmt: skip
    x = np.column_stack(columns).astype(np.float64)
    values_read = Read(
        tuple(indicators), x, units, times, labels, np.ones(len(x), bool), tuple(notes)
    )
    return _complete(values_read, rows, ordinals(frame[time], times), gaps)


def _check_columns(
    frame: pd.DataFrame, indicators: Sequence[Indicator], unit: str, time: str
) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise PanelError(
            Message("'frame' must be a pandas DataFrame, not {}", type(frame).__name__),
            hint="pandas.DataFrame(…), or .to_pandas() on a polars or Arrow table",
        )
    named = [("unit", unit), ("time", time)]
    named += [(f"indicator {indicator.key!r}: column", indicator.data) for indicator in indicators]
    for argument, name in named:
        if name not in frame.columns:
            hint = nearest(name, frame.columns)
            if argument.startswith("indicator"):
                hint = Message("{} {}", hint, _USING)
            raise PanelError(
                Message("{}={!r} is not a column of the data", argument, name), hint=hint
            )
    columns = [name for _, name in named]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise PanelError(
            Message("the column {} is used twice", shown(map(repr, twice))),
            hint="give each indicator a separate column, different from the unit and the time",
        )
    if not len(frame):
        raise PanelError("'frame' has no rows", hint="check the filter, or the sheet that was read")


def ordinals(column: pd.Series[Any], codes: Index) -> Array:
    """Assign numbers to periods, for interpolation.

    Parameters
    ----------
    codes : ndarray of int64 (row)
        Ranks of the periods, used if they are neither numbers nor dates.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.asarray(column.to_numpy("datetime64[s]").astype(np.float64))
    return codes.astype(np.float64)


def _complete(values_read: Read, rows: SourceRows, when: Array, gaps: str) -> Read:
    """Treat gaps as requested: raise an error, fill them, or drop the rows."""
    gone = np.isnan(values_read.x)
    if not gone.any():
        return values_read
    names = [indicator.data for indicator in values_read.indicators]
    counts = _counts(names, gone)
    _refuse_gaps(names, gone, rows, gaps)
    notes = list(values_read.notes)
    if gaps in ("interpolate", "extend"):
        filled = _interpolated(values_read, when, outwards=gaps == "extend")
        done = gone & ~np.isnan(filled)
        if done.any():
            notes.append(
                Message("values filled within units ({})", shown(_counts(names, done), 12))
            )
        values_read, gone = replace(values_read, x=filled), np.isnan(filled)
    keep = ~gone.any(axis=1)
    if not keep.any():
        raise PanelError(
            Message("no row has values of all indicators ({})", shown(counts)),
            hint=separated(["system.without(…)", _CHOICES]),
        )
    if not keep.all():
        incomplete = counted((~keep).sum(), "row")
        notes.append(
            Message(
                "{} of {:,} without a value of the index ({})",
                incomplete, len(keep), shown(_counts(names, gone), 12),
            )
        )  # fmt: skip
    present, times = np.unique(values_read.times[keep], return_inverse=True)
    return Read(
        values_read.indicators, values_read.x[keep], values_read.units[keep],
        times.astype(np.int64), values_read.labels[present], keep, tuple(notes),
    )  # fmt: skip


def _counts(names: Sequence[str], gone: npt.NDArray[np.bool_]) -> list[str]:
    """List the indicators with gaps (row, indicator), with their numbers."""
    return [f"{name} {n}" for name, n in zip(names, gone.sum(axis=0), strict=True) if n]


def _refuse_gaps(
    names: Sequence[str], gone: npt.NDArray[np.bool_], rows: SourceRows, gaps: str
) -> None:
    """Refuse indicators without any value, and any gap if requested.

    Raises
    ------
    PanelError
        If such an indicator or gap exists.
    """
    if gone.all(axis=0).any():
        empty = [name for name, bad in zip(names, gone.all(axis=0), strict=True) if bad]
        raise PanelError(
            Message("no row has a value of {}", shown(map(repr, empty))), hint="system.without(…)"
        )
    if gaps == "error":
        incomplete = gone.any(axis=1)
        raise PanelError(
            Message(
                "indicators are missing in {} ({})",
                counted(incomplete.sum(), "row"), shown(_counts(names, gone)),
            ),
            where=rows.shown(incomplete),
            hint=_CHOICES,
        )  # fmt: skip


def _interpolated(values_read: Read, when: Array, *, outwards: bool) -> Array:
    x = values_read.x.copy()
    order = np.lexsort((when, values_read.units))
    for rows in np.split(order, np.flatnonzero(np.diff(values_read.units[order])) + 1):
        for column in range(x.shape[1]):
            values = x[rows, column]
            observed = ~np.isnan(values)
            if observed.all() or not observed.any():
                continue
            outside = None if outwards else np.nan
            x[rows, column] = np.interp(
                when[rows], when[rows][observed], values[observed], left=outside, right=outside
            )
    return x
