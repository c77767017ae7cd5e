"""Tables as readers see them: their rows in pages, Word files and Markdown, and what cells say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import docx

type Rows = list[list[str]]
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?"


class Page(HTMLParser):
    """The rows of a page's tables, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tables: list[Rows] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.lasttag in ("td", "th") and self.tables and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data.strip()


def rows_of_word(path: Path) -> Rows:
    """All rows of all tables of a Word file."""
    return [
        [cell.text for cell in row.cells]
        for table in docx.Document(str(path)).tables
        for row in table.rows
    ]


def rows_of_markdown(path: Path) -> Rows:
    """All rows of all tables of a Markdown file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]


def figures_in(rows: Rows) -> set[tuple[str, ...]]:
    """Rows that hold estimates, in the same spelling: those with an interval in a cell."""
    clean = [[re.sub(r"[\s*\u00a0]+", " ", cell).strip() for cell in row] for row in rows]
    return {
        tuple(cell for cell in row if cell)
        for row in clean
        if any(re.fullmatch(rf"\[{NUMBER}, ?{NUMBER}\]", cell) for cell in row)
    }


def agrees(printed: str, value: float) -> bool:
    """Whether what is printed is a value, rounded to its decimals, or the bound that it says."""
    number = printed.strip("<> []").replace("−", "-").replace(",", "")
    if printed[0] in "<>":
        return value > float(number) if printed[0] == ">" else value < float(number)
    return abs(float(number) - value) <= 0.5000001 * 10.0 ** -len(number.partition(".")[2])
