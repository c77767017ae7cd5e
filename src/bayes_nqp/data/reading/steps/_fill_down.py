"""Fill cells that are empty below a name, as in merged cells."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._gaps import FEW
from bayes_nqp.data.reading._rows import joined, stripped
from bayes_nqp.data.reading._values import is_text, missing
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_MERGED: Final = 0.3
"""Minimum share of empty cells in a column of merged cells other than the unit."""
_BLOCKS: Final = 3
"""Minimum number of periods given once above their rows."""
_GROUP: Final = re.compile(r"省|自治区|大区|片区|province|prefecture|state", re.IGNORECASE)


@step("fill_down", place=80)
class FillDown(Step):
    """Step that fills merged cells; only groups may be filled across units.

    In columns other than unit, time and groups of units, an empty cell can have a meaning, such as
    never treated. Values of these columns are therefore not carried over to another unit.
    """

    label = Message("Merged cells")
    text = (
        "Columns with merged cells. Columns other than unit, time, strata and groups merged over "
        "several units are filled within units only."
    )
    kind = list[str]
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find names that are written once, above their rows."""
        frame, time = reading.frame, reading.roles.get("time")
        if time not in frame.columns or not reading.parts:
            return None
        below = _blocks(frame, str(time))
        if below is not None:
            frame = frame.assign(**{str(time): below})
        timed = ~missing(frame[time])
        names = _of_the_unit(reading, frame, timed)
        filled_cells = {x: missing(frame[x]) & timed & ~missing(_carried(frame[x], timed, reading))
                        for x in names}  # fmt: skip
        names = [x for x in names if filled_cells[x].any()]
        count = sum(int(filled_cells[x].sum()) for x in names)
        beside = [x for x in frame if x not in (*reading.parts, time)]
        beside = [x for x in beside if _merged(frame[x], timed)]
        unit = _units(reading, names, timed) if beside else pd.Series()
        if below is not None:
            names.insert(0, str(time))
            count += int(missing(reading.frame[time]).sum())
        reason = Message("{} cells below a name are empty, as in merged cells", count)
        for name in beside:
            filled = _filled(frame[name], unit, timed, reading)
            added = missing(frame[name]) & timed & ~missing(filled)
            if added.any() and _constant(filled[timed], unit[timed]):
                if not names:
                    reason = Message(
                        "given once for each unit or group of units, as in merged cells"
                    )
                names.append(str(name))
                count += int(added.sum())
        if not names:
            return None
        example = some([str(x) for x in frame[names[0]].dropna().unique()[:2]])
        return Found(names, reason, count, example, "↓")

    def applied(self, reading: Reading, value: Any) -> int:
        """Fill the cells, starting with the unit."""
        frame, time, count = reading.frame, reading.roles.get("time"), 0
        present = [x for x in dict.fromkeys(value) if x in frame.columns]
        if time in present:
            count += int(missing(frame[time]).sum())
            reading.frame = frame = frame.assign(**{str(time): frame[time].ffill()})
            present.remove(time)
        timed = ~missing(frame[time]) if time in frame.columns else np.ones(len(frame), bool)
        unit = _units(reading, [x for x in present if x in reading.parts], timed)
        for name in present:
            filled = _filled(frame[name], unit, timed, reading)
            count += int((missing(frame[name]) & ~missing(filled)).sum())
            frame = frame.assign(**{name: filled})
        reading.frame = frame
        return count


def _merged(column: pd.Series[Any], timed: Mask) -> bool:
    """Return True if many of the rows with a period have an empty cell."""
    gone, enough = missing(column), max(_MERGED * np.count_nonzero(timed), 1)
    return bool(np.count_nonzero(gone) >= enough and np.count_nonzero(gone & timed) >= enough)


def filled_periods(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which periods given once above their rows are repeated in each row."""
    named = [x for x in frame if sounds_like("time", str(x)) and not sounds_like("cohort", str(x))]
    blocks = {str(x): below for x in named if (below := _blocks(frame, str(x))) is not None}
    return frame.assign(**blocks)


def _blocks(frame: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    """Repeat periods given once above their rows in all rows; None for other columns."""
    column = frame[name]
    gone = missing(column)
    if gone[: _BLOCKS + 1].all() or np.count_nonzero(gone) < _MERGED * len(gone):
        return None
    noted = ~gone & (frame.notna().sum(axis=1).to_numpy() == 1)  # a note below the table
    observed = column[~gone & ~noted]
    if len(observed) < _BLOCKS or observed.duplicated().any():
        return None
    if any(year_of(x) is None for x in observed):
        return None
    return column.mask(gone).ffill().mask(noted)


def _of_the_unit(reading: Reading, frame: pd.DataFrame, timed: Mask) -> list[str]:
    """Find unit columns with empty cells below a name in many rows with a period."""
    parts, time = reading.parts, reading.roles["time"]
    merged = []
    for name in parts:
        bare = missing(frame[name]) & timed
        if (
            timed.any()
            and not bare[timed.argmax()]
            and np.count_nonzero(bare) > FEW * np.count_nonzero(timed)
        ):
            merged.append(name)
    if merged:
        pairs = pd.DataFrame({"unit": _units(reading, merged, timed), "time": frame[time]})[timed]
        rows = pairs[~missing(frame[merged[-1]])[timed]]
        if pairs.duplicated().sum() > rows.duplicated().sum():
            return []
    return merged


def _units(reading: Reading, merged: list[str], timed: Mask) -> pd.Series[Any]:
    """Return the unit of each row, from all its parts."""
    columns = []
    for name in reading.parts:
        column = reading.frame[name]
        gone = missing(column)
        column = column.mask(gone) if gone.any() else column
        column = _carried(column, timed, reading) if name in merged else column
        bare, _ = stripped(column)
        columns.append(bare)
    if len(columns) < 2:
        return columns[0] if columns else pd.Series(0, index=reading.frame.index)
    return joined(columns)


def _filled(
    column: pd.Series[Any], unit: pd.Series[Any], timed: Mask, reading: Reading
) -> pd.Series[Any]:
    """Fill a column within units or across units; rows without a period are unchanged."""
    column_left = column.mask(missing(column) | ~timed)
    within = column_left.groupby(unit, sort=False).ffill()
    columns = (*reading.parts, *(reading.roles.get("strata") or ()))
    if column.name in columns or _groups(column_left[timed], within[timed], unit[timed]):
        within = _carried(column, timed, reading)
    return within.where(timed, column)


def _carried(column: pd.Series[Any], timed: Mask, reading: Reading) -> pd.Series[Any]:
    """Fill each empty cell from the cell above, but not across values of the columns left.

    If several columns identify the unit, the name of a city is not carried over to the next
    province.
    """
    parts = [x for x in reading.frame.columns if x in reading.parts]
    wider = parts[: parts.index(column.name)] if column.name in parts else []
    blocks = pd.Series(0, column.index)
    for name in wider:
        above = reading.frame[name].mask(missing(reading.frame[name]) | ~timed).ffill().map(str)
        blocks += (above != above.shift()).cumsum()
    return column.mask(missing(column) | ~timed).groupby(blocks).ffill()


def _groups(column: pd.Series[Any], within: pd.Series[Any], unit: pd.Series[Any]) -> bool:
    """Return True if a column gives groups of units, each above its units, from row one."""
    name = str(column.name)
    if not is_text(column) or not (_GROUP.search(name) or sounds_like("stratum", name)):
        return False
    if sounds_like("treated", name) or sounds_like("cohort", name) or not len(column):
        return False
    begins = column.notna().to_numpy() & ~unit.duplicated().to_numpy()
    return bool(
        pd.notna(column.iloc[0]) and within.isna().any() and begins.sum() == column.notna().sum()
    )


def _constant(values: pd.Series[Any], unit: pd.Series[Any]) -> bool:
    return bool((values.groupby(unit).nunique(dropna=False) <= 1).all())
