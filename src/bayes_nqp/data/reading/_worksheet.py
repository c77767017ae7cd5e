"""Read errors, formulas, formats, merged ranges and hidden rows of a worksheet."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._error_cells import UNCOMPUTED
from bayes_nqp.data.reading._formats import as_shown, percent_styles
from bayes_nqp.data.reading._values import counted

_SPECIAL: Final = re.compile(rb"<(?:\w+:)?(?:f[\s/>]|mergeCell\s|row\s[^>]*hidden=)|t=[\"']e[\"']")
_PLACE: Final = re.compile(r"([A-Z]+)(\d+)")
_TRUE: Final = ("1", "true")
_COMPUTED: Final = ("str", "s", "inlineStr", "b", "e")
"""Types of formula cells with a computed value, possibly an empty text."""


@dataclass(slots=True, eq=False)
class Worksheet:
    """Content of a sheet in the XML of the workbook.

    Parameters
    ----------
    cells : dict
        Text of errors and of formulas without a value, by row and column, counted from 1.
    merged : list of tuple of three int
        First row, first column and last row; in a wide range only the first column has values.
    hidden : list of int
        Rows that are hidden or filtered out.
    shares : list of tuple of two int
        Row and column of the cells displayed as percentages.
    """

    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    shares: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _XmlPart:
    """Location of a sheet in the workbook, with its attributes."""

    path: str
    hides: bool
    recomputed: bool
    styles: str


def hidden_sheets(path: Path) -> set[str]:
    """Return the names of the hidden sheets."""
    return {name for name, part in _parts(path).items() if part.hides}


def worksheet(path: Path, name: str) -> Worksheet:
    """Inspect a sheet; empty if the file is not an .xlsx file."""
    sheet, part = Worksheet(), _parts(path).get(name)
    if part is None:
        return sheet
    with zipfile.ZipFile(path) as book:
        data = book.read(part.path)
        styles = percent_styles(book.read(part.styles)) if part.styles else frozenset()
    if _SPECIAL.search(data) is None and not _styled(data, styles):
        return sheet
    zeros: dict[tuple[int, int], str] = {}
    stored = False
    for row, column, cell in _cells(data, sheet):
        kind, value, formula = cell.get("t", "n"), _child(cell, "v"), _child(cell, "f")
        if kind == "n" and value and cell.get("s") in styles:
            sheet.shares.append((row, column))
        if kind == "e":
            sheet.cells[row, column] = value or "#VALUE!"
        elif formula is not None and kind not in _COMPUTED and not value:
            sheet.cells[row, column] = f"{UNCOMPUTED} ={formula}"
        elif formula is not None:
            zeros[row, column] = f"{UNCOMPUTED} ={formula}"
            stored |= value != "0"
    if (
        part.recomputed and not stored
    ):  # zeros of a writer that leaves formulas to be computed on opening
        sheet.cells |= zeros
    return sheet


def completed(
    df: pd.DataFrame, sheet: Worksheet, first: int, path: Path, notes: list[str]
) -> pd.DataFrame:
    """Insert errors and formulas that readers leave empty, and fill merged ranges.

    Parameters
    ----------
    df : DataFrame
        Data as read, starting with column A.
    first : int
        Row number in the sheet of the first row of `df`.
    notes : list of str
        Receives a message for each change.
    """
    if sheet.cells:
        df = _with_cells(df, sheet, first)
    df, changed = as_shown(df, sheet.shares, first)
    if changed:
        notes.append(
            Message(
                "{}: {} formatted as percentages were read as displayed (31.5% instead of"
                " 0.315), because other cells of their column are percentages (columns "
                "{})",
                path.name,
                counted(sum(changed.values()), "cell"),
                shown(map(letters, changed), 12),
            )
        )
    df, filled = _unmerged(df, sheet, first)
    if filled:
        listed = shown((letters(column) for column in filled), 12)
        count = counted(sum(filled.values()), "cell")
        notes.append(
            Message(
                "{}: {} filled with the first cell of their merged range (columns {})",
                path.name,
                count,
                listed,
            )
        )
    hidden = [row for row in sheet.hidden if row >= first]
    if hidden:
        notes.append(
            Message(
                "{}: {} that are hidden or filtered out were also read ({})",
                path.name,
                counted(len(hidden), "row"),
                shown(hidden, 6),
            )
        )
    return df


def letters(column: int) -> str:
    """Return the spreadsheet letters of a column, counted from 1."""
    text = ""
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(65 + digit) + text
    return text


def _with_cells(df: pd.DataFrame, sheet: Worksheet, first: int) -> pd.DataFrame:
    """Insert texts into their cells; the header is not changed."""
    cells = {place: text for place, text in sheet.cells.items() if place[0] >= first}
    if not cells:
        return df
    high, wide = (max(place[k] for place in cells) for k in (0, 1))
    df = df.reindex(range(max(high - first + 1, len(df))))
    for column in range(df.shape[1], wide):
        df[f"Unnamed: {column}"] = np.nan
    for column in sorted({column for _, column in cells}):
        values = df.iloc[:, column - 1].astype(object)
        rows = [row for row, place in cells if place == column]
        values.iloc[[row - first for row in rows]] = [cells[row, column] for row in rows]
        df.isetitem(column - 1, values.array)
    return df


def _unmerged(
    df: pd.DataFrame, sheet: Worksheet, first: int
) -> tuple[pd.DataFrame, dict[int, int]]:
    """Fill ranges that are merged over rows, and count the filled cells by column."""
    ranges: dict[int, list[tuple[int, int, Any]]] = {}
    high, wide = df.shape
    for top, column, bottom in sheet.merged:
        start, end = max(top - first, 0), min(bottom - first, high - 1)
        if top == bottom or start > end or column > wide:
            continue
        value = df.columns[column - 1] if top < first else df.iat[start, column - 1]
        ranges.setdefault(column, []).append((start, end, value))
    filled: dict[int, int] = {}
    for column, pieces in sorted(ranges.items()):
        values = df.iloc[:, column - 1].astype(object)
        gone = values.isna().to_numpy()
        for start, end, value in pieces:
            values.iloc[start + np.flatnonzero(gone[start : end + 1])] = value
        if count := int((gone & values.notna().to_numpy()).sum()):
            filled[column] = count
            df.isetitem(column - 1, values.infer_objects().array)
    return df, filled


def _parts(path: Path) -> dict[str, _XmlPart]:
    """Find the location of each sheet; empty if the file is not an .xlsx file."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as book:
        main = next(iter(_targets(book, "", "officeDocument").values()), "")
        if main not in book.namelist():
            return {}
        nodes = list(ET.fromstring(book.read(main)).iter())
        targets = _targets(book, main, "worksheet")
        styles = next(iter(_targets(book, main, "styles").values()), "")
        styles = styles if styles in book.namelist() else ""
    recomputed = any(_local(x.tag) == "calcPr" and x.get("fullCalcOnLoad") in _TRUE for x in nodes)
    sheets = (x for x in nodes if _local(x.tag) == "sheet")
    return {
        x.get("name", ""): _XmlPart(
            targets[key], x.get("state", "visible") != "visible", recomputed, styles
        )
        for x in sheets
        if (key := next((v for k, v in x.attrib.items() if _local(k) == "id"), "")) in targets
    }


def _styled(data: bytes, styles: Collection[str]) -> bool:
    """Return True if some cell of a sheet has one of these styles."""
    listed = "|".join(sorted(styles)).encode()
    return (
        bool(styles)
        and re.search(rb"<(?:\w+:)?c\s[^>]*\bs=[\"'](?:" + listed + rb")[\"']", data) is not None
    )


def _targets(book: zipfile.ZipFile, part: str, kind: str) -> dict[str, str]:
    """Find the parts linked by a part, by id; "" gives the parts of the whole workbook."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path not in book.namelist():
        return {}
    return {
        x.get("Id", ""): posixpath.normpath(posixpath.join("/", folder, x.get("Target", "")))[1:]
        for x in ET.fromstring(book.read(path))
        if x.get("Type", "").endswith(f"/{kind}")
    }


def _cells(data: bytes, sheet: Worksheet) -> Iterator[tuple[int, int, ET.Element]]:
    """Iterate over the cells of a sheet, and record hidden rows and merged ranges."""
    row = 0
    for _, node in ET.iterparse(io.BytesIO(data)):
        kind = _local(node.tag)
        if kind == "row":
            row = int(node.get("r", row + 1))
            column = 0
            for cell in node:
                place = _PLACE.fullmatch(cell.get("r", ""))
                column = number(place[1]) if place else column + 1
                yield int(place[2]) if place else row, column, cell
            if node.get("hidden") in _TRUE and any(len(cell) for cell in node):
                sheet.hidden.append(row)
            node.clear()
        elif kind == "mergeCell":
            ends = [_PLACE.fullmatch(x) for x in node.get("ref", "").split(":")]
            if len(ends) == 2 and ends[0] and ends[1]:
                sheet.merged.append((int(ends[0][2]), number(ends[0][1]), int(ends[1][2])))


def _child(cell: ET.Element, name: str) -> str | None:
    """Return the text of a child element of a cell; None if it does not exist."""
    return next((x.text or "" for x in cell if _local(x.tag) == name), None)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def number(text: str) -> int:
    """Return the number of a column, counted from 1, from its spreadsheet letters."""
    column = 0
    for letter in text:
        column = 26 * column + ord(letter) - 64
    return column
