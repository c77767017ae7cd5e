"""Check that cells are valid names, times or numbers, and reject all others."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp._core.texts import one_line
from bayes_nqp.data.reading._error_cells import refuse_broken
from bayes_nqp.data.reading._values import SourceRows, counted, is_text, plain, unwrapped
from bayes_nqp.data.reading._words import WORDS

_TRUTHS = (bool, np.bool_)
_PLAIN = (int, float, np.integer, np.floating)
_NUMBERS = (*_PLAIN, Decimal, Fraction)
_DATES = (dt.date, np.datetime64, pd.Period)
_LABELS = (str, *_TRUTHS, *_NUMBERS, *_DATES, dt.time, pd.Interval, UUID, Enum)


@dataclass(frozen=True, slots=True)
class _CellKind:
    """Valid cells of a role."""

    types: tuple[type, ...]
    what: str
    hint: str


_TIMES = (str, *_NUMBERS, *_DATES)
_NUMBER = _CellKind(
    (str, *_TRUTHS, *_NUMBERS),
    "a number",
    "df[{0!r}] = df[{0!r}].astype(float), or drop these rows",
)
_KINDS: Final = {
    "unit": _CellKind(
        _LABELS, "a name", "if the text of the cells names the units, df[{0!r}].astype(str)"
    ),
    "strata": _CellKind(
        _LABELS, "a name", "if the text of the cells names the levels, df[{0!r}].astype(str)"
    ),
    "time": _CellKind(_TIMES, "a time", "use integers, dates, or pandas periods"),
    "cohort": _CellKind(
        _TIMES, "a time", "give the first treated period in the format of the time column"
    ),
}
"""Valid cells by argument; all other arguments require numbers."""
CARRIED = (str, *_TRUTHS, *_PLAIN, Decimal, dt.date, np.datetime64, dt.time, dt.timedelta)
UNSORTED = re.compile(
    r"(large_|fixed_size_|dense_|sparse_)?(list|struct|map|union|binary|\w+_view)\b"
)
"""Arrow types that are not scalar values or that pandas cannot sort."""
_MISSING = (type(None), type(pd.NA), type(pd.NaT))
_WORDS = frozenset({"nan", "none", "nat", "<na>", "null", "na", "n/a"})
"""Names that look like missing values converted to text."""
_TOTALS: Final[frozenset[str]] = frozenset(WORDS["totals"]["names"])
"""Names of rows that are totals of other rows."""
_PARTS = tuple(WORDS["totals"]["beginnings"])
_ENDS = tuple(WORDS["totals"]["endings"])
SURROGATE = re.compile("[\ud800-\udfff]")
_LONG = 2**63
_DECODED = (
    "text decoded with the wrong encoding (lone surrogates)",
    "read the file again with its actual encoding; these cells cannot be written to reports",
)


def admitted(
    column: pd.Series[Any], argument: str, rows: SourceRows, notes: list[str]
) -> pd.Series[Any]:
    """Reject cells that are not valid names, times or numbers, and clean the names.

    Parameters
    ----------
    argument : str
        Role of the column: unit, time, cohort, strata, or a numeric role.
    rows : Rows
        Describes rows in messages.
    notes : list of str
        Receives a message for each change.

    Returns
    -------
    Series
        The input column if nothing changed.
    """
    kind = _KINDS.get(argument, _NUMBER)
    _refuse_dtype(column, argument, kind)
    if column.dtype == object:
        odd = [x for x in column if isinstance(x, str) and SURROGATE.search(x)]
        _refuse_texts(column, argument, odd, _DECODED, rows)
        _refuse_cells(column, argument, kind, rows)
    values = unwrapped(column)
    _refuse_cells(values, argument, kind, rows)
    if is_text(values):
        refuse_broken(values, argument, rows)
    _refuse_far(values, argument, rows)
    if kind.types is _TIMES:
        _refuse_huge(values, argument, rows)
    if kind is _NUMBER:
        exact = tuple(x for x in kinds(values) if issubclass(x, Decimal | Fraction | int))
        if exact:
            return values.map(lambda x: _as_float(x) if type(x) in exact else x)
    if kind.types is _LABELS:
        return _names(column, values, argument, rows, notes)
    return column


def _names(
    column: pd.Series[Any],
    values: pd.Series[Any],
    argument: str,
    rows: SourceRows,
    notes: list[str],
) -> pd.Series[Any]:
    if values.dtype.kind == "f" and np.isinf(values.to_numpy(dtype=np.float64)).any():
        infinite: Mask = np.isinf(values.to_numpy(dtype=np.float64))
        raise PanelError(
            Message(
                "{}={!r} contains infinity, which is not a valid name", argument, str(column.name)
            ),
            where=rows.shown(infinite),
            hint="correct these cells, or make them empty",
        )
    if argument == "unit":
        _note_totals(values, notes)
    if not is_text(values):
        spans = isinstance(values.dtype, pd.IntervalDtype)
        return values.map(plain, na_action="ignore").astype(object) if spans else column
    if any(not issubclass(x, (str, *_PLAIN, *_MISSING)) for x in kinds(values)):
        column = values.map(lambda x: x if isinstance(x, str | int | float) else plain(x),
                            na_action="ignore")  # fmt: skip
    distinct = [x for x in values.unique() if isinstance(x, str)]
    if long := [x for x in distinct if len(x) > limit("name")]:
        words = (
            f"names of more than {limit('name'):,} characters",
            f"shorten them; {way_out('name', max(map(len, long)))}",
        )
        _refuse_texts(values, argument, long, words, rows)
    doubtful = sorted({x for x in distinct if x.strip().lower() in _WORDS})
    if doubtful:
        notes.append(
            Message(
                "{}: {} was read as a name, not as a missing value",
                column.name,
                shown(map(repr, doubtful)),
            )
        )
    return _cleaned(column, distinct, notes)


def is_total(name: str) -> bool:
    """Return True if a name marks a total, or a part of another row: 其中：市辖区."""
    bare = name.strip().casefold()
    bare = bare if bare.isascii() else "".join(bare.split())
    return bare in _TOTALS or bare.startswith(_PARTS) or (len(bare) > 2 and bare.endswith(_ENDS))


def may_be_total(text: str) -> bool:
    """Return True if some line of a text may name a total; a quick test of many names."""
    bare, words = text.casefold(), (*_TOTALS, *_PARTS)
    letters = {x for x in "".join(words) if x in bare}  # letters are a faster first test
    return any(letters.issuperset(word) and word in bare for word in words)


def _note_totals(values: pd.Series[Any], notes: list[str]) -> None:
    totals = [x for x in values.unique() if isinstance(x, str) and is_total(x)]
    if totals:
        notes.append(
            Message("{}: {} was read as a unit, but may be a total", values.name, shown(totals))
        )


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _refuse_dtype(column: pd.Series[Any], argument: str, kind: _CellKind) -> None:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    text = str(dtype)
    if UNSORTED.match(text) or dtype.kind in "cmSV":
        raise PanelError(
            Message(
                "{}={!r} contains {}, which is not {}", argument, str(column.name), text, kind.what
            ),
            hint=kind.hint.format(str(column.name)),
        )


def kinds(values: pd.Series[Any]) -> dict[type, None]:
    """Return the types of the nonmissing cells, in their order."""
    return dict.fromkeys(map(type, values)) if values.dtype == object else {}


def fits(kind: type, types: tuple[type, ...]) -> bool:
    if issubclass(kind, _MISSING):
        return True
    if issubclass(kind, _TRUTHS):
        return bool in types
    if issubclass(kind, np.timedelta64):  # a subclass of numpy's integers
        return dt.timedelta in types
    return issubclass(kind, types)


def _refuse_cells(values: pd.Series[Any], argument: str, kind: _CellKind, rows: SourceRows) -> None:
    odd = tuple(x for x in kinds(values) if not fits(x, kind.types))
    if odd:
        wrong = np.fromiter((type(x) in odd for x in values), bool, len(values))
        raise PanelError(
            Message(
                "{}={!r} contains {} in {}, which is not {}",
                argument,
                str(values.name),
                shown((x.__name__ for x in odd), 4),
                counted(wrong.sum(), "row"),
                kind.what,
            ),
            where=rows.shown(wrong, str(values.name)),
            hint=kind.hint.format(str(values.name)),
        )


def _refuse_huge(values: pd.Series[Any], argument: str, rows: SourceRows) -> None:
    """Reject integers that do not fit in 64 bits."""
    if int not in kinds(values):
        return
    wrong = np.fromiter((type(x) is int and abs(x) >= 2**63 for x in values), bool, len(values))
    if wrong.any():
        raise PanelError(
            Message(
                "{}={!r} contains integers that do not fit in 64 bits", argument, str(values.name)
            ),
            where=rows.shown(wrong, str(values.name)),
            hint="correct these cells, or make them empty",
        )


def _refuse_far(values: pd.Series[Any], argument: str, rows: SourceRows) -> None:
    """Reject dates outside the years 1 to 9999."""
    if isinstance(values.dtype, pd.PeriodDtype):
        years = values.dt.year.to_numpy(dtype=np.float64, na_value=np.nan)
        wrong: Mask = ((years < 1) | (years > 9999)) & values.notna().to_numpy()
    elif values.dtype.kind == "M":
        dates = values.dt.tz_localize(None) if getattr(values.dtype, "tz", None) else values
        seconds = dates.to_numpy(dtype="datetime64[s]")
        wrong = (seconds < np.datetime64("0001-01-01")) | (seconds > np.datetime64("9999-12-31"))
    else:
        return
    if wrong.any():
        raise PanelError(
            Message(
                "{}={!r} contains dates outside the years 1 to 9999", argument, str(values.name)
            ),
            where=Message("row {}", shown(map(str, values.index[wrong]))),
            hint="correct these cells; the dates may be stored in another unit, such as "
            "milliseconds",
        )


def _refuse_texts(
    values: pd.Series[Any], argument: str, odd: list[str], words: tuple[str, str], rows: SourceRows
) -> None:
    if odd:
        reason, hint = words
        texts = set(odd)
        wrong = np.fromiter((isinstance(x, str) and x in texts for x in values), bool, len(values))
        raise PanelError(
            Message(
                "{}={!r} contains {} in {}: {}",
                argument,
                str(values.name),
                reason,
                counted(wrong.sum(), "row"),
                shown(map(repr, dict.fromkeys(odd)), 3),
            ),
            where=rows.shown(wrong),
            hint=hint,
        )


def _cleaned(column: pd.Series[Any], distinct: list[str], notes: list[str]) -> pd.Series[Any]:
    """Remove control and invisible characters from names."""
    clean = {x: cleaned for x in distinct if (cleaned := one_line(x)) != x.strip()}
    if not clean:
        return column
    listed = shown((f"{x!a} as {y!r}" for x, y in clean.items()), 2)
    notes.append(
        Message(
            "{}: removed control and invisible characters from {} ({})",
            column.name,
            counted(len(clean), "name"),
            listed,
        )
    )
    return column.astype(object).map(lambda x: clean.get(x, x) if isinstance(x, str) else x)
