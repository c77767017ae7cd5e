"""Tables as text that a spreadsheet opens without taking words for formulas."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_nqp.errors import StudyError
from bayes_nqp.files._write import write, write_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["guarded", "unguarded", "write_csv", "write_parquet", "write_workbook"]

_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""What makes a spreadsheet take text for a formula, behind marks that were set already."""
_ROWS, _COLUMNS = 1_048_576, 16_384
"""Of a sheet, the header among them."""
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def guarded(value: Any) -> Any:
    """Mark a text that a spreadsheet would compute with an apostrophe before it.

    Text that is a number stays as it is. `unguarded` is the exact inverse.

    Returns
    -------
    object
        Anything but text as it is.
    """
    if not isinstance(value, str) or not _FORMULA.match(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def unguarded(value: Any) -> Any:
    """Take away the apostrophe of `guarded`."""
    if isinstance(value, str) and value.startswith("'") and _FORMULA.match(value):
        plain = value[1:]
        return value if _NUMBER.fullmatch(plain) else plain
    return value


def write_csv(
    table: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    digits: int | None = None,
    replace: bool = True,
) -> Path:
    """Write a table as a .csv that Excel shows rightly, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        Its text, and its columns' names, are `guarded`; numbers are written as they are.
    digits : int, optional
        Significant ones of numbers; all by default.
    replace : bool, default True
        Whether a file that is there is replaced.

    Raises
    ------
    StudyError
        If it cannot be written, or is there and is not to be replaced.
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
    """Write a table as a Parquet file, whole or not at all.

    Parameters
    ----------
    replace : bool, default True
        Whether a file that is there is replaced.

    Raises
    ------
    StudyError
        If it cannot be written, or is there and is not to be replaced.
    """
    return write(path, lambda file: table.to_parquet(file, index=False), replace=replace)


def write_workbook(
    table: pd.DataFrame, path: str | os.PathLike[str], *, replace: bool = True
) -> Path:
    """Write a table as a workbook in which text is text, whole or not at all.

    Parameters
    ----------
    replace : bool, default True
        Whether a file that is there is replaced.

    Raises
    ------
    StudyError
        If it cannot be written, or is there and is not to be replaced; if it has more rows or
        columns than a sheet, or text that no workbook holds.
    """
    _fits(table, Path(path))

    def fill(file: io.BytesIO) -> None:
        import pandas as pd

        with pd.ExcelWriter(file, engine="openpyxl") as book:
            table.to_excel(book, index=False)
            for row in book.book.active.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        cell.data_type = "s"

    return write(path, fill, replace=replace)


def _fits(table: pd.DataFrame, path: Path) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if len(table) >= _ROWS or len(table.columns) > _COLUMNS:
        raise StudyError(
            f"{path.name!r}: {len(table)} rows × {len(table.columns)} columns are more than a "
            "sheet holds",
            hint="the ending .parquet or .csv",
        )
    for name, column in table.items():
        texts = [name, *column] if column.dtype.kind in "OTUS" else [name]
        for place, text in enumerate(texts):
            if isinstance(text, str) and ILLEGAL_CHARACTERS_RE.search(text):
                raise StudyError(
                    f"{path.name!r}: a workbook holds no control characters",
                    where=f"column {name!r}" + (f", row {place}" if place else ""),
                    hint="the ending .csv, or the text without them",
                )
