"""Quarters, months and half-years that a table says in text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel

ROLES = {"unit": "城市", "time": "期间", "cohort": "试点时间", "outcome": "产出"}
QUARTERS = ("{0}Q{1}", "{0}q{1}", "{0}-Q{1}", "{0} Q{1}", "Q{1} {0}", "{0}年{1}季度",
            "{0}年第{1}季度", "{0}第{1}季度", "{0}年{2}季度", "{0}年第{2}季度")  # fmt: skip
MONTHS = ("{0}-{1:02d}", "{0}/{1}", "{0}.{1:02d}", "{0}年{1}月", "{0}年{1:02d}月", "{0}年{1}月份",
          "{0}M{1}", "{0}m{1:02d}", "{1:02d}/{0}", "{0}-{1:02d}-01", "{0}/{1}/1")  # fmt: skip
HALVES = ("{0}H{1}", "{0}h{1}", "{0}-H{1}", "H{1} {0}", "{0}S{1}", "{0}年{3}半年", "{0}{3}半年")


def rows(form: str, parts: int, cohort: str | None = None) -> pd.DataFrame:
    """Four units over three years; one adopts in the third part of the year 2014 or thereabouts."""
    times = [(year, part + 1) for year in (2013, 2014, 2015) for part in range(parts)]
    words = [form.format(y, k, "一二三四"[(k - 1) % 4], "上下"[(k - 1) % 2]) for y, k in times]
    adopted = words[times.index((2014, min(3, parts)))] if cohort is None else cohort
    return pd.DataFrame(
        [(f"城市{u}", word, adopted if u == 0 else None, u + 0.1 * k % 3)
         for u in range(4) for k, word in enumerate(words)],
        columns=[*ROLES.values()],
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "parts", "label"),
    [*((x, 4, "2014Q3") for x in QUARTERS), *((x, 12, "2014-03") for x in MONTHS),
     *((x, 2, "2014Q3") for x in HALVES)],
)  # fmt: skip
def test_parts_of_years_are_read(form: str, parts: int, label: str, tmp_path: Path) -> None:
    df = rows(form, parts)
    df.to_csv(tmp_path / "a.csv", index=False)
    for panel in (Panel.from_frame(df, **ROLES), Panel.from_file(tmp_path / "a.csv", **ROLES)):
        assert panel.time_labels.size == 3 * parts
        assert str(panel.time_labels[panel.cohort_codes[0]]) == label
        assert {*panel.cohort_codes[1:]} == {-1}


@pytest.mark.parametrize("cohort", ["2014-03-17", "2014-03", "2014年3月", pd.Timestamp(2014, 3, 2)])
@pytest.mark.parametrize(("form", "parts"), [("{0}Q{1}", 4), ("{0}-{1:02d}", 12), ("{0}H{1}", 2)])
def test_cohorts_may_be_full_dates(form: str, parts: int, cohort: Any) -> None:
    panel = Panel.from_frame(rows(form, parts, cohort), **ROLES)
    wanted = "2014-03" if parts == 12 else "2014Q1"
    assert str(panel.time_labels[panel.cohort_codes[0]]) == wanted


def test_numbers_that_may_be_quarters_are_asked_about() -> None:
    df = rows("{0}/{1}", 4)
    with pytest.raises(PanelError, match="may be quarters or months") as caught:
        Panel.from_frame(df, **ROLES)
    assert "2015Q3" in caught.value.hint
    assert "freq='Q'" in caught.value.hint
    quarterly = Panel.from_frame(df, **ROLES, freq="Q")
    assert str(quarterly.time_labels[quarterly.cohort_codes[0]]) == "2014Q3"
    monthly = Panel.from_frame(df[df["期间"].str.startswith("2014")], **ROLES, freq="M")
    assert str(monthly.time_labels[monthly.cohort_codes[0]]) == "2014-03"


def test_a_cohort_that_may_be_a_quarter_or_a_month_is_asked_about() -> None:
    with pytest.raises(PanelError, match="cohort='试点时间' may be quarters or months"):
        Panel.from_frame(rows("{0}Q{1}", 4, "2014/3"), **ROLES)


def test_months_as_hundredths_are_read_and_as_tenths_are_asked_about(tmp_path: Path) -> None:
    for form in ("{0}.{1:02d}", "{0}.{1}"):
        rows(form, 12).to_csv(tmp_path / "a.csv", index=False)
        if form == "{0}.{1:02d}":
            panel = Panel.from_file(tmp_path / "a.csv", **ROLES)
            assert str(panel.time_labels[panel.cohort_codes[0]]) == "2014-03"
        else:
            with pytest.raises(PanelError, match="whole numbers or dates") as caught:
                Panel.from_file(tmp_path / "a.csv", **ROLES)
            assert "2015.1 and 2015.10 are the same" in caught.value.hint


def test_text_that_says_no_time_is_told_how_times_are_written() -> None:
    df = rows("{0}Q{1}", 4).assign(期间=lambda x: "第" + x["期间"] + "期")
    with pytest.raises(PanelError, match="is text, not times") as caught:
        Panel.from_frame(df, **ROLES)
    assert "2015, 2015Q1, 2015-03, 2015H1" in caught.value.hint
