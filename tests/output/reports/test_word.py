"""The Word document counts its captions and pages itself, and is nobody else's."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from doors import (
    Cell,
    Column,
    Document,
    Heading,
    NumberedTable,
    Paragraph,
    Picture,
    Row,
    Table,
    writers,
)
from PIL import Image

LANGUAGES = {"en": ("Figure", "Table"), "zh": ("图", "表")}


def written(folder: Path, language: str = "en", date: str = "2025-06-30") -> Path:
    Image.new("RGB", (1500, 900), "white").save(folder / "flat.png", dpi=(300, 300))
    Image.new("RGB", (1500, 3000), "white").save(folder / "tall.png", dpi=(300, 300))
    table = Table("checks", "Checks", "", (Column("mean"),), (Row("a", (Cell(("1",)),)),))
    blocks = (
        Heading("In short"),
        Paragraph("Three checks fail.", "failed"),
        Picture("flat", "Effects in 2020.", 1, folder),
        Heading("Effects"),
        NumberedTable(table, 1),
        Heading("By group", 2),
        Picture("tall", "Units.", 2, folder),
        NumberedTable(table, 2),
    )
    facts = {"author": "A. Author", "date": date}
    writers()["docx"](Document("Laws and homicide", "s", blocks, language, facts), folder)
    return folder / "report.docx"


def fields(document: object) -> list[tuple[str, str]]:
    """Every field of the body: its code, and what it shows."""
    found, code, shown, state = [], "", "", ""
    for part in document.element.body.iter(qn("w:fldChar"), qn("w:instrText"), qn("w:t")):  # type: ignore[attr-defined]
        kind = part.get(qn("w:fldCharType"))
        if kind == "end":
            found.append((code.strip(), shown))
        if kind == "begin":
            code = shown = ""
        state = kind or state
        code += part.text if part.tag == qn("w:instrText") else ""
        shown += part.text if part.tag == qn("w:t") and state == "separate" else ""
    return found


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_captions_contents_and_pages_are_fields(tmp_path: Path, language: str) -> None:
    document = docx.Document(str(written(tmp_path, language)))
    contents, *captions = fields(document)
    assert contents[0].startswith("TOC")
    assert contents[1] == "In shortEffects"
    assert captions == [
        ("SEQ Figure \\* ARABIC", "1"), ("SEQ Table \\* ARABIC", "1"),
        ("SEQ Figure \\* ARABIC", "2"), ("SEQ Table \\* ARABIC", "2"),
    ]  # fmt: skip
    texts = [p.text for p in document.paragraphs]
    figure, table = LANGUAGES[language]
    assert sum(bool(re.match(rf"{figure} ?\d", text)) for text in texts) == 2
    assert sum(bool(re.match(rf"{table} ?\d", text)) for text in texts) == 2
    (page,) = document.sections
    assert "PAGE" in page.footer.paragraphs[0]._p.xml
    assert page.header.paragraphs[0].text == "Laws and homicide"


def test_every_line_of_the_contents_leads_to_a_heading(tmp_path: Path) -> None:
    body = docx.Document(str(written(tmp_path))).element.body
    links = [x.get(qn("w:anchor")) for x in body.iter(qn("w:hyperlink"))]
    marks = {x.get(qn("w:name")): x.getparent() for x in body.iter(qn("w:bookmarkStart"))}
    assert len(links) == 2
    for link, title in zip(links, ("In short", "Effects"), strict=True):
        assert marks[link].text == title
        assert marks[link].style == "Heading1"


@pytest.mark.slow
@pytest.mark.parametrize("date", ["2025-06-30", "June", ""])
def test_its_properties_are_its_own(tmp_path: Path, date: str) -> None:
    path = written(tmp_path, date=date)
    own = docx.Document(str(path)).core_properties
    assert (own.author, own.last_modified_by, own.title) == (
        "A. Author", "A. Author", "Laws and homicide",
    )  # fmt: skip
    days = [str(x and x.date()) for x in (own.created, own.modified)]
    assert days == 2 * [date if date.startswith("2025") else "None"]
    assert not [name for name in zipfile.ZipFile(path).namelist() if "thumbnail" in name]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_a4_and_pictures_fit_on_them(tmp_path: Path, language: str) -> None:
    document = docx.Document(str(written(tmp_path, language)))
    (page,) = document.sections
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21.0, 29.7)
    room = page.page_height - page.top_margin - page.bottom_margin
    for picture in document.inline_shapes:
        assert picture.height <= room / 2
        assert picture.width <= page.page_width - page.left_margin - page.right_margin
    for name in ("Normal", "Title", "Heading 1", "Heading 2"):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == "宋体"
        assert not [key for key in fonts.attrib if "theme" in key.lower()]
