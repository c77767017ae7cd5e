"""What a file holds: which sheet, which row of names, and what each column looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.errors import PanelError
from bayes_nqp.panel._read import read
from bayes_nqp.studies._schema import Data
from bayes_nqp.studies._source import EDGES, rows_of

__all__ = ["Column", "Look", "look"]

_BOOKS: Final = (".xlsx", ".xlsm", ".xls")
_ROWS: Final = 15
"""Rows in which the names of columns are looked for."""
_MOST: Final = 0.85
"""Share of a column's texts that must be numbers for it to be one of numbers."""
_SHORT: Final = 6
"""Length of texts that can stand for a missing number."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column.

    Parameters
    ----------
    name : str
    raw : Series
        As it was read.
    values : Series
        Numbers where it holds numbers, also those stored as text; else what is there.
    numeric : bool
    marked : bool
        Whether numbers have marks between thousands.
    missing : tuple of str
        Texts that seem to stand for a missing number.
    """

    name: str
    raw: pd.Series[Any]
    values: pd.Series[Any]
    numeric: bool
    marked: bool = False
    missing: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers."""
        if not self.numeric:
            return False
        known = self.values.dropna().to_numpy(dtype=np.float64)
        return bool(len(known)) and bool((known == np.floor(known)).all())


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A file as it was looked at.

    Parameters
    ----------
    columns : dict of str to Column
    keys : dict
        Keys of [data] that read it: sheet, header.
    reasons : dict of str to str
        Why, by key.
    """

    columns: dict[str, Column]
    keys: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def look(path: Path) -> Look:
    """Look at a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Look

    Raises
    ------
    PanelError
        If it cannot be read, or holds no rows.
    """
    keys: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    if path.suffix.lower() in _BOOKS and path.is_file():
        keys, reasons = _place(path)
    frame, _, _ = rows_of(Data(file=path.name, **keys), path.parent)
    frame = frame.loc[:, [not str(name).startswith("Unnamed") for name in frame.columns]]
    if not len(frame.columns):
        raise PanelError(f"{path.name} has no row with names of columns", hint="add a header")
    return Look({str(name): _column(frame, str(name)) for name in frame.columns}, keys, reasons)


def _place(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Find the sheet with most rows, and the row that holds its names."""
    try:
        with pd.ExcelFile(path) as book:
            sheets = {
                str(name): pd.read_excel(book, sheet_name=name, header=None)
                for name in book.sheet_names
            }
    except Exception:
        # Readers raise whatever they meet in a broken file: the panel's reader has words for it.
        read(path)
        raise
    keys: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    name = max(sheets, key=lambda one: int(sheets[one].notna().to_numpy().sum()))
    if len(sheets) > 1:
        keys["sheet"] = name
        reasons["sheet"] = f"the fullest of {len(sheets)} sheets ({', '.join(sheets)})"
    row = _header(sheets[name])
    if row > 1:
        keys["header"] = row
        reasons["header"] = f"the names of columns stand in row {row}"
    return keys, reasons


def _header(raw: pd.DataFrame) -> int:
    """The first row of names, counted as Excel does: nearly full, all text, and no name twice."""
    wide = int(raw.notna().sum(axis=1).max()) if len(raw) else 0
    for number in range(min(_ROWS, len(raw))):
        cells = [x for x in raw.iloc[number] if pd.notna(x)]
        texts = [x.strip(EDGES) for x in cells if isinstance(x, str)]
        full = len(cells) >= max(2, 0.6 * wide) and len(texts) == len(cells)
        if full and len(set(texts)) == len(texts) and not all(map(_is_number, texts)):
            return number + 1
    return 1


def _column(frame: pd.DataFrame, name: str) -> Column:
    raw = values = frame.iloc[:, list(frame.columns).index(name)]
    if pd.api.types.is_bool_dtype(values.dtype):
        return Column(name, raw, values.astype("float64"), numeric=True)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return Column(name, raw, values, numeric=True)
    if not (
        pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values.dtype)
    ):
        return Column(name, raw, values, numeric=False)
    text = values.map(lambda x: x.strip(EDGES) if isinstance(x, str) else x)
    text = text.mask(text.map(lambda x: isinstance(x, str) and not x))
    known = text.dropna()
    plain = known.map(lambda x: x.replace(",", "") if isinstance(x, str) else x)
    numbers = pd.to_numeric(plain, errors="coerce")
    wrong = [str(x) for x in known[numbers.isna()].unique()]
    few = all(len(x) <= _SHORT and not any(c.isdigit() for c in x) for x in wrong)
    if len(known) and numbers.notna().mean() >= _MOST and few:
        marked = bool(known.map(lambda x: isinstance(x, str) and "," in x).any())
        whole = pd.to_numeric(plain.reindex(values.index), errors="coerce")
        return Column(name, raw, whole.astype("float64"), True, marked, tuple(wrong))
    return Column(name, raw, text, numeric=False)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
