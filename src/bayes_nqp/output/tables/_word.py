"""A table in Word: a real one, with three lines, to be edited there."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import groupby
from typing import Any

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import ENGLISH, typography
from bayes_nqp.output.tables._fields import add_caption
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._widths import INDENT, SIDE, slanted, widths_of

_LATIN, _EAST_ASIAN = typography(ENGLISH).font, typography("zh").font
POINT = 12700
_TOGETHER = 14
"""Rows that are kept on one page: less than half of it, with title and notes."""
_HEAVY, _LIGHT, _THIN = 12, 6, 4
"""Widths of lines, in eighths of a point."""
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
    _space(title, before=8, after=4)
    if number is None:
        title.add_run(table.title)
    else:
        add_caption(title, "Table", table.title, number)
    for run in title.runs:
        _styled(run, bold=True, size=10.5)
    grid = document.add_table(rows=0, cols=len(table.columns) + 1)
    grid.autofit, grid.alignment = False, 1
    heads = _head(grid, table)
    indented, ruled = _fill(grid, table)
    _lines(grid, heads, ruled)
    _widen(grid, widths)
    _padded(grid)
    _sized(grid, size)
    _held_together(grid, heads, noted=bool(table.notes))
    from docx.shared import Pt

    for place in indented:
        label = grid.rows[place].cells[0].paragraphs[0]
        label.paragraph_format.left_indent = Pt(INDENT)
    if table.notes:
        note = document.add_paragraph()
        _space(note, before=3, after=10)
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
    """Keep rows whole, headings on every page, and a short table on one."""
    for place, row in enumerate(grid.rows):
        _flag(row, "cantSplit")
        if place < heads:
            _flag(row, "tblHeader")
    rows = grid.rows if noted else grid.rows[: len(grid.rows) - 1]
    for row in rows if len(grid.rows) <= _TOGETHER else ():
        for paragraph in row.cells[0].paragraphs:
            paragraph.paragraph_format.keep_with_next = True


def docx_module() -> Any:
    """Import python-docx, or raise an error with the extra to install."""
    try:
        import docx
    except ImportError as error:
        raise StudyError(
            "Word documents need python-docx, which is not installed",
            hint="pip install python-docx",
        ) from error
    return docx


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
                _unbroken(target)
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
            _border(cell, bottom=_THIN)
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
            run._element.insert(1, run._element.makeelement(_tag("br"), {}))


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
    _space(paragraph, before=1.5, after=1.5)
    _even(paragraph)
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
    _styled(run, bold=bold, size=size)
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
    return run._r.rPr


def _styled(run: Any, *, bold: bool, size: float) -> None:
    from docx.shared import Pt

    run.bold, run.font.size = bold or None, Pt(size)
    set_fonts(run)


def set_fonts(styled: Any) -> None:
    """Set Latin and East Asian fonts: without the second, Word chooses its own for Chinese."""
    styled.font.name = _LATIN
    fonts = styled._element.get_or_add_rPr().get_or_add_rFonts()
    for which, name in (("eastAsia", _EAST_ASIAN), ("hAnsi", _LATIN), ("cs", _LATIN)):
        fonts.set(_tag(which), name)
    for which in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):  # these would go first
        fonts.attrib.pop(_tag(which), None)
    # Without it Chinese marks are set as in another script's typography.
    properties = fonts.getparent()
    language = properties.find(_tag("lang"))
    if language is None:
        language = properties.makeelement(_tag("lang"), {})
        properties.append(language)
    language.set(_tag("eastAsia"), typography("zh").tag)


def _space(paragraph: Any, *, before: float, after: float) -> None:
    from docx.shared import Pt

    paragraph.paragraph_format.space_before = Pt(before)
    paragraph.paragraph_format.space_after = Pt(after)
    paragraph.paragraph_format.line_spacing = 1.0


def _even(paragraph: Any) -> None:
    """Give every line one height: those of Chinese and Latin letters differ."""
    from docx.shared import Pt

    paragraph.paragraph_format.line_spacing = Pt(12.5)


def page_room(section: Any) -> float:
    """Width of the text on a page, points."""
    return float(section.page_width - section.left_margin - section.right_margin) / POINT


def _widen(grid: Any, widths: list[float]) -> None:
    """Set the width of every cell: Word reads them there, and other readers in the grid."""
    widths_emu = [round(width * POINT) for width in widths]
    for column, width in zip(grid.columns, widths_emu, strict=True):
        column.width = width
    for row in grid.rows:
        at = 0
        for cell in row._tr.tc_lst:
            span = cell.grid_span
            cell.width = sum(widths_emu[at : at + span])
            at += span


def _padded(grid: Any) -> None:
    """Set the padding at both sides of every cell."""
    properties = grid._tbl.tblPr
    margins = properties.makeelement(_tag("tblCellMar"), {})
    for side in ("left", "right"):
        room = {_tag("w"): str(round(20 * SIDE)), _tag("type"): "dxa"}
        margins.append(margins.makeelement(_tag(side), room))
    look = properties.find(_tag("tblLook"))
    properties.append(margins) if look is None else look.addprevious(margins)


def _sized(grid: Any, size: float) -> None:
    from docx.shared import Pt

    for run in grid._element.iter(_tag("r")):
        run.get_or_add_rPr().sz_val = Pt(size)


def _tag(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(f"w:{name}"))


def _lines(grid: Any, heads: int, ruled: list[int]) -> None:
    """Draw the three lines of a table, and thin lines between sections."""
    last = len(grid.rows) - 1
    for cell in grid.rows[0].cells:
        _border(cell, top=_HEAVY)
    for cell in grid.rows[heads - 1].cells:
        _border(cell, bottom=_LIGHT)
    for place in ruled:
        for cell in grid.rows[place].cells:
            _border(cell, top=_THIN)
    for cell in grid.rows[last].cells:
        _border(cell, bottom=_HEAVY)


def _border(cell: Any, **edges: int) -> None:
    properties = cell._element.get_or_add_tcPr()
    borders = properties.find(_tag("tcBorders"))
    if borders is None:
        borders = properties.makeelement(_tag("tcBorders"), {})
        # The schema wants borders before noWrap.
        last = properties.find(_tag("noWrap"))
        properties.append(borders) if last is None else last.addprevious(borders)
    for edge in ("top", "bottom"):
        if edge not in edges:
            continue
        old = borders.find(_tag(edge))
        if old is not None:
            borders.remove(old)
        line = borders.makeelement(
            _tag(edge),
            {_tag("val"): "single", _tag("sz"): str(edges[edge]), _tag("color"): "000000"},
        )
        # The schema wants the top before the bottom.
        borders.insert(0, line) if edge == "top" else borders.append(line)


def _unbroken(cell: Any) -> None:
    properties = cell._element.get_or_add_tcPr()
    properties.append(properties.makeelement(_tag("noWrap"), {}))


def _flag(row: Any, name: str) -> None:
    properties = row._tr.get_or_add_trPr()
    properties.append(properties.makeelement(_tag(name), {}))
