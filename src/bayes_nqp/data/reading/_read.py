"""Files to frames."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, Spoken, brief, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import listed, no_file, unmarked
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp._core.safe_calls import reply
from bayes_nqp.data.reading._container import refuse_other
from bayes_nqp.data.reading._kept_columns import carried
from bayes_nqp.data.reading._names import apart, unbroken
from bayes_nqp.data.reading._packages import PACKAGES, read_package, read_stata
from bayes_nqp.data.reading._text import read_text, without_marks
from bayes_nqp.data.reading._workbook import read_book

TEXTS = (".csv", ".tsv", ".txt")
_BOOKS = (".xlsx", ".xlsm", ".xls")
SUFFIXES = (*TEXTS, *_BOOKS, ".parquet", ".dta", *PACKAGES)
"""Endings of the files that are read."""
_FILE_WORDS = ("is not a column", "holds text in", "is empty in", "no row is complete")
"""Of errors about which something else may be done where rows come from a file."""
_TEXT_COPIES = 3
"""Memory that text takes while it is read, in sizes of its file."""
_EDGES = " \t\r\n\u3000\xa0\ufeff"


def source_of(path: Any) -> Path:
    """Take the path of a file.

    Raises
    ------
    PanelError
        If it is none.
    """
    text = reply(lambda: os.fspath(path), lambda _: b"")
    if not isinstance(text, str):
        raise PanelError(
            Message("path={} is no path", brief(path)),
            hint="text, such as 'cities.xlsx'; nqp.Panel.from_frame(df, …) takes rows",
        )
    return Path(text)


def read(
    path: Path,
    *,
    sheet: str | int | None = None,
    encoding: str | None = None,
    names: Collection[str] = (),
    header: int = 1,
) -> tuple[pd.DataFrame, list[str]]:
    """Read a file into a frame whose index numbers the rows as the user sees them.

    Parameters
    ----------
    path : Path
        By suffix: text, workbook, parquet, Stata, SPSS or SAS.
    sheet : str or int, optional
        Of a workbook.
    encoding : str, optional
        Of a text file.
    names : collection of str, default ()
        Columns whose cells are names, also where they look like missing numbers (NA, None).
    header : int, default 1
        Row of a text file with the names of columns.

    Raises
    ------
    PanelError
        If the file cannot be read.
    """
    suffix = path.suffix.lower()
    _check_kinds(sheet, encoding)
    _check_file(path, suffix)
    _check_suffix(path, sheet, encoding)
    notes: list[str] = []
    try:
        df, others = _by_suffix(path, sheet, encoding, names, header, notes)
        return _tidy(df, path, others, notes, first_row(path) + header - 1), notes
    except PanelError:
        raise
    except MemoryError as error:
        raise PanelError(
            Message("path={!r} needs more memory than there is", path.name),
            hint="keep the rows and columns that you need, and save them as .parquet",
        ) from error
    except ImportError as error:
        raise PanelError(
            Message("{} needs a package: {}", path.name, error), hint=_extra(path)
        ) from error
    except PermissionError as error:
        raise _locked(path) from error
    except broken() as error:
        raise PanelError(
            Spoken(
                Message(
                    "path={!r} cannot be read as {}: {}: {}",
                    path.name,
                    suffix,
                    type(error).__name__,
                    error,
                ),
                Message("the file “{}” cannot be read as {}", path.name, suffix),
            ),
            hint="the file may be truncated, still being written, or have another format than its "
            "suffix says; open it in the program that made it and save it again",
        ) from error


def first_row(path: Path) -> int:
    """Number the first row of data as the user sees it: below a header, or without one."""
    return 2 if path.suffix.lower() in (*TEXTS, *_BOOKS) else 1


def broken() -> tuple[type[Exception], ...]:
    """What readers of other packages raise when they meet a truncated or spoilt file."""
    from python_calamine import CalamineError

    return (
        ArithmeticError, AssertionError, AttributeError, CalamineError, EOFError, LookupError,
        OSError, RuntimeError, SyntaxError, TypeError, ValueError,
        StopIteration, struct.error, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error,
    )  # fmt: skip


def checked_file(path: Path) -> None:
    """Refuse what is no file that can be read, before anything looks into it."""
    _check_file(path, path.suffix.lower())


def _check_kinds(sheet: object, encoding: object) -> None:
    """Refuse what names neither a sheet nor an encoding."""
    if isinstance(sheet, bool) or not isinstance(sheet, str | int | None):
        raise PanelError(
            Message("sheet={} is no sheet", brief(sheet)),
            hint="the name of a sheet, or its number from 0",
        )
    if not isinstance(encoding, str | None):
        raise PanelError(Message("encoding={} is unknown", brief(encoding)), hint="text, or None")


@contextmanager
def cells_of(path: Path, notes: Iterable[str]) -> Iterator[None]:
    """Say, where the columns or cells of a file do not fit, what else may be done about them.

    Parameters
    ----------
    notes : iterable of str
        From `read`.
    """
    try:
        yield
    except PanelError as error:
        if not any(x in error.what for x in _FILE_WORDS):
            raise
        phrases = ("sheets", "columns left out", "stands above", "old workbook")
        sheets = [note for note in notes if any(words in note for words in phrases)]
        where = "; ".join([*([error.where] if error.where else []), *sheets])
        hint = Message(
            "{}{} a file with a title above its names, merged cells, or text for missing "
            "numbers: bayes-nqp new {} writes a study that reads it",
            error.hint,
            "" if error.hint.endswith("?") else ";",
            path.name,
        )
        raise PanelError(error.what, where=where, hint=hint) from error


def _check_file(path: Path, suffix: str) -> None:
    wrong = no_file(path)
    if wrong.endswith("denied"):
        raise _locked(path)
    if wrong.endswith("a folder"):
        names = [x for x in listed(path) if Path(x).suffix.lower() in SUFFIXES]
        raise PanelError(
            Message("path={!r} {}", str(path), wrong),
            hint=Message("one of its files: {}", shown(names)) if names else "name a file",
        )
    if wrong.endswith("not there"):
        folder = path.parent
        names = listed(folder)
        where = Message("looked in {}", folder.resolve())
        raise PanelError(
            Message("path={!r} {}", str(path), wrong), where=where, hint=nearest(path.name, names)
        )
    if wrong:
        raise PanelError(
            Message("path={!r} {}", str(path), wrong), hint="name a file with rows of data"
        )
    if suffix not in SUFFIXES:
        raise PanelError(
            Message("path={!r} has a suffix that is not read here", path.name),
            hint=Spoken(
                Message(
                    "save it as one of {}, or read it with pandas and call Panel.from_frame",
                    ", ".join(SUFFIXES),
                ),
                Message("save the data as one of {}", ", ".join(SUFFIXES)),
            ),
        )
    _check_content(path)
    refuse_large(path, path.stat().st_size * (_TEXT_COPIES if suffix in TEXTS else 1))
    if suffix in _BOOKS:
        refuse_other(path)


def _check_content(path: Path) -> None:
    """See that a file can be opened, and has something in it."""
    try:
        with path.open("rb") as file:
            head = file.read(1)
    except PermissionError as error:
        raise _locked(path) from error
    except OSError as error:
        raise PanelError(
            Message("path={!r} cannot be read: {}", path.name, error.strerror),
            hint="copy it to another disk",
        ) from error
    if not head:
        raise PanelError(Message("path={!r} is an empty file", path.name), hint="export it again")


def refuse_large(path: Path, needed: int) -> None:
    """Refuse a file that needs more memory than it may have, before it is read."""
    if needed > limit("memory"):
        raise PanelError(
            Message(
                "path={!r} needs about {} GB of memory to be read, and {} GB are allowed",
                path.name,
                f"{needed / 1000000000.0:,.3g}",
                f"{limit('memory') / 1000000000.0:,.3g}",
            ),
            hint=Spoken(
                Message(
                    "keep the rows and columns that you need, and save them as .parquet; {}",
                    way_out("memory", needed),
                ),
                Message("keep the rows and columns that you need, and save them as .parquet"),
            ),
        )


def _locked(path: Path) -> PanelError:
    return PanelError(
        Message("path={!r} may not be read: permission denied", path.name),
        hint="close it in Excel or Stata, or change its permissions",
    )


def _extra(path: Path) -> str:
    readers = {".parquet": "pyarrow", **dict.fromkeys(PACKAGES, "'bayes-nqp[formats]'")}
    reader = readers.get(path.suffix.lower(), "python-calamine")
    return Spoken(
        Message("pip install {}, or save the data as .csv", reader),
        Message("save the data as .csv"),
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        _check_parquet(path, file.metadata)
        if any("=" in x for x in path.parts):  # folders are columns: year=2015/cities.parquet
            df = pd.read_parquet(path)
        else:  # one piece and one block a column: nothing is copied
            df = file.read().to_pandas(split_blocks=True)
    levels = [name for name in df.index.names if name is not None and name not in df.columns]
    return (df.reset_index(levels) if levels else df).reset_index(drop=True)


def _check_parquet(path: Path, head: Any) -> None:
    """Refuse a table that is too wide, or needs more memory than it may have."""
    sizes = (head.row_group(k).total_byte_size for k in range(head.num_row_groups))
    if head.num_columns > limit("columns"):
        raise PanelError(
            Message("path={!r} has {:,} columns", path.name, head.num_columns),
            hint=Message("keep those that you need; {}", way_out("columns", head.num_columns)),
        )
    refuse_large(path, 8 * head.num_rows * head.num_columns + sum(sizes))


def _by_suffix(
    path: Path,
    sheet: str | int | None,
    encoding: str | None,
    names: Collection[str],
    header: int,
    notes: list[str],
) -> tuple[pd.DataFrame, list[str]]:
    """Read a file as its suffix says; of a workbook, name the other sheets too."""
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        return read_text(path, encoding, notes, names, header), []
    if suffix in _BOOKS:
        df, others = read_book(path, sheet, notes, names)
        return without_marks(df, unmarked), others
    if suffix == ".dta":
        return read_stata(path, notes), []
    return (read_package if suffix in PACKAGES else _read_parquet)(path), []


def _check_suffix(path: Path, sheet: str | int | None, encoding: str | None) -> None:
    """Refuse what a file of another suffix has."""
    suffix = path.suffix.lower()
    if sheet is not None and suffix not in _BOOKS:
        raise PanelError(
            Message("sheet={!r}: {} is no workbook", sheet, path.name), hint="leave sheet out"
        )
    if encoding is not None and suffix not in TEXTS:
        raise PanelError(
            Message("encoding={!r}: {} carries its own encoding", encoding, path.name),
            hint="omit it",
        )


def _tidy(
    df: pd.DataFrame, path: Path, others: list[str], notes: list[str], first: int
) -> pd.DataFrame:
    df.columns = pd.Index([unbroken(str(name).strip(_EDGES)) for name in df.columns])
    _check_named(df, path)
    df = carried(apart(df, path.name, notes), set(), notes)
    df.index = pd.RangeIndex(first, first + len(df))
    blank: Any = df.isna().to_numpy().all(axis=1) if len(df) < 200_000 else np.zeros(len(df), bool)
    df = df[~blank] if blank.any() else df
    if not len(df):
        problem = Message("path={!r} has a header and no rows", path.name)
        where, hint = Message("columns {}", shown(df.columns, 12)), ""
        if others:
            problem = Message("{} in its first sheet, which was read", problem)
            listed = shown(map(repr, others), 12)
            where = Message("{}; the other sheets are {}", where, listed)
            hint = f"sheet={others[0]!r}"
            hint = Message("{} or another of them", hint) if len(others) > 1 else hint
        raise PanelError(problem, where=where, hint=hint or "check the sheet, or export it again")
    return df


def _check_named(df: pd.DataFrame, path: Path) -> None:
    """Refuse rows of text with more cells than names of columns, which pandas takes for labels."""
    if not isinstance(df.index, pd.RangeIndex):
        raise PanelError(
            Message(
                "path={!r} has {} cells in a row and {} names in its header",
                path.name,
                df.index.nlevels + df.shape[1],
                df.shape[1],
            ),
            where=Message("the header reads {}", shown(df.columns, 8)),
            hint="give every column a name, or take the extra cells out",
        )
