"""Workbooks from random seeds: each gives its own panel, or a question to the user."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from seeded_books import fate_of, seeded_book

from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import Proposal, new

SEEDS = (0, 2, 3, 5, 6, 8, 10, 12, 16, 22, 25, 38)
"""Eleven of them ended in an error of Python, in a unit of another name or in two obstacles."""
YEARS = range(2012, 2020)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_workbook_is_read_as_its_panel_or_asked_about(tmp_path: Path, seed: int) -> None:
    fate = fate_of(seeded_book(tmp_path, seed))
    assert fate == ("asks" if seed == 5 else "runs")  # periods of seed 5 are day numbers alone


def rows(first: Any = None) -> list[list[Any]]:
    """Eight districts of four provinces, half of them treated in 2015; values Y, M1 and X1."""
    rng = np.random.default_rng(1)
    return [
        [f"{'甲乙丙丁'[k // 2]}省", ("城关区", "新城区")[k % 2], year,
         *rng.normal(5, 1, 3).round(3).tolist(),
         (first(2015) if first else 2015) if k % 2 else None]
        for k in range(8)
        for year in YEARS
    ]  # fmt: skip


NAMES = ["省份", "区县", "年份", "Y", "M1", "X1", "设立时间"]
ROLES = [None, None, None, "被解释变量", "中介变量", "控制变量", "解释变量"]


def book(folder: Path, cells: list[list[Any]], merged: str = "") -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in cells:
        sheet.append(row)
    if merged:
        sheet.merge_cells(merged)
    made.save(folder / "cities.xlsx")
    return folder / "cities.xlsx"


def stated(made: Proposal) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(made.path.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("place", ["above", "below", "above a title"])
def test_a_row_of_roles_answers_what_is_asked(tmp_path: Path, place: str) -> None:
    head = [NAMES, ROLES] if place == "below" else [ROLES, NAMES]
    head = [["附表1 变量"], *head] if place == "above a title" else head
    study = stated(new(book(tmp_path, [*head, *rows()])))
    data = study["data"]
    assert (data["outcome"], data["cohort"], data["covariates"]) == ("Y", "设立时间", ["X1"])
    assert study["channels"]["mediators"] == ["M1"]
    assert "控制变量" in new(tmp_path / "cities.xlsx", tmp_path / "b.toml").path.read_text("utf-8")


def test_a_merged_role_holds_for_the_columns_below_it(tmp_path: Path) -> None:
    roles = [None, None, None, "Outcome", "Controls", None, "Treatment"]
    made = new(book(tmp_path, [roles, NAMES, *rows()], "E1:F1"))
    assert made.guess.covariates == ["M1", "X1"]
    assert not made.guess.mediators


@pytest.mark.slow
def test_a_header_of_english_names_is_no_row_of_roles(tmp_path: Path) -> None:
    names = ["city", "year", "outcome", "control", "x", "treatment"]
    cells = [[row[0] + row[1], *row[2:6], int(row[6] is not None and row[2] >= row[6])]
             for row in rows()]  # fmt: skip
    made = new(book(tmp_path, [names, *cells]))
    assert made.guess.roles["treated"] == "treatment"
    assert not made.guess.stated_roles


@pytest.mark.slow
def test_an_empty_part_of_a_name_is_passed_over(tmp_path: Path) -> None:
    cells = [[None, *row] for row in rows()]
    made = new(book(tmp_path, [["园区", *NAMES], *cells]))
    assert made.study is not None, made.problem
    assert made.study.panel.n_units == 8
    arguments = {"time": "年份", "outcome": "Y", "cohort": "设立时间"}
    panel = Panel.from_file(
        made.path.with_suffix(".xlsx"), unit=["园区", "省份", "区县"], **arguments
    )
    assert sorted(panel.unit_labels) == sorted(made.study.panel.unit_labels)


def test_a_municipality_without_districts_is_a_unit_of_its_own_name(tmp_path: Path) -> None:
    cells = [["北京市", None, *row[2:]] if row[0] == "丁省" and row[1] == "新城区" else row
             for row in rows()]  # fmt: skip
    made = new(book(tmp_path, [NAMES, *cells]))
    assert made.study is not None, made.problem
    assert "北京市" in made.study.panel.unit_labels
    assert not any(str(x).startswith("北京市 ") for x in made.study.panel.unit_labels)


@pytest.mark.slow
def test_a_district_does_not_cross_into_the_next_province(tmp_path: Path) -> None:
    cells = [[row[0], row[1] if row[2] == YEARS[0] else None, *row[2:]] for row in rows()]
    cells[16][1] = None  # the first district of the second province has no name
    with pytest.raises(NQPError, match="省份"):
        new(book(tmp_path, [NAMES, *cells]))


@pytest.mark.slow
@pytest.mark.parametrize("text", [False, True], ids=["dates", "texts"])
def test_day_numbers_among_dates_are_dates(tmp_path: Path, text: bool) -> None:
    def first(year: int) -> Any:
        first.count += 1  # type: ignore[attr-defined]
        day = datetime(year, 3, 1)
        number = (day - datetime(1899, 12, 30)).days
        return number if first.count % 16 < 8 else f"{day:%Y-%m-%d}" if text else day  # type: ignore[attr-defined]

    first.count = 0  # type: ignore[attr-defined]
    made = new(book(tmp_path, [NAMES, *rows(first)]))
    assert made.study is not None, made.problem
    assert {x for x in made.study.panel.cohort_labels if x == x} == {2015.0}
    assert stated(made)["data"]["read"]["dates"] == ["设立时间"]


@pytest.mark.slow
def test_one_obstacle_is_told_once_and_without_names_of_python(tmp_path: Path) -> None:
    cells = rows(lambda year: datetime(year, 3, 1))
    cells[9][6] = "待定"
    made = new(book(tmp_path, [NAMES, *cells]))
    assert made.study is None
    assert "datetime" not in made.problem
    assert made.problem.count("设立时间") <= made.problem.count("\n") + 1
    assert len(made.problems) == len({x.split(":")[0] for x in made.problems})


@pytest.mark.parametrize("mark", ["—", "无", "未设立", 0, 9999])
def test_marks_of_never_treated_are_found_in_a_file(tmp_path: Path, mark: Any) -> None:
    cells = [[*row[:6], mark if row[6] is None else row[6]] for row in rows()]
    path = book(tmp_path, [NAMES, *cells])
    arguments = {"unit": ["省份", "区县"], "time": "年份", "outcome": "Y", "cohort": "设立时间"}
    panel = Panel.from_file(path, **arguments)
    assert int((panel.cohort_codes >= 0).sum()) == 4
    assert any("never treated" in str(note) for note in panel.notes) or mark == "—"
    if mark == 9999:  # a period after the last one is never treated, wherever it stands
        return
    frame = pd.DataFrame(cells, columns=NAMES)
    frame["u"] = frame["省份"] + frame["区县"]
    with pytest.raises(NQPError):  # rows of Python are taken as they are
        Panel.from_frame(frame, **{**arguments, "unit": "u"})


def test_a_word_that_denies_nothing_is_asked_about(tmp_path: Path) -> None:
    cells = [[*row[:6], row[6] or "待定"] for row in rows()]
    arguments = {"unit": ["省份", "区县"], "time": "年份", "outcome": "Y", "cohort": "设立时间"}
    with pytest.raises(NQPError, match="never='待定'"):
        Panel.from_file(book(tmp_path, [NAMES, *cells]), **arguments)
