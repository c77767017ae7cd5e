"""The report as a Word document: real headings, editable tables, pictures with captions."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeGuard

from bayes_nqp._core.io import write
from bayes_nqp.output.reports._content import (
    Alarm,
    Appendix,
    Block,
    Bullets,
    DisplayedEquation,
    Document,
    Folded,
    Heading,
    NumberedTable,
    Paragraph,
    Picture,
    Strip,
    Tile,
    Tiles,
)
from bayes_nqp.output.reports._registry import report_format
from bayes_nqp.output.tables import (
    LONGEST_PROPERTY,
    add_bookmark,
    add_caption,
    add_contents,
    add_docx,
    headed,
    opened_docx,
    set_fonts,
    words,
)

__all__: list[str] = []

_WIDTH, _HEIGHT, _HIGHEST = 14.8, 8.0, 12.8
"""The most a picture takes, in cm; the highest where its letters would be too small."""
_HALF = 6.8
"""The height of a picture below a heading of the second level: two of these fill a page."""
_LEGIBLE = 0.6
"""Of its own size, a picture can still be read."""
_DPI = 300
_TONES = {"bad": ("B42318", "FFF1F0"), "doubt": ("9A6700", "FFF8E6"), "note": ("0550AE", "EEF6FF")}
_ANSWER = {"lead": "2F7D95", "failed": "B42318"}
"""Colour of the line beside the answer."""
_MARKS = {"bad": "B42318", "doubt": "D4A72C", "good": "2F9E6E"}
_HEADINGS = {"Title": 20, "Heading 1": 15, "Heading 2": 12, "Heading 3": 10.5}
_LONGEST = {"property": LONGEST_PROPERTY}


@report_format("docx", place=20, longest=_LONGEST)
def _write(document: Document, folder: Path) -> Path:
    """Write a report as a Word document."""
    from docx.shared import Pt

    word = _opened(document)
    word.add_paragraph(document.title, style="Title")
    _run(word.add_paragraph(), document.subtitle, colour="57606A")
    add_contents(word, [x.text for x in document.blocks if _opens(x)])
    sections, level = count(), 1
    blocks: tuple[Block | None, ...] = (None, *document.blocks, None)
    for before, block, after in zip(blocks, document.blocks, blocks[2:], strict=False):
        level = block.level if isinstance(block, Heading) else level
        _add(word, block, document.language, _HEIGHT if level == 1 else _HALF)
        if _opens(block):
            add_bookmark(word.paragraphs[-1], next(sections))
        if isinstance(block, Paragraph) and isinstance(after, Picture | NumberedTable | Bullets):
            word.paragraphs[-1].paragraph_format.keep_with_next = True
        if isinstance(before, NumberedTable) and isinstance(block, Paragraph):
            word.paragraphs[-1].paragraph_format.space_before = Pt(8)
    dated = _day(document) is not None
    return write(folder / "report.docx", word.save, dated=dated)


def _opens(block: Block) -> TypeGuard[Heading | Appendix]:
    """Return True if a block is a heading in the table of contents."""
    return isinstance(block, Appendix) or (isinstance(block, Heading) and block.level == 1)


def _day(document: Document) -> datetime | None:
    """Parse the date of a report; None if it is not a calendar date such as 2025-06-30."""
    try:
        return datetime.fromisoformat(str(document.facts.get("date")))
    except ValueError:
        return None


def _opened(document: Document) -> Any:
    from docx.enum.text import WD_LINE_SPACING
    from docx.shared import Pt, RGBColor

    author = str(document.facts.get("author") or "")
    word = opened_docx(document.title, document.language, author, _day(document))
    headed(word.sections[0], document.title)
    normal = word.styles["Normal"]
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
    return word


def _unruled(style: Any) -> None:
    """Remove the line below the title in Word's own title style."""
    from docx.oxml.ns import qn

    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _add(word: Any, block: Block, language: str, highest: float) -> None:
    translate = words(language)
    match block:
        case Heading(text, level):
            word.add_paragraph(text, style=f"Heading {level}")
        case Appendix(text):  # in the same file: one to send, whose figures count on
            heading = word.add_paragraph(text, style="Heading 1")
            heading.paragraph_format.page_break_before = True
        case DisplayedEquation(lines, where):
            _equation(word, lines, where)
        case Paragraph(text, tone):
            written = word.add_paragraph()
            _run(written, text, colour="57606A" if tone == "quiet" else None)
            if tone in _ANSWER:
                _boxed(written, _ANSWER[tone])
        case Bullets(items):
            for item in items:
                word.add_paragraph(item, style="List Bullet")
        case Folded(_, items):
            for item in items:
                _run(word.add_paragraph(), item, colour="57606A")
        case Alarm(title, items, tone):
            _alarm(word, title, items, *_TONES[tone])
        case Tiles(items):
            _tiles(word, items)
        case Strip(marks, text):
            _strip(word, marks, text)
        case Picture():
            caption = translate("Figure {}. ", block.number) + block.caption
            _picture(word, block, caption, highest)
        case NumberedTable(table, number):
            title = translate("Table {}. ", number) + table.title
            add_docx(word, block.titled(title), number)


def _boxed(paragraph: Any, colour: str) -> None:
    """Shade a paragraph and draw a line at its left."""
    from docx.oxml.ns import qn
    from docx.shared import Cm

    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Cm(0.3)
    properties = paragraph._p.get_or_add_pPr()
    borders = properties.makeelement(qn("w:pBdr"), {})
    line = {qn("w:val"): "single", qn("w:sz"): "24", qn("w:space"): "6", qn("w:color"): colour}
    borders.append(borders.makeelement(qn("w:left"), line))
    wash = {qn("w:val"): "clear", qn("w:color"): "auto", qn("w:fill"): "F3F6F9"}
    indent = properties.find(qn("w:ind"))  # the schema wants both before it
    indent.addprevious(borders)
    indent.addprevious(properties.makeelement(qn("w:shd"), wash))


def _equation(word: Any, lines: tuple[str, ...], where: str) -> None:
    """Write centred equations with the definitions of their symbols below."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    for line in lines:
        written = word.add_paragraph()
        written.alignment = WD_ALIGN_PARAGRAPH.CENTER
        written.paragraph_format.left_indent = written.paragraph_format.right_indent = Cm(0.5)
        written.paragraph_format.space_after = Pt(4)
        written.paragraph_format.keep_with_next = True
        _scripted(written, line)
        for run in written.runs:
            run.font.name = "Cambria Math"
    _scripted(word.add_paragraph(), where)


def _scripted(paragraph: Any, text: str) -> None:
    """Write a text with its subscripts and superscripts."""
    for position, part in DisplayedEquation.runs(text):
        run = paragraph.add_run(part)
        if position:
            setattr(run.font, {"sub": "subscript", "sup": "superscript"}[position], True)


def _alarm(word: Any, title: str, items: tuple[str, ...], colour: str, wash: str) -> None:
    """Write failed checks in a shaded box."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

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
    after = word.add_paragraph().paragraph_format  # or boxes that follow one another would join
    after.space_after, after.line_spacing = Pt(0), Pt(8)


def _tiles(word: Any, tiles: tuple[Tile, ...]) -> None:
    """Put the numbers of the answer side by side."""
    from docx.shared import Pt

    cells = word.add_table(rows=1, cols=len(tiles)).rows[0].cells
    for cell, tile in zip(cells, tiles, strict=True):
        _run(cell.paragraphs[0], tile.label, colour="57606A")
        _run(cell.add_paragraph(), tile.value, bold=True)
        if tile.aside:
            _run(cell.add_paragraph(), tile.aside, colour="57606A")
        for k, paragraph in enumerate(cell.paragraphs):
            paragraph.paragraph_format.space_after = Pt(0)
            paragraph.runs[0].font.size = Pt(12 if k == 1 else 8.5)


def _strip(word: Any, marks: tuple[tuple[str, str], ...], text: str) -> None:
    """Write a coloured square for each check and the count of each verdict."""
    from docx.shared import Pt

    paragraph = word.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(6)
    for _, tone in marks:
        _run(paragraph, "■", colour=_MARKS.get(tone, "AFB8C1"))
    _run(paragraph, " " + text, colour="57606A")


def _picture(word: Any, picture: Picture, caption: str, highest: float) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.image.image import Image
    from docx.shared import Cm, Pt, RGBColor

    size = Image.from_file(str(picture.png))
    width, height = (2.54 * pixels / _DPI for pixels in (size.px_width, size.px_height))
    least = min(_LEGIBLE, _WIDTH / width, _HIGHEST / height)
    smaller = max(least, min(1.0, _WIDTH / width, highest / height))
    held = word.add_paragraph()
    held.add_run().add_picture(str(picture.png), width=Cm(smaller * width))
    held.alignment = WD_ALIGN_PARAGRAPH.CENTER
    held.paragraph_format.keep_with_next = True
    _described(held, picture.caption)
    below = word.add_paragraph()
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    below.paragraph_format.space_after = Pt(10)
    add_caption(below, "Figure", caption, picture.number)
    for run in below.runs:
        run.font.color.rgb = RGBColor.from_string("57606A")


def _described(paragraph: Any, text: str) -> None:
    """Write the alternative text of a picture for screen readers."""
    from docx.oxml.ns import qn

    for properties in paragraph._element.iter(qn("wp:docPr")):
        properties.set("descr", text)


def _run(paragraph: Any, text: str, *, bold: bool = False, colour: str | None = None) -> None:
    from docx.shared import RGBColor

    run = paragraph.add_run(text)
    run.bold = bold or None
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
