"""No policy is proposed that the file does not name: it is found, or the proposal stops."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from counties import EFFECT, counties, marked, workbook

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.studies import Proposal, new, validate


def proposed(folder: Path, frame: pd.DataFrame, **how: Any) -> Proposal:
    return new(workbook(folder / "县.xlsx", frame), **how)


def found(made: Proposal) -> tuple[int, int]:
    """Units and rows of the panel, treated or not."""
    assert made.study is not None, made.problem
    return int((made.study.panel.cohort_codes >= 0).sum()), made.study.panel.n_rows


def stopped(made: Proposal) -> str:
    """Return the problems of a proposal that does not run."""
    assert made.study is None
    assert made.problem
    text = made.path.read_text(encoding="utf-8")
    assert all(line in text for line in made.problem.splitlines())
    assert "zones" not in tomllib.loads(text)["data"]
    return made.problem


def test_the_answer_of_a_workbook_with_its_own_policy_is_near_the_truth(tmp_path: Path) -> None:
    made = proposed(tmp_path, marked(counties(), "是", "否"))
    assert found(made) == (51, 1000)
    assert made.guess.roles["treated"] == "是否试点"
    assert made.study is not None
    fit = nqp.fit(made.study.design, made.study.panel, nqp.Importance(draws=200, chains=2, seed=1))
    att = nqp.att(fit)
    assert abs(float(att.mean()) - EFFECT) < 3 * float(att.std())
    assert abs(float(att.mean()) - EFFECT) < 0.5


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("有", "无"),
        ("Y", "N"),
        ("yes", "no"),
        (" 是　", "否"),
        ("√", None),
        ("已试点", "未试点"),
        (1, 0),
    ],
)
def test_marks_of_every_kind_are_treatment(tmp_path: Path, yes: object, no: object) -> None:
    made = proposed(tmp_path, marked(counties(30), yes, no))
    assert found(made) == (15, 300)
    assert made.guess.zones == {}


FLAGS = {
    "1": (lambda df: 1, "每一行都标明受处理"),
    "是": (lambda df: "是", "每一行都标明受处理"),
    "ever": (lambda df: np.where(df["first"].notna(), "是", "否"), "15/30"),
    "at once": (lambda df: np.where(df["年份"] >= 2015, "是", "否"), "同一时期开始（2015）"),
    "codes": (lambda df: np.where(df["年份"] >= df["first"], 1, 2), "无法判断是否受处理"),
    "nobody": (lambda df: "否", "没有一行标明受处理"),
}


@pytest.mark.sample(3)
@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("told", [False, True])
def test_a_flag_that_does_not_date_the_policy_is_told(
    tmp_path: Path, flag: str, told: bool
) -> None:
    make, words = FLAGS[flag]
    frame = counties(30)
    frame["是否试点"] = make(frame)
    roles = {"treated": "是否试点"} if told else {}
    problem = stopped(proposed(tmp_path, frame.drop(columns="first"), roles=roles))
    assert words in problem
    assert "--cohort" in problem
    assert ("--zones" in problem) is not told


def ending(frame: pd.DataFrame) -> pd.Series[Any]:
    """Say treated from the first treated year to 2018, and in a third of the units for good."""
    lasting = frame["区县"].str[-1].isin([*"036"])
    return ((frame["年份"] >= frame["first"]) & ((frame["年份"] < 2019) | lasting)).astype(int)


@pytest.mark.parametrize("words", [None, {1: "是", 0: "否"}])
def test_a_treatment_that_goes_back_to_0_is_a_policy_that_ends(
    tmp_path: Path, words: dict[int, str] | None
) -> None:
    frame = counties(30)
    on = ending(frame)
    frame["是否试点"] = on if words is None else on.map(words)
    made = proposed(tmp_path, frame.drop(columns="first"))
    assert made.guess.roles["treatment"] == "是否试点"
    assert found(made) == (15, 300)
    assert made.study is not None
    path = made.study.panel.treatment_path
    assert path.sum() == on.sum()
    assert "政策在该时期结束，此后的效应单独估计" in made.path.read_text(encoding="utf-8")
    again = proposed(
        tmp_path, frame.drop(columns="first"), roles={"treatment": "是否试点"},
        out=tmp_path / "b.toml",
    )  # fmt: skip
    assert again.study is not None
    assert (again.study.panel.treatment_path == path).all()


def test_an_end_that_was_not_stated_stops_and_names_the_way(tmp_path: Path) -> None:
    frame = counties(30)
    frame["是否试点"] = ending(frame)
    problem = stopped(
        proposed(tmp_path, frame.drop(columns="first"), roles={"treated": "是否试点"})
    )
    assert "个单位中又回到未处理" in problem
    assert "--treatment" in problem
    assert "若政策仍在实施，请更正这些单元格" in problem


def test_an_end_is_not_lost_beside_the_first_treated_year(tmp_path: Path) -> None:
    frame = counties(30)
    frame["是否试点"] = ending(frame)
    made = proposed(tmp_path, frame.rename(columns={"first": "批复年份"}))
    assert made.guess.roles["treatment"] == "是否试点"
    assert "cohort" not in made.guess.roles
    later = frame.assign(first=frame["first"] + 1).rename(columns={"first": "批复年份"})
    other = proposed(tmp_path, later, out=tmp_path / "b.toml")
    assert other.guess.roles["cohort"] == "批复年份"
    assert "是否试点" in str(other.guess.reasons["cohort"])


def test_a_treatment_interrupted_for_one_period_is_asked_about(tmp_path: Path) -> None:
    frame = counties(30)
    frame["是否试点"] = (frame["年份"] >= frame["first"]).astype(int)
    frame.loc[frame["区县"].eq("县000") & frame["年份"].eq(2016), "是否试点"] = 0
    made = proposed(tmp_path, frame.drop(columns="first"))
    problem = stopped(made)
    assert made.doubtful
    assert "处理在 1 个单位中断一期" in problem
    assert "县000 (2016)" in problem
    assert validate(made.path).panel.treatment_path.sum() == frame["是否试点"].sum()


def test_zones_wait_in_comments_that_can_be_uncommented(tmp_path: Path) -> None:
    made = proposed(tmp_path, counties(30).drop(columns="first"))
    assert "没有列写明处理组单位及其处理时期" in stopped(made)
    text = made.path.read_text(encoding="utf-8")
    lines = ["# [data.zones]", '# prefecture = "地级市"']
    assert all(line in text for line in lines)
    for line in lines:
        text = text.replace(line, line.removeprefix("# "))
    made.path.write_text(text, encoding="utf-8")
    assert validate(made.path).panel.cohort_codes.max() > 0


def test_zones_that_are_asked_for_need_prefectures(tmp_path: Path) -> None:
    with pytest.raises(
        PanelError, match=r"(?s)--zones.*no column of the file contains prefectures"
    ):
        proposed(tmp_path, counties(30).drop(columns=["first", "地级市"]), zones=True)


def test_columns_that_differ_are_named_and_none_is_taken(tmp_path: Path) -> None:
    later = marked(counties(30).eval("first = first + 1"), "是", "否")["是否试点"]
    frame = marked(counties(30), "是", "否").assign(低碳试点=later)
    made = proposed(tmp_path, frame)
    problem = stopped(made)
    assert "是否试点与低碳试点在 15 个单位上不一致：县000 (2014)、" in problem
    text = made.path.read_text(encoding="utf-8")
    assert '# treated = "是否试点"\n# treated = "低碳试点"\n' in text
    made.path.write_text(text.replace('# treated = "低', 'treated = "低'), encoding="utf-8")
    assert validate(made.path).panel.n_rows == 300
    chosen = proposed(tmp_path, frame, out=tmp_path / "b.toml", roles={"treated": "低碳试点"})
    assert found(chosen)[0] == 15


def test_columns_that_say_the_same_are_one(tmp_path: Path) -> None:
    frame = counties(30)
    frame = marked(frame, 1, 0, "did").assign(试点年份=frame["first"])
    made = proposed(tmp_path, frame)
    assert made.guess.roles["cohort"] == "试点年份"
    assert "did" in made.guess.reasons["cohort"]
    assert found(made) == (15, 300)


def test_a_name_goes_before_what_only_looks_like_treatment(tmp_path: Path) -> None:
    rail = counties(30, seed=2).eval("first = first + 1")
    frame = marked(counties(30), "是", "否").assign(开通高铁=marked(rail, 1, 0)["是否试点"])
    frame["获奖年份"] = np.where(frame["区县"].str.endswith("3"), 2015, np.nan)
    made = proposed(tmp_path, frame)
    assert made.guess.roles["treated"] == "是否试点"
    assert "in conflict with 获奖年份, 开通高铁" in made.guess.reasons["treated"]


@pytest.mark.sample(2)
@pytest.mark.parametrize("code", [0, 9999, "从未", "无", "未试点", "—"])
def test_codes_for_never_are_found(tmp_path: Path, code: object) -> None:
    frame = counties(30)
    year = frame.pop("first").astype(object)
    made = proposed(tmp_path, frame.assign(试点年份=year.where(year.notna(), code)))
    assert found(made) == (15, 300)
    assert made.guess.roles["never"] == code


def test_what_follows_from_the_cohort_is_no_stratum(tmp_path: Path) -> None:
    frame = counties(30).rename(columns={"first": "试点年份"})
    batch = {2014: "第一批", 2016: "第二批", 2018: "第三批"}
    frame["批次"] = frame["试点年份"].map(batch).fillna("无")
    frame["类型"] = np.where(frame["试点年份"] < 2017, "早", "晚")
    frame["地区"] = np.where(frame["区县"].str[-1].isin([*"01234"]), "东", "西")
    made = proposed(tmp_path, frame)
    assert made.guess.roles["strata"] == ["地区"]
    assert found(made) == (15, 300)
    for name in ("批次", "类型"):
        assert any(f"{name} is not proposed as a stratum" in note for note in made.guess.notes)


def test_a_proposal_that_leaves_out_many_rows_does_not_say_that_it_runs(tmp_path: Path) -> None:
    frame = marked(counties(30), "是", "否")
    frame.loc[frame.index[::25], "新质生产力"] = np.nan
    assert found(proposed(tmp_path, frame)) == (15, 288)
    frame.loc[frame.index[::12], "新质生产力"] = np.nan
    made = proposed(tmp_path, frame, out=tmp_path / "b.toml")
    problem = stopped(made)
    assert made.doubtful
    gone = int(frame["新质生产力"].isna().sum())
    assert f"300 行中有 {gone} 行" in problem
    assert f"新质生产力在 {gone} 行中缺失" in problem
    assert "运行前请先核实" in made.path.read_text(encoding="utf-8")
    assert validate(made.path).panel.n_rows == 300 - gone, "as it stands, it is a study"


def test_who_and_when_in_two_columns_are_multiplied(tmp_path: Path) -> None:
    frame = counties(30)
    frame["treat"] = frame["first"].notna().astype(int)
    frame["post"] = (frame["年份"] >= 2015).astype(int)
    made = proposed(tmp_path, frame.drop(columns="first"))
    assert '在 [data] 中写 treated = "did"' in stopped(made)
    text = made.path.read_text(encoding="utf-8").replace('# cohort = "…"', 'treated = "did"')
    derived = '[data.derive]\ndid = "treat * post"\n\n[design]'
    made.path.write_text(text.replace("[design]", derived), encoding="utf-8")
    cohorts = validate(made.path).panel.cohort_labels
    assert set(cohorts[frame.groupby("区县")["treat"].max() == 1]) == {2015.0}


def test_infinity_stands_for_never_treated(tmp_path: Path) -> None:
    frame = counties(30)
    frame["first"] = frame["first"].fillna(np.inf)
    frame = frame.rename(columns={"first": "G"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.guess.roles["cohort"] == "G"
    assert tomllib.loads(made.path.read_text(encoding="utf-8"))["data"]["never"] == np.inf
    assert found(made) == (15, 300)


@pytest.mark.parametrize("ending", ["dta", "parquet"])
def test_dates_beside_dates_are_a_cohort_whatever_they_are_called(
    tmp_path: Path, ending: str
) -> None:
    frame = counties(30).drop(columns=["区县", "地级市"]).assign(id=np.repeat(np.arange(30), 10))
    frame.columns = ["t", "y", "x", "g", "id"]
    for name in ("t", "g"):
        frame[name] = pd.to_datetime(frame[name].map("{:.0f}-04-01".format), errors="coerce")
    path = tmp_path / f"a.{ending}"
    if ending == "dta":
        dates = {"t": "tq", "g": "tq"}
        frame.to_stata(path, write_index=False, version=118, convert_dates=dates)
    else:
        frame.to_parquet(path)
    made = new(path, roles={"time": "t"})
    assert made.guess.roles["cohort"] == "g"
    assert found(made) == (15, 300)


def test_an_amount_is_not_who_is_treated(tmp_path: Path) -> None:
    frame = counties(30)
    amount = 0.2 + (frame["区县"].str[-1].astype(int) % 7) / 10
    frame["政策强度"] = np.where(frame["年份"] >= frame["first"], amount, 0).round(2)
    problem = stopped(proposed(tmp_path, frame.drop(columns="first")))
    assert "政策强度为处理强度（0.2 至 0.8）" in problem
    assert 'exposure = "政策强度"' in problem


def test_an_end_of_the_policy_beside_its_beginning_is_asked_for(tmp_path: Path) -> None:
    frame = counties(30).rename(columns={"first": "批复年份"})
    left = frame["区县"].eq("县000")
    problem = stopped(proposed(tmp_path, frame.assign(退出年份=np.where(left, 2017, np.nan))))
    assert '在 [data] 中写 exit = "退出年份"' in problem
    path = tmp_path / "县.toml"
    text = path.read_text(encoding="utf-8").replace('# exit = "退出年份"', 'exit = "退出年份"')
    path.write_text(text, encoding="utf-8")
    treated = validate(path).panel.treatment_path[0]
    assert treated.tolist() == [2014 <= year < 2017 for year in range(2011, 2021)]
    none = proposed(tmp_path, frame.assign(退出年份=np.nan), out=tmp_path / "b.toml")
    assert found(none) == (15, 300)
