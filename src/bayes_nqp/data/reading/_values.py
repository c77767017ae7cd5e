"""Convert columns to arrays of numbers and labels, and describe invalid rows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, cut, shown
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.data.reading._texts import texts_of

Strings = npt.NDArray[np.str_]

_CELL = 60
"""Maximum number of characters of a cell in a message."""
_LONGEST = 1e22
"""Integral floats below this value are written in full."""
_HUGE = 10**400
_MOST = 1e100
"""Largest valid number; squares of larger numbers overflow."""


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Describes rows in messages, by the user's index, unit and time."""

    frame: pd.DataFrame
    unit: str
    time: str

    def shown(self, wrong: Mask, value: str | None = None) -> str:
        """Describe the rows where `wrong` is True, with their value of one column on request."""
        places = np.flatnonzero(wrong)
        few = self.frame.iloc[places[:5]]
        texts = []
        for position, label in enumerate(few.index):
            cells = [few[name].iloc[position] for name in (self.unit, self.time)]
            unit, time = (cut(plain(cell), _CELL) for cell in cells)
            text = Message("row {} ({}, {})", cut(plain(label), _CELL), unit, time)
            cell = None if value is None else quoted(few[value].iloc[position])
            texts.append(text if cell is None else Message("{}: {}", text, cell))
        more = len(places) - len(few)
        return joined_rows(texts, more)


def joined_rows(texts: Sequence[str], more: int) -> Message:
    """List rows, and state the number of rows that are not listed."""
    listed = separated(texts)
    return Message("{}; and {} more", listed, more) if more else listed


_THOUSANDS = Message(
    "pd.read_csv(…, thousands=',', na_values=['—', '--']) when reading, or "
    "pd.to_numeric(df[{!r}].str.replace(',', ''), errors='coerce')"
)
_SHARES = ("%", "％", "‰")
_SCALE = Message(
    "write all cells of {!r} in the same form: with cells such as {}, a plain number may "
    "be a share or a percentage"
)
_DECIMAL = Message("if the comma is a decimal comma, pd.read_csv(…, decimal=',') when reading")


def plain(value: Any) -> str:
    """Format a label without surrounding blanks, a trailing ``.0``, or midnight.

    Values that cannot be labels are formatted as their type.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float | np.floating) and np.isfinite(value) and float(value).is_integer():
        return str(int(value)) if abs(float(value)) < _LONGEST else repr(float(value))
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return str(value.date())
    if isinstance(value, int) and abs(value) >= _HUGE:
        return f"a number of {int(value.bit_length() * math.log10(2)) + 1:,} digits"
    if isinstance(value, UUID | Enum):
        return str(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(plain, value))})"
    if not pd.api.types.is_scalar(value) or isinstance(value, bytes):
        return f"<{type(value).__name__}>"
    return "missing" if pd.isna(value) else str(value).strip()


def quoted(value: object) -> str:
    """Format a cell so that text and numbers can be distinguished."""
    return cut(repr(value) if isinstance(value, str) else plain(value), _CELL)


def counted(number: int | np.integer[Any], noun: str) -> Message:
    """Format a number and its noun, in the plural if needed."""
    return Message("{n:,} " + noun, plural="{n:,} " + noun + "s", n=int(number))


def unwrapped(column: pd.Series[Any]) -> pd.Series[Any]:
    """Replace a categorical by its values, and object by the type of its values."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    return column.infer_objects() if column.dtype == object else column


def is_text(column: pd.Series[Any]) -> bool:
    """Return True if a column contains text or mixed objects."""
    return column.dtype == object or pd.api.types.is_string_dtype(column.dtype)


def missing(column: pd.Series[Any]) -> Mask:
    """Return a mask of missing values; blank text counts as missing."""
    gone: Mask = column.isna().to_numpy(dtype=bool)
    if not is_text(column):
        return gone
    blank = texts_of(column).blank
    return gone | column.isin(blank).to_numpy(dtype=bool) if blank else gone


def numbers(column: pd.Series[Any], argument: str, rows: SourceRows, notes: list[str]) -> Array:
    """Read a column as float64 with NaN; reject text and infinity."""
    name = str(column.name)
    column = unwrapped(column)
    if pd.api.types.is_numeric_dtype(column.dtype) and not np.iscomplexobj(column.array):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    elif is_text(column):
        values = _from_text(column, argument, rows, notes)
    else:
        raise PanelError(
            Message("{}={!r} must be numeric, but has the type {}", argument, name, column.dtype),
            hint="convert the column to numbers first",
        )
    infinite: Mask = np.isinf(values)
    if infinite.any():
        raise PanelError(
            Message("{}={!r} has {}", argument, name, counted(infinite.sum(), "infinite value")),
            where=rows.shown(infinite),
            hint="check for a logarithm of zero or a division by zero; df.replace([np.inf,"
            " -np.inf], np.nan) drops these rows",
        )
    large: Mask = np.abs(values) > _MOST
    if large.any():
        raise PanelError(
            Message(
                "{}={!r} has {} larger than {} in absolute value",
                argument,
                name,
                counted(large.sum(), "value"),
                f"{_MOST:g}",
            ),
            where=rows.shown(large, name),
            hint="such numbers are missing-value codes or errors: make these cells empty",
        )
    return values


def _from_text(column: pd.Series[Any], argument: str, rows: SourceRows, notes: list[str]) -> Array:
    name = str(column.name)
    blank = missing(column)
    values: Array = pd.to_numeric(column.where(~blank), errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    wrong = np.isnan(values) & ~blank
    if wrong.any():
        distinct = shown(map(quoted, column[wrong].unique()), 4)
        raise PanelError(
            Message(
                "{}={!r} must be numeric, but contains text in {}: {}",
                argument,
                name,
                counted(wrong.sum(), "row"),
                distinct,
            ),
            where=rows.shown(wrong, name),
            hint=_hint(column[wrong], bool((~wrong & ~blank).any())),
            about="column text",
        )
    if column[~blank].map(lambda x: isinstance(x, str)).any():
        notes.append(Message("{}: numbers stored as text were read as numbers", name))
    return values


def _hint(wrong: pd.Series[Any], beside: bool) -> Message:
    """Return advice about text in a column of numbers."""
    texts = [str(x).strip() for x in wrong]
    if beside and all(x.endswith(_SHARES) for x in texts):
        return _SCALE.fill(wrong.name, texts[0])
    return _DECIMAL if any(grouped(x, ",") is None for x in texts) else _THOUSANDS.fill(wrong.name)


def grouped(text: str, mark: str) -> str | None:
    """Remove thousands separators from a number; None if their positions are invalid.

    ``1,234.5`` is 1234.5. ``0,532`` and ``1,5`` are not such numbers, because their comma is a
    decimal comma.
    """
    if mark not in text:
        return text
    tail = r"(?:\.\d+)?(?:[eE][-+]?\d+)?" if mark != "." else ""
    form = rf"[-+]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+{tail}"
    return text.replace(mark, "") if re.fullmatch(form, text.strip()) else None


def encode(column: pd.Series[Any]) -> tuple[Index, Strings]:
    """Encode the distinct values of a column as integers.

    Returns
    -------
    codes : ndarray of int64, one per row
        −1 if missing.
    labels : ndarray of str
        Labels, sorted; numerically if the column is numeric.
    """
    column = unwrapped(column)
    codes, values = pd.factorize(column)
    texts = np.array([plain(x) for x in values], dtype=str)
    if pd.api.types.is_numeric_dtype(column.dtype):
        order = np.argsort(np.asarray(values), kind="stable")
        rank = np.empty(len(order) + 1, dtype=np.int64)
        rank[order], rank[-1] = np.arange(len(order)), -1
        return rank[codes], texts[order]
    labels, merged = np.unique(texts, return_inverse=True)
    codes = np.append(merged, -1).astype(np.int64)[codes]
    if len(labels) and labels[0] == "":
        return np.maximum(codes - 1, -1), labels[1:]
    return codes, labels


def frozen[T: np.generic](array: npt.NDArray[T]) -> npt.NDArray[T]:
    """Return a read-only view of the array."""
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array
