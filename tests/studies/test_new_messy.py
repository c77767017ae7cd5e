"""Studies from files as people keep them: dates, notes, blanks, typing errors."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import staggered
from bayes_nqp.studies import Proposal, add_zones, new, validate

CITIES = ["杭州市", "宁波市", "上海市", "苏州市", "合肥市", "兰州市", "阜阳市", "大庆市", "咸阳市",
          "新乡市", "保山市", "衡水市"]  # fmt: skip
YEARS = range(2013, 2022)


def rows(cohort: str = "批复年份") -> pd.DataFrame:
    """Twelve cities, nine years; the first six reached in 2016 or 2018."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        [(city, year) for city in CITIES for year in YEARS], columns=["城市", "年份"]
    )
    place = frame["城市"].map(CITIES.index)
    frame["地区"] = np.where(place % 2 == 0, "沿海", "内陆")
    frame["新质生产力"] = (rng.normal(size=len(frame)) + place / 3 + 20).round(3)
    frame["数字化"] = rng.normal(size=len(frame)).round(3)
    frame["融资约束"] = rng.normal(size=len(frame)).round(3)
    frame[cohort] = np.select([place < 3, place < 6], [2016, 2018], np.nan)
    return frame


def book(path: Path, frame: pd.DataFrame, *, above: Any = (), below: Any = ()) -> Path:
    """Write a workbook with rows of remarks right below the header and below the table."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(frame.columns))
    for row in [*above, *frame.astype(object).where(frame.notna(), None).itertuples(index=False)]:
        sheet.append(list(row))
    for row in below:
        sheet.append(list(row))
    made.save(path)
    return path


def said(made: Proposal) -> dict[str, Any]:
    """Return the table [data] of the study."""
    found: dict[str, Any] = tomllib.loads(made.path.read_text(encoding="utf-8"))["data"]
    return found


def treated(made: Proposal) -> int:
    assert made.study is not None, made.problem
    return int((made.study.panel.cohort_codes >= 0).sum())


WRITTEN = {
    "dates": lambda year: datetime(int(year), 7, 24),
    "Chinese dates": lambda year: f"{year:.0f}年7月24日",
    "dates with dots": lambda year: f"{year:.0f}.07.24",
    "years with a word": lambda year: f"{year:.0f}年",
    "years of two digits": lambda year: f"{year % 100:.0f}年",
    "months of such years": lambda year: f"{year % 100:.0f}年7月",
    "an apostrophe": lambda year: f"’{year % 100:.0f}",
    "months behind a point": lambda year: year + 0.3,
    "days first": lambda year: f"24.07.{year:.0f}",
    "months first": lambda year: f"07/24/{year:.0f}",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", WRITTEN)
def test_dates_of_adoption_are_taken_as_the_cohort(tmp_path: Path, how: str) -> None:
    frame = rows("批复日期")
    known = frame["批复日期"].notna()
    frame["批复日期"] = frame["批复日期"].astype(object).where(known, None)
    frame.loc[known, "批复日期"] = frame.loc[known, "批复日期"].map(WRITTEN[how])
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.guess.zones == {}
    assert made.guess.roles["cohort"] == "批复日期"
    assert "never" not in made.guess.roles
    assert treated(made) == 6
    told = new(tmp_path / "a.xlsx", tmp_path / "b.toml", roles={"cohort": "批复日期"})
    assert "never" not in told.guess.roles


def test_a_word_with_digits_is_never_offered_as_never_treated(tmp_path: Path) -> None:
    frame = rows().astype({"批复年份": object})
    frame.loc[frame["城市"] == CITIES[0], "批复年份"] = "16年起"
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv", roles={"cohort": "批复年份"})
    assert "16年起" in made.problem
    assert "never" not in made.problem


def test_dates_as_numbers_of_days_are_named(tmp_path: Path) -> None:
    frame = rows()
    frame["批复年份"] = frame["批复年份"].map({2016.0: 42429, 2018.0: 43160})
    problem = new(book(tmp_path / "a.xlsx", frame)).problem
    assert "批复年份以天数存储日期：第 42429 日即 2016-02-29" in problem


@pytest.mark.parametrize("never", ["无", None])
def test_years_and_dates_as_numbers_of_days_are_both_read(
    tmp_path: Path, never: str | None
) -> None:
    frame = rows()
    wanted = new(book(tmp_path / "a.xlsx", frame)).study
    cells = frame["批复年份"].map({2016.0: 2016, 2018.0: 43160})
    frame["批复年份"] = [never if pd.isna(x) else int(x) for x in cells]
    made = new(book(tmp_path / "b.xlsx", frame))
    assert made.study is not None, made.problem
    assert wanted is not None
    assert made.study.panel.cohort_codes.tolist() == wanted.panel.cohort_codes.tolist()


@pytest.mark.slow
def test_cells_merged_as_those_of_the_city_are_filled_within_it(tmp_path: Path) -> None:
    frame = rows()
    frame.loc[frame["年份"] > YEARS[0], ["城市", "地区", "批复年份"]] = None
    made = new(book(tmp_path / "a.xlsx", frame))
    assert said(made)["read"]["fill_down"] == ["城市", "地区", "批复年份"]
    assert said(made)["strata"] == ["地区"]
    assert treated(made) == 6


@pytest.mark.slow
def test_a_period_that_changes_within_a_city_is_refused_by_name(tmp_path: Path) -> None:
    frame = rows()
    frame.loc[frame.index[5], "批复年份"] = 2019
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.study is None
    assert made.guess.zones == {}
    assert "cohort='批复年份' 在 1 个单位内有变动" in made.problem
    assert "杭州市（2016、2019），第 2、7 行" in made.problem
    assert said(made)["cohort"] == "批复年份"


@pytest.mark.slow
@pytest.mark.parametrize("case", ["all", "late"])
def test_a_column_called_like_a_cohort_goes_before_the_zones(tmp_path: Path, case: str) -> None:
    frame = rows()
    frame["批复年份"] = frame["批复年份"].fillna(2018)
    if case == "late":
        frame = rows()
        frame.loc[frame["城市"] == "衡水市", "批复年份"] = 2035
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.guess.zones == {}
    assert made.guess.roles["cohort"] == "批复年份"
    if case == "all":
        text = made.path.read_text(encoding="utf-8")
        assert '\n# unidentified = "drop"' in text
        assert made.study is None, "nobody is untreated"
        made.path.write_text(text.replace("# unident", "unident"), encoding="utf-8")
        assert (validate(made.path).panel.cohort_codes >= 0).all()
    else:
        assert treated(made) == 6


def test_what_is_only_called_like_a_cohort_is_none(tmp_path: Path) -> None:
    frame = rows().drop(columns="批复年份")
    rng = np.random.default_rng(2)
    frame["startups"] = rng.integers(2000, 2030, len(frame))
    frame["adoption_rate"] = rng.uniform(size=len(frame))
    frame["批复文号"] = "国函四十四号"
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.guess.zones["prefecture"] == "城市"
    assert "cohort" not in made.guess.roles


@pytest.mark.slow
def test_text_that_is_no_period_is_refused_by_name(tmp_path: Path) -> None:
    frame = rows()
    frame["批复年份"] = frame["批复年份"].map(
        lambda x: None if np.isnan(x) else f"丙{x - 2000:.0f}", na_action=None
    )
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.guess.zones == {}
    assert "'批复年份'" in made.problem
    assert "'丙16'" in made.problem


@pytest.mark.slow
def test_rows_without_a_unit_or_a_time_are_set_aside(tmp_path: Path) -> None:
    units = [[None, "年", None, "指数", "指数", None, "年"]]
    notes = [[], ["注：数据来源于统计年鉴"]]
    made = new(book(tmp_path / "a.xlsx", rows(), above=units, below=notes))
    assert said(made)["strata"] == ["地区"]
    assert "never" not in said(made)
    assert said(made)["read"] == {"captions": {"2": "年 · 指数 · 指数 · 年"}}
    assert made.guess.reasons["unit"].startswith("12 different")
    assert treated(made) == 6
    note = "row 112 '注：数据来源于统计年鉴' excluded: without a unit or a time"
    assert note in made.guess.notes
    assert made.study is not None
    assert note in made.study.panel.notes


@pytest.mark.slow
def test_notes_below_merged_cells_are_set_aside(tmp_path: Path) -> None:
    frame = rows()
    frame.loc[frame["年份"] > YEARS[0], "城市"] = None
    made = new(book(tmp_path / "a.xlsx", frame, below=[[], ["注：略"]]))
    assert said(made)["read"]["fill_down"] == ["城市"]
    assert made.study is not None
    assert made.study.panel.n_units == 12
    text = made.path.read_text(encoding="utf-8")
    assert "剔除第 111 行 '注：略'" in text


def test_a_city_under_two_names_is_one_unit(tmp_path: Path) -> None:
    """The step mentions both names; without the step, the note does."""
    frame = rows()
    frame.loc[[27, 28], "城市"] = "苏州"
    made = new(book(tmp_path / "a.xlsx", frame))
    assert said(made)["read"]["one_name"] == {"苏州": "苏州市"}
    assert made.study is not None
    assert made.study.panel.n_units == 12
    text = made.path.read_text(encoding="utf-8")
    lines = [x for x in text.splitlines() if not x.startswith("one_name")]
    made.path.write_text("\n".join(lines), encoding="utf-8")
    (told,) = (x for x in validate(made.path).notes if "more than one spelling" in x)
    assert "(苏州 and 苏州市)" in told
    assert 'unit = "prefecture_name"' in told
    text = "\n".join(lines).replace('unit = "城市"', 'unit = "prefecture_name"')
    text = text.replace("[design]", '[data.zones]\nprefecture = "城市"\n\n[design]')
    made.path.write_text(text, encoding="utf-8")
    study = validate(made.path)
    assert study.notes == ()
    assert study.panel.n_units == 12


@pytest.mark.slow
@pytest.mark.parametrize("zones", [True, False])
def test_blanks_around_a_name_are_left_out_and_told(tmp_path: Path, zones: bool) -> None:
    frame = rows()
    frame.loc[[3, 4], "城市"] = "杭州市 "
    frame = frame.drop(columns="批复年份") if zones else frame
    made = new(book(tmp_path / "a.xlsx", frame), zones=zones)
    assert bool(made.guess.zones) is zones
    assert made.study is not None, made.problem
    assert made.study.panel.n_units == 12
    assert said(made)["unit"] == "城市"
    assert "城市: removed blanks around the name in 2 rows" in made.study.panel.notes


def test_an_outcome_with_a_few_texts_stays_the_outcome(tmp_path: Path) -> None:
    frame = rows().astype({"新质生产力": object})
    frame.loc[[5, 70], "新质生产力"] = ["0.43?", "约0.5"]
    made = new(book(tmp_path / "a.xlsx", frame))
    assert said(made)["outcome"] == "新质生产力"
    assert "missing" not in said(made).get("read", {})
    assert "第 7 行（杭州市，2018）：'0.43?'" in made.problem


@pytest.mark.slow
def test_years_as_text_with_roles_that_are_said(tmp_path: Path) -> None:
    frame = rows()
    frame["年份"] = frame["年份"].map(lambda year: f"{year}年")
    path = book(tmp_path / "a.xlsx", frame)
    roles = {"unit": "城市", "time": "年份", "cohort": "批复年份"}
    for given in (roles, {}):
        made = new(path, tmp_path / f"{len(given)}.toml", roles=given)
        assert made.guess.roles["time"] == "年份"
        assert treated(made) == 6


@pytest.mark.slow
def test_times_and_units_that_mix_text_and_numbers(tmp_path: Path) -> None:
    frame = rows().astype({"年份": object, "城市": object})
    frame.loc[frame["年份"] == 2015, "年份"] = "2015年"
    frame.loc[frame["城市"] == "杭州市", "城市"] = 330100
    frame["政策"] = (rows()["年份"] >= frame.pop("批复年份")).astype(int)
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.guess.roles["treated"] == "政策"
    assert treated(made) == 6


@pytest.mark.slow
@pytest.mark.parametrize("given", [{}, {"unit": "城市", "time": "年份"}])
def test_rows_that_repeat_end_with_their_numbers(tmp_path: Path, given: dict[str, str]) -> None:
    """Not those that are alike in everything: one of these is read."""
    frame = pd.concat([rows(), rows().iloc[[40]]])
    made = new(book(tmp_path / "a.xlsx", frame), tmp_path / "alike.toml", roles=given)
    assert not made.problem
    assert [*said(made)["read"]["repeats"]] == ["110"]
    frame.iloc[-1, list(frame).index("融资约束")] = 99.0
    made = new(book(tmp_path / "a.xlsx", frame), roles=given)
    assert made.guess.roles["unit"] == "城市"
    assert "第 42 行（合肥市，2017）；第 110 行（合肥市，2017）" in made.problem


@pytest.mark.slow
def test_groups_that_are_the_same_are_taken_once(tmp_path: Path) -> None:
    coastal = {"杭州市", "宁波市", "上海市", "苏州市"}
    frame = rows().drop(columns="批复年份")
    frame["地区"] = np.where(frame["城市"].isin(coastal | {"衡水市"}), "沿海", "内陆")
    frame["地区代码"] = frame["地区"].map({"沿海": 1, "内陆": 2})
    made = new(book(tmp_path / "a.xlsx", frame), zones=True)
    assert made.guess.zones
    assert made.guess.roles["strata"] == ["地区"]


def test_a_group_that_nearly_is_one_is_told(tmp_path: Path) -> None:
    frame = rows()
    frame.loc[5, "地区"] = "内陆"
    made = new(book(tmp_path / "a.xlsx", frame))
    assert "strata" not in made.guess.roles
    assert "地区 may be a stratum, but it varies or is empty within 杭州市" in made.guess.notes[0]


def test_a_channel_is_offered_once(tmp_path: Path) -> None:
    frame = rows().assign(数字化对数=lambda df: np.exp(df["数字化"]))
    made = new(book(tmp_path / "a.xlsx", frame))
    assert made.guess.mediators == ["数字化", "融资约束"]
    assert made.guess.alike == {"数字化": ["数字化对数"]}
    text = made.path.read_text(encoding="utf-8")
    assert "数字化代表一组相近的中介变量；也可改用数字化对数" in text


@pytest.mark.slow
def test_the_title_speaks_the_language_of_the_report(tmp_path: Path) -> None:
    text = new(book(tmp_path / "a.xlsx", rows())).path.read_text(encoding="utf-8")
    assert 'title = "政策对新质生产力的影响"' in text
    english = rows().rename(columns={"新质生产力": "nqp"})
    text = new(book(tmp_path / "b.xlsx", english)).path.read_text(encoding="utf-8")
    assert 'title = "Effect of the policy on nqp"' in text


@pytest.mark.slow
def test_paths_are_quoted_where_a_shell_needs_it(tmp_path: Path) -> None:
    folder = tmp_path / "my data"
    folder.mkdir()
    path = new(book(folder / "城市.xlsx", rows())).path
    text = path.read_text(encoding="utf-8")
    assert f"bayes-nqp run '{path}'" in text
    assert f"make study STUDY='{path}'" in text
    plain = new(folder / "城市.xlsx", tmp_path / "城市.toml").path
    assert f"bayes-nqp run {plain} " in plain.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["", "."])
def test_no_file_is_refused_with_what_to_give(name: str) -> None:
    for ask in (new, add_zones):
        with pytest.raises(
            StudyError, match=r"does not give a file(.|\n)*make new FILE=cities\.xlsx"
        ):
            ask(name)


def test_few_rows_without_an_effect_are_left_out_and_counted(tmp_path: Path) -> None:
    panel = staggered(units=60, periods=8, cohorts=(4, 6), never=0.4, seed=2).panel
    first = panel.cohort_codes[panel.cohort_codes >= 0].min()
    entrant = np.flatnonzero(panel.cohort_codes == first)[0]
    kept = (panel.unit_codes != entrant) | (panel.time_codes >= first)
    panel.frame[kept].to_csv(tmp_path / "firms.csv", index=False)
    made = new(tmp_path / "firms.csv", roles={"cohort": "cohort"})
    assert made.study is not None, made.problem
    text = made.path.read_text(encoding="utf-8")
    assert '\nunidentified = "drop"' in text
    assert f"{(kept & (panel.unit_codes == entrant)).sum()} of " in text
    assert "treated observations identify no effect and are excluded" in text


def test_periods_that_are_no_years_are_no_second_problem(tmp_path: Path) -> None:
    panel = staggered(units=30, periods=8, cohorts=(4, 6), never=0.4, seed=2).panel
    early = (panel.cohort_codes[panel.unit_codes] < 0) | (panel.time_codes >= 4)
    panel.frame[early].to_csv(tmp_path / "firms.csv", index=False)
    made = new(tmp_path / "firms.csv", roles={"cohort": "cohort"})
    assert made.study is None
    assert "without an untreated observation" in made.problem
    assert "no unit is treated" not in made.problem
