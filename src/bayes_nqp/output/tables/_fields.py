"""Fields of Word: captions and contents that Word numbers, with placeholder text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def add_field(paragraph: Any, code: str, shown: str) -> None:
    """Add a field to a paragraph.

    Parameters
    ----------
    shown : str
        Text shown until Word has updated the field.
    """
    _begin(paragraph, code)
    paragraph.add_run(shown)
    _mark(paragraph, "end")


def add_caption(paragraph: Any, kind: str, text: str, number: int) -> None:
    """Write a caption that is numbered by Word.

    Parameters
    ----------
    kind : str
        Counter: "Figure" or "Table".
    text : str
        The caption, with the number in it: "Table 3. Checks".
    """
    before, _, after = text.partition(str(number))
    paragraph.add_run(before)
    add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(number))
    paragraph.add_run(after)


def add_contents(word: Any, titles: Sequence[str]) -> None:
    """Add a table of contents with links; Word fills in page numbers on update (F9)."""
    from docx.shared import Pt

    for place, title in enumerate(titles):
        paragraph = word.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(1)
        paragraph.paragraph_format.line_spacing = 1.0
        if place == 0:
            _begin(paragraph, 'TOC \\o "1-1" \\h \\z')
        link = paragraph._p.makeelement(_tag("hyperlink"), {_tag("anchor"): _bookmark(place)})
        run = paragraph.add_run(title)
        run.font.size = Pt(9)
        link.append(run._r)
        paragraph._p.append(link)
        if place == len(titles) - 1:
            _mark(paragraph, "end")


def add_bookmark(heading: Any, place: int) -> None:
    """Mark a heading as the target of a line of the contents.

    Parameters
    ----------
    place : int
        Index of the line, from 0.
    """
    paragraph, key = heading._p, str(place + 1)
    names = {_tag("id"): key, _tag("name"): _bookmark(place)}
    paragraph.insert(1, paragraph.makeelement(_tag("bookmarkStart"), names))
    paragraph.append(paragraph.makeelement(_tag("bookmarkEnd"), {_tag("id"): key}))


def _bookmark(place: int) -> str:
    return f"_Toc{place + 1:06d}"


def _begin(paragraph: Any, code: str) -> None:
    """Begin a field, up to its displayed text."""
    _mark(paragraph, "begin")
    run = paragraph.add_run()._r
    text = run.makeelement(_tag("instrText"), {})
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    text.text = f" {code} "
    run.append(text)
    _mark(paragraph, "separate")


def _mark(paragraph: Any, kind: str) -> None:
    run = paragraph.add_run()._r
    run.append(run.makeelement(_tag("fldChar"), {_tag("fldCharType"): kind}))


def _tag(name: str) -> str:
    from docx.oxml.ns import qn

    return str(qn(f"w:{name}"))
