"""Files of every kind, whole and broken."""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel

WANTED = Panel.from_frame(city_frame(), **ARGUMENTS).digest


def refuse(path: Path, words: str, **more: object) -> None:
    with pytest.raises(PanelError, match=f"(?s){words}") as caught:
        Panel.from_file(path, **{**ARGUMENTS, **more})
    assert caught.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "城市 面板.csv"
    city_frame().to_csv(path, index=False, encoding=encoding, sep=delimiter)
    panel = Panel.from_file(path, **ARGUMENTS)
    assert panel.digest == WANTED
    assert any("GB18030" in note for note in panel.notes) == encoding.startswith("gb")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "panel.csv"
    names = {"城市": "city", "年份": "year"}
    city_frame().rename(columns=names).to_csv(path, index=False, encoding=encoding)
    panel = Panel.from_file(str(path), **{**ARGUMENTS, "unit": "city", "time": "year"})
    assert panel.n_rows == 42


def test_workbooks_with_chinese_names(tmp_path: Path) -> None:
    path = tmp_path / "面板.xlsx"
    df = city_frame()
    with pd.ExcelWriter(path) as book:
        df.rename(columns={"城市": " 城市　", "nqp": "nqp "}).to_excel(
            book, sheet_name="数据", index=False
        )
        pd.DataFrame({"说明": ["…"]}).to_excel(book, sheet_name="说明", index=False)
    panel = Panel.from_file(path, **ARGUMENTS)
    assert panel.digest == WANTED
    assert any(
        "Sheet: the sheet with most data among 2 sheets (数据, 说明)" in note
        for note in panel.notes
    )
    assert Panel.from_file(path, sheet="数据", **ARGUMENTS).digest == WANTED
    assert Panel.from_file(path, sheet=0, **ARGUMENTS).notes == ()
    refuse(
        path,
        r"sheet='数居' is not in 面板\.xlsx.*'数据', '说明'.*did you mean '数据'",
        sheet="数居",
    )
    refuse(path, "sheet=2: 面板.xlsx has 2 sheets", sheet=2)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "panel.parquet"
    city_frame().set_index(pd.Index(range(100, 142))).to_parquet(path)
    assert Panel.from_file(path, **ARGUMENTS).digest == WANTED


def test_stata_with_labels_and_dates(tmp_path: Path) -> None:
    path = tmp_path / "panel.dta"
    df = city_frame().astype({"region": "category", "年份": "int32"})
    df["approved"] = pd.Timestamp("2015-03-07")
    df.to_stata(path, write_index=False, version=118, convert_dates={"approved": "td"})
    panel = Panel.from_file(path, **ARGUMENTS)
    assert panel.digest == WANTED
    assert panel.levels["region"].tolist() == ["coastal", "inland"]
    assert panel.frame["approved"].iloc[0] == pd.Timestamp("2015-03-07")


def test_stata_years_stay_whole_numbers(tmp_path: Path) -> None:
    path = tmp_path / "panel.dta"
    df = city_frame()
    df["年份"] = pd.to_datetime(df["年份"].astype(str))
    df.to_stata(path, write_index=False, version=118, convert_dates={"年份": "ty"})
    assert Panel.from_file(path, **ARGUMENTS).digest == WANTED


def test_stata_months(tmp_path: Path) -> None:
    path = tmp_path / "panel.dta"
    df = city_frame()
    df["年份"] = df.groupby("城市").cumcount().map(lambda i: pd.Timestamp(2015, i + 1, 1))
    df["zone_year"] = pd.NaT
    df["zone_year"] = df["zone_year"].astype("datetime64[s]")
    df.loc[:6, "zone_year"] = pd.Timestamp("2015-04-01")
    df.to_stata(
        path, write_index=False, version=118, convert_dates={"年份": "tm", "zone_year": "tm"}
    )
    panel = Panel.from_file(path, **ARGUMENTS)
    assert panel.time_labels.tolist() == [f"2015-0{i}" for i in range(1, 8)]
    assert sorted(panel.cohort_codes.tolist()) == [-1] * 5 + [3]


def test_rows_are_those_of_the_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    df = city_frame().astype({"nqp": object})
    df.loc[4, "nqp"] = "1,234"
    df.to_csv(path, index=False)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], "", *lines[3:]]), encoding="utf-8")
    refuse(path, r"row 7 \(杭州市, 2016\): '1,234'")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    city_frame().to_csv(tmp_path / "cities.csv")
    refuse(tmp_path / "citis.csv", "does not exist.*did you mean 'cities.csv'")
    refuse(tmp_path / "nowhere" / "x.csv", "does not exist")


def test_a_folder(tmp_path: Path) -> None:
    city_frame().to_csv(tmp_path / "cities.csv")
    refuse(tmp_path, "is a folder.*cities.csv")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".dta", ".parquet"])
def test_an_empty_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cities{suffix}"
    path.touch()
    refuse(path, "is an empty file")


@pytest.mark.parametrize("suffix", [".xlsx", ".dta", ".parquet", ".xls"])
def test_a_truncated_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cities{suffix}"
    whole = tmp_path / ("whole" + suffix.replace("xls", "xlsx").replace("xlsxx", "xlsx"))
    df = city_frame()
    if suffix == ".dta":
        df.to_stata(whole, write_index=False, version=118)
    elif suffix == ".parquet":
        df.to_parquet(whole)
    else:
        df.to_excel(whole, index=False)
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    refuse(path, f"cannot be read as {suffix}.*truncated")


def test_an_unclosed_quote(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    path.write_text(path.read_text(encoding="utf-8") + '"杭州', encoding="utf-8")
    refuse(path, "rows that do not match its header.*truncated last line")


def test_a_ragged_row(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    path.write_text(path.read_text(encoding="utf-8") + "a,b,c,d,e,f,g,h,i,j\n", encoding="utf-8")
    refuse(path, "rows that do not match its header.*line 44")


def test_a_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().iloc[:0].to_csv(path, index=False)
    refuse(path, "a header but no rows.*城市")


def test_an_unknown_suffix(tmp_path: Path) -> None:
    path = tmp_path / "cities.rds"
    path.write_bytes(b"$FL2")
    refuse(path, r"suffix that is not supported.*\.dta.*Panel\.from_frame")


def test_a_workbook_called_csv(tmp_path: Path) -> None:
    city_frame().to_excel(tmp_path / "cities.xlsx", index=False)
    path = (tmp_path / "cities.xlsx").rename(tmp_path / "cities.csv")
    refuse(path, "is a workbook with the suffix .csv")


def test_the_wrong_encoding(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False, encoding="gb18030")
    refuse(path, "is not utf-8 text.*after line 1.*omit encoding", encoding="utf-8")
    refuse(path, "encoding='utf-88' is unknown", encoding="utf-88")


def test_text_that_is_not_chinese_is_not_read_as_chinese(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    df = city_frame().replace({"region": {"inland": "Région éloignée", "coastal": "Côtière"}})
    names = {"城市": "city", "年份": "year"}
    df["城市"] = df["城市"].map({c: f"é{i}" for i, c in enumerate(df["城市"].unique())})
    df.rename(columns=names).to_csv(path, index=False, encoding="cp1252")
    more = {"unit": "city", "time": "year"}
    panels = [
        Panel.from_file(path, **how, **{**ARGUMENTS, **more})
        for how in ({}, {"encoding": "cp1252"})
    ]
    for panel in panels:
        assert panel.levels["region"].tolist() == ["Côtière", "Région éloignée"]
    assert any("CP1252" in note for note in panels[0].notes)
    polish = df.rename(columns=names).replace(
        {"region": {"Région éloignée": "Łódź", "Côtière": "Łęczyca"}}
    )
    polish.to_csv(path, index=False, encoding="cp1250")
    refuse(path, "neither UTF-8 nor GB18030.*cp1252", **more)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    path.chmod(0)
    refuse(path, "permission denied.*close it")


def test_a_locked_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)

    def locked(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pd, "ExcelFile", locked)
    refuse(path, "permission denied.*close it in Excel")


def test_arguments_of_other_formats(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    refuse(path, "is not a workbook", sheet="数据")
    book = tmp_path / "cities.xlsx"
    city_frame().to_excel(book, index=False)
    refuse(book, "stores its own encoding", encoding="gbk")


def test_a_missing_reader_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cities.parquet"
    city_frame().to_parquet(path)

    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)  # as where it is not installed
    refuse(path, "needs a package.*pip install pyarrow")


def test_a_mark_within_the_header(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    text = city_frame().to_csv(index=False)
    path.write_bytes(codecs.BOM_UTF8 + codecs.BOM_UTF8 + text.encode("utf-8"))
    assert Panel.from_file(path, **ARGUMENTS).digest == WANTED


@pytest.mark.parametrize(("change", "words"), [(1e4, "10,000"), (None, "code for missing")])
def test_numbers_of_another_unit_and_codes_are_noted(
    tmp_path: Path, change: float | None, words: str
) -> None:
    path, df = tmp_path / "cities.csv", city_frame()
    df["nqp"] = df["nqp"] + 50
    late = df["年份"] >= 2016
    df.loc[late, "nqp"] = df.loc[late, "nqp"] * change if change else 9999
    df.to_csv(path, index=False)
    assert any(words in note for note in Panel.from_file(path, **ARGUMENTS).notes)


def test_the_city_panel(shared_data: Path) -> None:
    path = shared_data / "china" / "city_nqpf_cbec_2010_2021.csv"
    panel = Panel.from_file(
        path,
        unit="code",
        time="year",
        cohort="cbec_year",
        outcome="nqpf",
        strata=["coastal_province", "resource_based"],
        mediators=["index_aggregate"],
    )
    assert (panel.n_units, panel.periods, panel.n_rows) == (295, 12, 3540)
    assert panel.dropped == {"coastal_province": 12}
    assert panel.levels["coastal_province"].tolist() == ["0", "1"]
    assert any("2022" in note for note in panel.notes)
    cohorts, sizes = np.unique(panel.cohort_labels[panel.cohort_codes >= 0], return_counts=True)
    assert cohorts.tolist() == [2015, 2016, 2018, 2019, 2020]
    assert sizes[0] == 1
    market = panel.stratify(
        "ln_mkt_index_city", at=2014, labels=["other", "market"], name="market", missing="drop"
    )
    assert market.levels["market"].tolist() == ["market", "other"]
