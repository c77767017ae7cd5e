"""What workbooks hold beside values: nothing of it is lost, and no reason for a loss is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from readers import ROLES, refused, study_of, taken, workbook, written
from small_study import city_rows

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import add_index, new, validate


def rewritten(path: Path, part: str, old: bytes, fresh: bytes) -> Path:
    """Change a part of a workbook as another program would have written it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(whole, "w") as out:
        for name in book.namelist():
            data = book.read(name)
            out.writestr(name, data.replace(old, fresh) if name == part else data)
    path.write_bytes(whole.getvalue())
    return path


SHEET = "xl/worksheets/sheet1.xml"
FORMULAS = {
    "all of the outcome": (written("nqp", lambda row, _: f"=B{row}*2"), 160, "row 2 "),
    "some of the outcome": (written("nqp", lambda row, x: x if row % 40 else "=1+1"), 4, "row 40 "),
    "units": (written("城市", lambda row, x: x if row % 8 == 2 else f"=A{row - 1}"), 140, "row 3 "),
    "cohorts": (written("zone_year", lambda row, x: x and f"=B{row}+1"), 80, "row 2 "),
    "times": (written("年份", lambda row, x: x if row != 7 else "=B6+1"), 1, "row 7 "),
}


@pytest.mark.parametrize("case", FORMULAS)
def test_formulas_without_values_are_told(tmp_path: Path, case: str) -> None:
    edit, count, first = FORMULAS[case]
    path = workbook(tmp_path / "a.xlsx", edit)
    panel, study, proposal = refused(path, "formulas.*open the file in Excel or LibreOffice")
    for error in (panel, study):
        assert f"in {count} row" in error.what
        assert first in error.where
    assert f"in {count} cell" in proposal.where


@pytest.mark.parametrize("written_as", [b"", b"<v/>", b"<v>0</v>"])
def test_formulas_however_a_writer_leaves_them(tmp_path: Path, written_as: bytes) -> None:
    """Some leave no value, some an empty one, and some a zero that is to be computed."""
    path = workbook(tmp_path / "a.xlsx", written("nqp", lambda row, _: f"=B{row}*2"))
    refused(rewritten(path, SHEET, b"<v></v>", written_as), "formulas")


def test_formulas_with_values_are_values(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", written("年份", lambda _, x: f"={x}"))
    with zipfile.ZipFile(path) as book:
        data = book.read(SHEET)
    for year in range(2012, 2020):
        data = data.replace(b"<f>%d</f><v></v>" % year, b"<f>%d</f><v>%d</v>" % (year, year))
    with zipfile.ZipFile(path) as book:
        old = book.read(SHEET)
    taken(rewritten(path, SHEET, old, data))


def test_formulas_in_a_column_without_a_part_do_not_matter(tmp_path: Path) -> None:
    def beside(sheet: Worksheet) -> None:
        sheet["F1"] = "比值"
        for row in range(2, 162):
            sheet[f"F{row}"] = f"=E{row}/2"

    path = workbook(tmp_path / "a.xlsx", beside)
    wanted = Panel.from_frame(city_rows(), **ROLES).n_rows
    assert Panel.from_file(path, **ROLES).n_rows == wanted
    with pytest.raises(PanelError, match="formulas"):
        new(path)
    assert new(path, roles={k: x for k, x in ROLES.items() if k != "strata"}).study is not None


@pytest.mark.parametrize(
    ("column", "error"),
    [("nqp", "#REF!"), ("nqp", "#N/A"), ("年份", "#DIV/0!"), ("年份", "#VALUE!"),
     ("城市", "#NAME?"), ("zone_year", "#N/A"), ("zone_year", "#NUM!")],
)  # fmt: skip
def test_errors_are_told_by_their_rows(tmp_path: Path, column: str, error: str) -> None:
    path = workbook(tmp_path / "a.xlsx", written(column, lambda row, x: error if row == 9 else x))
    wrong = refused(path, f"(spreadsheet errors|电子表格错误值).*{error}".replace("?", r"\?"))
    assert all("9" in str(x) for x in wrong)


def test_errors_may_be_declared_missing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", written("nqp", lambda row, x: x if row != 9 else "#N/A"))
    with pytest.raises(PanelError) as caught:
        validate(study_of(path))
    assert 'missing = ["#N/A"] in [data.read]' in caught.value.hint
    assert validate(study_of(path, 'read.missing = ["#N/A"]')).panel.n_rows == 159


def test_an_outcome_that_holds_no_numbers_is_not_passed_over(tmp_path: Path) -> None:
    df = city_rows().assign(人口=range(160))
    for value in (lambda *_: "#REF!", lambda _, x: f"约{x:.2f}", lambda _, x: f"{x:.1f}±0.1"):
        path = workbook(tmp_path / "a.xlsx", written("nqp", value), df)
        made = new(path, tmp_path / f"{len(list(tmp_path.iterdir()))}.toml")
        assert made.study is None
        assert made.guess.roles["outcome"] == "nqp"
        assert "row 2 " in made.problem


def merged(*columns: str, step: int = 8) -> Callable[[Worksheet], None]:
    def edit(sheet: Worksheet) -> None:
        for letter in columns:
            for row in range(2, 162, step):
                sheet.merge_cells(f"{letter}{row}:{letter}{row + step - 1}")

    return edit


def test_merged_units_are_whole(tmp_path: Path) -> None:
    taken(
        workbook(tmp_path / "a.xlsx", merged("A")), "140 cells filled with the first cell of their"
    )
    path = workbook(tmp_path / "b.xlsx", merged("A", "C", "D"))
    taken(path, "350 cells filled with the first cell of their merged range (columns A, C, D)")


def test_a_group_merged_over_its_units_is_whole(tmp_path: Path) -> None:
    df = city_rows().sort_values(["地区", "城市", "年份"], ignore_index=True)
    inland = int((df["地区"] == df["地区"].iloc[0]).sum()) + 1
    path = tmp_path / "a.xlsx"
    workbook(
        path,
        lambda sheet: [sheet.merge_cells(x) for x in (f"D2:D{inland}", f"D{inland + 1}:D161")],
        df,
    )
    assert Panel.from_file(path, **ROLES).digest == Panel.from_frame(df, **ROLES).digest


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_units_that_are_empty_below_a_name_are_refused(tmp_path: Path, suffix: str) -> None:
    df = city_rows()
    df["城市"] = df["城市"].where(~df["城市"].duplicated())
    path = tmp_path / f"a{suffix}"
    df.to_csv(path, index=False) if suffix == ".csv" else workbook(path, None, df)
    words = r"(?s)unit='城市' is empty in 140 of 160 rows.*row 3 \(missing, 2013\)"
    with pytest.raises(PanelError, match=words) as caught:
        Panel.from_file(path, **ROLES, read={})
    assert "bayes-nqp new" in caught.value.hint
    assert Panel.from_file(path, **ROLES).digest == Panel.from_frame(city_rows(), **ROLES).digest
    with pytest.raises(PanelError, match=words) as caught:
        validate(study_of(path))
    assert 'fill_down = ["城市"] in [data.read]' in caught.value.hint
    assert validate(study_of(path, "read.fill_down = ['城市']")).panel.n_rows == 160
    made = new(path)
    assert made.study is not None
    assert made.study.panel.n_rows == 160


def test_a_stratum_that_is_given_once_a_unit_is_refused(tmp_path: Path) -> None:
    df = city_rows()
    df["地区"] = df["地区"].where(~df["城市"].duplicated())
    path = workbook(tmp_path / "a.xlsx", None, df)
    with pytest.raises(PanelError, match="strata='地区' is empty in 140 of 160 rows"):
        Panel.from_file(path, **ROLES, read={})
    assert Panel.from_file(path, **ROLES).digest == Panel.from_frame(city_rows(), **ROLES).digest
    with pytest.raises(PanelError) as caught:
        validate(study_of(path))
    assert 'fill_down = ["地区"] in [data.read]' in caught.value.hint


def test_rows_that_nobody_sees_are_told(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        for row in range(20, 60):
            sheet.row_dimensions[row].hidden = True

    taken(
        workbook(tmp_path / "a.xlsx", hide),
        "40 rows that are hidden or filtered out were also read",
    )


def test_a_sheet_that_nobody_sees_is_not_the_first(tmp_path: Path) -> None:
    def beside(sheet: Worksheet) -> None:
        assert sheet.parent is not None
        old = sheet.parent.create_sheet("旧", 0)
        old.append(["城市", "年份"])
        old.sheet_state = "hidden"
        sheet.parent.active = 1

    path = workbook(tmp_path / "a.xlsx", beside)
    taken(path)
    notes = Panel.from_file(path, **ROLES).notes
    assert any("the first that is not hidden of 2 sheets (the others: '旧')" in x for x in notes)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_name_above_two_columns_stands_for_none(tmp_path: Path, suffix: str) -> None:
    df = city_rows()
    df.insert(2, "other", df["nqp"] + 100)
    df.columns = pd.Index([x.replace("other", "nqp") for x in df.columns])
    path = tmp_path / f"a{suffix}"
    df.to_csv(path, index=False) if suffix == ".csv" else workbook(path, None, df)
    panel, study, proposal = refused(path, "nqp")
    assert "'nqp' is the name of 2 columns, which were renamed nqp [C], nqp [F]" in panel.where
    assert "not a column of the data" in study.what
    assert "nqp [C], nqp [F]" in proposal.what
    told = new(path, tmp_path / "b.toml", roles={"outcome": "nqp [F]"})
    assert told.study is not None
    assert Panel.from_file(path, **{**ROLES, "outcome": "nqp [F]"}).n_rows == 160


def test_days_of_a_spreadsheet_are_no_years(tmp_path: Path) -> None:
    def days(_: int, year: Any) -> int:
        return (pd.Timestamp(year, 12, 31) - pd.Timestamp(1899, 12, 30)).days

    refused(workbook(tmp_path / "a.xlsx", written("年份", days)), "41274.*2012-12-31")


def test_a_total_is_told(tmp_path: Path) -> None:
    def total(sheet: Worksheet) -> None:
        for year in range(2012, 2020):
            sheet.append(["合计", year, None, "沿海", 20.0 + year / 7])

    path = workbook(tmp_path / "a.xlsx", total)
    note = "城市: 合计 was read as a unit, but may be a total"
    assert note in Panel.from_file(path, **ROLES, read={}).notes
    read = Panel.from_file(path, **ROLES)
    assert "Totals (合计): 8 rows" in read.notes
    assert read.n_units == 20


def test_a_wide_merged_remark_fills_nothing_but_its_column(tmp_path: Path) -> None:
    def remark(sheet: Worksheet) -> None:
        sheet["A163"] = "注：资料来源"
        sheet.merge_cells("A163:E164")

    taken(workbook(tmp_path / "a.xlsx", remark))


def test_a_column_without_a_name_is_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda sheet: sheet.__setitem__("G5", 1.5))
    made = new(path)
    assert made.study is not None
    assert any("column G has no name in the header" in note for note in made.guess.notes)


@pytest.mark.parametrize("value", ["=1+1", "#REF!"])
def test_indices_and_zones_are_not_made_of_what_holds_no_value(tmp_path: Path, value: str) -> None:
    path = workbook(tmp_path / "a.xlsx", written("nqp", lambda row, x: x if row != 9 else value))
    with pytest.raises(PanelError, match=r"(?s)(formulas|spreadsheet errors).*row 9"):
        add_index(path, positive=["nqp"], name="index", missing="drop")
    assert [x.name for x in tmp_path.iterdir()] == ["a.xlsx"]
