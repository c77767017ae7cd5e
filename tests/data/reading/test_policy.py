"""A policy that another sheet lists: joined where it is sure who is meant, else asked for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp import Panel
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.reading import month_of, reading_of, year_of
from bayes_nqp.studies import Proposal, Study, new, validate

FIRST = "首次处理年份"
ROLES = {"unit": "城市", "time": "年份"}


def listed(folder: Path, rows: list[list[Any]], **changes: Any) -> tuple[Path, dict[str, int]]:
    """A workbook whose second sheet has some rows; and who is treated since when."""
    frame, since = messy_books.listed(messy_books.truth(1))
    sheets = {"数据": messy_books.table(frame.assign(**changes)), "试点名单": rows}
    return messy_books.saved(folder / "a.xlsx", sheets), since


def since_of(made: Proposal, path: Path) -> dict[str, int]:
    assert made.study is not None, made.problem
    read = tomllib.loads(made.path.read_text(encoding="utf-8"))["data"]["read"]
    years = reading_of(path, read, roles=ROLES).frame.groupby("城市")[FIRST].first().dropna()
    return {str(city): int(year) for city, year in years.items()}


@pytest.mark.slow
def test_a_list_is_joined_and_said(tmp_path: Path) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    rows = [["城市", "批复时间"], *map(list, since.items()), ["杭州市", 2015]]
    path, _ = listed(tmp_path, rows)
    made = new(path)
    assert since_of(made, path) == since
    said = f"{FIRST} from the list in '试点名单': 4 of 5 names are units of the data; not found"
    assert made.study is not None
    assert any(note.startswith(said) and "杭州市" in note for note in made.study.panel.notes)
    assert any("the remaining 6 units are never treated" in x for x in made.guess.notes)
    panel = Panel.from_file(path, **ROLES, cohort=FIRST, outcome=messy_books.OUTCOME)
    assert panel.cohort_codes.tolist() == made.study.panel.cohort_codes.tolist()
    assert FIRST not in reading_of(path, {}, roles=ROLES).frame


@pytest.mark.slow
def test_a_name_that_may_be_a_unit_is_asked_for_and_one_correction_is_enough(
    tmp_path: Path,
) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    first, *others = since
    rows = [["城市", "批复时间"], [first.removesuffix("市") + "地区", since[first]],
            *([city, since[city]] for city in others)]  # fmt: skip
    path, _ = listed(tmp_path, rows)
    made = new(path)
    assert made.study is None
    asked = f'names = {{ "{rows[1][0]}" = "{first}" }}'
    assert asked in made.problem
    with pytest.raises(PanelError, match="does not identify all treated units"):
        validate(made.path)
    with pytest.raises(PanelError, match="does not identify all treated units"):
        Panel.from_file(path, **ROLES, cohort=FIRST, outcome=messy_books.OUTCOME)
    text = made.path.read_text(encoding="utf-8")
    made.path.write_text(
        text.replace('"since" = "批复时间"', f'"since" = "批复时间", {asked}'), encoding="utf-8"
    )
    assert (validate(made.path).panel.cohort_codes >= 0).sum() == len(since)


@pytest.mark.parametrize("cell", [None, "待定", 2015])
def test_a_name_without_one_year_is_asked_for(tmp_path: Path, cell: object) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    city = next(iter(since))
    rows = [["城市", "批复时间"], *map(list, since.items())]
    rows = [*rows, [city, cell]] if cell == 2015 else [*rows[:1], [city, cell], *rows[2:]]
    made = new(listed(tmp_path, rows)[0])
    assert made.study is None
    assert f"没有年份或有多个年份：{city}" in made.problem


def test_two_units_that_a_name_may_be_are_both_named(tmp_path: Path) -> None:
    frame, since = messy_books.listed(messy_books.truth(1))
    city, *others = since
    spare = next(x for x in frame["城市"].unique() if x not in since)
    names = frame["城市"].replace({spare: city.removesuffix("市") + "县"})
    rows = [["城市", "批复时间"], [city.removesuffix("市"), since[city]],
            *([x, since[x]] for x in others)]  # fmt: skip
    made = new(listed(tmp_path, rows, 城市=names)[0])
    assert made.study is None
    assert city in made.problem
    assert city.removesuffix("市") + "县" in made.problem


def test_lists_that_differ_are_both_named(tmp_path: Path) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    rows = [["城市", "批复时间", "实施时间"], *([x, y, y + 1] for x, y in since.items())]
    made = new(listed(tmp_path, rows)[0])
    assert made.study is None
    assert "多份名单" in made.problem
    assert "批复时间" in made.problem
    assert "实施时间" in made.problem


@pytest.mark.slow
@pytest.mark.parametrize("head", ["成立时间", "入选时间"])
def test_other_sheets_and_tables_with_a_policy_of_their_own_are_left_alone(
    tmp_path: Path, head: str
) -> None:
    frame = messy_books.truth(1)
    rows = [["城市", head], *([x, 2013] for x in frame["城市"].unique())]
    own = frame if head == "入选时间" else frame.drop(columns="批复年份")
    sheets = {"数据": messy_books.table(own), "城市属性": rows}
    made = new(messy_books.saved(tmp_path / "b.xlsx", sheets))
    assert "policy" not in made.guess.steps
    assert (made.study is None) == (head == "成立时间")


def test_what_is_said_of_a_list_must_be_there(tmp_path: Path) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    path, _ = listed(tmp_path, [["城市", "批复时间"], *map(list, since.items())])
    good = {"sheet": "试点名单", "unit": "城市", "since": "批复时间"}
    wrong = [{**good, "sheet": "名单"}, {**good, "unit": "县"}, {**good, "when": "x"},
             {"sheet": "试点名单"}]  # fmt: skip
    for source in wrong:
        with pytest.raises(PanelError, match="policy: "):
            reading_of(path, {"sheet": "数据", "policy": {FIRST: source}}, roles=ROLES)


@pytest.mark.parametrize(
    "heads", [("第一批（2014年）", "第二批（2016年7月）"), ("第一批", "第二批")]
)
def test_batches_side_by_side_are_one_list(tmp_path: Path, heads: tuple[str, str]) -> None:
    frame, since = messy_books.listed(messy_books.truth(1))
    early, late = ([x for x in since if since[x] == year] for year in (2014, 2016))
    rows: list[list[Any]] = [[*heads], *map(list, zip(early, [*late, None][:2], strict=True))]
    sheets = {"数据": messy_books.table(frame), "试点名单": rows,
              "说明": [["第一批于2014年3月批复；第二批于2016年7月批复"]]}  # fmt: skip
    path = messy_books.saved(tmp_path / "a.xlsx", sheets)
    assert since_of(new(path), path) == since


def firms(folder: Path, dates: dict[str, Any]) -> Path:
    """Two firms a city; a list of cities with their provinces and dates."""
    frame, _ = messy_books.listed(messy_books.truth(1))
    parts = [frame.assign(证券代码=[f"{code}{x}" for x in frame["城市"]]) for code in (1, 2)]
    home = frame.groupby("城市")["省份"].first()
    rows = [[home.get(city, "浙江"), city, date] for city, date in dates.items()]
    sheets = {"数据": messy_books.table(pd.concat(parts)),
              "批复名单": [["省份", "城市", "批复日期"], *rows]}  # fmt: skip
    return messy_books.saved(folder / "firms.xlsx", sheets)


def cohorts(study: Study) -> set[float]:
    labels = study.panel.cohort_labels
    return {*labels[~np.isnan(labels)].tolist()}


@pytest.mark.slow
@pytest.mark.parametrize("numbered", [False, True])
def test_batches_may_stand_above_their_names(tmp_path: Path, numbered: bool) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    rows: list[list[Any]] = [["序号", "试点城市"]] if numbered else [["试点名单"]]
    for head, year in (("第一批（2014年3月，共2个）", 2014), ("第二批（2016年7月）", 2016)):
        names = [x.removesuffix("市") for x in since if since[x] == year]
        rows += [[head], *([k, x] if numbered else [x] for k, x in enumerate(names, 1))]
    path, since = listed(tmp_path, rows)
    assert since_of(new(path), path) == since


def test_an_end_of_the_policy_is_asked_for(tmp_path: Path) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    city = next(iter(since))
    rows = [["城市", "批复时间", "退出时间"],
            *([x, y, 2017 if x == city else None] for x, y in since.items())]  # fmt: skip
    path, _ = listed(tmp_path, rows)
    made = new(path)
    assert made.study is None
    assert "退出时间" in made.problem
    assert city in made.problem
    path, since = listed(tmp_path, [[*row[:2], None] for row in rows])
    assert since_of(new(path, tmp_path / "b.toml"), path) == since


@pytest.mark.slow
def test_waves_with_their_dates_are_read(tmp_path: Path) -> None:
    _, since = messy_books.listed(messy_books.truth(1))
    cities = {year: ", ".join(x for x in since if since[x] == year) for year in (2014, 2016)}
    path, since = listed(tmp_path, [["Wave", "Cities"], ["Wave 1 (March 2014)", cities[2014]],
                                    ["Wave 2 (July 2016)", cities[2016]]])  # fmt: skip
    assert since_of(new(path), path) == since


def test_a_list_of_units_that_several_columns_name_is_told(tmp_path: Path) -> None:
    frame = messy_books.truth(1).assign(区县="城关区").drop(columns="批复年份")
    twice = pd.concat([frame, frame.assign(区县="新区")])
    rows = [["区县", "批复时间"], ["保定市新区", "2014年"], ["唐山市新区", "2016年"]]
    sheets = {"数据": messy_books.table(twice), "试点名单": rows}
    made = new(messy_books.saved(tmp_path / "a.xlsx", sheets))
    assert any(
        "'试点名单' was not read, because 城市, 区县 together name the units" in x
        for x in made.guess.notes
    )
    bare = twice.assign(区县=twice["城市"] + twice["区县"])
    made = new(messy_books.saved(tmp_path / "b.xlsx", sheets | {"数据": messy_books.table(bare)}))
    assert made.guess.steps["policy"].count == 2


def test_firms_have_the_policy_of_their_city(tmp_path: Path) -> None:
    dates = {"唐山市": "2014-03-07", "徐州市": "2014-07-24", "杭州市": "2015-12-29",
             "天水市": "2015-12-29"}  # fmt: skip
    made = new(firms(tmp_path, dates))
    assert made.study is not None, made.problem
    text = made.path.read_text(encoding="utf-8")
    read = tomllib.loads(text)["data"]["read"]
    assert read["policy"][FIRST]["of"] == "城市"
    assert made.study.settings.design["effect"]["varying"] == "城市"
    assert cohorts(made.study) == {2014, 2015}
    assert (made.study.panel.cohort_codes >= 0).sum() == 6
    assert any(
        "3 of 4 names appear in 城市, which cover 6 units" in x for x in made.study.panel.notes
    )
    assert any("the remaining 14 units are never" in x for x in made.study.panel.notes)
    with pytest.raises(PanelError, match="of='县' is not a column of the data"):
        reading_of(tmp_path / "firms.xlsx",
                   {"policy": {FIRST: {**read["policy"][FIRST], "of": "县"}}},
                   roles={"unit": "证券代码", "time": "年份"})  # fmt: skip
    offered = f'# next_year = ["{FIRST}"]'
    assert offered in text
    assert any(
        "with the step next_year it begins in the following year" in note
        for note in made.guess.notes
    )
    assert made.guess.steps["next_year"].count == 4
    assert [x.line for x in made.page.steps if x.key == "next_year"] == [offered]
    made.path.write_text(text.replace(offered, offered[2:]), encoding="utf-8")
    assert cohorts(validate(made.path)) == {2014, 2015, 2016}


def test_dates_of_the_table_itself_are_offered_too_and_ends_of_years_are_not(
    tmp_path: Path,
) -> None:
    frame = messy_books.truth(1)
    late = {2014: "2014年3月", 2016: "二〇一六年十一月"}
    frame["批复年份"] = frame["批复年份"].map(late)
    path = messy_books.saved(tmp_path / "a.xlsx", {"数据": messy_books.table(frame)})
    read = reading_of(path, None, roles=ROLES)
    assert read.taken["next_year"].value == ["批复年份"]
    assert read.taken["next_year"].after == "2017"
    assert {*map(year_of, read.frame["批复年份"].dropna())} == {2014, 2016}
    taken = reading_of(path, {"next_year": ["批复年份"]}, roles=ROLES).frame["批复年份"]
    assert {*taken.dropna()} == {2014.0, 2017.0}
    frame["批复年份"] = frame["批复年份"].map({late[2014]: "2014-12-31", late[2016]: "2016-12-31"})
    path = messy_books.saved(tmp_path / "b.xlsx", {"数据": messy_books.table(frame)})
    assert "next_year" not in reading_of(path, None, roles=ROLES).taken


@pytest.mark.parametrize(
    ("cell", "month"),
    [("2018-07-24", 7), ("2018.7", 7), (20181224, 12), ("2018年12月获批", 12),
     ("二〇一八年十二月", 12), ("24.07.2018", 7), ("07/24/2018", None),
     (pd.Timestamp("2018-07-24"), 7), (2018, None), ("2018年", None), ("二〇一八年", None),
     ("待定", None), (None, None)],
)  # fmt: skip
def test_the_month_of_a_date(cell: object, month: int | None) -> None:
    assert month_of(cell) == month
