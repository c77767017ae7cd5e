"""Read numbers in various notations: full width, percent, with units, with separators."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.data.reading._error_cells import broken_cell
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import grouped, is_text
from bayes_nqp.data.reading._words import WORDS
from bayes_nqp.data.reading._years import year_of

EDGES: Final = " \t\r\n\u3000\xa0"
"""Characters that are stripped from the text of a cell."""
MOST: Final = 0.85
"""Minimum share of numbers in a numeric column."""
SHORT: Final = 6
"""Maximum length of texts that may mark missing values."""
_PROBE: Final = 400
"""Number of distinct cells inspected to distinguish names from numbers."""
_NUMBER: Final = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_PLAIN: Final = re.compile(_NUMBER)
_BETWEEN: Final = ". \u00a0\u202f'’"
"""Thousands separators used with decimal commas."""
_DECIMAL: Final = re.compile(
    rf"[-+]?(?:\d+|\d{{1,3}}(?:[{_BETWEEN}]\d{{3}})+),\d+(?:[eE][-+]?\d+)?"
)
_PERCENT: Final = re.compile(r"([-+]?[\d,]*\.?\d+)\s*([%‰])")
_SCALES: Final[dict[str, float]] = WORDS["units"]["scales"]
_BASES: Final = frozenset(WORDS["units"]["bases"])
_ALIKE: Final = 10.0
"""Maximum ratio between plain numbers and percentages of equal scale."""
_PREFIXED: Final = re.compile(r"([-+]?)([$¥€£])\s*([\d,]*\.?\d+)")
_RAISED: Final = re.compile(
    "([\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2094\u2150-\u215f\u2189-\u218b\u2460-\u24ff\u2776-\u2793\u3220-\u324f"
    "\u3280-\u32bf])"
)
"""Characters that are or contain digits but are not part of a number: ², ½, ①, ⑴, ㈠."""
_FIRST: Final = "+-.,$¥€£一二"
"""First characters of numbers and years other than digits."""
_SUFFIXED: Final = re.compile(r"([-+]?[\d,]*\.?\d+)\s*([^\d\s%‰.,+-].{0,11})")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Distinct cells of a column of text, with the cell of each row.

    Parameters
    ----------
    codes : ndarray of int, one per row
        Index into `values`; −1 if the cell is empty.
    values : list
        Texts without blanks around them; other cells as they are.
    """

    column: pd.Series[Any]
    codes: Any
    values: list[Any]

    @property
    def counts(self) -> Any:
        """Return the number of rows of each distinct cell."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def count(self, wanted: Callable[[Any], bool]) -> int:
        """Count the rows with cells that satisfy a condition."""
        chosen = np.fromiter((wanted(x) for x in self.values), bool, len(self.values))
        return int(self.counts[chosen].sum())

    def mapped(self, values: list[Any]) -> pd.Series[Any]:
        """Return the column with replaced values; as numbers if all of them are numbers."""
        read = pd.Series([*values, None], dtype=object)
        gone = read.isna().to_numpy()
        kinds = {type(x) for x in read[~gone]}
        if kinds == {int} and (self.codes >= 0).all() and not gone[:-1].any():
            integers = read.iloc[:-1].to_numpy(dtype=np.int64)
            return pd.Series(integers[self.codes], self.column.index, name=self.column.name)
        if kinds <= {int, float}:
            numbers = read.where(~gone, np.nan).to_numpy(dtype=np.float64)
            return pd.Series(numbers[self.codes], self.column.index, name=self.column.name)
        array: Any = read.to_numpy()[self.codes]
        column = pd.Series(array, self.column.index, dtype=object, name=self.column.name)
        return column.infer_objects() if kinds == {str} else column


def cells(column: pd.Series[Any], *, named: bool = False) -> Cells | None:
    """Return the distinct cells of a text column; None for numbers or dates.

    Parameters
    ----------
    named : bool, default False
        True if the user specified the column. Otherwise the column is read only if half of a few
        cells, spread over its rows, contain numbers.
    """
    if not is_text(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return None
    if not named and not _says_numbers(column):
        return None
    codes, distinct = pd.factorize(column)
    values = [x.strip(EDGES) if isinstance(x, str) else x for x in distinct]
    return Cells(column, codes, values)


def _says_numbers(column: pd.Series[Any]) -> bool:
    """Return True if half of a few cells, spread over the rows, contain numbers."""
    texts = texts_of(column) if isinstance(column.dtype, pd.StringDtype) else None
    if texts is not None and texts.says_numbers is not None:
        return texts.says_numbers
    if texts is not None:
        probe = texts.spread(_PROBE)
    else:
        probe = column.iloc[:: max(1, len(column) // _PROBE)].dropna().unique().tolist()
    few = [narrow(x.strip(EDGES)) if isinstance(x, str) else x for x in probe]
    numeric = [
        x for x in few if x != "" and (not isinstance(x, str) or len(x) > SHORT or _digit(x))
    ]
    numerical = bool(numeric) and sum(map(counts, numeric)) >= 0.5 * len(numeric)
    if texts is not None:
        texts.says_numbers = numerical
    return numerical


def counts(cell: Any) -> bool:
    """Return True if a cell contains a number or a year in any notation."""
    if isinstance(cell, str):
        first = cell.lstrip(EDGES)[:1]
        if not first.isdecimal() and first not in _FIRST:
            return False
    readers = (marked, percent, suffixed, year_of, spaced)
    return any(reader(cell) is not None for reader in readers)


def _digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def narrow(cell: Any) -> Any:
    """Convert text to half width: ０．５４２０ to 0.5420; other minus signs become hyphens.

    Note marks are kept: 12.3① and 12.3² are not 12.31 and 12.32.
    """
    if not isinstance(cell, str) or cell.isascii():
        return cell
    parts = _RAISED.split(cell)  # every second part is a note mark
    parts[::2] = [unicodedata.normalize("NFKC", x) for x in parts[::2]]
    text = "".join(parts).strip(EDGES)
    return re.sub(r"^[−–—‐](?=[\d.])", "-", text)


def unraised(cell: Any) -> Any:
    """Convert text to half width and remove note marks."""
    return _RAISED.sub("", narrow(cell)) if isinstance(cell, str) else cell


def number(cell: Any) -> float | None:
    """Return a plain number, or the number written as text; None for other cells."""
    if isinstance(cell, bool | np.bool_):
        return None
    if isinstance(cell, int | float | np.number):
        return float(cell)
    if isinstance(cell, str) and _PLAIN.fullmatch(cell):
        return float(cell)
    return None


def marked(cell: Any, mark: str = ",") -> float | None:
    """Read a number with or without thousands separators."""
    bare = grouped(cell, mark) if isinstance(cell, str) else cell
    return number(bare)


_BARE: Final = str.maketrans("", "", _BETWEEN)


def decimal(cell: Any) -> float | None:
    """Read a text with a decimal comma: 0,532, and 1.234,5 or 1 234,5."""
    if not isinstance(cell, str) or not _DECIMAL.fullmatch(cell):
        return None
    return float(cell.translate(_BARE).replace(",", "."))


def spaced(cell: Any) -> float | None:
    """Read a number with blanks or apostrophes as thousands separators."""
    return next((x for mark in " '’" if (x := marked(cell, mark)) is not None), None)


def percent(cell: Any) -> float | None:
    """Read a share that is written as a percentage or per mille."""
    match = _PERCENT.fullmatch(cell) if isinstance(cell, str) else None
    value = marked(match[1]) if match else None
    if match is None or value is None:
        return None
    # Keep the decimal places of the text, so that 17.2 % is 0.172, not 0.17199999999999999.
    return float(f"{value / (100 if match[2] == '%' else 1000):.12g}")


def figure(cell: Any) -> float | None:
    """Return the number before the mark: 17.2 of 17.2%."""
    return None if percent(cell) is None else marked(cell.rstrip(" %‰"))


def plain_sizes(values: list[Any]) -> list[float]:
    """Return the absolute values of plain numbers other than zero."""
    return [abs(y) for x in values if (y := number(x))]


def in_per_cent(values: list[Any]) -> bool:
    """Return True if plain numbers have the size of percentages, so that scales agree."""
    plain, figures = plain_sizes(values), [abs(y) for x in values if (y := figure(x))]
    if not plain or not figures:
        return False
    return 1.0 / _ALIKE < float(np.median(plain) / np.median(figures)) < _ALIKE


def suffixed(cell: Any) -> tuple[float, str] | None:
    """Read a number followed by its unit, such as 84.80万元, or preceded by it: $84.80."""
    if isinstance(cell, str) and (before := _PREFIXED.fullmatch(cell)):
        cell = before[1] + before[3] + before[2]
    match = _SUFFIXED.fullmatch(cell) if isinstance(cell, str) else None
    value = marked(match[1]) if match else None
    if match is None or value is None or scale(match[2]) is None or year_of(cell) is not None:
        return None
    return value, match[2]


def scale(suffix: str) -> tuple[float, str] | None:
    """Return the multiplier and base of a unit: 万元 is (10000, 元); None if unknown."""
    text = suffix.strip().casefold()
    for word in sorted(_SCALES, key=len, reverse=True):
        if text.startswith(word) and (base := text[len(word) :].strip()) in _BASES:
            return _SCALES[word], base
    return None


def words_beside(values: list[Any], is_number: Callable[[Any], bool]) -> list[str]:
    """Return short texts without digits in a column of numbers."""
    others = [x for x in values if not is_number(x) and x != ""]
    if not all(isinstance(x, str) for x in others):
        return []
    short = [x for x in others if len(x) <= SHORT and not any(map(str.isdigit, x))]
    return [x for x in short if not broken_cell(x)] if len(short) == len(others) else []
