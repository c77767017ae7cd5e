"""What a well-formed frame becomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panels import ARGUMENTS, CITIES, city_frame

from bayes_nqp.data.panel import Panel, Roles

ARRAYS = ("unit_labels", "unit_codes", "time_labels", "time_codes", "cohort_codes", "outcome")


def test_arrays_follow_the_rows_of_the_sorted_frame() -> None:
    df = city_frame().assign(note="kept")
    panel = Panel.from_frame(df.sample(frac=1, random_state=3), **ARGUMENTS)
    assert panel.roles == Roles(
        unit="城市",
        time="年份",
        cohort="zone_year",
        outcome="nqp",
        strata=("region",),
        covariates=("ln_gdp",),
        mediators=("digital",),
    )
    assert panel.unit_labels.tolist() == sorted(CITIES)
    assert panel.unit_labels.dtype.kind == "U"
    assert panel.time_labels.tolist() == list(range(2012, 2019))
    assert (panel.n_units, panel.periods, panel.n_rows) == (6, 7, 42)
    assert panel.balanced
    assert (panel.unit_labels[panel.unit_codes] == panel.frame["城市"]).all()
    assert (panel.time_labels[panel.time_codes] == panel.frame["年份"]).all()
    np.testing.assert_array_equal(panel.outcome, panel.frame["nqp"])
    np.testing.assert_array_equal(panel.covariates[:, 0], panel.frame["ln_gdp"])
    np.testing.assert_array_equal(panel.mediators[:, 0], panel.frame["digital"])
    assert panel.moderators.shape == (42, 0)
    assert panel.weights is None
    assert set(panel.frame.columns) == set(df.columns)
    assert panel.frame.index.equals(pd.RangeIndex(42))
    expected = [CITIES[city] for city in panel.unit_labels]
    np.testing.assert_array_equal(panel.cohort_labels, [cohort for cohort, _ in expected])
    assert panel.levels["region"].tolist() == ["coastal", "inland"]
    regions = panel.levels["region"][panel.strata_codes["region"]]
    assert regions.tolist() == [region for _, region in expected]
    assert panel.dropped == {}
    assert panel.notes == ()


@pytest.mark.slow
@given(st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_rows_changes_nothing(random, gaps: bool) -> None:
    df = city_frame()
    if gaps:
        df = df.drop(index=[3, 11, 12, 40])
    panel = Panel.from_frame(df, **ARGUMENTS)
    order = list(range(len(df)))
    random.shuffle(order)
    again = Panel.from_frame(df.iloc[order], **ARGUMENTS)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(panel, name))
    assert again.digest == panel.digest
    pd.testing.assert_frame_equal(again.frame, panel.frame)


def test_the_digest_ignores_dtypes_and_other_columns() -> None:
    df = city_frame()
    panel = Panel.from_frame(df, **ARGUMENTS)
    other = df.assign(extra=1.0)
    other["年份"] = other["年份"].astype("Int16")
    other["zone_year"] = other["zone_year"].astype("Int64")
    other["城市"] = other["城市"].astype("category")
    other["region"] = other["region"].astype(object)
    assert Panel.from_frame(other, **ARGUMENTS).digest == panel.digest


def test_the_digest_orders_numbered_units_like_named_ones() -> None:
    df = city_frame()
    df["城市"] = pd.factorize(df["城市"])[0] * 2 + 1
    numbered = Panel.from_frame(df, **ARGUMENTS)
    named = Panel.from_frame(df.assign(城市=df["城市"].astype(str)), **ARGUMENTS)
    assert numbered.unit_labels.tolist() == ["1", "3", "5", "7", "9", "11"]
    assert named.unit_labels.tolist() == ["1", "11", "3", "5", "7", "9"]
    assert numbered.digest == named.digest


@pytest.mark.parametrize("column", ["nqp", "ln_gdp", "digital", "zone_year", "region", "年份"])
def test_the_digest_sees_every_role(column: str) -> None:
    df = city_frame()
    panel = Panel.from_frame(df, **ARGUMENTS)
    if column == "region":
        df[column] = df[column].replace("inland", "西部")
    elif column == "zone_year":
        df[column] = df[column].replace(2018.0, 2017.0)
    else:
        df[column] = df[column] + 1
    if column == "年份":
        df["zone_year"] += 1
    assert Panel.from_frame(df, **ARGUMENTS).digest != panel.digest


def test_arrays_are_read_only_and_the_users_frame_is_untouched() -> None:
    df = city_frame()
    before = df.copy()
    panel = Panel.from_frame(df, **ARGUMENTS)
    for name in (*ARRAYS, "covariates", "mediators", "cohort_labels"):
        array = getattr(panel, name)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    pd.testing.assert_frame_equal(df, before)
    df.loc[:, "nqp"] = 0.0
    assert panel.outcome.any()


def test_missing_values_drop_rows_and_are_counted() -> None:
    df = city_frame()
    df.loc[[0, 1], "nqp"] = np.nan
    df.loc[[1, 2], "ln_gdp"] = np.nan
    df.loc[10, "城市"] = "　"
    df.loc[11, "年份"] = np.nan
    df.loc[12, "region"] = None
    df.loc[[20, 21], "digital"] = np.nan
    panel = Panel.from_frame(df, **ARGUMENTS)
    assert panel.dropped == {"城市": 1, "年份": 1, "nqp": 2, "ln_gdp": 2, "region": 1}
    assert panel.n_rows == 42 - 6
    assert "6 of 42 rows dropped because of missing values" in panel.notes[0]
    assert "digital is missing in 2 observations, which are kept in the panel" in panel.notes
    assert np.isnan(panel.mediators).sum() == 2


def test_a_unit_without_complete_rows_is_noted() -> None:
    df = city_frame()
    df.loc[df["城市"] == "兰州市", "nqp"] = np.nan
    panel = Panel.from_frame(df, **ARGUMENTS)
    assert "兰州市" not in panel.unit_labels
    assert "1 unit without a complete observation: 兰州市" in panel.notes


def test_numbers_stored_as_text_are_read_and_noted() -> None:
    df = city_frame()
    df["nqp"] = df["nqp"].astype(str)
    df.loc[0, "nqp"] = "  "
    panel = Panel.from_frame(df, **ARGUMENTS)
    assert panel.dropped == {"nqp": 1}
    assert "nqp: numbers stored as text were read as numbers" in panel.notes
    mixed = city_frame()
    mixed["nqp"] = mixed["nqp"].astype(object)
    mixed.loc[0, "nqp"] = "  "
    assert not any("stored as text" in note for note in Panel.from_frame(mixed, **ARGUMENTS).notes)


def test_one_name_stands_for_a_list_of_one() -> None:
    panel = Panel.from_frame(city_frame(), **{**ARGUMENTS, "strata": "region"})
    assert panel.roles.strata == ("region",)


def test_integer_levels_stay_integers_in_numeric_order() -> None:
    df = city_frame()
    df["region"] = df["城市"].map(dict(zip(CITIES, [10.0, 2.0, 1.0, 10.0, 2.0, 1.0], strict=True)))
    panel = Panel.from_frame(df, **ARGUMENTS)
    assert panel.levels["region"].tolist() == ["1", "2", "10"]


def test_weights_and_moderators() -> None:
    df = city_frame().assign(pop=2.0, finance=lambda d: d["nqp"] ** 2)
    df.loc[4, "pop"] = np.nan
    df.loc[5, "finance"] = np.nan
    panel = Panel.from_frame(df, **ARGUMENTS, weights="pop", moderators=["finance"])
    assert panel.weights is not None
    assert panel.weights.tolist() == [2.0] * 41
    assert panel.moderators.shape == (41, 1)
    assert panel.dropped == {"pop": 1}


def test_one_period_everyone_treated_and_nobody_treated_are_left_to_the_design() -> None:
    df = city_frame()
    nobody = Panel.from_frame(df.assign(zone_year=np.nan), **ARGUMENTS)
    assert (nobody.cohort_codes == -1).all()
    everyone = Panel.from_frame(df.assign(zone_year=2012), **ARGUMENTS)
    assert (everyone.cohort_codes == 0).all()
    one = df[df["年份"] == 2016]
    single = Panel.from_frame(one.assign(zone_year=np.nan), **ARGUMENTS)
    assert single.periods == 1


def test_repr_says_what_the_panel_is() -> None:
    df = city_frame().assign(pop=1.5)
    df.loc[0, "nqp"] = np.nan
    text = repr(Panel.from_frame(df, **ARGUMENTS, weights="pop"))
    assert "41 (unbalanced, 97.6 % observed)" in text
    assert "6 (城市), 4 treated, 2 never" in text
    assert "7 (年份), 2012 to 2018" in text
    assert "2015: 1, 2016: 2, 2018: 1" in text
    assert "coastal 3 units (2 treated), inland 3 units (2 treated)" in text
    assert "nqp 1 row" in text
    assert "1 of 42 rows dropped" in text


def test_html_escapes_the_users_words() -> None:
    df = city_frame().replace({"region": {"inland": "<b>inland</b>"}})
    html = Panel.from_frame(df, **ARGUMENTS)._repr_html_()
    assert "&lt;b&gt;inland&lt;/b&gt; 3 units" in html
    assert "<b>inland" not in html
