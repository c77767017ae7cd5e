"""Fonts, widths and borders of Word documents."""

from __future__ import annotations

from typing import Any

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import ENGLISH, typography
from bayes_nqp.output.tables._widths import SIDE

_LATIN, _EAST_ASIAN = typography(ENGLISH).font, typography("zh").font
POINT = 12700
_HEAVY, _LIGHT, THIN = 12, 6, 4
"""Widths of lines, in eighths of a point."""


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


def style_run(run: Any, *, bold: bool, size: float) -> None:
    from docx.shared import Pt

    run.bold, run.font.size = bold or None, Pt(size)
    set_fonts(run)


def set_fonts(styled: Any) -> None:
    """Set Latin and East Asian fonts: without the second, Word chooses its own for Chinese."""
    styled.font.name = _LATIN
    fonts = styled._element.get_or_add_rPr().get_or_add_rFonts()
    for which, name in (("eastAsia", _EAST_ASIAN), ("hAnsi", _LATIN), ("cs", _LATIN)):
        fonts.set(xml_tag(which), name)
    for which in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):  # these would go first
        fonts.attrib.pop(xml_tag(which), None)
    # Without it Chinese marks are set as in another script's typography.
    properties = fonts.getparent()
    language = properties.find(xml_tag("lang"))
    if language is None:
        language = properties.makeelement(xml_tag("lang"), {})
        properties.append(language)
    language.set(xml_tag("eastAsia"), typography("zh").tag)


def spaced(paragraph: Any, *, before: float, after: float) -> None:
    from docx.shared import Pt

    paragraph.paragraph_format.space_before = Pt(before)
    paragraph.paragraph_format.space_after = Pt(after)
    paragraph.paragraph_format.line_spacing = 1.0


def evenly(paragraph: Any) -> None:
    """Give every line one height: those of Chinese and Latin letters differ."""
    from docx.shared import Pt

    paragraph.paragraph_format.line_spacing = Pt(12.5)


def page_room(section: Any) -> float:
    """Width of the text on a page, points."""
    return float(section.page_width - section.left_margin - section.right_margin) / POINT


def widen(grid: Any, widths: list[float]) -> None:
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


def padded_cells(grid: Any) -> None:
    """Set the padding at both sides of every cell."""
    properties = grid._tbl.tblPr
    margins = properties.makeelement(xml_tag("tblCellMar"), {})
    for side in ("left", "right"):
        room = {xml_tag("w"): str(round(20 * SIDE)), xml_tag("type"): "dxa"}
        margins.append(margins.makeelement(xml_tag(side), room))
    look = properties.find(xml_tag("tblLook"))
    properties.append(margins) if look is None else look.addprevious(margins)


def sized_columns(grid: Any, size: float) -> None:
    from docx.shared import Pt

    for run in grid._element.iter(xml_tag("r")):
        run.get_or_add_rPr().sz_val = Pt(size)


def xml_tag(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(f"w:{name}"))


def rules_of(grid: Any, heads: int, ruled: list[int]) -> None:
    """Draw the three lines of a table, and thin lines between sections."""
    last = len(grid.rows) - 1
    for cell in grid.rows[0].cells:
        border_on(cell, top=_HEAVY)
    for cell in grid.rows[heads - 1].cells:
        border_on(cell, bottom=_LIGHT)
    for place in ruled:
        for cell in grid.rows[place].cells:
            border_on(cell, top=THIN)
    for cell in grid.rows[last].cells:
        border_on(cell, bottom=_HEAVY)


def border_on(cell: Any, **edges: int) -> None:
    properties = cell._element.get_or_add_tcPr()
    borders = properties.find(xml_tag("tcBorders"))
    if borders is None:
        borders = properties.makeelement(xml_tag("tcBorders"), {})
        # The schema wants borders before noWrap.
        last = properties.find(xml_tag("noWrap"))
        properties.append(borders) if last is None else last.addprevious(borders)
    for edge in ("top", "bottom"):
        if edge not in edges:
            continue
        old = borders.find(xml_tag(edge))
        if old is not None:
            borders.remove(old)
        line = borders.makeelement(
            xml_tag(edge),
            {xml_tag("val"): "single", xml_tag("sz"): str(edges[edge]), xml_tag("color"): "000000"},
        )
        # The schema wants the top before the bottom.
        borders.insert(0, line) if edge == "top" else borders.append(line)


def unbroken(cell: Any) -> None:
    properties = cell._element.get_or_add_tcPr()
    properties.append(properties.makeelement(xml_tag("noWrap"), {}))


def flag_on(row: Any, name: str) -> None:
    properties = row._tr.get_or_add_trPr()
    properties.append(properties.makeelement(xml_tag(name), {}))
