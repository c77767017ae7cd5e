"""Sheets of a workbook that belong together: a variable each, with years as columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import messy_books
import pytest

from bayes_nqp.columns import reading_of
from bayes_nqp.errors import PanelError

YEARS = ["2010年", "2011年", "2012年"]


def sheet(values: dict[str, float], note: str = "") -> list[list[Any]]:
    rows: list[list[Any]] = [["标题"], ["地区", *YEARS]]
    rows += [[place, x, x + 1, x + 2] for place, x in values.items()]
    return [*rows, *([[note]] if note else [])]


def book(folder: Path, **sheets: list[list[Any]]) -> Path:
    return messy_books.saved(folder / "a.xlsx", sheets)


def test_sheets_of_variables_are_put_side_by_side(tmp_path: Path) -> None:
    path = book(tmp_path, 产值=sheet({"甲": 1, "乙": 10}, "来源：年鉴"),
                人口=sheet({"乙": 7, "甲": 5, "丙": 3}, "注：年末"), 说明=[["说明"]])  # fmt: skip
    reading = reading_of(path, None)
    assert reading.taken["sheet"].value == ["产值", "人口"]
    rows = reading.frame.set_index(["地区", reading.frame.columns[1]])
    assert rows["产值"].dropna().to_dict() == {
        ("甲", 2010): 1, ("甲", 2011): 2, ("甲", 2012): 3,
        ("乙", 2010): 10, ("乙", 2011): 11, ("乙", 2012): 12,
    }  # fmt: skip
    assert rows["人口"].loc["丙"].tolist() == [3, 4, 5]
    assert any("来源" in note for note in reading.notes)
    one = reading_of(path, {"sheet": "人口", "header": 2, "long": ["年份", "人口"]})
    assert sorted(one.frame["人口"].dropna()) == [3, 4, 5, 5, 6, 7, 7, 8, 9]


def test_sheets_of_other_units_are_not(tmp_path: Path) -> None:
    path = book(tmp_path, 河北=sheet({"甲": 1, "乙": 10}), 江苏=sheet({"丙": 7, "丁": 5, "戊": 3}))
    assert reading_of(path, None).taken["sheet"].value == "江苏"


def test_a_list_of_sheets_must_fit_together(tmp_path: Path) -> None:
    twice = sheet({"甲": 1})
    path = book(tmp_path, 产值=sheet({"甲": 1, "乙": 10}), 人口=[*twice, twice[-1]])
    with pytest.raises(PanelError, match="several rows of a unit"):
        reading_of(path, {"sheet": ["产值", "人口"]})
    with pytest.raises(PanelError, match="'人囗' is not in"):
        reading_of(path, {"sheet": ["产值", "人囗"]})
