"""A study from a user's own file: the guesses, the reasons, and a run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.studies import add_index, add_zones, new, validate

CITIES = ["杭州市", "宁波", "上海市", "苏州市", "合肥", "兰州市", "阜阳", "大庆", "咸阳市", "新乡",
          "保山市", "衡水"]  # fmt: skip
YEARS = range(2013, 2022)


def rows(seed: int = 1) -> pd.DataFrame:
    """Twelve cities, nine years; the first six reached in 2016 or 2018."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(city, year) for city in CITIES for year in YEARS], columns=["城市", "年份"]
    )
    place = frame["城市"].map(CITIES.index)
    frame["综试区设立年份"] = np.select([place < 3, place < 6], [2016, 2018], np.nan)
    frame["区域"] = np.where(place % 2 == 0, "沿海", "内陆")
    frame["新质生产力"] = (rng.normal(size=len(frame)) + place / 3 + 20).round(3)
    frame["数字化水平"] = rng.normal(size=len(frame)).round(3)
    frame["人口"] = rng.uniform(100, 900, len(frame)).round(1)
    return frame


def workbook(path: Path) -> Path:
    """The rows as people keep them: a title, merged cells, text numbers, dashes."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "说明"
    book.active["A1"] = "来源：统计年鉴"
    sheet = book.create_sheet("数据")
    sheet.merge_cells("A1:G1")
    sheet["A1"] = "各城市数据"
    frame = rows()
    sheet.append([f"{name} " for name in frame.columns])
    for k, row in enumerate(frame.itertuples(index=False)):
        cells: list[Any] = list(row)
        cells[0] = cells[0] if cells[1] == YEARS[0] else None
        cells[2] = None if np.isnan(cells[2]) else int(cells[2])
        cells[4] = "—" if k == 5 else f"{1000 * cells[4]:,.1f}"
        sheet.append(cells)
    book.save(path)
    return path


WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "csv": lambda df, path: df.to_csv(path, index=False, encoding="gb18030"),
    "xlsx": lambda df, path: df.to_excel(path, index=False),
    "parquet": lambda df, path: df.to_parquet(path),
    "dta": lambda df, path: df.to_stata(path, write_index=False, version=118),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS)
def test_roles_are_guessed_from_any_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"城市.{kind}"
    WRITERS[kind](rows(), path)
    made = new(path)
    assert made.problem == ""
    roles = made.guess.roles
    assert (roles["unit"], roles["time"]) == ("城市", "年份")
    assert (roles["cohort"], roles["outcome"]) == ("综试区设立年份", "新质生产力")
    assert roles["strata"] == ["区域"]
    assert made.guess.mediators == ["数字化水平"]
    assert made.guess.covariates == ["人口"]
    assert made.path == path.with_suffix(".toml")


@pytest.mark.slow
def test_a_messy_workbook_is_read_and_its_steps_are_declared(tmp_path: Path) -> None:
    made = new(workbook(tmp_path / "城市.xlsx"))
    assert made.study is not None
    data = tomllib.loads(made.path.read_text(encoding="utf-8"))["data"]["read"]
    assert (data["sheet"], data["header"], data["fill_down"]) == ("数据", 2, ["城市"])
    assert (data["thousands"], data["missing"]) == (",", ["—"])
    assert made.study.panel.n_units == 12
    assert made.study.panel.n_rows == 12 * 9 - 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["城市.toml", "城市.xlsx"]


@pytest.mark.slow
def test_every_guess_has_its_reason_as_a_comment(tmp_path: Path) -> None:
    made = new(workbook(tmp_path / "城市.xlsx"))
    text = made.path.read_text(encoding="utf-8")
    flat = " ".join(line.lstrip("# ") for line in text.splitlines())
    for key in made.guess.roles:
        assert made.guess.reasons[key], key
        assert f"{key} = " in text
        assert made.translate.name(made.guess.reasons[key]).split("；")[0] in flat, key
    assert "请逐行确认" in text
    uncommented = text.replace("# [channels]", "[channels]").replace("# mediators", "mediators")
    made.path.write_text(uncommented, encoding="utf-8")
    assert validate(made.path).mediators == ("数字化水平",)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = workbook(tmp_path / "城市.xlsx")
    path.with_suffix(".toml").write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match="is not overwritten"):
        new(path)
    assert path.with_suffix(".toml").read_text(encoding="utf-8") == "mine"
    assert new(path, tmp_path / "another.toml").study is not None
    with pytest.raises(StudyError, match="does not exist"):
        new(path, tmp_path / "nowhere" / "x.toml")


def test_zones_are_offered_as_comments_and_merged_only_if_asked(tmp_path: Path) -> None:
    frame = rows().drop(columns="综试区设立年份").replace({"城市": {"衡水": "衡水啊啊"}})
    frame.to_csv(tmp_path / "城市.csv", index=False)
    offered = new(tmp_path / "城市.csv")
    assert offered.study is None
    assert "--zones" in offered.problem
    text = offered.path.read_text(encoding="utf-8")
    assert "zones" not in tomllib.loads(text)["data"]
    assert '# [data.zones]\n# prefecture = "城市"\n' in text
    assert '# unmatched = "drop"' in text
    asked = new(tmp_path / "城市.csv", tmp_path / "asked.toml", zones=True)
    assert asked.guess.zones == {"prefecture": "城市", "unmatched": "drop"}
    assert "衡水" in asked.guess.reasons["unmatched"]
    assert asked.guess.roles["strata"] == ["区域"]
    assert any("region is not proposed as a stratum" in note for note in asked.guess.notes)
    assert "108 行中有 9 行" in asked.problem, "a twelfth of the rows go"
    frame[frame["城市"] != "衡水啊啊"].to_csv(tmp_path / "城市.csv", index=False)
    asked = new(tmp_path / "城市.csv", tmp_path / "whole.toml", zones=True)
    assert asked.study is not None, asked.problem
    assert asked.study.panel.n_units == 11


def changed(**columns: Any) -> pd.DataFrame:
    return rows().drop(columns="综试区设立年份").assign(**columns)


def test_a_column_of_0_and_1_is_treatment_if_it_never_goes_back(tmp_path: Path) -> None:
    frame = rows()
    on = (frame["年份"] >= frame["综试区设立年份"]).astype(int)
    off = (frame["年份"] % 2 == 0).astype(int)
    changed(波动=off, 政策=on).to_csv(tmp_path / "a.csv", index=False)
    assert new(tmp_path / "a.csv").guess.roles["treated"] == "政策"


@pytest.mark.slow
@pytest.mark.parametrize("code", [0, 9999, "无"])
def test_a_code_for_never_treated_is_found(tmp_path: Path, code: object) -> None:
    cohort = rows()["综试区设立年份"].astype(object)
    cohort = cohort.where(cohort.notna(), code)
    changed(设立年=cohort).to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.problem == ""
    assert made.guess.roles["cohort"] == "设立年"
    assert made.guess.roles["never"] == code
    assert made.study is not None
    assert int((made.study.panel.cohort_codes >= 0).sum()) == 6


@pytest.mark.slow
def test_ever_treated_is_no_stratum(tmp_path: Path) -> None:
    frame = rows()
    frame.assign(组别=frame["综试区设立年份"].notna().astype(int)).to_csv(
        tmp_path / "a.csv", index=False
    )
    assert new(tmp_path / "a.csv").guess.roles["strata"] == ["区域"]


def test_what_the_user_says_goes_before_guesses(tmp_path: Path) -> None:
    rows().to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv", roles={"outcome": "人口", "strata": ["区域"], "unit": None})
    assert made.guess.roles["outcome"] == "人口"
    assert made.guess.reasons["outcome"] == "specified by you"
    with pytest.raises(PanelError, match=r"outcome='人囗' is not a column(.|\n)*'人口'"):
        new(tmp_path / "a.csv", tmp_path / "b.toml", roles={"outcome": "人囗"})


def test_a_file_that_is_no_panel_says_so(tmp_path: Path) -> None:
    rows().drop(columns=["年份", "综试区设立年份"]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(PanelError, match=r"the unit and the time(.|\n)*--unit and --time"):
        new(tmp_path / "a.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.slow
def test_a_study_that_does_not_run_says_why_at_its_top(tmp_path: Path) -> None:
    frame = rows()
    frame = frame[frame["综试区设立年份"].notna()].assign(人口=1.0)
    frame["综试区设立年份"] = YEARS[0]
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv", roles={"cohort": "综试区设立年份"})
    assert made.study is None
    text = made.path.read_text(encoding="utf-8")
    assert "尚不能运行" in text
    assert made.problem.splitlines()[0] in text


def test_an_index_is_added_to_a_messy_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path / "城市.xlsx")
    made = add_index(path, positive=["新质生产力", "数字化水平"], negative=["人口"], missing="drop")
    written = pd.read_csv(tmp_path / "城市_index.csv", encoding="utf-8-sig")
    weights = pd.read_csv(tmp_path / "城市_index_weights.csv", encoding="utf-8-sig")
    assert weights["weight"].sum() == pytest.approx(1.0)
    frame = rows()
    frame["新质生产力"] = (1000 * frame["新质生产力"]).round(1)
    frame.loc[5, "新质生产力"] = np.nan
    system = nqp.IndexSystem.of(["新质生产力", "数字化水平"], "人口")
    index = nqp.ProductivityIndex(system, missing="drop").build(frame, unit="城市", time="年份")
    np.testing.assert_allclose(written["nqp"], index.values, rtol=1e-12)
    assert len(made.paths) == 2
    with pytest.raises(StudyError, match="is not overwritten"):
        add_index(path, positive=["人口"])
    with pytest.raises(PanelError, match="'数字化水平'"):
        add_index(path, tmp_path / "x.csv", positive=["数字化"])
    with pytest.raises(StudyError, match=r"\.parquet"):
        add_index(path, tmp_path / "x.dta", positive=["人口"])


def test_zones_are_added_to_a_messy_workbook(tmp_path: Path) -> None:
    made = add_zones(workbook(tmp_path / "城市.xlsx"))
    written = pd.read_csv(tmp_path / "城市_zones.csv", encoding="utf-8-sig")
    assert len(written) == 108
    assert written["城市"].notna().all()
    assert set(written.loc[written["城市"] == "杭州市", "zone_batch"]) == {1.0}
    assert len(made.table) == 0
    pd.DataFrame({"a": [1.5], "b": ["x"]}).to_csv(tmp_path / "none.csv", index=False)
    with pytest.raises(PanelError, match=r"names of prefectures(.|\n)*--prefecture"):
        add_zones(tmp_path / "none.csv")


def test_a_prefecture_spelled_in_two_ways_is_one_unit(tmp_path: Path) -> None:
    """杭州 and 杭州市 would be two units, one of them with half the years."""
    places = ["杭州市", "宁波市", "合肥市", "郑州市", "洛阳市", "开封市", "温州市", "六安市"]
    rows = [
        {
            "城市": name if year % 2 else name.removesuffix("市"),
            "年份": year,
            "指数": k + (year * (k + 3)) % 7,
        }
        for k, name in enumerate(places)
        for year in range(2012, 2019)
    ]
    path = tmp_path / "cities.csv"
    pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8-sig")
    made = new(path, zones=True)
    study = validate(made.path)
    assert study.panel.roles.unit == "城市"
    assert study.panel.n_units == len(places)
    text = made.path.read_text(encoding="utf-8")
    lines = [x for x in text.splitlines() if not x.startswith("one_name")]
    assert len(lines) < len(text.splitlines())
    made.path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(PanelError, match="more than one spelling") as raised:
        validate(made.path)
    assert 'unit = "prefecture_name"' in str(raised.value)


@pytest.mark.slow
def test_places_of_units_are_given_by_their_names(tmp_path: Path) -> None:
    made = new(workbook(tmp_path / "data.xlsx"))
    assert made.study is not None
    assert tomllib.loads(made.path.read_text("utf-8"))["space"] == {"places": "城市"}
    assert {"longitude", "latitude"} <= {*made.study.panel.frame.columns}
    assert "moran" in made.study.checks
    assert any("城市 contains prefectures" in note for note in made.guess.notes)


def test_places_are_a_comment_where_some_units_are_none(tmp_path: Path) -> None:
    frame = rows().replace({"城市": {"保山市": "开发区甲"}})
    frame.to_csv(tmp_path / "data.csv", index=False)
    made = new(tmp_path / "data.csv")
    text = made.path.read_text("utf-8")
    assert "space" not in tomllib.loads(text)
    assert '# [space]\n# places = "城市"\n' in text
    assert any("开发区甲" in note for note in made.guess.notes)
    frame[frame["城市"] != "开发区甲"].to_csv(tmp_path / "data.csv", index=False)
    made.path.write_text(text.replace("# [space]\n# places", "[space]\nplaces"), encoding="utf-8")
    assert "moran" in validate(made.path).checks


@pytest.mark.parametrize(
    ("north", "said"), [(25.0, "采用经度（度）与纬度中的坐标"), (225.0, "但须先更正")]
)
def test_coordinates_of_the_file_are_named(tmp_path: Path, north: float, said: str) -> None:
    frame = rows()
    place = frame["城市"].map(CITIES.index)
    frame.assign(**{"经度（度）": 110 + place, "纬度": north + place}).to_csv(
        tmp_path / "data.csv", index=False
    )
    made = new(tmp_path / "data.csv")
    text = made.path.read_text("utf-8")
    assert "[space]" not in text
    assert said in made.translate.name(made.guess.notes[-1]), made.guess.notes
    assert "空间关联的检验和地图" in text


@pytest.mark.slow
def test_units_that_are_no_places_get_none(tmp_path: Path) -> None:
    frame = rows()
    frame["城市"] = frame["城市"].map(lambda x: f"企业{CITIES.index(x)}")
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert "[space]" not in new(tmp_path / "data.csv").path.read_text("utf-8")
