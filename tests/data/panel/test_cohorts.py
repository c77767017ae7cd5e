"""First treated periods, given or derived."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel

BY_TREATMENT = {k: v for k, v in ARGUMENTS.items() if k != "cohort"} | {"treated": "post"}


def with_post(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(post=(df["年份"] >= df["zone_year"]).astype(int))


def test_a_treatment_column_gives_the_same_cohorts() -> None:
    df = with_post(city_frame())
    panel = Panel.from_frame(df, **ARGUMENTS)
    derived = Panel.from_frame(df.sample(frac=1, random_state=1), **BY_TREATMENT)
    np.testing.assert_array_equal(derived.cohort_codes, panel.cohort_codes)
    assert derived.roles.cohort == "post_cohort"
    np.testing.assert_array_equal(derived.frame["post_cohort"], panel.frame["zone_year"])
    again = Panel.from_frame(derived.frame, **derived.arguments)
    assert again.digest == derived.digest


def test_a_share_counts_from_its_first_positive_value() -> None:
    df = with_post(city_frame())
    df["post"] = df["post"] * 1.0
    df.loc[(df["城市"] == "杭州市") & (df["年份"] == 2015), "post"] = 0.25
    panel = Panel.from_frame(df, **BY_TREATMENT)
    assert panel.cohort_labels[panel.unit_labels.tolist().index("杭州市")] == 2015


def test_amounts_after_the_first_period_are_said_to_count_in_full() -> None:
    df = city_frame()
    on = df["年份"] >= df["zone_year"]
    roles = {k: x for k, x in ARGUMENTS.items() if k != "cohort"} | {"treated": "dose"}
    for dose, said in ((0.4, True), (1.0, False)):
        share = np.where(df["年份"] == df["zone_year"], 0.25, dose)  # of the first period
        notes = Panel.from_frame(df.assign(dose=np.where(on, share, 0.0)), **roles).notes
        assert any("ContinuousExposure" in note for note in notes) == said


def test_adoption_is_dated_before_incomplete_rows_are_dropped() -> None:
    df = with_post(city_frame())
    df.loc[(df["城市"] == "杭州市") & (df["年份"] == 2015), "nqp"] = np.nan
    panel = Panel.from_frame(df, **BY_TREATMENT)
    assert panel.cohort_labels[panel.unit_labels.tolist().index("杭州市")] == 2015


def test_units_that_enter_treated_are_noted() -> None:
    df = with_post(city_frame())
    df = df[~((df["城市"] == "杭州市") & (df["年份"] < 2016))]
    panel = Panel.from_frame(df, **BY_TREATMENT)
    assert any("may have been earlier" in note for note in panel.notes)


def test_treatment_that_ends() -> None:
    df = with_post(city_frame())
    df.loc[(df["城市"] == "郑州市") & (df["年份"] == 2018), "post"] = 0
    with pytest.raises(
        PanelError,
        match=r"treated='post' goes back to 0.*\(郑州市, 2018\).*cohort=".replace(".*", "(?s:.*)"),
    ):
        Panel.from_frame(df, **BY_TREATMENT)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2015, "first treated period, pass it as cohort="),
        (-1, "must be 0, 1, or a share"),
        (None, "is missing in 1 row"),
    ],
)
def test_a_treatment_column_that_is_none(value: object, words: str) -> None:
    df = with_post(city_frame())
    df["post"] = df["post"].astype(float)
    df.loc[5, "post"] = value
    with pytest.raises(PanelError, match=words):
        Panel.from_frame(df, **BY_TREATMENT)


def test_not_both_cohort_and_treated() -> None:
    df = with_post(city_frame())
    with pytest.raises(PanelError, match="either cohort= or treated="):
        Panel.from_frame(df, **{**ARGUMENTS, "treated": "post"})


def test_without_cohort_and_treated_nobody_adopts() -> None:
    panel = Panel.from_frame(city_frame(), **{**ARGUMENTS, "cohort": None})
    assert (panel.cohort_codes == -1).all()
    assert panel.roles.cohort is None
    assert "cohorts" not in panel.facts()
    assert "treated" not in repr(panel)
    again = Panel.from_frame(panel.frame, **panel.arguments)
    assert again.digest == panel.digest
    dated = panel.with_cohorts(np.arange(panel.n_units) % 2 - 1)
    assert dated.roles.cohort == "cohort"
    assert (dated.where(dated.time_codes >= 0).cohort_codes == dated.cohort_codes).all()


def test_a_cohort_after_the_last_period_counts_as_never() -> None:
    df = city_frame().replace({"zone_year": {2018.0: 2022.0}})
    panel = Panel.from_frame(df, **ARGUMENTS)
    at = panel.unit_labels.tolist().index("遵义市")
    assert panel.cohort_codes[at] == -1
    assert np.isnan(panel.cohort_labels[at])
    assert panel.notes == (
        "zone_year: 1 unit with adoption after the last period (2022), never treated within "
        "the sample",
    )


@pytest.mark.parametrize(
    ("code", "never"), [(0, 0), (-1, [-1, 0]), (float("inf"), float("inf")), ("无", "无")]
)
def test_codes_for_never_treated(code: object, never: object) -> None:
    df = city_frame()
    panel = Panel.from_frame(df, **ARGUMENTS)
    df["zone_year"] = df["zone_year"].astype(object).where(df["zone_year"].notna(), code)
    assert Panel.from_frame(df, **ARGUMENTS, never=never).digest == panel.digest


def test_zeros_are_recognised_as_a_code() -> None:
    df = city_frame().fillna({"zone_year": 0})
    with pytest.raises(
        PanelError,
        match=r"2 units treated before the first period, 2012"
        r"(?s:.*)兰州市 \(0\), 南平市 \(0\)(?s:.*)never=0 if this code means never",
    ):
        Panel.from_frame(df, **ARGUMENTS)


def test_infinity_is_recognised_as_a_code() -> None:
    df = city_frame().fillna({"zone_year": np.inf})
    with pytest.raises(PanelError, match=r"never=float\('inf'\)"):
        Panel.from_frame(df, **ARGUMENTS)


def test_a_word_among_years_is_recognised_as_a_code() -> None:
    df = city_frame()
    df["zone_year"] = df["zone_year"].astype("Int64").astype(object)
    df["zone_year"] = df["zone_year"].where(df["zone_year"].notna(), "never")
    with pytest.raises(PanelError, match="never='never', if it means never treated"):
        Panel.from_frame(df, **ARGUMENTS)


@pytest.mark.parametrize("never", [None, "无", "none", 0])
@pytest.mark.parametrize("kind", [float, str])
def test_day_numbers_among_years_are_read(never: object, kind: type) -> None:
    """A spreadsheet stores 2012/7/1 as 41091; among years it must not be a distant year."""
    df = city_frame()
    wanted = Panel.from_frame(df, **ARGUMENTS).cohort_codes
    years = df["zone_year"]
    later = years.max()
    day = (pd.Timestamp(int(later), 7, 1) - pd.Timestamp(1899, 12, 30)).days
    cells = [
        never if pd.isna(x) else kind(day) if x == later else kind(int(x)) for x in years
    ]  # fmt: skip
    df["zone_year"] = pd.Series(cells, index=df.index, dtype=object)
    assert years.nunique() > 1
    panel = Panel.from_frame(df, **ARGUMENTS, never=never)
    assert (panel.cohort_codes == wanted).all()
    assert any("read as years, such as" in note for note in panel.notes)


def test_numbers_that_are_no_days_are_refused_beside_a_word_for_never() -> None:
    df = city_frame()
    years = df["zone_year"]
    cells = ["无" if pd.isna(x) else 20120 if x == years.max() else int(x) for x in years]
    df["zone_year"] = pd.Series(cells, index=df.index, dtype=object)
    with pytest.raises(PanelError, match="neither years nor dates"):
        Panel.from_frame(df, **ARGUMENTS, never="无")


def test_codes_beside_dates_as_numbers_stay_codes() -> None:
    df = city_frame()
    wanted = Panel.from_frame(df, **ARGUMENTS).cohort_codes
    df["zone_year"] = (df["zone_year"] * 10_000 + 724).fillna(9999)
    assert (Panel.from_frame(df, **ARGUMENTS, never=9999).cohort_codes == wanted).all()
    assert (Panel.from_frame(df, **ARGUMENTS).cohort_codes == wanted).all()
    df["zone_year"] = df["zone_year"].replace({9999: 20131324})
    with pytest.raises(PanelError, match="neither years nor dates"):
        Panel.from_frame(df, **ARGUMENTS)


def test_dates_of_fiscal_years_are_left_to_the_calendar() -> None:
    times = pd.to_datetime([f"{y}-08-31" for y in range(2010, 2016)])
    df = pd.DataFrame(
        {
            "unit": np.repeat(["a", "b", "c"], 6),
            "time": np.tile(times, 3),
            "first": np.repeat(pd.to_datetime(["2013-08-31", "2014-08-31", None]), 6),
            "y": np.arange(18.0) % 7,
        }
    )
    panel = Panel.from_frame(
        df, unit="unit", time="time", cohort="first", outcome="y", freq="Y-JUN"
    )
    # July 2013 belongs to the year that ends in June 2014, for times and for cohorts.
    assert panel.cohort_codes.tolist() == [3, 4, -1]


def test_cohorts_before_the_first_period() -> None:
    df = city_frame().replace({"zone_year": {2015.0: 2009.0, 2018.0: 2010.0}})
    with pytest.raises(
        PanelError, match=r"杭州市 \(2009\), 遵义市 \(2010\)(?s:.*)begin the panel before"
    ):
        Panel.from_frame(df, **ARGUMENTS)


@pytest.mark.parametrize("value", [2016.0, np.nan])
def test_a_cohort_that_changes(value: float) -> None:
    df = city_frame()
    df.loc[2, "zone_year"] = value
    with pytest.raises(
        PanelError,
        match=r"cohort='zone_year' varies within 1 unit;(?s:.*)杭州市 \(2015, (2016|missing)\)",
    ):
        Panel.from_frame(df, **ARGUMENTS)


@pytest.mark.parametrize(
    "written",
    [
        lambda y: pd.Timestamp(y, 7, 24),
        lambda y: pd.Timestamp(y, 7, 24).date(),
        lambda y: pd.Period(f"{y}-07", "M"),
        lambda y: f"{y}年7月24日",
        lambda y: f"{y} 年 7 月",
        lambda y: f" {y}.07.24",
        lambda y: f"{y}-07",
        lambda y: f"{y}/7/24",
        lambda y: f"{y}年",
        lambda y: f"{y}-07-24 00:00:00",
        lambda y: y * 10000 + 724,
        lambda y: str(y * 100 + 7),
        lambda y: f"{y}年" if y == 2015 else y,
    ],
)
def test_dates_are_taken_as_their_years_where_times_are_years(
    written: Callable[[int], object],
) -> None:
    df = city_frame()
    plain = Panel.from_frame(df, **ARGUMENTS)
    df["zone_year"] = [None if np.isnan(y) else written(int(y)) for y in df["zone_year"]]
    panel = Panel.from_frame(df, **ARGUMENTS)
    assert panel.digest == plain.digest
    (note,) = (note for note in panel.notes if note.startswith("zone_year: read as years"))
    assert note[:-1].endswith(" as 201")
    assert Panel.from_frame(panel.frame, **panel.arguments).digest == plain.digest
    df["年份"] = pd.to_datetime(df["年份"].astype(str))
    assert Panel.from_frame(df, **ARGUMENTS).cohort_codes.tolist() == plain.cohort_codes.tolist()


def test_text_among_dates_is_named() -> None:
    df = city_frame()
    df["zone_year"] = [("待定" if np.isnan(y) else f"{int(y)}年") for y in df["zone_year"]]
    with pytest.raises(PanelError, match=r"(?s)is text, not times: '待定'.*never='待定'"):
        Panel.from_frame(df, **ARGUMENTS)
    panel = Panel.from_frame(df, **ARGUMENTS, never="待定")
    assert panel.cohort_codes.max() >= 0


def test_dates_among_whole_numbers() -> None:
    df = city_frame()
    df["年份"] -= 2010
    df["zone_year"] = pd.to_datetime(df["zone_year"].astype("Int64").astype(str))
    with pytest.raises(
        PanelError, match=r"dates, but whole numbers are expected(?s:.*)times are years"
    ):
        Panel.from_frame(df, **ARGUMENTS)


def test_whole_numbers_among_months() -> None:
    df = city_frame()
    df["年份"] = [pd.Period("2015-01", "M") + i for i in df.groupby("城市").cumcount()]
    with pytest.raises(PanelError, match="whole numbers, but months are expected"):
        Panel.from_frame(df, **ARGUMENTS)


def test_a_zero_one_flag_is_no_cohort() -> None:
    df = city_frame()
    df["zone_year"] = df["zone_year"].notna().astype(int)
    with pytest.raises(PanelError, match="use treated= if this is a 0/1 indicator"):
        Panel.from_frame(df, **ARGUMENTS)


def test_zeros_among_early_cohorts_are_told_apart() -> None:
    df = city_frame().fillna({"zone_year": 0}).replace({"zone_year": {2015.0: 2009.0}})
    with pytest.raises(PanelError, match="never=0 if this code means never treated; otherwise"):
        Panel.from_frame(df, **ARGUMENTS)


def test_the_derived_column_overwrites_nothing() -> None:
    df = with_post(city_frame()).assign(post_cohort="mine")
    panel = Panel.from_frame(df, **BY_TREATMENT)
    assert panel.roles.cohort == "post_cohort_"
    assert (panel.frame["post_cohort"] == "mine").all()
