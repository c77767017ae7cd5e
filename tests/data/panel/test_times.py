"""Times of every kind, on their regular grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel


def panel_at(times: list[object], cohort: object = None, **more: object) -> Panel:
    """Build a panel of two units seen at all times; the first is treated from `cohort` on."""
    df = pd.DataFrame({"t": pd.Series(times * 2), "u": ["a"] * len(times) + ["b"] * len(times)})
    first = pd.Series([cohort] * len(times) + [None] * len(times))
    df["g"] = first.infer_objects() if cohort is not None else np.nan
    df["y"] = np.arange(len(df), dtype=float)
    return Panel.from_frame(df, unit="u", time="t", cohort="g", outcome="y", **more)


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int16", "category", "object"])
def test_whole_numbers(dtype: str) -> None:
    df = city_frame().astype({"年份": dtype})
    panel = Panel.from_frame(df, **ARGUMENTS)
    assert panel.time_labels.tolist() == list(range(2012, 2019))
    assert panel.time_labels.dtype.kind == "i"


def test_a_common_step_is_found() -> None:
    panel = panel_at([2000, 2002, 2004, 2008], 2003)
    assert panel.time_labels.tolist() == [2000, 2002, 2004, 2006, 2008]
    assert panel.grid.freq == 2
    assert panel.time_codes.tolist() == [0, 1, 2, 4] * 2
    assert panel.cohort_codes.tolist() == [2, -1]
    assert "no observation at 2006" in panel.notes
    assert any("adoption between two periods" in note for note in panel.notes)


@pytest.mark.parametrize(
    ("days", "labels", "freq"),
    [
        (pd.date_range("2012-12-31", periods=4, freq="YE"), ["2012", "2013", "2014", "2015"], "Y"),
        (pd.date_range("2012-06-30", periods=3, freq="2YE"), ["2012", "2014", "2016"], "2Y"),
        (pd.date_range("2015-01-01", periods=3, freq="QS"), ["2015Q1", "2015Q2", "2015Q3"], "Q"),
        (pd.date_range("2014-12-01", periods=3, freq="MS"), ["2014-12", "2015-01", "2015-02"], "M"),
        (
            pd.to_datetime(["2015-01-09", "2015-05-20", "2015-09-01"]),
            ["2015-01", "2015-05", "2015-09"],
            "4M",
        ),
        (
            pd.date_range("2015-01-05", periods=3, freq="7D"),
            ["2015-01-05", "2015-01-12", "2015-01-19"],
            "7D",
        ),
    ],
)
def test_dates(days: pd.DatetimeIndex, labels: list[str], freq: str) -> None:
    panel = panel_at(list(days), days[1])
    assert panel.time_labels.tolist() == labels
    assert panel.time_labels.dtype.kind == "U"
    assert panel.cohort_codes.tolist() == [1, -1]
    assert panel.cohort_labels.tolist() == [labels[1], ""]
    assert panel.grid.freq.split("-")[0] == freq


@pytest.mark.parametrize("freq", ["Y", "Q", "M", "W-SUN", "D"])
def test_periods(freq: str) -> None:
    periods = pd.period_range("2015-01-01", periods=4, freq=freq)
    panel = panel_at(list(periods), periods[2])
    assert panel.periods == 4
    assert panel.cohort_codes.tolist() == [2, -1]


def test_a_cohort_dated_within_a_period_belongs_to_it() -> None:
    days = list(pd.date_range("2014-01-01", periods=4, freq="YS"))
    assert panel_at(days, pd.Timestamp("2015-03-07")).cohort_codes.tolist() == [1, -1]
    assert panel_at(days, 2016).cohort_codes.tolist() == [2, -1]


def test_text_is_read_as_periods_only_when_freq_says_so() -> None:
    times: list[object] = ["2015-01", "2015-02", "2015-03"]
    panel = panel_at(times, "2015-02", freq="M")
    assert panel.time_labels.tolist() == times
    assert panel.cohort_labels.tolist() == ["2015-02", ""]


@pytest.mark.parametrize(
    "times",
    [
        ["2015", "2016", "2017"],
        ["2015年", "2016 年", "2017年度"],
        ["2015-12-31", "2016-12-31", "2017-12-31"],
        ["2015年7月1日", "2016年7月1日", "2017年7月1日"],
        [2015, "2016年", "2017"],
    ],
)
def test_text_that_says_years_is_read_and_noted(times: list[object]) -> None:
    panel = panel_at(times, 2016)
    assert panel.time_labels.tolist() == [2015, 2016, 2017]
    assert panel.cohort_codes.tolist() == [1, -1]
    assert any("read as years" in note for note in panel.notes)
    again = panel.where(panel.time_codes < 2)
    assert again.time_labels.tolist() == [2015, 2016]
    assert panel_at(times, 2016, freq="Y").time_labels.tolist() == ["2015", "2016", "2017"]


@pytest.mark.parametrize(
    "times",
    [
        [2000, 2002, 2003, 2005],
        list(pd.period_range("2015Q1", periods=3, freq="Q")),
        list(pd.date_range("2015-01-01", periods=5, freq="MS")),
        list(pd.period_range("2015-01-01", periods=3, freq="W-MON")),
        list(pd.period_range("2015-01-01", periods=3, freq="D")),
    ],
)
def test_labels_and_arguments_give_the_panel_back(times: list[object]) -> None:
    panel = panel_at(times, times[2], **({"freq": 1} if times[0] == 2000 else {}))
    plain = panel.frame.assign(
        t=panel.time_labels[panel.time_codes], g=panel.cohort_labels[panel.unit_codes]
    )
    again = Panel.from_frame(plain, **panel.arguments)
    assert again.digest == panel.digest
    assert again.time_labels.tolist() == panel.time_labels.tolist()


def test_a_step_given_by_hand_allows_holes() -> None:
    panel = panel_at([1990, 2000, 2001], 2000, freq=1)
    assert panel.periods == 12
    assert panel.grid.freq == 1


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([2000, 2003, 2005, 2008], "2003 is followed by 2005.*freq=1"),
        ([1990, 2000, 2010, 2015], "2010 is followed by 2015.*freq=5"),
        ([2000, 2001, 2050], "2001 is followed by 2050"),
        ([201511, 201512, 201601, 201602], "dates written as numbers.*%Y%m"),
        ([20151231, 20160131], None),
        ([20154, 20161, 20162], "quarter"),
        ([2015.5, 2016.0, 2017.0], r"whole numbers or dates.*row 0 \(a, 2015\.5\)"),
        (["1", "2"], r"is text.*astype\(int\)"),
        (["2015年", "2016年", "合计"], r"is text, not times: '合计'.*row 2 \(a, 合计\)"),
        (["2015-01", "2015-02"], None),
        (["2015-1", "2015-2"], "may be quarters or months.*freq='Q'"),
        ([True, False], "True and False"),
    ],
)
def test_times_that_are_no_regular_periods(times: list[object], words: str | None) -> None:
    if words is None:
        assert panel_at(times).periods == 2
        return
    with pytest.raises(PanelError, match=f"(?s){words}"):
        panel_at(times)


def test_irregular_dates_say_where() -> None:
    days = list(pd.to_datetime(["2015-01-01", "2015-02-01", "2015-03-01", "2016-04-01"]))
    with pytest.raises(
        PanelError, match="2015-03 is followed by 2016-04.*freq='M'".replace(".*", "(?s:.*)")
    ):
        panel_at(days)


def test_moments_within_a_day_need_a_freq() -> None:
    days = list(pd.to_datetime(["2015-01-01 08:00", "2015-01-01 20:00", "2015-01-02 08:00"]))
    with pytest.raises(PanelError, match="several times of one day"):
        panel_at(days)


@pytest.mark.parametrize("freq", ["fortnight", 0, -1, "5H"])
def test_an_unknown_freq(freq: object) -> None:
    with pytest.raises(PanelError, match=r"is not a frequency(?s:.*)freq=2"):
        panel_at([2000, 2001], freq=freq)
