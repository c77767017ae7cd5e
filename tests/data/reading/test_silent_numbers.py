"""Cells that a quick reader takes for another number: notes beside numbers, zeros before codes."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import reading_of

ROLES = {"unit": "代码", "time": "年份"}


def _rows(cells: list[object], codes: tuple[str, str] = ("000001", "600000")) -> pd.DataFrame:
    half = len(cells) // 2
    return pd.DataFrame({
        "代码": [codes[0]] * half + [codes[1]] * half,
        "年份": [*range(2010, 2010 + half)] * 2,
        "产出": cells,
    })  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("mark", ["①", "²", "⑴", "*"])
def test_the_mark_of_a_note_is_no_digit(mark: str, tmp_path: Path) -> None:
    cells: list[object] = [10.25 + k for k in range(20)]
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    cells[3], cells[7] = f"{cells[3]}{mark}", str(cells[7]).translate(wide)
    cells[11] = f"{str(cells[11]).translate(wide)}{mark}"
    _rows(cells).to_excel(tmp_path / "marks.xlsx", index=False)
    reading = reading_of(tmp_path / "marks.xlsx", None, roles=ROLES)
    assert reading.frame["产出"].tolist() == [10.25 + k for k in range(20)]
    assert {"digits", "remarks"} <= reading.taken.keys()


@pytest.mark.parametrize(
    ("percent", "plain", "read"),
    [
        ("31.5%", 33.25, [31.5, 33.25]),  # numbers beside it are per cent
        ("31.5%", "—", [0.315, None]),
        ("31.5%", 0.3325, ["31.5%", 0.3325]),  # of another size: left as it stands
        ("12.4‰", 11.8, [12.4, 11.8]),
    ],
)
def test_per_cent_beside_plain_numbers(
    percent: str, plain: object, read: list[object], tmp_path: Path
) -> None:
    _rows([percent] * 18 + [plain] * 2).to_excel(tmp_path / "shares.xlsx", index=False)
    frame = reading_of(tmp_path / "shares.xlsx", None, roles=ROLES).frame
    column = frame["产出"].astype(object)
    assert column.where(column.notna(), None).tolist() == read[:1] * 18 + read[1:] * 2


@pytest.mark.parametrize(
    ("name", "cell", "read"),
    [("占比（%）", "31.5%", 31.5), ("占比(％)", "31.5％", 31.5), ("占比", "31.5%", 0.315),
     ("占比（%）", "3‰", 0.003)],
)  # fmt: skip
def test_per_cent_is_the_unit_that_a_name_says(
    name: str, cell: str, read: float, tmp_path: Path
) -> None:
    _rows([cell] * 20).rename(columns={"产出": name}).to_excel(tmp_path / "a.xlsx", index=False)
    reading = reading_of(tmp_path / "a.xlsx", None, roles={**ROLES, "outcome": name})
    assert reading.frame[name].tolist() == pytest.approx([read] * 20)


def test_years_beside_years_as_text_are_counted(tmp_path: Path) -> None:
    rows = _rows([1.5] * 20)
    years = [x if k % 4 == 0 else str(x) for k, x in enumerate(rows["年份"])]
    rows.assign(年份=pd.Series(years, dtype=object)).to_excel(tmp_path / "a.xlsx", startrow=1)
    with_title = openpyxl.load_workbook(tmp_path / "a.xlsx")
    with_title.active["A1"] = "表1"
    with_title.save(tmp_path / "a.xlsx")
    found = reading_of(tmp_path / "a.xlsx", None, roles=ROLES).taken["years"]
    assert found.count == 15


def test_an_example_keeps_all_digits(tmp_path: Path) -> None:
    _rows(["2,257,042", "2,257,043"] * 10).to_csv(tmp_path / "a.csv", index=False)
    found = reading_of(tmp_path / "a.csv", None, roles=ROLES).taken["thousands"]
    assert {"2,257,042", "2257042"} <= {*map(str, astuple(found))}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["△{}", "{}-", "({})", "（{}）"])
def test_numbers_below_zero_as_accounts_write_them(form: str, tmp_path: Path) -> None:
    cells: list[object] = [10.25 + k for k in range(20)]
    cells[3], cells[7] = form.format("13.25"), form.format("1,017.5")
    _rows(cells).to_excel(tmp_path / "losses.xlsx", index=False)
    read = reading_of(tmp_path / "losses.xlsx", None, roles=ROLES).frame["产出"].tolist()
    assert (read[3], read[7], read[0]) == (-13.25, -1017.5, 10.25)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["1 234 567,5", "1\u00a0234\u00a0567,5", "1\u202f234\u202f567,5",
                                  "1'234'567.5", "1’234’567.5", "1.234.567,5"])  # fmt: skip
def test_thousands_as_other_countries_mark_them(form: str, tmp_path: Path) -> None:
    rows = _rows([form, "45,5" if "," in form else "45.5"] * 10)
    rows.to_csv(tmp_path / "marks.csv", index=False, sep=";")
    read = reading_of(tmp_path / "marks.csv", None, roles=ROLES).frame["产出"]
    assert read.tolist() == [1234567.5, 45.5] * 10


def test_a_letter_behind_a_whole_number_is_part_of_a_name(tmp_path: Path) -> None:
    _rows([1.5] * 20, ("12", "12b")).to_csv(tmp_path / "plots.csv", index=False)
    assert {*reading_of(tmp_path / "plots.csv", None, roles=ROLES).frame["代码"]} == {"12", "12b"}


@pytest.mark.parametrize("flag", ["e", " p", "bp"])
def test_flags_of_statistical_offices_are_no_text(flag: str, tmp_path: Path) -> None:
    cells: list[object] = [10.25 + k for k in range(20)]
    cells[3], cells[7] = f"13.25{flag}", ":"
    _rows(cells).to_csv(tmp_path / "flags.csv", index=False)
    read = reading_of(tmp_path / "flags.csv", None, roles=ROLES).frame["产出"]
    assert read.iloc[[3, 4]].tolist() == [13.25, 14.25]
    assert read.isna().sum() == 1


@pytest.mark.parametrize("codes", [("000001", "600000"), ("0101", "0102")])
def test_codes_keep_their_zeros(codes: tuple[str, str], tmp_path: Path) -> None:
    _rows([1.5] * 20, codes).to_csv(tmp_path / "codes.csv", index=False)
    assert set(reading_of(tmp_path / "codes.csv", None, roles=ROLES).frame["代码"]) == {*codes}


@pytest.mark.parametrize("note", [None, "资料来源：年鉴"])
def test_codes_keep_their_zeros_beside_an_empty_cell(note: str | None, tmp_path: Path) -> None:
    frame = _rows([1.5] * 20)
    frame.loc[0, "代码"] = None
    frame.loc[20, "代码"] = note
    frame.to_csv(tmp_path / "codes.csv", index=False)
    reading = reading_of(tmp_path / "codes.csv", None, roles=ROLES)
    assert set(reading.frame["代码"].dropna()) == {"000001", "600000"}


def test_codes_without_zeros_are_numbers(tmp_path: Path) -> None:
    _rows([1.5] * 20, ("1", "600000")).to_csv(tmp_path / "codes.csv", index=False)
    assert reading_of(tmp_path / "codes.csv", None, roles=ROLES).frame["代码"].dtype == "int64"


def test_statements_of_parent_companies_are_left_out_and_said(tmp_path: Path) -> None:
    group = _rows([1.5 + k for k in range(20)]).assign(报表类型="A")
    both = pd.concat([group, group.assign(报表类型="B", 产出=0.5)])
    both.to_csv(tmp_path / "firms.csv", index=False)
    reading = reading_of(tmp_path / "firms.csv", None, roles=ROLES)
    assert reading.taken["only"].value == {"报表类型": "A"}
    assert reading.taken["only"].count == 20
    assert reading.frame["产出"].tolist() == group["产出"].tolist()
    assert len(reading_of(tmp_path / "firms.csv", {}, roles=ROLES).frame) == 40


def test_ten_thousand_of_an_unknown_unit_is_not_read(tmp_path: Path) -> None:
    cells: list[object] = [906.5 + k for k in range(20)]
    cells[3], cells[5] = "0.09065万", "911.5亿元"
    frame = _rows(cells).rename(columns={"产出": "产出（亿元）"})
    frame.to_excel(tmp_path / "units.xlsx", index=False)
    reading = reading_of(tmp_path / "units.xlsx", None, roles=ROLES)
    assert "measures" not in reading.taken  # 0.09065万元, or 906.5亿元: for somebody to say
    assert reading.frame["产出（亿元）"].iloc[3] == "0.09065万"


def test_a_blank_inside_a_name_makes_no_other_unit(tmp_path: Path) -> None:
    frame = _rows([1.5 + k for k in range(20)], ("南昌市", "株洲市"))
    frame.loc[[2, 5, 13], "代码"] = ["南昌　市", "南昌 市", "株洲\xa0市"]
    frame.to_excel(tmp_path / "names.xlsx", index=False)
    reading = reading_of(tmp_path / "names.xlsx", None, roles=ROLES)
    assert set(reading.frame["代码"]) == {"南昌市", "株洲市"}
    assert reading.taken["names"].count == 3


@pytest.mark.parametrize("code", ["0.0%", "0%", '0.00_);[Red]"≈"0.0%'])
@pytest.mark.parametrize(
    ("beside", "read"),
    [("31%", [0.315, 0.31]), (33.25, [31.5, 33.25]), (0.3325, [0.315, 0.3325]),
     ("—", [0.315, None])],
)  # fmt: skip
def test_numbers_shown_as_per_cent_have_the_scale_of_what_stands_beside_them(
    beside: object, read: list[float], code: str, tmp_path: Path
) -> None:
    """0.315, which a sheet shows as 31.5%, beside 31% as text or 33.25 without a format."""
    path = tmp_path / "shares.xlsx"
    _rows([0.315] * 18 + [beside] * 2).to_excel(path, index=False)
    book = openpyxl.load_workbook(path)
    for row in range(2, 20):
        book.active.cell(row, 3).number_format = code
    book.save(path)
    reading = reading_of(path, None, roles=ROLES)
    column = reading.frame["产出"].astype(object)
    assert column.where(column.notna(), None).tolist() == read[:1] * 18 + read[1:] * 2
    told = [x for x in reading.notes if "18 cells formatted as percentages" in x]
    assert all("(columns C)" in x for x in told)
    assert len(told) == (beside in ("31%", 33.25))


def test_a_percent_sign_that_is_only_text_of_a_format_is_none(tmp_path: Path) -> None:
    path = tmp_path / "shares.xlsx"
    _rows([0.315] * 18 + [33.25] * 2).to_excel(path, index=False)
    book = openpyxl.load_workbook(path)
    for row in range(2, 20):
        book.active.cell(row, 3).number_format = '0.0"%"'
    book.save(path)
    assert reading_of(path, None, roles=ROLES).frame["产出"].tolist() == [0.315] * 18 + [33.25] * 2


def test_per_cent_beside_shares_says_what_cannot_be_told(tmp_path: Path) -> None:
    rows = _rows(["31.5%"] * 18 + [0.3325] * 2).assign(批次=[2014] * 10 + [None] * 10)
    rows.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(PanelError, match="a plain number may be a share or a percentage") as caught:
        Panel.from_file(tmp_path / "a.csv", **ROLES, cohort="批次", outcome="产出")
    assert "31.5%" in caught.value.hint
