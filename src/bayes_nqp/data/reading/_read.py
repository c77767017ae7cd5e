"""Read files into data frames."""

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
"""Suffixes of supported files."""
_IN_FILES = ("column unknown", "column text", "unit empty", "strata empty")
"""Kinds of errors for which there is further advice if the rows come from a file."""
_TEXT_COPIES = 3
"""Memory needed to read text, in multiples of the file size."""
_EDGES = " \t\r\n\u3000\xa0\ufeff"


def source_of(path: Any) -> Path:
    """Return the path of a file.

    Raises
    ------
    PanelError
        If the argument is not a path.
    """
    text = reply(lambda: os.fspath(path), lambda _: b"")
    if not isinstance(text, str):
        raise PanelError(
            Message("path={} is not a path", brief(path)),
            hint="a path as text, such as 'cities.xlsx'; for a data frame use "
            "nqp.Panel.from_frame(df, …)",
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
    """Read a file into a frame with row numbers as the user sees them.

    Parameters
    ----------
    path : Path
        Path; its suffix gives the format: text, workbook, parquet, Stata, SPSS or SAS.
    sheet : str or int, optional
        Sheet of a workbook.
    encoding : str, optional
        Encoding of a text file.
    names : collection of str, default ()
        Columns that contain names, including cells that look like missing values (NA, None).
    header : int, default 1
        Row of a text file with the column names.

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
            Message("reading path={!r} needs more memory than is available", path.name),
            hint="keep only the rows and columns that you need, and save them as .parquet",
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
            hint="the file may be truncated or incomplete, or its format may not match its"
            " suffix; open it in the program that created it, and save it again",
        ) from error


def first_row(path: Path) -> int:
    """Return the number of the first data row as the user sees it, with or without a header."""
    return 2 if path.suffix.lower() in (*TEXTS, *_BOOKS) else 1


def broken() -> tuple[type[Exception], ...]:
    """List the exceptions that readers raise for truncated or damaged files."""
    from python_calamine import CalamineError

    return (
        ArithmeticError, AssertionError, AttributeError, CalamineError, EOFError, LookupError,
        OSError, RuntimeError, SyntaxError, TypeError, ValueError,
        StopIteration, struct.error, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error,
    )  # fmt: skip


def checked_file(path: Path) -> None:
    """Reject files that cannot be read, before any reader opens them."""
    _check_file(path, path.suffix.lower())


def _check_kinds(sheet: object, encoding: object) -> None:
    """Reject values that are not a sheet or an encoding."""
    if isinstance(sheet, bool) or not isinstance(sheet, str | int | None):
        raise PanelError(
            Message("sheet={} is not a sheet", brief(sheet)),
            hint="the name of a sheet, or its number, counted from 0",
        )
    if not isinstance(encoding, str | None):
        raise PanelError(Message("encoding={} is unknown", brief(encoding)), hint="text, or None")


@contextmanager
def cells_of(path: Path, notes: Iterable[str]) -> Iterator[None]:
    """Add advice to an error about columns or cells of a file.

    Parameters
    ----------
    notes : iterable of str
        Messages of `read`.
    """
    try:
        yield
    except PanelError as error:
        if error.about not in _IN_FILES:
            raise
        phrases = ("sheets", "columns not read", "is the name of", "old workbook")
        sheets = [note for note in notes if any(words in note for words in phrases)]
        where = "; ".join([*([error.where] if error.where else []), *sheets])
        hint = Message(
            "{}{} if the file has a title above the column names, merged cells, or text "
            "for missing numbers, bayes-nqp new {} writes a study that reads it",
            error.hint,
            "" if error.hint.endswith("?") else ";",
            path.name,
        )
        raise error.reworded(where=where, hint=hint) from error


def _check_file(path: Path, suffix: str) -> None:
    wrong = no_file(path)
    if wrong.endswith("denied"):
        raise _locked(path)
    if wrong.endswith("a folder"):
        names = [x for x in listed(path) if Path(x).suffix.lower() in SUFFIXES]
        raise PanelError(
            Message("path={!r} {}", str(path), wrong),
            hint=Message("the path of one of its files: {}", shown(names))
            if names
            else "give the path of a file",
        )
    if wrong.endswith("not exist"):
        folder = path.parent
        names = listed(folder)
        where = Message("searched in {}", folder.resolve())
        raise PanelError(
            Message("path={!r} {}", str(path), wrong), where=where, hint=nearest(path.name, names)
        )
    if wrong:
        raise PanelError(
            Message("path={!r} {}", str(path), wrong),
            hint="give the path of a file that contains data",
        )
    if suffix not in SUFFIXES:
        raise PanelError(
            Message("path={!r} has a suffix that is not supported", path.name),
            hint=Spoken(
                Message(
                    "save it as one of {}, or read it with pandas and call Panel.from_frame",
                    ", ".join(SUFFIXES),
                ),
                Message("save the data in one of these formats: {}", ", ".join(SUFFIXES)),
            ),
        )
    _check_content(path)
    refuse_large(path, path.stat().st_size * (_TEXT_COPIES if suffix in TEXTS else 1))
    if suffix in _BOOKS:
        refuse_other(path)


def _check_content(path: Path) -> None:
    """Check that a file can be opened and is not empty."""
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
    """Reject a file that needs more memory than is allowed, before it is read."""
    if needed > limit("memory"):
        raise PanelError(
            Message(
                "reading path={!r} needs about {} GB of memory, and at most {} GB are allowed",
                path.name,
                f"{needed / 1000000000.0:,.3g}",
                f"{limit('memory') / 1000000000.0:,.3g}",
            ),
            hint=Spoken(
                Message(
                    "keep only the rows and columns that you need, and save them as .parquet; {}",
                    way_out("memory", needed),
                ),
                Message("keep only the rows and columns that you need, and save them as .parquet"),
            ),
        )


def _locked(path: Path) -> PanelError:
    return PanelError(
        Message("path={!r} cannot be read: permission denied", path.name),
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
        if any("=" in x for x in path.parts):  # folder names are columns: year=2015/cities.parquet
            df = pd.read_parquet(path)
        else:  # one chunk and one block per column avoid copies
            df = file.read().to_pandas(split_blocks=True)
    levels = [name for name in df.index.names if name is not None and name not in df.columns]
    return (df.reset_index(levels) if levels else df).reset_index(drop=True)


def _check_parquet(path: Path, head: Any) -> None:
    """Reject a table that is too wide or needs more memory than is allowed."""
    sizes = (head.row_group(k).total_byte_size for k in range(head.num_row_groups))
    if head.num_columns > limit("columns"):
        raise PanelError(
            Message("path={!r} has {:,} columns", path.name, head.num_columns),
            hint=Message(
                "keep only the columns that you need; {}", way_out("columns", head.num_columns)
            ),
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
    """Read a file by its suffix; for a workbook, report the other sheets."""
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
    """Reject arguments that apply to files with another suffix."""
    suffix = path.suffix.lower()
    if sheet is not None and suffix not in _BOOKS:
        raise PanelError(
            Message("sheet={!r}: {} is not a workbook", sheet, path.name), hint="omit sheet"
        )
    if encoding is not None and suffix not in TEXTS:
        raise PanelError(
            Message("encoding={!r}: {} stores its own encoding", encoding, path.name),
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
        problem = Message("path={!r} has a header but no rows", path.name)
        where, hint = Message("the columns are {}", shown(df.columns, 12)), ""
        if others:
            problem = Message("{} in its first sheet, which was read", problem)
            listed = shown(map(repr, others), 12)
            where = Message("{}; the other sheets are {}", where, listed)
            hint = f"sheet={others[0]!r}"
            hint = Message("{} or another of these sheets", hint) if len(others) > 1 else hint
        raise PanelError(problem, where=where, hint=hint or "check the sheet, or export it again")
    return df


def _check_named(df: pd.DataFrame, path: Path) -> None:
    """Reject rows with more cells than column names, which pandas would read as an index."""
    if not isinstance(df.index, pd.RangeIndex):
        raise PanelError(
            Message(
                "path={!r} has {} cells in a row, but {} names in its header",
                path.name,
                df.index.nlevels + df.shape[1],
                df.shape[1],
            ),
            where=Message("the header is {}", shown(df.columns, 8)),
            hint="give every column a name, or delete the extra cells",
        )
