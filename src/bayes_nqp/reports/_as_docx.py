"""The report as a Word document: real headings, editable tables, pictures with captions."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bayes_nqp.files import write
from bayes_nqp.language import typography
from bayes_nqp.reports._content import (
    Alarm,
    Block,
    Bullets,
    Document,
    Heading,
    NumberedTable,
    Paragraph,
    Picture,
    Strip,
    Tile,
    Tiles,
)
from bayes_nqp.reports._registry import report_format
from bayes_nqp.tables import add_docx, docx_module, set_fonts, words
from bayes_nqp.texts import shortened

__all__: list[str] = []

_WIDTH, _HEIGHT = 14.8, 17.5
"""The most a picture takes, in cm."""
_DPI = 300
_TONES = {"bad": ("B42318", "FFF1F0"), "doubt": ("9A6700", "FFF8E6"), "note": ("0550AE", "EEF6FF")}
_MARKS = {"bad": "B42318", "doubt": "D4A72C", "good": "2F9E6E"}
_HEADINGS = {"Title": 20, "Heading 1": 15, "Heading 2": 12}
_LONGEST = {"property": 255}
"""Characters that it holds."""


@report_format("docx", place=20, longest=_LONGEST)
def _write(document: Document, folder: Path) -> Path:
    """Write a report as a Word document."""
    word = _opened(document)
    word.add_paragraph(document.title, style="Title")
    _run(word.add_paragraph(), document.subtitle, colour="57606A")
    for block, after in zip_longest(document.blocks, document.blocks[1:]):
        _add(word, block, document.language)
        if isinstance(block, Paragraph) and isinstance(after, Picture | NumberedTable):
            word.paragraphs[-1].paragraph_format.keep_with_next = True
    return write(folder / "report.docx", word.save)


def _opened(document: Document) -> Any:
    from docx.enum.text import WD_LINE_SPACING
    from docx.shared import Cm, Pt, RGBColor

    word = docx_module().Document()
    page = word.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.3)
    page.top_margin = page.bottom_margin = Cm(2.0)
    normal = word.styles["Normal"]
    set_fonts(normal)
    normal.font.size = Pt(10.5)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
    normal.paragraph_format.line_spacing = 1.2
    for name, size in _HEADINGS.items():
        style = word.styles[name]
        set_fonts(style)
        style.font.size, style.font.bold = Pt(size), True
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.paragraph_format.keep_with_next = True
    _unruled(word.styles["Title"])
    properties = word.core_properties
    properties.title = shortened(document.title, _LONGEST["property"])
    properties.author = properties.comments = ""
    properties.language = typography(document.language).tag
    return word


def _unruled(style: Any) -> None:
    """Take away the line that Word's own title style has below it."""
    from docx.oxml.ns import qn

    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _add(word: Any, block: Block, language: str) -> None:
    translate = words(language)
    match block:
        case Heading(text, level):
            word.add_paragraph(text, style=f"Heading {level}")
        case Paragraph(text, tone):
            colour = "57606A" if tone == "quiet" else None
            _run(word.add_paragraph(), text, bold=tone == "lead", colour=colour)
        case Bullets(items):
            for item in items:
                word.add_paragraph(item, style="List Bullet")
        case Alarm(title, items, tone):
            _alarm(word, title, items, *_TONES[tone])
        case Tiles(items):
            _tiles(word, items)
        case Strip(marks, text):
            _strip(word, marks, text)
        case Picture():
            _picture(word, block, translate("Figure {}. ", block.number) + block.caption)
        case NumberedTable(table, number):
            add_docx(word, replace(table, title=translate("Table {}. ", number) + table.title))


def _alarm(word: Any, title: str, items: tuple[str, ...], colour: str, wash: str) -> None:
    """Put what failed into a shaded box."""
    from docx.oxml.ns import qn

    box = word.add_table(rows=1, cols=1)
    cell = box.rows[0].cells[0]
    properties = cell._element.get_or_add_tcPr()
    shade = properties.makeelement(
        qn("w:shd"), {qn("w:val"): "clear", qn("w:color"): "auto", qn("w:fill"): wash}
    )
    borders = properties.makeelement(qn("w:tcBorders"), {})
    borders.append(
        borders.makeelement(
            qn("w:left"), {qn("w:val"): "single", qn("w:sz"): "24", qn("w:color"): colour}
        )
    )
    properties.append(borders)
    properties.append(shade)
    _run(cell.paragraphs[0], title, bold=True, colour=colour)
    for item in items:
        cell.add_paragraph(item, style="List Bullet")
    word.add_paragraph()


def _tiles(word: Any, tiles: tuple[Tile, ...]) -> None:
    """Put the numbers of the answer side by side."""
    cells = word.add_table(rows=1, cols=len(tiles)).rows[0].cells
    for cell, tile in zip(cells, tiles, strict=True):
        _run(cell.paragraphs[0], tile.label, colour="57606A")
        _run(cell.add_paragraph(), tile.value, bold=True)
        if tile.aside:
            _run(cell.add_paragraph(), tile.aside, colour="57606A")
    word.add_paragraph()


def _strip(word: Any, marks: tuple[tuple[str, str], ...], text: str) -> None:
    """Put a coloured square a check before how many of each there are."""
    paragraph = word.add_paragraph()
    for _, tone in marks:
        _run(paragraph, "■", colour=_MARKS.get(tone, "AFB8C1"))
    _run(paragraph, " " + text, colour="57606A")


def _picture(word: Any, picture: Picture, caption: str) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.image.image import Image
    from docx.shared import Cm, Pt

    size = Image.from_file(str(picture.png))
    width, height = (2.54 * pixels / _DPI for pixels in (size.px_width, size.px_height))
    smaller = min(1.0, _WIDTH / width, _HEIGHT / height)
    word.add_picture(str(picture.png), width=Cm(smaller * width))
    held = word.paragraphs[-1]
    held.alignment = WD_ALIGN_PARAGRAPH.CENTER
    held.paragraph_format.keep_with_next = True
    _described(held, picture.caption)
    below = word.add_paragraph()
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    below.paragraph_format.space_after = Pt(10)
    _run(below, caption, colour="57606A")


def _described(paragraph: Any, text: str) -> None:
    """Say what the picture shows, for those who do not see it."""
    from docx.oxml.ns import qn

    for properties in paragraph._element.iter(qn("wp:docPr")):
        properties.set("descr", text)


def _run(paragraph: Any, text: str, *, bold: bool = False, colour: str | None = None) -> None:
    from docx.shared import RGBColor

    run = paragraph.add_run(text)
    run.bold = bold or None
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
