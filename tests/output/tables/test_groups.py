"""Which rows of a table stand beneath a heading, in every format that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest
from doors import Cell, Column, Row

import bayes_nqp as nqp

ROWS = (
    Row("first", (Cell("1"),)),
    Row("Group"),
    Row("inside", (Cell("2"),)),
    Row("Other", rule=True),
    Row("within", (Cell("3"),)),
    Row("below", (Cell("4"),), rule=True),
    Row("last", (Cell("5"),)),
)
TABLE = nqp.Table("any", "A table", "Row", (Column("Number"),), ROWS)
INDENTED = ["inside", "within"]


def test_pages_have_a_group_of_rows_for_every_heading() -> None:
    groups = re.findall(r"<tbody>(.*?)</tbody>", TABLE.to_html(), re.DOTALL)
    labels = [re.findall(r">([a-zA-Z]+)</th>", group) for group in groups]
    assert labels == [["first"], ["Group", "inside"], ["Other", "within"], ["below", "last"]]
    assert re.findall(r"padding-left:1.2em[^>]*>(\w+)<", TABLE.to_html()) == INDENTED


def test_a_line_ends_what_is_indented(tmp_path: Path) -> None:
    assert re.findall(r"\\quad (\w+)", TABLE.to_latex()) == INDENTED
    sheet = openpyxl.load_workbook(TABLE.to_excel(tmp_path / "t.xlsx")).worksheets[0]
    assert [x.value for x in sheet["A"] if x.alignment.indent] == INDENTED
    docx = pytest.importorskip("docx")
    grid = docx.Document(str(TABLE.to_docx(tmp_path / "t.docx"))).tables[0]
    cells = [row.cells[0] for row in grid.rows]
    assert [
        x.text for x in cells if (x.paragraphs[0].paragraph_format.left_indent or 0) > 0
    ] == INDENTED
