"""Detect workbook cells without a value: errors, and formulas that were never computed."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.data.reading._values import SourceRows, counted

UNCOMPUTED: Final = "#FORMULA!"
"""Prefix of the text that represents a formula without a value."""
_ERROR: Final = re.compile(
    r"#(REF|N/A|DIV/0|VALUE|NAME|NUM|NULL|SPILL|CALC|FIELD|BLOCKED|CONNECT|BUSY|UNKNOWN)[!?]?"
    r"|#GETTING_DATA|Err:\d{3}"
)
_ERRORS: Final = (
    Message("{}={!r} contains spreadsheet errors in {}: {}"),
    Message("correct the formulas in the spreadsheet, or make these cells empty"),
)
_FORMULAS: Final = (
    Message("{}={!r} contains formulas without stored values in {}: {}"),
    Message(
        "the program that wrote the file did not compute the formulas: open the file in "
        "Excel or LibreOffice, save it there, and read it again"
    ),
)


def broken_cell(cell: object) -> bool:
    """Return True if a cell is a spreadsheet error or a formula without a value."""
    if not isinstance(cell, str):
        return False
    return cell.startswith(UNCOMPUTED) or _ERROR.fullmatch(cell.strip()) is not None


def refuse_broken(
    column: pd.Series[Any],
    argument: str,
    rows: SourceRows,
    excepted: Collection[str] = (),
    accepted: Message = NOTHING,
) -> None:
    """Reject cells with spreadsheet errors and formulas without a value.

    Parameters
    ----------
    argument : str
        Role of the column.
    rows : SourceRows
        Describes rows in messages.
    known : collection of str, default ()
        Cells with a declared meaning, which are accepted.
    accepted : Message, optional
        Advice on how to declare a meaning, with a placeholder for the cells.

    Raises
    ------
    PanelError
        If there are such cells; the message lists them.
    """
    codes, values = pd.factorize(column)
    odd = np.array([broken_cell(x) and x not in excepted for x in values], dtype=bool)
    if not odd.any():
        return
    wrong = np.append(odd, False)[codes]
    cells = [str(x) for x in values[odd]]
    words, hint = _FORMULAS if cells[0].startswith(UNCOMPUTED) else _ERRORS
    if accepted and words is _ERRORS[0]:
        hint = Message("{}; or {}", hint, accepted.fill(", ".join(f'"{x}"' for x in cells)))
    texts = shown((repr(x.removeprefix(UNCOMPUTED).strip()) for x in cells), 3)
    raise PanelError(
        words.fill(argument, str(column.name), counted(wrong.sum(), "row"), texts),
        where=rows.shown(wrong),
        hint=hint,
    )
