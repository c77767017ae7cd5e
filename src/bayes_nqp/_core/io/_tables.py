"""Tables as text that spreadsheets do not interpret as formulas."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io._write import write, write_text

if TYPE_CHECKING:
    import pandas as pd


_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What makes a spreadsheet take text for a formula, behind marks that were set already."""
_NOTHING = re.compile(r"'*(<NA>|N/A|n/a|NA|NULL|null|None|NaN|nan|1\.#(IND|QNAN))")
"""What readers take for a missing value, likewise; others of these begin with a sign."""
_EXACT = 10**15
"""Whole numbers from there on have digits that no cell of a workbook holds."""
_ROWS, _COLUMNS = 1_048_576, 16_384
"""Of a sheet, the header among them."""
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def guarded(value: Any) -> Any:
    """Protect text that a spreadsheet would evaluate or a reader would treat as missing.

    Such text gets a leading apostrophe. Text that is a number is not changed. `unguarded` is the
    exact inverse.

    Returns
    -------
    object
        Protected text; other objects unchanged.
    """
    if not isinstance(value, str) or not _is_special(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def unguarded(value: Any) -> Any:
    """Remove the apostrophe of `guarded`."""
    if isinstance(value, str) and value.startswith("'") and _is_special(value):
        plain = value[1:]
        return value if _NUMBER.fullmatch(plain) else plain
    return value


def _is_special(text: str) -> bool:
    return bool(_FORMULA.match(text) or _NOTHING.fullmatch(text))


def marked(value: Any) -> Any:
    """Protect text that a reader would treat as missing; workbooks store formulas as text."""
    return f"'{value}" if isinstance(value, str) and _NOTHING.fullmatch(value) else value


def unmarked(value: Any) -> Any:
    """Remove the apostrophe of `marked`."""
    special = isinstance(value, str) and value.startswith("'") and _NOTHING.fullmatch(value)
    return value[1:] if special else value


def write_csv(
    table: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    digits: int | None = None,
    replace: bool = True,
) -> Path:
    """Write a table atomically as a .csv that Excel displays correctly.

    Parameters
    ----------
    table : DataFrame
        Table; text and column names are `guarded`, numbers are written unchanged.
    digits : int, optional
        Significant digits of numbers; all by default.
    replace : bool, default True
        If True, replace an existing file.

    Raises
    ------
    StudyError
        If the file cannot be written, or exists and `replace` is False.
    """
    plain = table.copy(deep=False)
    for place, (_, column) in enumerate(table.items()):
        if column.dtype.kind not in "biufcmM":
            texts = column.astype(object).map(guarded, na_action="ignore")
            plain.isetitem(place, texts.to_numpy())
    plain.columns = plain.columns.map(guarded)
    text = plain.to_csv(index=False, float_format=None if digits is None else f"%.{digits}g")
    return write_text(path, f"\ufeff{text}", replace=replace)


def write_parquet(
    table: pd.DataFrame, path: str | os.PathLike[str], *, replace: bool = True
) -> Path:
    """Write a table atomically as a Parquet file.

    Columns with several types are converted to text.

    Parameters
    ----------
    replace : bool, default True
        If True, replace an existing file.

    Raises
    ------
    StudyError
        If the file cannot be written, or exists and `replace` is False.
    """
    plain = table.copy(deep=False)
    for place, (_, column) in enumerate(table.items()):
        if column.dtype.kind in "Oc" and not _has_a_type(column):
            texts = column.astype(object).map(str, na_action="ignore")
            plain.isetitem(place, texts.array)
    return write(path, lambda file: plain.to_parquet(file, index=False), replace=replace)


def _has_a_type(column: pd.Series[Any]) -> bool:
    """Return True if all cells of a column have one type that Parquet supports."""
    import pyarrow as pa

    try:
        pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def write_workbook(
    table: pd.DataFrame, path: str | os.PathLike[str], *, replace: bool = True
) -> Path:
    """Write a table atomically as a workbook in which text remains text.

    Values that cells cannot store are written as text: long integers and times with a time zone.

    Parameters
    ----------
    replace : bool, default True
        If True, replace an existing file.

    Raises
    ------
    StudyError
        If the file cannot be written, or exists and `replace` is False; if the table has more rows
        or columns than a sheet, or text that workbooks cannot store.
    """
    _fits(table, Path(path))
    plain = table.copy(deep=False)
    for place, (_, column) in enumerate(table.items()):
        plain.isetitem(place, _cells(column).array)

    def fill(file: io.BytesIO) -> None:
        import pandas as pd

        with pd.ExcelWriter(file, engine="openpyxl") as book:
            plain.to_excel(book, index=False)
            for row in book.book.active.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        cell.data_type = "s"

    return write(path, fill, replace=replace)


def _cells(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column with values that a workbook can store."""
    if column.dtype.kind in "bfM" and getattr(column.dtype, "tz", None) is None:
        return column
    values = column.astype(object)
    long = any(isinstance(x, int) and abs(x) >= _EXACT for x in values)

    def held(value: Any) -> Any:
        zoned = getattr(value, "tzinfo", None) is not None
        return str(value) if zoned or long else marked(value)

    return values.map(held, na_action="ignore").astype(object)


def _fits(table: pd.DataFrame, path: Path) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if len(table) >= _ROWS or len(table.columns) > _COLUMNS:
        raise StudyError(
            f"{path.name!r}: {len(table)} rows × {len(table.columns)} columns are more than a "
            "sheet holds",
            hint="use the extension .parquet or .csv",
        )
    for name, column in table.items():
        texts = [name, *column] if column.dtype.kind in "OTUS" else [name]
        for place, text in enumerate(texts):
            if isinstance(text, str) and ILLEGAL_CHARACTERS_RE.search(text):
                raise StudyError(
                    f"{path.name!r}: a workbook holds no control characters",
                    where=f"column {name!r}" + (f", row {place}" if place else ""),
                    hint="use the extension .csv, or remove these characters",
                )
