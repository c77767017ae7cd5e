"""Sheets of a workbook that belong together: a variable each, with years as columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import messy_books
import pytest

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.reading import as_days, reading_of
from bayes_nqp.studies import new

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


def test_sheets_of_other_units_are_put_below_one_another(tmp_path: Path) -> None:
    path = book(tmp_path, 河北=sheet({"甲": 1, "乙": 10}), 江苏=sheet({"丙": 7, "丁": 5, "戊": 3}),
                说明=[["说明"]])  # fmt: skip
    reading = reading_of(path, None)
    assert reading.taken["sheet"].value == {"工作表": ["河北", "江苏"]}
    by = reading.frame.groupby("工作表")["地区"].unique()
    assert {name: sorted(by[name]) for name in by.index} == {
        "河北": ["乙", "甲"], "江苏": ["丁", "丙", "戊"],
    }  # fmt: skip
    again = reading_of(path, {key: x.value for key, x in reading.taken.items()})
    assert again.frame.equals(reading.frame)


def test_sheets_with_some_of_the_same_units_are_not(tmp_path: Path) -> None:
    path = book(tmp_path, 原始=sheet({"甲": 1, "乙": 10}), 整理=sheet({"甲": 7, "丁": 5, "戊": 3}))
    assert not isinstance(reading_of(path, None).taken["sheet"].value, dict)


def yearly(head: list[str], scale: float = 1.0) -> list[list[Any]]:
    return [head, *([x, k * scale, k, 0.1 * k] for k, x in enumerate("甲乙丙丁", 1))]


@pytest.mark.parametrize("name", ["{}", "{}年各市", "附表-{}"])
def test_sheets_a_year_in_other_units_are_read_in_one(tmp_path: Path, name: str) -> None:
    pairs = [
        ("产值（亿元）", "强度（%）"),
        ("产值(亿元)", "强度(%)"),
        ("产值（万元）", "强度（%）"),
    ]
    heads = [["城市", value, "专利", share] for value, share in pairs]
    sheets = {name.format(2011 + k): yearly(head, 1e4 if k == 2 else 1.0)
              for k, head in enumerate(heads)}  # fmt: skip
    reading = reading_of(book(tmp_path, **sheets), None)
    assert {*reading.frame} == {"城市", "产值（亿元）", "专利", "强度（%）", "年份"}
    assert reading.frame.groupby("年份")["产值（亿元）"].sum().to_dict() == {
        2011: 10.0, 2012: 10.0, 2013: 10.0,
    }  # fmt: skip
    assert any("产值（万元）" in note and "2013" in note for note in map(str, reading.notes))


def test_sheets_a_year_whose_columns_have_other_names_are_told(tmp_path: Path) -> None:
    path = book(tmp_path, **{"2011": yearly(["城市", "产值", "专利", "强度"]),
                             "2012": yearly(["城市名称", "GDP", "专利", "强度"])})  # fmt: skip
    with pytest.raises(
        PanelError, match=r"(?s)column names differ.*2011: 产值, 城市.*2012: GDP, 城市名称"
    ):
        new(path)


def test_a_list_of_sheets_must_fit_together(tmp_path: Path) -> None:
    twice = sheet({"甲": 1})
    path = book(tmp_path, 产值=sheet({"甲": 1, "乙": 10}), 人口=[*twice, twice[-1]])
    with pytest.raises(PanelError, match="several rows for a unit"):
        reading_of(path, {"sheet": ["产值", "人口"]})
    with pytest.raises(PanelError, match="'人囗' is not in"):
        reading_of(path, {"sheet": ["产值", "人囗"]})


def test_a_table_that_goes_on_is_not_another_variable(tmp_path: Path) -> None:
    first, other = sheet({"甲": 1, "乙": 10}), sheet({"丙": 7, "丁": 5})
    path = book(tmp_path, 表=[*first, [], ["续表"], *other[1:]])
    reading = reading_of(path, None)
    assert "stacked" not in reading.taken
    assert sorted(reading.frame["地区"].unique()) == ["丁", "丙", "乙", "甲"]
    again = book(tmp_path, 表=[*first, [], ["人口"], *sheet({"乙": 3, "甲": 4})[1:]])
    assert reading_of(again, None).taken["stacked"].value == ["标题", "人口"]
    with pytest.raises(PanelError, match="stacked names 1 tables, but the file contains 2"):
        reading_of(again, {"header": 2, "stacked": ["产值"]})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "title", "called"),
    [
        ("新质生产力", None, "新质生产力"),
        ("Sheet1", "表1 2010—2012年各省新质生产力水平", "新质生产力水平"),
        ("Sheet1", "各市区的新质生产力指数（2010-2012）", "新质生产力指数"),
        ("NQP", "表1 各省新质生产力水平", "NQP"),
        ("Sheet1", "Total factor productivity, 2010-2012", "Total factor productivity"),
        ("Sheet1", "新质生产力与全要素生产率", "数值"),
        ("Sheet1", "数字经济对新质生产力的影响", "数值"),
        ("Sheet1", "新质生产力，全要素生产率", "数值"),
        ("河北", "各省情况", "数值"),
    ],
)  # fmt: skip
def test_years_alone_hold_what_the_sheet_or_its_title_names(
    name: str, title: str | None, called: str, tmp_path: Path
) -> None:
    names = ["地区", 2010, 2011, 2012]
    rows = [*([[title]] if title else []), names, ["甲", 1.5, 2.5, 3.5], ["乙", 4.5, 5.5, 6.5]]
    reading = reading_of(book(tmp_path, **{name: rows}), None)
    assert reading.taken["long"].value[1] == called
    assert sorted(reading.frame[called]) == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


@pytest.mark.parametrize(
    ("names", "stem"),
    [([f"{y}年{q}季度" for y in (2014, 2015) for q in (1, 2, 3, 4)], ""),
     ([f"{y}Q{q}" for y in (2014, 2015) for q in (1, 2, 3, 4)], ""),
     ([f"GDP{y}Q{q}" for y in (2014, 2015) for q in (1, 2, 3, 4)], "GDP"),
     ([f"产出_{y}年{m}月" for y in (2014, 2015, 2016) for m in (1, 2, 10, 11, 12)], "产出"),
     ([f"{y}-{m:02d}" for y in (2014, 2015, 2016) for m in range(1, 13)], ""),
     ([f"{y}年{h}半年" for y in (2014, 2015, 2016) for h in "上下"], "")],
)  # fmt: skip
def test_parts_of_years_as_columns_are_periods(names: list[str], stem: str, tmp_path: Path) -> None:
    """And no variables of their own: the first quarters of all years are no outcome."""
    rows = [["地区", *names], *([unit, *map(float, range(len(names)))] for unit in "甲乙丙")]
    reading = reading_of(book(tmp_path, 数据=rows), None)
    value = stem or "数值"
    assert list(reading.frame.columns) == ["地区", "时期", value]
    ordered = reading.frame.assign(时期=as_days(reading.frame["时期"], "time"))
    first = ordered[ordered["地区"] == "甲"].sort_values("时期")
    assert first[value].tolist() == [*map(float, range(len(names)))]
    assert first["时期"].is_unique


def test_sheets_by_year_may_hold_a_column_of_treatment(tmp_path: Path) -> None:
    """Rows of several sheets have the same numbers, and a status is told all the same."""
    sheets = {
        f"{year}年": [["企业", "是否试点", "产出"],
                     *([f"公司{k}", "是" if k < 3 <= year - 2012 - k else None, k * year % 13]
                       for k in range(12))]
        for year in range(2013, 2020)
    }  # fmt: skip
    sheets["名单"] = [["批次", "企业"], ["第一批", "公司0"]]
    reading = reading_of(book(tmp_path, **sheets), None, roles={"unit": "企业", "time": "年份"})
    assert len(reading.frame) == 84
