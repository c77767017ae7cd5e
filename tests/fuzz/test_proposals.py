"""Whatever else a workbook holds, a proposal finds its policy or stops: it never takes another."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from counties import counties, workbook
from fuzzing import Tally
from hypothesis import given, settings
from hypothesis import strategies as st

from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.studies import new

NAMES = ("是否试点", "试点", "政策", "did", "treated", "policy")
COHORTS = ("试点年份", "批复年份", "first_treat", "adoption_year")
MARKS: tuple[tuple[Any, Any], ...] = (
    ("是", "否"), ("有", "无"), ("Y", "N"), ("yes", "no"), ("√", None), ("已试点", "未试点"),
    (" 是　", "否"), (1, 0), (1, None), ("１", "０"), ("TRUE", "FALSE"), ("试点", "非试点"),
)  # fmt: skip
NEVER: tuple[Any, ...] = (None, 0, 9999, "无", "从未", "—", 2099)


def _batch(frame: pd.DataFrame) -> object:
    return frame["first"].map({2014: "第一批", 2016: "第二批", 2018: "第三批"}).fillna("无")


OTHERS: dict[str, Callable[[pd.DataFrame], object]] = {
    "开通高铁": lambda x: ((x["年份"] >= 2013) & (x["区县"].str[-1] < "5")).astype(int),
    "是否沿海": lambda x: np.where(x["地级市"] < "温", "是", "否"),
    "treat": lambda x: x["first"].notna().astype(int),
    "post": lambda x: (x["年份"] >= 2015).astype(int),
    "处理组": lambda x: np.where(x["first"].notna(), "是", "否"),
    "批次": _batch,
    "成立年份": lambda x: 1950 + x.groupby("区县").ngroup(),
    "旧政策": lambda x: (x["年份"] < 2014).astype(int),
    "政策类型": lambda x: np.where(x["区县"].str[-1] < "5", 1, 2),
    "zone": lambda x: np.where(x["区县"].str[-1] < "5", "东", "西"),
    "全部": lambda x: 1,
}
"""Columns that are not the policy, though some are called like one."""


@st.composite
def world(draw: st.DrawFn) -> tuple[pd.DataFrame, bool]:
    """Counties whose workbook has their policy as a column, or lacks it."""
    truth = counties(24, seed=draw(st.integers(0, 99)))
    frame = truth.drop(columns="first")
    named = draw(st.booleans())
    kind = draw(st.sampled_from(["none", "marks", "cohort"]))
    if kind == "marks":
        yes, no = draw(st.sampled_from(MARKS))
        on = truth["年份"] >= truth["first"]
        name = draw(st.sampled_from(NAMES)) if named else "x1"
        frame[name] = pd.Series([yes if x else no for x in on], dtype=object)
    if kind == "cohort":
        never = draw(st.sampled_from(NEVER))
        first = truth["first"].astype(object)
        frame[draw(st.sampled_from(COHORTS))] = first.where(truth["first"].notna(), never)
    for name in draw(st.lists(st.sampled_from(sorted(OTHERS)), max_size=4, unique=True)):
        frame[name] = OTHERS[name](truth)
    if not draw(st.booleans()):
        frame = frame.drop(columns="地级市")
    order = draw(st.permutations(list(frame.columns)))
    return frame[list(order)], kind != "none" and (named or kind == "cohort")


@pytest.mark.slow
def test_a_proposal_never_takes_another_policy() -> None:
    tally = Tally("proposals")
    truth = counties(24).groupby("区县")["first"].first()

    @settings(max_examples=8)
    @given(world())
    def found_or_stopped(drawn: tuple[pd.DataFrame, bool]) -> None:
        frame, named = drawn
        with tempfile.TemporaryDirectory() as folder:
            try:
                made = new(workbook(Path(folder) / "a.xlsx", frame))
            except NQPError:
                tally.count("refused")
                return
        if made.study is None:
            assert made.problem
            assert not set(made.guess.roles.get("strata", ())) & {"批次", "处理组", "treat"}
            tally.count("stopped")
            return
        panel, role = made.study.panel, made.guess.roles
        taken = role.get("treated", role.get("cohort"))
        if taken in OTHERS:  # the only column that dates anything, by a name that says nothing
            assert not named, taken
            assert taken == "开通高铁", taken
            assert "its name does not indicate a policy" in made.guess.reasons["treated"]
            tally.count("taken with a warning")
            return
        cohorts = pd.Series(panel.cohort_labels, index=panel.unit_labels)
        assert cohorts.equals(truth.reindex(cohorts.index).rename(None)), (taken, cohorts)
        assert not set(role.get("strata", ())) & {"批次", "处理组", "treat"}
        tally.count("found")

    found_or_stopped()
    tally.require("found", 0.1)
