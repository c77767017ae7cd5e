"""Read number formats of worksheet cells: 0.315 may be displayed as 31.5%."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from bayes_nqp.data.reading._number_words import in_per_cent, percent

_BUILT_IN: Final = frozenset({"9", "10"})
"""Built-in formats 0% and 0.00%, which are not listed in workbooks."""
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')
"""Parts of a format that are displayed literally or not at all."""


def percent_styles(styles: bytes) -> frozenset[str]:
    """Find the cell styles that display numbers as percentages.

    Parameters
    ----------
    styles : bytes
        The part ``styles`` of the workbook, as XML.

    Returns
    -------
    frozenset of str
        Numbers of these styles, as used in cells.
    """
    root = ET.fromstring(styles)
    shares = {*_BUILT_IN} | {
        x.get("numFmtId", "")
        for x in root.iter()
        if _local(x.tag) == "numFmt" and "%" in _QUOTED.sub("", x.get("formatCode", ""))
    }
    cells = next((x for x in root.iter() if _local(x.tag) == "cellXfs"), None)
    formats = () if cells is None else cells
    return frozenset(str(k) for k, x in enumerate(formats) if x.get("numFmtId", "0") in shares)


def as_shown(
    df: pd.DataFrame, places: Collection[tuple[int, int]], first: int
) -> tuple[pd.DataFrame, dict[int, int]]:
    """Convert cells formatted as percentages to displayed values in mixed columns.

    If other cells of the column are text with a percent sign, or plain numbers of the size of the
    displayed percentages, formatted cells would otherwise have another scale than these cells.

    Parameters
    ----------
    df : DataFrame
        Data as read, starting with column A.
    places : collection of tuple of two int
        Row and column of the cells formatted as percentages, counted from 1.
    first : int
        Row number in the sheet of the first row of `df`.

    Returns
    -------
    df : DataFrame
        Data with the displayed values.
    changed : dict of int to int
        Number of changed cells by column number, counted from 1.
    """
    rows: dict[int, list[int]] = {}
    for row, column in places:
        if first <= row < first + len(df) and column <= df.shape[1]:
            rows.setdefault(column - 1, []).append(row - first)
    changed: dict[int, int] = {}
    for column, which in sorted(rows.items()):
        cells: Any = df.iloc[:, column].astype(object)
        numbers = [k for k in which if _is_number(cells.iat[k])]
        written = [f"{round(100.0 * float(cells.iat[k]), 10):.15g}%" for k in numbers]
        others = cells.drop(cells.index[numbers]).dropna().unique()
        if not written or not _otherwise(written, [*others]):
            continue
        cells.iloc[numbers] = written
        changed[column + 1] = len(numbers)
        df.isetitem(column, cells.array)
    return df, changed


def _otherwise(written: list[str], others: list[Any]) -> bool:
    """Return True if other cells of the column are percentages, by their mark or size."""
    texts = any(isinstance(x, str) and percent(x.strip()) is not None for x in others)
    return texts or in_per_cent([*written, *(x for x in others if _is_number(x))])


def _is_number(cell: Any) -> bool:
    kinds = (int, float, np.number)
    return isinstance(cell, kinds) and not isinstance(cell, bool) and bool(np.isfinite(cell))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
