"""Convert times to a regular grid of periods."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, brief, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import (
    SourceRows,
    as_days,
    bare_quarters,
    dotted_hint,
    is_text,
    missing,
    plain,
    quoted,
    unwrapped,
    year_of,
)

_ALIASES = {"YE": "Y", "YS": "Y", "A": "Y", "QE": "Q", "QS": "Q", "ME": "M", "MS": "M"}
_DECEMBER = "-DEC"
"""End of the year, omitted from names because it is implied by the frequency."""
_FAR = 2**53
"""Largest whole number represented exactly as a float."""
_KINDS = {"Y": "years", "Q": "quarters", "M": "months", "W": "weeks", "D": "days"}


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Scale of time: whole numbers (``base=None``) or calendar periods."""

    base: str | None = None
    step: int | None = None

    @property
    def words(self) -> str:
        return "whole numbers" if self.base is None else _KINDS.get(self.base[0], self.base)


def parse_freq(freq: int | str | None) -> TimeScale | None:
    """Read ``freq=``: a step for whole numbers, or ``M``, ``2M``, ``Q`` and the like."""
    if freq is None:
        return None
    if isinstance(freq, int | np.integer) and not isinstance(freq, bool) and 0 < freq < _FAR:
        return TimeScale(None, int(freq))
    text = freq if isinstance(freq, str) else ""
    match = re.fullmatch(r"0*(\d{0,15})([A-Za-z][A-Za-z-]*)", text, re.ASCII)
    if match:
        base = match[2].upper()
        base = _ALIASES.get(base, base)
        try:
            name = str(pd.Period("2000-01-01", freq=base).freqstr)
        except ValueError:
            name = ""
        if name and name[0] in _KINDS:
            return TimeScale(name.removesuffix(_DECEMBER), int(match[1] or 1))
    raise PanelError(
        Message("freq={} is not a frequency", brief(freq)),
        hint="freq=2 for every second year if times are whole numbers; 'Y', 'Q', 'M', 'W' "
        "or 'D' for dates, with a number before it for longer steps ('2M')",
    )


def read_times(
    column: pd.Series[Any],
    argument: str,
    rows: SourceRows,
    scale: TimeScale | None,
    *,
    quarters: bool = False,
) -> tuple[Index, Mask, TimeScale]:
    """Read a column of times: ordinals (zero if missing), presence, and their scale.

    Parameters
    ----------
    quarters : bool, default False
        For cohorts: True if numbers after years, as in 2015/3, are quarters in the column of times.
    """
    column = unwrapped(column)
    kind = column.dtype.kind
    if pd.api.types.is_bool_dtype(column.dtype):
        raise PanelError(
            Message("{}={!r} contains True and False, not times", argument, column.name),
            hint="treated= requires a 0/1 indicator of each row"
            if argument == "cohort"
            else "name the column of years, dates or periods",
        )
    if kind in "iuf" and not isinstance(column.dtype, pd.PeriodDtype):
        return _whole(column, argument, rows, scale)
    codes, values = pd.factorize(column)
    codes = codes.astype(np.int64)
    if isinstance(column.dtype, pd.PeriodDtype):
        periods = pd.PeriodIndex(values)
        scale = scale or TimeScale(periods.freqstr.lstrip("0123456789").removesuffix(_DECEMBER))
        _refuse_calendar(periods, argument, column, scale)
        return *_spread(periods.asfreq(scale.base), codes), scale
    if kind == "M":
        dates = pd.DatetimeIndex(values).tz_localize(None)
        scale = scale or TimeScale(_base(dates, column))
        _refuse_calendar(dates, argument, column, scale)
        return *_spread(dates.to_period(scale.base), codes), scale
    if not is_text(column):
        raise PanelError(
            Message(
                "{}={!r} contains {}, which is not a time", argument, column.name, column.dtype
            ),
            hint="use whole numbers, dates, or pandas periods",
        )
    days = _days(column, argument, scale, quarters)
    if not is_text(days):
        return read_times(days, argument, rows, scale)
    return _texts(column, codes, values, argument, rows, scale)


def counts_quarters(times: pd.Series[Any], scale: TimeScale | None) -> bool:
    """Return True if numbers after years are quarters: none above four, quarterly times."""
    if scale is None or not (scale.base or "").startswith("Q") or not is_text(times):
        return False
    return bare_quarters(times[~missing(times)].unique())


def _days(
    column: pd.Series[Any], argument: str, scale: TimeScale | None, quarters: bool
) -> pd.Series[Any]:
    """Convert text with parts of years to days, unless the text or scale has no such parts."""
    if scale is None:
        return as_days(column, argument)
    if scale.base is None or scale.base[0] not in "YQM":
        return column
    if counts_quarters(column, scale):
        return as_days(column, argument, quarters=True if quarters or argument == "time" else None)
    return as_days(column, argument, quarters=False)


def _whole(
    column: pd.Series[Any], argument: str, rows: SourceRows, scale: TimeScale | None
) -> tuple[Index, Mask, TimeScale]:
    present = ~column.isna().to_numpy(dtype=bool)
    raw = column.to_numpy(dtype=np.float64, na_value=0.0)
    raw = np.where(present, raw, 0.0)
    _check_whole(raw, column, argument, rows)
    ordinals = raw.astype(np.int64)
    if scale is None or scale.base is None or not present.any():
        return ordinals, present, scale or TimeScale()
    if scale.base.startswith("Y"):
        return ordinals - 1970, present, scale
    raise PanelError(
        Message(
            "{}={!r} contains whole numbers, but {} are expected",
            argument,
            column.name,
            scale.words,
        ),
        where=rows.shown(present & (np.cumsum(present) <= 3), str(column.name)),
        hint=Message(
            "convert it to dates, e.g. pd.to_datetime(df[{!r}].astype(str), format='%Y%m')",
            str(column.name),
        ),
        about=f"{argument} numbers",
        column=str(column.name),
    )


def _check_whole(raw: Array, column: pd.Series[Any], argument: str, rows: SourceRows) -> None:
    """Check that numbers are whole and plausible as periods."""
    wrong = ~np.isfinite(raw) | (raw != np.round(raw))
    if wrong.any():
        infinite = np.isinf(raw).any()
        raise PanelError(
            Message("{}={!r} must be whole numbers or dates", argument, column.name),
            where=rows.shown(wrong, str(column.name)),
            hint="never=float('inf') if infinity means never treated"
            if infinite and argument == "cohort"
            else dotted_hint(raw) or "number the periods 1, 2, 3, …, or use dates",
        )
    far = np.abs(raw) > _FAR
    if far.any():
        raise PanelError(
            Message(
                "{}={!r} contains numbers above {}, which cannot be periods",
                argument,
                column.name,
                f"{_FAR:.0e}",
            ),
            where=rows.shown(far, str(column.name)),
            hint="correct these cells, or pass never=… if they mean never treated"
            if argument == "cohort"
            else "correct these cells, or use pd.to_datetime(…, unit='ns') if they are nanoseconds",
        )


def _spread(periods: pd.PeriodIndex, codes: Index) -> tuple[Index, Mask]:
    ordinals = np.append(np.asarray(periods.asi8, dtype=np.int64), 0)
    return ordinals[codes], codes >= 0


def _refuse_calendar(
    values: pd.Index[Any], argument: str, column: pd.Series[Any], scale: TimeScale
) -> None:
    if scale.base is None:
        raise PanelError(
            Message(
                "{}={!r} contains dates, but whole numbers are expected", argument, column.name
            ),
            where=shown((plain(x) for x in values), 3),
            hint="number cohorts like times, or give both as dates; if times are years, "
            "dates of cohorts are converted to years",
        )


def _base(dates: pd.DatetimeIndex, column: pd.Series[Any]) -> str:
    """Choose the longest calendar period that contains at most one date."""
    if dates.month.nunique() <= 1 and dates.year.is_unique:
        return "Y"
    if pd.Index(dates.month % 3).nunique() <= 1 and dates.to_period("Q").is_unique:
        return "Q"
    if dates.to_period("M").is_unique:
        return "M"
    if dates.to_period("D").is_unique:
        return "D"
    raise PanelError(
        Message("time={!r} contains several times of one day", column.name),
        where=shown(sorted(dates)[:3]),
        hint="freq='D' (or 'M', 'Q', 'Y') assigns them to one period; otherwise number the periods",
    )


def _texts(
    column: pd.Series[Any],
    codes: Index,
    values: Any,
    argument: str,
    rows: SourceRows,
    scale: TimeScale | None,
) -> tuple[Index, Mask, TimeScale]:
    gone = missing(column)
    name = str(column.name)
    if gone.all():
        return np.zeros(len(column), dtype=np.int64), ~gone, scale or TimeScale()
    if scale is not None and scale.base is not None:
        with suppress(ValueError):
            index = pd.Index([str(x).strip() for x in values])
            periods = pd.PeriodIndex(index.where(index != "", "NaT"), freq=scale.base)
            return np.where(gone, 0, _spread(periods, codes)[0]), ~gone, scale
    texts = [x for x in values if str(x).strip()]
    others = [x for x in texts if not _is_time(x)]
    if 0 < len(others) < len(texts):
        texts, gone = others, gone | ~column.isin(others).to_numpy()
    raise PanelError(
        Message("{}={!r} is text, not times: {}", argument, name, shown(map(quoted, texts), 3)),
        where=rows.shown(~gone & (np.cumsum(~gone) <= 2)),
        hint=_text_hint(name, [str(x) for x in values if str(x).strip()], argument),
        about=f"{argument} text",
        column=name,
    )


def _is_time(value: object) -> bool:
    return bool(year_of(value) or re.fullmatch(r"\s*-?\d+(\.0+)?\s*", str(value)))


def _text_hint(name: str, values: list[str], argument: str) -> str:
    if all(re.fullmatch(r"\s*-?\d+\s*", x) for x in values):
        return f"df[{name!r}] = df[{name!r}].astype(int)"
    others = [x for x in values if not _is_time(x)]
    words = not any(map(str.isdecimal, "".join(others)))  # 15年 is a year, not a code
    if argument == "cohort" and words and 0 < len(others) <= 3 and len(others) < len(values):
        which = repr(others[0] if len(others) == 1 else others)
        return Message("never={}, if it means never treated", which)
    if argument == "cohort" and not words:
        return Message("write 2015, 2015-03 or 2015年3月 in these cells")
    return Message(
        "write 2015, 2015Q1, 2015-03, 2015H1 or 2015-03-31 in these cells, in one format "
        "throughout; other dates: df[{0!r}] = pd.to_datetime(df[{0!r}], format=…)",
        name,
    )
