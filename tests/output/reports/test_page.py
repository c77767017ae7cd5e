"""A page loads its own styles and pictures, and nothing else may run in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from doors import (
    Cell,
    Column,
    Document,
    Heading,
    NumberedTable,
    Paragraph,
    Row,
    Table,
    as_html_page,
    as_page,
)

EVIL = "=cmd|' /C calc'!A0<script>alert(1)</script>"


def table() -> Table:
    return Table("effects", EVIL, "", (Column("mean"),), (Row(EVIL, (Cell((EVIL,)),)),))


def pages() -> dict[str, str]:
    blocks = (Heading(EVIL, 1), Paragraph(EVIL, ""), NumberedTable(table(), 1))
    return {"report": as_html_page(Document(EVIL, EVIL, blocks, "en")), "table": as_page(table())}


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("kind", ["report", "table"])
def test_the_policy_allows_what_the_page_has_and_no_more(kind: str) -> None:
    tags = Reader(pages()[kind]).tags
    policy = next(a["content"] for tag, a in tags if a.get("http-equiv"))
    assert policy is not None
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules == {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    names = [tag for tag, _ in tags]
    first = next(k for k, (tag, a) in enumerate(tags) if a.get("http-equiv"))
    assert not {"style", "img", "link"} & set(names[:first]), "a policy rules what follows it"
    assert not {"script", "iframe", "object", "embed", "link", "form", "base"} & set(names)
    for _, attributes in tags:
        assert not any(name.startswith("on") for name in attributes)
        assert re.match("data:image/|$", attributes.get("src") or "")
        assert (attributes.get("href") or "#").startswith("#")


@pytest.mark.parametrize("kind", ["report", "table"])
def test_words_in_cells_are_marked_as_text_for_spreadsheets(kind: str) -> None:
    cells = [a for tag, a in Reader(pages()[kind]).tags if tag == "td" or a.get("scope") == "row"]
    cells = [a for a in cells if "vertical-align:top" in (a["style"] or "")]  # not the empty corner
    assert len(cells) == 2
    assert all("mso-number-format:'\\@'" in (a["style"] or "") for a in cells)


def test_a_table_on_disk_has_it_too(tmp_path: Path) -> None:
    table().to_html(tmp_path / "table.html")
    assert "Content-Security-Policy" in (tmp_path / "table.html").read_text(encoding="utf-8")
