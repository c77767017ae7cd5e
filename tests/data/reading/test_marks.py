"""Marks of treated and not, however people write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import marks_of

PAIRS: list[tuple[Any, Any]] = [
    ("是", "否"), ("有", "无"), ("Y", "N"), ("yes", "No "), ("TRUE", "false"), ("已", "未"),
    ("√", None), ("✓", "×"), ("√", " 　"), ("１", "０"), ("1.0", "0"), ("Ｙ", "Ｎ"),
    (" 是　", "否\n"), (1, None), (True, None), ("已试点", "未试点"), ("试点", "非试点"),
    ("试点城市", "非试点城市"), ("有政策", "没有政策"), ("处理组", "对照组"),
    ("treated", "untreated"), ("pilot", "non-pilot"), ("是", "—"), ("●", "○"),
]  # fmt: skip
WITHOUT_COHORT = {k: v for k, v in ARGUMENTS.items() if k != "cohort"}


@pytest.mark.parametrize(("yes", "no"), PAIRS)
def test_marks_are_read_as_treated_and_not(yes: object, no: object) -> None:
    marks = marks_of(pd.Series([no, yes, yes, no], dtype=object))
    assert marks is not None
    assert marks.values.tolist() == [0.0, 1.0, 1.0, 0.0]
    df = city_frame()
    on = df["年份"] >= df["zone_year"]
    df["试点"] = pd.Series([yes if x else no for x in on], dtype=object)
    panel = Panel.from_frame(df.drop(columns="zone_year"), **WITHOUT_COHORT, treated="试点")
    wanted = Panel.from_frame(df, **ARGUMENTS)
    np.testing.assert_array_equal(panel.cohort_codes, wanted.cohort_codes)
    assert any("read as treated" in note for note in panel.notes)


@pytest.mark.parametrize(
    "cells", [[1, 2], ["A", "B"], ["x", None], ["是", "否", "不详"], [0.5, 1], []]
)
def test_what_says_neither_is_no_mark(cells: list[Any]) -> None:
    assert marks_of(pd.Series(cells, dtype=object)) is None


def test_an_empty_cell_beside_both_answers_is_missing() -> None:
    df = city_frame()
    df["试点"] = np.where(df["年份"] >= df["zone_year"], "是", "否").astype(object)
    df.loc[4, "试点"] = None
    with pytest.raises(PanelError, match=r"(?s)'试点' is missing in 1 row.*row 4 \(杭州市, 2016\)"):
        Panel.from_frame(df, **WITHOUT_COHORT, treated="试点")
    df.loc[4, "试点"] = "不详"
    said = r"(?s)neither a treated nor an untreated code in 1 row: '不详'.*row 4 .*是 and 否"
    with pytest.raises(PanelError, match=said):
        Panel.from_frame(df, **WITHOUT_COHORT, treated="试点")


def test_numbers_are_left_to_speak_for_themselves() -> None:
    df = city_frame()
    df["post"] = (df["年份"] >= df["zone_year"]).astype(int)
    assert Panel.from_frame(df, **WITHOUT_COHORT, treated="post").notes == ()
