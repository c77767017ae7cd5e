"""A table in Word: a real one, with three lines, to be edited there."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import groupby
from typing import Any

from bayes_nqp.output.tables._fields import add_caption
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._widths import INDENT, slanted, widths_of
from bayes_nqp.output.tables._word_format import (
    THIN,
    border_on,
    docx_module,
    evenly,
    flag_on,
    padded_cells,
    page_room,
    rules_of,
    sized_columns,
    spaced,
    style_run,
    unbroken,
    widen,
    xml_tag,
)

_TOGETHER = 14
"""Rows that are kept on one page: less than half of it, with title and notes."""
_TONES = {"good": "1A7F37", "doubt": "9A6700", "bad": "B42318", "faint": "6E7781"}


def add_docx(document: Any, table: Table, number: int | None = None) -> None:
    """Add a table, its title and its notes to a document of python-docx.

    Parameters
    ----------
    number : int, optional
        Of the table, where its title has one that Word is to count.

    Raises
    ------
    StudyError
        If python-docx is not installed.
    """
    docx_module()
    size, widths = widths_of(table, page_room(document.sections[-1]))
    title = document.add_paragraph()
    title.paragraph_format.keep_with_next = True
    spaced(title, before=8, after=4)
    if number is None:
        title.add_run(table.title)
    else:
        add_caption(title, "Table", table.title, number)
    for run in title.runs:
        style_run(run, bold=True, size=10.5)
    grid = document.add_table(rows=0, cols=len(table.columns) + 1)
    grid.autofit, grid.alignment = False, 1
    heads = _head(grid, table)
    indented, ruled = _fill(grid, table)
    rules_of(grid, heads, ruled)
    widen(grid, widths)
    padded_cells(grid)
    sized_columns(grid, size)
    _held_together(grid, heads, noted=bool(table.notes))
    from docx.shared import Pt

    for place in indented:
        label = grid.rows[place].cells[0].paragraphs[0]
        label.paragraph_format.left_indent = Pt(INDENT)
    if table.notes:
        note = document.add_paragraph()
        spaced(note, before=3, after=10)
        note.paragraph_format.keep_together = True
        _run(note, table.footnote, size=min(size, 9.0))


def _head(grid: Any, table: Table) -> int:
    """Write headings and stamps; how many rows the headings take."""
    spanned = any(column.group for column in table.columns)
    if spanned:
        _spanner(grid.add_row(), table)
    labels = [(table.stub, True), *((column.label, column.words) for column in table.columns)]
    for cell, (label, left) in zip(grid.add_row().cells, labels, strict=True):
        _write(cell, label, bold=True, left=left)
    for stamp in table.stamps:
        _write(_across(grid.add_row()), stamp, bold=True, colour=_TONES["bad"], left=True)
    return 1 + spanned


def _held_together(grid: Any, heads: int, *, noted: bool) -> None:
    """Keep rows whole, headings with their first row, and a short table on one page."""
    short = len(grid.rows) <= _TOGETHER
    rows = grid.rows if noted else grid.rows[: len(grid.rows) - 1]
    for place, row in enumerate(grid.rows):
        flag_on(row, "cantSplit")
        if place < heads:
            flag_on(row, "tblHeader")
    for place, row in enumerate(rows):
        if short or place < heads or len(row._tr.tc_lst) == 1:
            for paragraph in row.cells[0].paragraphs:
                paragraph.paragraph_format.keep_with_next = True


def _fill(grid: Any, table: Table) -> tuple[list[int], list[int]]:
    """Write the rows; return those that are indented and those with a line above."""
    indented, ruled, beneath = [], [], False
    for row in table.rows:
        place = len(grid.rows)
        line = grid.add_row()
        ruled += [place] if row.rule else []
        beneath = row.heading or (beneath and not row.rule)
        if row.heading:
            _write(_across(line), row.label, italic=slanted(row.label), left=True)
            continue
        indented += [place] if beneath else []
        cells = line.cells
        _write(cells[0], row.label, left=True)
        for target, cell, column in zip(cells[1:], row.cells, table.columns, strict=True):
            _write(
                target,
                cell.text if column.words else cell.text.replace(" ", "\u00a0"),
                bold=cell.tone == "bad",
                colour=_TONES.get(cell.tone),
                left=column.words,
            )
            if not column.words:
                unbroken(target)
    return indented, ruled


def _spanner(row: Any, table: Table) -> None:
    at = 1
    _write(row.cells[0], "")
    for group, columns in groupby(table.columns, key=lambda column: column.group):
        size = len(list(columns))
        cell = row.cells[at]
        if size > 1:
            cell = cell.merge(row.cells[at + size - 1])
        _write(cell, group, bold=True)
        if group:
            border_on(cell, bottom=THIN)
        at += size


def _across(row: Any) -> Any:
    return row.cells[0].merge(row.cells[-1])


def _write(
    cell: Any,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    colour: str | None = None,
    left: bool = False,
) -> None:
    paragraph, *others = cell.paragraphs
    for extra in others:
        extra._element.getparent().remove(extra._element)
    if paragraph._p.pPr is not None:
        paragraph._p.remove(paragraph._p.pPr)
    paragraph._p.insert(0, deepcopy(_layout(left)))
    for k, line in enumerate(text.split("\n")):
        run = _run(paragraph, line, bold=bold, italic=italic, colour=colour)
        if k:
            run._element.insert(1, run._element.makeelement(xml_tag("br"), {}))


def _run(
    paragraph: Any,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    colour: str | None = None,
    size: float = 10.0,
) -> Any:
    run = paragraph.add_run(text)
    run._r.insert(0, deepcopy(_look(bold, italic, colour, size)))
    return run


@cache
def _layout(left: bool) -> Any:
    """Properties of the paragraph of a cell, which python-docx puts together slowly."""
    from docx.oxml import OxmlElement
    from docx.text.paragraph import Paragraph

    nowhere: Any = None
    paragraph: Any = Paragraph(OxmlElement("w:p"), nowhere)
    paragraph.alignment = 0 if left else 1
    spaced(paragraph, before=1.5, after=1.5)
    evenly(paragraph)
    return paragraph._p.pPr


@cache
def _look(bold: bool, italic: bool, colour: str | None, size: float) -> Any:
    """Properties of a run, likewise."""
    from docx.oxml import OxmlElement
    from docx.shared import RGBColor
    from docx.text.run import Run

    nowhere: Any = None
    run: Any = Run(OxmlElement("w:r"), nowhere)
    run.italic = italic or None
    style_run(run, bold=bold, size=size)
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
    return run._r.rPr
