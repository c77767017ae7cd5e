"""Panels from panels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp import simulation
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.labels import labels_of
from bayes_nqp.data.panel import Panel

PANEL = Panel.from_frame(city_frame(), **ARGUMENTS)


def test_where_is_the_panel_of_the_subset() -> None:
    df = city_frame()
    early = PANEL.where(PANEL.frame["年份"] < 2017)
    assert early.digest == Panel.from_frame(df[df["年份"] < 2017], **ARGUMENTS).digest
    assert early.periods == 5
    assert early.notes[0] == "30 of 42 observations selected by a mask"
    assert PANEL.where(np.ones(42, bool)) is PANEL


def test_complete_keeps_rows_with_the_columns() -> None:
    df = city_frame()
    df.loc[[0, 5], "digital"] = np.nan
    panel = Panel.from_frame(df, **ARGUMENTS)
    full = panel.complete(["digital"])
    assert full.n_rows == 40
    assert full.dropped == {"digital": 2}
    assert not np.isnan(full.mediators).any()
    assert full.complete("digital") is full
    assert panel.complete([]) is panel


def test_another_outcome() -> None:
    values = PANEL.outcome + np.arange(42)
    panel = PANEL.with_outcome(values)
    np.testing.assert_array_equal(panel.outcome, values)
    assert panel.digest != PANEL.digest
    assert Panel.from_frame(panel.frame, **panel.arguments).digest == panel.digest
    assert PANEL.with_outcome(PANEL.outcome).digest == PANEL.digest
    named = PANEL.with_outcome("digital")
    assert named.roles.outcome == "digital"
    np.testing.assert_array_equal(named.outcome, PANEL.frame["digital"])


def test_a_mediator_as_outcome_is_no_mediator_any_more() -> None:
    panel = Panel.from_frame(city_frame(), **{**ARGUMENTS, "mediators": ["digital"]})
    panel = panel.with_outcome("digital")
    assert panel.roles.mediators == ()
    later = panel.where(np.asarray(panel.time_codes) > 0)
    assert later.roles.outcome == "digital"


def test_labels_of_columns_that_are_gone_are_gone() -> None:
    """A frame that was cut keeps the labels of all its columns: parts of its panel are panels."""
    frame = simulation.cities(seed=1, names="zh").frame
    named = {entry[1] for entry in labels_of(frame).entries}
    assert "批次" in named
    panel = Panel.from_frame(
        frame.drop(columns=["批次"]), unit="城市", time="年份", cohort="试点年份",
        outcome="地区生产总值对数",
    )  # fmt: skip
    later = panel.where(np.asarray(panel.time_codes) > 0)
    assert later.labels == panel.labels
    assert {entry[1] for entry in later.labels.entries} == named & set(panel.frame.columns)


def test_other_cohorts_by_code_and_by_label() -> None:
    codes = np.roll(PANEL.cohort_codes, 1)
    panel = PANEL.with_cohorts(codes)
    np.testing.assert_array_equal(panel.cohort_codes, codes)
    assert PANEL.with_cohorts(panel.cohort_labels).digest == panel.digest
    assert Panel.from_frame(panel.frame, **panel.arguments).digest == panel.digest
    assert PANEL.with_cohorts(PANEL.cohort_codes).digest == PANEL.digest


def test_other_cohorts_among_dates() -> None:
    df = city_frame()
    df["年份"] = pd.to_datetime(df["年份"].astype(str))
    panel = Panel.from_frame(df, **ARGUMENTS)
    moved = panel.with_cohorts(np.roll(panel.cohort_codes, 1))
    assert panel.with_cohorts(moved.cohort_labels).digest == moved.digest
    assert Panel.from_frame(moved.frame, **moved.arguments).digest == moved.digest


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PANEL.where([True]), "mask must have 42 booleans"),
        (lambda: PANEL.where(np.zeros(42, bool)), "selects no observation"),
        (lambda: PANEL.complete(["digtal"]), "did you mean 'digital'"),
        (lambda: PANEL.with_outcome([1.0]), "must have 42 numbers"),
        (lambda: PANEL.with_outcome(np.full(42, np.nan)), "42 missing or infinite"),
        (lambda: PANEL.with_cohorts([1, 2]), "must have 6 entries"),
        (lambda: PANEL.with_cohorts([2015] * 6), "must be between −1 and 6"),
        (lambda: PANEL.with_cohorts([2031.0] * 6), "2031.0 is not a period"),
    ],
)
def test_refusals(call, words: str) -> None:
    with pytest.raises(PanelError, match=words):
        call()
