"""Messy files: merged cells, dates as cohorts, texts, remarks; and hints in a study's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_study import STUDY, city_rows

from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import add_index, validate

PLAIN = STUDY.replace("cities.csv", "cities.xlsx")


def written(folder: Path, df: pd.DataFrame, text: str = PLAIN) -> Path:
    df.to_excel(folder / "cities.xlsx", index=False)
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def keys(lines: str, text: str = PLAIN) -> str:
    return text.replace("[data]\n", f"[data]\n{lines}\n")


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises((PanelError, StudyError)) as caught:
        validate(path)
    return str(caught.value), caught.value.hint


def merged(df: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Leave the first cell of each city alone in some columns."""
    first = ~df["城市"].duplicated()
    return df.assign(**{name: df[name].where(first) for name in columns})


# Merged cells


@pytest.mark.slow
def test_a_value_never_crosses_into_the_next_unit(tmp_path: Path) -> None:
    names = ["地区", "zone_year", "城市"]
    path = written(tmp_path, merged(city_rows(), *names), keys(f"read.fill_down = {names}"))
    panel = validate(path).panel
    assert (panel.n_units, int((panel.cohort_codes >= 0).sum())) == (20, 10)
    assert panel.digest == validate(written(tmp_path, city_rows())).panel.digest
    assert "Merged cells (地区, zone_year, 城市): 350 cells" in panel.notes


@pytest.mark.slow
def test_a_group_may_be_merged_over_its_units(tmp_path: Path) -> None:
    df = city_rows().sort_values(["地区", "城市", "年份"], ignore_index=True)
    whole = validate(written(tmp_path, df)).panel.digest
    df["地区"] = df["地区"].where(~df["地区"].duplicated())
    panel = validate(written(tmp_path, df, keys('read.fill_down = ["地区"]'))).panel
    assert panel.digest == whole


def test_a_merged_time_is_filled_across_units(tmp_path: Path) -> None:
    df = city_rows().sort_values(["年份", "城市"], ignore_index=True)
    df["年份"] = df["年份"].where(~df["年份"].duplicated())
    panel = validate(written(tmp_path, df, keys('read.fill_down = ["年份"]'))).panel
    assert panel.n_rows == 160


def test_a_cohort_in_merged_cells_leads_to_fill_down(tmp_path: Path) -> None:
    message, hint = refused(written(tmp_path, merged(city_rows(), "zone_year")))
    assert "varies within 10 units" in message
    assert 'fill_down = ["zone_year"] in [data.read] to fill them within each unit' in hint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("never", "codes"), [(["never", "0"], ["never", "0"]), ("9999", ["9999"]), (9999, ["9999"])]
)
def test_declared_codes_stay_codes_beside_years_as_text(
    tmp_path: Path, never: object, codes: list[str]
) -> None:
    df = city_rows()
    wanted = validate(written(tmp_path, df)).panel.digest
    untreated = df["zone_year"].isna().to_numpy().cumsum() % len(codes)
    known = df["zone_year"].map(lambda y: "" if np.isnan(y) else str(int(y)))
    df["zone_year"] = [y or codes[k] for y, k in zip(known, untreated, strict=True)]
    path = written(tmp_path, df, keys(f"never = {json.dumps(never)}"))
    assert validate(path).panel.digest == wanted


@pytest.mark.slow
def test_months_as_text_are_years(tmp_path: Path) -> None:
    df = city_rows()
    wanted = validate(written(tmp_path, df)).panel.digest
    df["zone_year"] = [("never" if np.isnan(y) else f"{int(y)}.07") for y in df["zone_year"]]
    assert validate(written(tmp_path, df, keys('never = "never"'))).panel.digest == wanted


# Dates


@pytest.mark.slow
@pytest.mark.parametrize(
    "dated",
    [
        lambda y: pd.Timestamp(y, 7, 24),
        lambda y: f"{y}年7月24日",
        lambda y: f"{y}.07.24",
        lambda y: f"{y}-07",
        lambda y: f"{y}年",
    ],
)
def test_a_cohort_may_hold_dates(tmp_path: Path, dated: Callable[[int], object]) -> None:
    df = city_rows()
    df["zone_year"] = [None if np.isnan(y) else dated(int(y)) for y in df["zone_year"]]
    panel = validate(written(tmp_path, df)).panel
    assert panel.digest == validate(written(tmp_path, city_rows())).panel.digest
    assert any(note.startswith("zone_year: read as years, such as 2015") for note in panel.notes)


@pytest.mark.slow
def test_a_word_for_never_among_dates(tmp_path: Path) -> None:
    df = city_rows()
    df["zone_year"] = ["无" if np.isnan(y) else f"{int(y)}年7月24日" for y in df["zone_year"]]
    message, hint = refused(written(tmp_path, df))
    assert "is text, not times: '无'" in message
    assert 'never = "无"' in hint
    panel = validate(written(tmp_path, df, keys('never = "无"'))).panel
    assert int((panel.cohort_codes >= 0).sum()) == 10


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}年", "{}-12-31", "{}"])
def test_years_as_text_are_times(tmp_path: Path, form: str) -> None:
    df = city_rows()
    df["年份"] = [form.format(y) for y in df["年份"]]
    panel = validate(written(tmp_path, df)).panel
    assert panel.time_labels.tolist() == list(range(2012, 2020))


def test_text_that_is_no_time_has_a_hint_in_toml(tmp_path: Path) -> None:
    df = city_rows()
    df["年份"] = [f"第{y - 2011}期" for y in df["年份"]]
    _, hint = refused(written(tmp_path, df))
    assert "2015Q1, 2015-03" in hint
    assert "df[" not in hint


def test_years_of_cohorts_beside_months_are_told_how_to_be_written(tmp_path: Path) -> None:
    df = city_rows()
    df["年份"] = [f"2012-{y - 2011:02d}" for y in df["年份"]]
    message, hint = refused(written(tmp_path, df))
    assert "contains whole numbers, but months are expected" in message
    assert "in the same format as the time column" in hint


@pytest.mark.parametrize("call", ['year("批复 日期")', 'year(col("批复 日期"))', "year(批复)"])
def test_the_year_of_a_date_can_be_derived(tmp_path: Path, call: str) -> None:
    df = city_rows().rename(columns={"zone_year": "批复 日期"})
    dates = [None if np.isnan(y) else f"{int(y)}.07.24" for y in df["批复 日期"]]
    df["批复"] = df["批复 日期"] = [x or "—" for x in dates]
    text = keys('read.missing = "—"').replace('cohort = "zone_year"', 'cohort = "first"')
    text = text.replace("[data.derive]", f"[data.derive]\nfirst = '{call} + 1'")
    panel = validate(written(tmp_path, df, text)).panel
    assert sorted(set(panel.cohort_labels[panel.cohort_codes >= 0])) == [2016, 2017]
    message, hint = refused(written(tmp_path, df, text.replace('read.missing = "—"', "")))
    assert "uses the year of" in message
    assert "missing = " in hint


def test_a_column_called_year_is_a_column(tmp_path: Path) -> None:
    df = city_rows().rename(columns={"年份": "year"})
    text = PLAIN.replace('"年份"', '"year"')
    text = text.replace("[data.derive]", '[data.derive]\nage = "year - 2012"')
    frame = validate(written(tmp_path, df, text)).panel.frame
    assert frame["age"].tolist() == (frame["year"] - 2012).tolist()


# Cells


def test_text_as_a_covariate_is_called_text(tmp_path: Path) -> None:
    df = city_rows()
    df["省份"] = [
        ("浙江省", "江苏省", "甘肃省", "青海省", "山西省", "云南省")[k % 6] for k in range(160)
    ]
    _, hint = refused(written(tmp_path, df, keys('covariates = ["省份"]')))
    assert hint.startswith("the column is text: omit it, or, if it groups units")
    assert 'strata = ["省份"]' in hint
    assert "missing" not in hint


@pytest.mark.slow
def test_numbers_stored_as_text_are_noted_only_if_there_are_any(tmp_path: Path) -> None:
    df = city_rows()
    df["nqp"] = df["nqp"].astype(object)
    df.loc[[3, 5], "nqp"] = "—"
    notes = validate(written(tmp_path, df, keys('read.missing = "—"'))).panel.notes
    assert "Missing values (—): 2 cells" in notes
    assert not any("stored as text" in note for note in notes)
    df.loc[7, "nqp"] = "1.02"
    notes = validate(written(tmp_path, df, keys('read.missing = "—"'))).panel.notes
    assert "Missing values (—): 2 cells" in notes


def test_a_stratum_that_changes_has_a_hint_in_toml(tmp_path: Path) -> None:
    df = city_rows()
    df.loc[3, "地区"] = "内陆"
    _, hint = refused(written(tmp_path, df))
    assert "[[data.stratify]]" in hint
    assert "panel." not in hint


def test_missing_mediators_are_counted_where_the_study_is_looked_at(tmp_path: Path) -> None:
    df = city_rows().assign(数字化=np.random.default_rng(1).normal(size=160))
    df.loc[[3, 5, 40], "数字化"] = np.nan
    text = PLAIN.replace("[sampler]", '[channels]\nmediators = ["数字化"]\n\n[sampler]')
    study = validate(written(tmp_path, df, text))
    said = "3 rows where 数字化 is missing are left out of every equation: complete cases"
    assert said in study.notes
    assert "数字化 is missing in 3 observations, which are kept in the panel" in study.panel.notes


# Files


def test_data_are_no_study(tmp_path: Path) -> None:
    written(tmp_path, city_rows())
    with pytest.raises(StudyError, match=r"(?s)data file.*bayes-nqp new cities.xlsx"):
        validate(tmp_path / "cities.xlsx")


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        (PLAIN.replace("[data.derive]", 'unit="x"\n\n[data.derive]'), "unit occurs twice: first "
         "in line 5", "keep one of the two lines"),
        (PLAIN + "[report]\n", "[report] occurs twice", "below one heading"),
        (PLAIN.replace('"cities.xlsx"', r'"C:\Users\me\cities.xlsx"'), "hex value",
         "single quotes: 'C:"),
        (PLAIN.replace('"cities.xlsx"', r'"C:\new\tables.xlsx"'), "read as one char",
         "write / instead"),
    ],
)  # fmt: skip
def test_broken_toml_says_what_to_do(tmp_path: Path, text: str, words: str, hint: str) -> None:
    message, said = refused(written(tmp_path, city_rows(), text))
    assert words in message
    assert hint in said


def cover(folder: Path, *, titled: bool = False) -> Path:
    path = folder / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        page = pd.DataFrame({"本文件": ["请看第二张表"] if titled else []})
        page.to_excel(book, sheet_name="说明", index=False)
        city_rows().to_excel(book, sheet_name="数据", index=False)
    return path


@pytest.mark.slow
def test_a_cover_sheet_leads_to_the_others(tmp_path: Path) -> None:
    roles = {"unit": "城市", "time": "年份", "cohort": "zone_year", "outcome": "nqp"}
    with pytest.raises(PanelError, match=r"(?s)the other sheets are '数据'.*sheet='数据'"):
        Panel.from_file(cover(tmp_path), **roles, read={})
    assert Panel.from_file(cover(tmp_path, titled=True), **roles).n_units == 20
    assert Panel.from_file(cover(tmp_path), **roles, sheet="数据").n_units == 20
    with pytest.raises(PanelError) as caught:
        Panel.from_file(cover(tmp_path, titled=True), **roles, read={})
    assert "the others: '数据'" in caught.value.where
    assert "bayes-nqp new book.xlsx" in caught.value.hint


def test_an_index_passes_remarks_below_the_table(tmp_path: Path) -> None:
    df = city_rows().assign(专利=np.random.default_rng(2).normal(10, 1, 160))
    df.loc[len(df), "城市"] = "注：数据来源于统计年鉴"
    written(tmp_path, df)
    with pytest.raises(PanelError, match=r"(?s)already a column of the data.*with --name"):
        add_index(tmp_path / "cities.xlsx", positive=["nqp", "专利"])
    made = add_index(tmp_path / "cities.xlsx", positive=["nqp", "专利"], name="index")
    assert any("row 162" in note and "excluded" in note for note in made.notes)
    assert len(pd.read_csv(made.paths[0])) == 160


def test_hints_of_the_index_are_about_the_command_line(tmp_path: Path) -> None:
    df = city_rows().assign(专利=np.random.default_rng(2).normal(10, 1, 160))
    df.loc[4, "专利"] = np.nan
    written(tmp_path, df)
    with pytest.raises(PanelError) as caught:
        add_index(tmp_path / "cities.xlsx", positive=["nqp", "专利"])
    assert "--missing drop leaves the index missing" in caught.value.hint
