"""First treated periods of units."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, brief, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.safe_calls import reply
from bayes_nqp.data.panel._grid import Grid
from bayes_nqp.data.panel._times import TimeScale, read_times
from bayes_nqp.data.reading import (
    CODES,
    SourceRows,
    Strings,
    as_years,
    counted,
    marks_of,
    never_marks,
    numbers,
    plain,
    quoted,
    says_never,
    unsaid,
    unwrapped,
)

NEVER = np.iinfo(np.int64).max

_MANY = 100_000
"""Largest number of codes read from an iterable."""


def declared(never: object) -> list[object]:
    """List the codes for never treated."""
    if never is None:
        return []
    if isinstance(never, str | bytes) or not isinstance(never, Iterable):
        return [never]
    codes = reply(lambda: list(islice(never, _MANY)), lambda _: None)
    if codes is None:  # not a collection of several codes
        raise PanelError(
            Message("never={} is not a list of codes", brief(never)),
            hint="never=0, or never=[0, 9999]",
        )
    return codes


def found_never(
    column: pd.Series[Any], times: pd.Series[Any], notes: list[str]
) -> list[object] | None:
    """List the cells of a file's cohort column that mean never treated; None if none does."""
    codes = {*map(str, CODES)}
    marks = [
        x for x in never_marks(column, times)
        if not isinstance(x, str) or says_never(x) or x.strip() in codes
    ]  # fmt: skip
    if not marks:
        return None
    listed = shown(map(quoted, marks), 4)
    notes.append(Message("{}: {} interpreted as never treated", column.name, listed))
    return marks


def from_column(
    column: pd.Series[Any],
    never: list[object],
    rows: SourceRows,
    starts: Index,
    scale: TimeScale,
    notes: list[str],
    *,
    yearly: bool,
    quarters: bool,
) -> Index:
    """Read one first treated period per unit, NEVER if there is none.

    If times are years, dates and text with dates are converted to years.
    """
    if never:
        column = column.mask(column.isin(never))
    if yearly:
        column = as_years(column, notes)
        _no_odd_dates(column, rows)
    ordinals, present, _ = read_times(
        column, "cohort", rows, TimeScale(scale.base or None, scale.step), quarters=quarters
    )
    ordinals[~present] = NEVER
    low, high = np.minimum.reduceat(ordinals, starts), np.maximum.reduceat(ordinals, starts)
    changing = low != high
    if changing.any():
        raise PanelError(
            Message(
                "cohort={!r} varies within {}; the first treated period must be constant "
                "within a unit",
                column.name,
                counted(changing.sum(), "unit"),
            ),
            where=_changes(column, starts, changing, rows),
            hint=Message(
                "enter it in every row of the unit. If each unit has it in one row only, "
                "use df.groupby({!r})[{!r}].transform('first'). If it is a 0/1 indicator "
                "of treatment, pass it as treated= instead",
                rows.unit,
                column.name,
            ),
            about="cohort varies",
            column=str(column.name),
        )
    return low


def _no_odd_dates(column: pd.Series[Any], rows: SourceRows) -> None:
    """Refuse numbers among years that have the length of dates but are not dates."""
    column = unwrapped(column)
    if column.dtype.kind not in "iuf":
        return
    nines = column.isin([10**k - 1 for k in range(5, 10)])
    odd = ((column > 9999) & (column < np.inf) & ~nines).to_numpy(dtype=bool, na_value=False)
    if odd.any():
        raise PanelError(
            Message("cohort={!r} contains numbers that are neither years nor dates", column.name),
            where=rows.shown(odd, str(column.name)),
            hint="write dates as numbers in the form 20150724 or 201507; correct these "
            "cells, or pass never=… if they mean never treated",
        )


def _changes(column: pd.Series[Any], starts: Index, changing: Mask, rows: SourceRows) -> str:
    ends = np.append(starts[1:], len(column))
    texts = []
    for i in np.flatnonzero(changing)[:6]:
        part = column.iloc[starts[i] : ends[i]].drop_duplicates()
        unit = rows.frame[rows.unit].iloc[starts[i]]
        cells = shown(map(plain, part), 3)
        rows_listed = shown(map(plain, part.index), 3)
        texts.append(Message("{} ({}) from rows {}", unit, cells, rows_listed))
    return shown(texts + [""] * (int(changing.sum()) - len(texts)))


def from_indicator(
    column: pd.Series[Any], rows: SourceRows, starts: Index, ordinals: Index, notes: list[str]
) -> Index:
    """Date the adoption of each unit by its first row with a positive indicator."""
    shares = treated_shares(column, "treated", rows, notes)
    on = shares > 0
    undone = ~on[1:] & on[:-1]
    undone[starts[1:] - 1] = False
    if undone.any():
        raise PanelError(
            Message("treated={!r} goes back to 0: treatment must be absorbing", column.name),
            where=rows.shown(np.append(False, undone)),
            hint="for a treatment that ends, pass this column as treatment= instead of treated=; "
            "otherwise pass the first treated period as cohort=, or drop these units",
        )
    first = np.minimum.reduceat(np.where(on, ordinals, NEVER), starts)
    # Shares after the first treated period count as fully treated.
    later = np.append(False, on[1:] & on[:-1])
    later[starts] = False
    if (partly := later & (shares < 1)).any():
        notes.append(
            Message(
                "{} is below 1 in {} after the first treated period: these count as "
                "treated regardless of intensity (ContinuousExposure estimates the effect"
                " of intensity)",
                column.name, counted(partly.sum(), "row"),
            )
        )  # fmt: skip
    late = on[starts] & (ordinals[starts] > ordinals.min())
    if late.any():
        notes.append(
            Message(
                "{} treated from the first observation on, which is later than the start "
                "of the panel: adoption may have been earlier",
                counted(late.sum(), "unit"),
            )
        )
    return first


def treated_shares(
    column: pd.Series[Any], argument: str, rows: SourceRows, notes: list[str]
) -> Array:
    """Return the share of its period in which each observation is treated, 0 to 1."""
    marks = marks_of(column)
    if marks is not None and not marks.plain:
        notes.append(Message("{}: {}", column.name, marks.words))
        column = marks.values
    elif marks is None and (words := unsaid(column)):
        wrong = column.isin(words).to_numpy(dtype=bool)
        raise PanelError(
            Message(
                "{}={!r} is neither a treated nor an untreated code in {}: {}",
                argument,
                column.name,
                counted(wrong.sum(), "row"),
                shown(map(quoted, words), 4),
            ),
            where=rows.shown(wrong, str(column.name)),
            hint="1 or 0 in every row, or words such as yes and no, 是 and 否",
        )
    values = numbers(column, argument, rows, notes)
    gone = np.isnan(values)
    if gone.any():
        raise PanelError(
            Message("{}={!r} is missing in {}", argument, column.name, counted(gone.sum(), "row")),
            where=rows.shown(gone),
            hint="complete the column: the date of adoption cannot be determined if the "
            "value is missing",
        )
    wrong = (values < 0) | (values > 1)
    if wrong.any():
        raise PanelError(
            Message("{}={!r} must be 0, 1, or a share between them", argument, column.name),
            where=rows.shown(wrong, str(column.name)),
            hint="if it contains the first treated period, pass it as cohort=",
        )
    return values


def on_grid(first: Index, grid: Grid, units: Strings, name: str, notes: list[str]) -> Index:
    """Convert first treated ordinals to codes of the grid, −1 for never treated."""
    treated = first != NEVER
    early = treated & (first < grid.start)
    if early.any():
        _refuse_early(first, early, grid, units, name)
    codes = np.full(len(first), -1, dtype=np.int64)
    codes[treated] = -((grid.start - first[treated]) // grid.step)
    between = treated & ((first - np.where(treated, grid.start, 0)) % grid.step != 0)
    if between.any():
        notes.append(
            Message(
                "{}: {} with adoption between two periods, treated from the next period on",
                name,
                counted(between.sum(), "unit"),
            )
        )
    beyond = codes >= grid.size
    if beyond.any():
        labels = grid.text(np.unique(first[beyond]))
        notes.append(
            Message(
                "{}: {} with adoption after the last period ({}), never treated within the sample",
                name,
                counted(beyond.sum(), "unit"),
                shown(labels, 4),
            )
        )
        codes[beyond] = -1
    return codes


def _refuse_early(first: Index, early: Mask, grid: Grid, units: Strings, name: str) -> None:
    values = np.unique(first[early])
    start = grid.text(np.array([grid.start]))[0]
    texts = grid.text(first[early])
    listed = [f"{unit} ({label})" for unit, label in zip(units[early], texts, strict=True)]
    hint = Message("begin the panel before the first treatment of these units")
    codes = values if len(values) == 1 or grid.base else values[values <= 0]
    if grid.base is None and values.max() == 1 and grid.start > 1:
        hint = Message(
            "use treated= if this is a 0/1 indicator of each row; cohort= requires the "
            "first treated period"
        )
    elif len(codes) == 1:
        code = grid.text(codes)[0] if grid.base is None else repr(str(grid.text(codes)[0]))
        hint = Message("never={} if this code means never treated; otherwise {}", code, hint)
    raise PanelError(
        Message(
            "cohort={!r} has {} treated before the first period, {}",
            name,
            counted(early.sum(), "unit"),
            start,
        ),
        where=shown(listed),
        hint=Message(
            "{}, or drop these units: without untreated observations they do not identify"
            " any effect",
            hint,
        ),
    )
