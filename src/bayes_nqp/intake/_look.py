"""What a file holds: which sheet, which row of names, and what each column looks like."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.columns import (
    broken,
    broken_cell,
    counted,
    grouped,
    is_text,
    letters,
    opened,
    read,
    seen_sheets,
    sheet_frame,
)
from bayes_nqp.errors import PanelError, StudyError
from bayes_nqp.files import no_file, text_path
from bayes_nqp.intake._read import BOOKS, read_rows
from bayes_nqp.intake._rows import EDGES, stripped
from bayes_nqp.language import Message

_ROWS: Final = 15
"""Rows in which the names of columns are looked for."""
_MOST: Final = 0.85
"""Share of a column's texts that must be numbers for it to be one of numbers."""
_SHORT: Final = 6
"""Length of texts that can stand for a missing number."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceColumn:
    """One column.

    Parameters
    ----------
    raw : Series
        As it was read.
    values : Series
        Numbers where it holds numbers, also those stored as text; else what is there.
    marked : bool
        Whether numbers have marks between thousands.
    missing : tuple of str
        Texts that seem to stand for a missing number.
    doubtful : bool
        Whether it is text for a few cells that are neither, such as "0.43?".
    """

    name: str
    raw: pd.Series[Any]
    values: pd.Series[Any]
    numeric: bool
    marked: bool = False
    missing: tuple[str, ...] = ()
    doubtful: bool = False

    @property
    def numbers(self) -> pd.Series[Any]:
        """Its numbers, also where a few cells are none."""
        if self.numeric:
            return self.values
        return pd.to_numeric(self.values.map(_bare), errors="coerce").astype("float64")

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers."""
        if not self.numeric:
            return False
        observed = self.values.dropna().to_numpy(dtype=np.float64)
        return bool(len(observed)) and bool((observed == np.floor(observed)).all())


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A file as it was looked at.

    Parameters
    ----------
    keys : dict
        Keys of [data] that read it: sheet, header.
    reasons : dict of str to str
        Why, by key.
    notes : tuple of str
        What reading it did, and what it could not read.
    """

    columns: dict[str, SourceColumn]
    keys: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def look(path: Path, names: Collection[str] = ()) -> Look:
    """Look at a file.

    Parameters
    ----------
    names : collection of str, default ()
        Columns whose cells are names, also where they look like missing numbers.

    Raises
    ------
    PanelError
        If it cannot be read, or holds no rows.
    """
    keys: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    if path.suffix.lower() in BOOKS and not no_file(path):
        keys, reasons = _place(path)
    frame, notes = read_rows(path, **keys, names=names)
    frame, unnamed = _named_columns(frame)
    if not len(frame.columns):
        raise PanelError(
            Message("{} has no row with names of columns", path.name), hint="add a header"
        )
    columns = {str(name): column_of(frame[name], str(name)) for name in frame.columns}
    notes = [*(x for x in notes if "sheets" not in x), *unnamed]
    return Look(columns, keys, reasons, tuple(notes))


def _named_columns(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out columns without a name, and say so of those that hold something."""
    bare = [str(name).startswith("Unnamed") for name in frame.columns]
    held = frame.loc[:, bare].notna().sum()
    notes = [
        Message("column {} has no name in the header, and is left out: {} with something in it",
                letters(place + 1), counted(held[name], "cell"))
        for place, name in enumerate(frame.columns)
        if bare[place] and held[name]
    ]  # fmt: skip
    return frame.loc[:, [not x for x in bare]], list(notes)


def named(file: str | Path) -> Path:
    """Refuse a file without a name.

    Raises
    ------
    StudyError
        If there is none, as where make is not told one.
    """
    path = text_path(file, "FILE")
    if not path.name:
        raise StudyError(
            "FILE names no file",
            hint="the path of your data: bayes-nqp new cities.xlsx, or make new FILE=cities.xlsx",
        )
    return path


def _place(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Find the sheet with most rows, and the row that holds its names."""
    trouble: tuple[type[Exception], ...] = (ImportError, MemoryError, *broken())
    try:
        with opened(path) as book:
            sheets = {
                name: sheet_frame(book, path, name, [], header=None)
                for name in seen_sheets(path, list(map(str, book.sheet_names)))
            }
    except trouble:
        read(path)  # which has words for it
        raise
    keys: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    name = max(sheets, key=lambda one: int(sheets[one].notna().to_numpy().sum()))
    if len(sheets) > 1:
        keys["sheet"] = name
        reasons["sheet"] = Message("the fullest of {} sheets ({})", len(sheets), ", ".join(sheets))
    row = _header(sheets[name])
    if row > 1:
        keys["header"] = row
        reasons["header"] = Message("the names of columns stand in row {}", row)
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


def column_of(raw: pd.Series[Any], name: str) -> SourceColumn:
    """Tell what a column holds."""
    values = raw.infer_objects()
    if pd.api.types.is_bool_dtype(values.dtype):
        return SourceColumn(name, raw, values.astype("float64"), numeric=True)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return SourceColumn(name, raw, values, numeric=True)
    if not is_text(values):
        return SourceColumn(name, raw, values, numeric=False)
    text = stripped(values)[0]
    text = text.mask(text.map(broken_cell).astype(bool))
    observed = text.dropna()
    plain = observed.map(_bare)
    numbers = pd.to_numeric(plain, errors="coerce")
    if not len(observed) or numbers.notna().mean() < _MOST:
        return SourceColumn(name, raw, text, numeric=False)
    wrong = [str(x) for x in observed[numbers.isna()].unique()]
    missing = tuple(x for x in wrong if len(x) <= _SHORT and not any(c.isdigit() for c in x))
    marked = bool(observed.map(lambda x: isinstance(x, str) and "," in x).any())
    if len(missing) < len(wrong):
        return SourceColumn(name, raw, text, False, marked, missing, doubtful=True)
    numbers_read = pd.to_numeric(plain.reindex(values.index), errors="coerce")
    return SourceColumn(name, raw, numbers_read.astype("float64"), True, marked, missing)


def _bare(cell: Any) -> Any:
    """A number without its marks between thousands."""
    bare = grouped(cell, ",") if isinstance(cell, str) else cell
    return cell if bare is None else bare


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return True
