"""Files to frames."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp.errors import PanelError, nearest, shown
from bayes_nqp.panel._text import read_text

_TEXT = (".csv", ".tsv", ".txt")
_BOOKS = (".xlsx", ".xlsm", ".xls")
SUFFIXES = (*_TEXT, *_BOOKS, ".parquet", ".dta")
"""Endings of the files that are read."""
_EDGES = " \t\r\n\u3000\xa0\ufeff"


def read(
    path: Path, *, sheet: str | int | None = None, encoding: str | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Read a file into a frame whose index numbers the rows as the user sees them.

    Parameters
    ----------
    path : Path
        By suffix: text, workbook, parquet or Stata.
    sheet : str or int, optional
        Of a workbook.
    encoding : str, optional
        Of a text file.

    Returns
    -------
    frame : DataFrame
    notes : list of str

    Raises
    ------
    PanelError
        If the file cannot be read.
    """
    suffix = path.suffix.lower()
    _check_file(path, suffix)
    if sheet is not None and suffix not in _BOOKS:
        raise PanelError(f"sheet={sheet!r}: {path.name} is no workbook", hint="leave sheet out")
    if encoding is not None and suffix not in _TEXT:
        raise PanelError(
            f"encoding={encoding!r}: {path.name} carries its own encoding", hint="leave it out"
        )
    notes: list[str] = []
    others: list[str] = []
    try:
        if suffix in _TEXT:
            df = read_text(path, encoding, notes)
        elif suffix in _BOOKS:
            df, others = _read_book(path, sheet, notes)
        elif suffix == ".dta":
            df = _read_stata(path, notes)
        else:
            df = pd.read_parquet(path).reset_index(drop=True)
    except (PanelError, MemoryError):
        raise
    except ImportError as error:
        raise PanelError(f"{path.name} needs a package: {error}", hint=_extra(suffix)) from error
    except PermissionError as error:
        raise _locked(path) from error
    except Exception as error:
        # Readers of other packages raise whatever they meet in a truncated file.
        raise PanelError(
            f"{path.name} cannot be read as {suffix}: {type(error).__name__}: {error}",
            hint="the file may be truncated, still being written, or have another format than its "
            "suffix says; open it in the program that made it and save it again",
        ) from error
    return _tidy(df, path, others, first=2 if suffix in (*_TEXT, *_BOOKS) else 1), notes


@contextmanager
def cells_of(path: Path, notes: Iterable[str]) -> Iterator[None]:
    """Say, where the columns or cells of a file do not fit, what else may be done about them.

    Parameters
    ----------
    path : Path
    notes : iterable of str
        From `read`.

    Yields
    ------
    None
    """
    try:
        yield
    except PanelError as error:
        if "is not a column" not in error.what and "holds text in" not in error.what:
            raise
        sheets = [note for note in notes if "sheets" in note]
        where = "; ".join([*([error.where] if error.where else []), *sheets])
        hint = (
            f"{error.hint}{'' if error.hint.endswith('?') else ';'} a file with a title above its "
            f"names, merged cells, or text for missing numbers: bayes-nqp new {path.name} "
            "writes a study that reads it"
        )
        raise PanelError(error.what, where=where, hint=hint) from error


def _check_file(path: Path, suffix: str) -> None:
    if not path.exists():
        folder = path.parent
        names = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        where = f"looked in {folder.resolve()}"
        raise PanelError(
            f"path={str(path)!r} is not there", where=where, hint=nearest(path.name, names)
        )
    if path.is_dir():
        names = sorted(p.name for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
        raise PanelError(
            f"path={str(path)!r} is a folder",
            hint=f"one of its files: {shown(names)}" if names else "name a file",
        )
    if suffix not in SUFFIXES:
        raise PanelError(
            f"path={path.name!r} has a suffix that is not read here",
            hint=f"save it as one of {', '.join(SUFFIXES)}, or read it with pandas and call "
            "Panel.from_frame",
        )
    try:
        with path.open("rb") as file:
            head = file.read(1)
    except PermissionError as error:
        raise _locked(path) from error
    if not head:
        raise PanelError(f"path={path.name!r} is an empty file", hint="export it again")


def _locked(path: Path) -> PanelError:
    return PanelError(
        f"path={path.name!r} may not be read: permission denied",
        hint="close it in Excel or Stata, or change its permissions",
    )


def _extra(suffix: str) -> str:
    reader = {".xls": "python-calamine", ".parquet": "pyarrow"}.get(suffix, "openpyxl")
    return f"pip install {reader}, or save the data as .csv"


def _read_book(
    path: Path, sheet: str | int | None, notes: list[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Read a sheet; name the others, where none was asked for."""
    fast = importlib.util.find_spec("python_calamine") is not None
    with pd.ExcelFile(path, engine="calamine" if fast else None) as book:
        names = [str(name) for name in book.sheet_names]
        if isinstance(sheet, int) and not -len(names) <= sheet < len(names):
            raise PanelError(
                f"sheet={sheet}: {path.name} has {len(names)} sheets",
                where=shown(map(repr, names), 12),
                hint="numbers begin at 0; or give the name",
            )
        if isinstance(sheet, str) and sheet not in names:
            raise PanelError(
                f"sheet={sheet!r} is not in {path.name}",
                where=f"its sheets are {shown(map(repr, names), 12)}",
                hint=nearest(sheet, names),
            )
        others = names[1:] if sheet is None else []
        if others:
            notes.append(
                f"{path.name}: read {names[0]!r}, the first of {len(names)} sheets "
                f"(the others: {shown(map(repr, others), 12)})"
            )
        return pd.read_excel(book, sheet_name=0 if sheet is None else sheet), others


def _read_stata(path: Path, notes: list[str]) -> pd.DataFrame:
    try:
        df = pd.read_stata(path)
    except ValueError as error:
        if "label" not in str(error):
            raise
        df = pd.read_stata(path, convert_categoricals=False)
        notes.append(f"{path.name}: value labels repeat, so codes were read instead of labels")
    dated = [name for name in df.columns if df[name].dtype.kind == "M"]
    if dated:
        raw = pd.read_stata(path, columns=dated, convert_dates=False, convert_categoricals=False)
        for name in dated:
            if (raw[name].isna() | (raw[name] == df[name].dt.year)).all():
                df[name] = raw[name]
    for name in df.columns:
        column = df[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            df[name] = column.astype(column.cat.categories.dtype)
    return df


def _tidy(df: pd.DataFrame, path: Path, others: list[str], first: int) -> pd.DataFrame:
    df.columns = pd.Index([str(name).strip(_EDGES) for name in df.columns])
    df.index = pd.RangeIndex(first, first + len(df))
    blank: Any = df.isna().to_numpy().all(axis=1) if len(df) < 200_000 else np.zeros(len(df), bool)
    df = df[~blank] if blank.any() else df
    if not len(df):
        sheets = f"; the other sheets are {shown(map(repr, others), 12)}" if others else ""
        raise PanelError(
            f"path={path.name!r} has a header and no rows"
            + (" in its first sheet, which was read" if others else ""),
            where=f"columns {shown(df.columns, 12)}{sheets}",
            hint=f"sheet={others[0]!r}" + " or another of them" * (len(others) > 1)
            if others
            else "check the sheet, or export it again",
        )
    return df
