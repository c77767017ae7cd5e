"""Zones merged to panels as users write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from doors import match

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.datasets import pilot_zones, prefectures

SHARED = Path(__file__).parents[4] / "shared" / "data" / "china"
NAMES = {int(c): n for c, n in prefectures(True)[["code", "prefecture"]].to_numpy()}


def read(name: str) -> pd.DataFrame:
    if not (SHARED / name).exists():
        pytest.skip("the panels in ../shared/data are not here")
    return pd.read_csv(SHARED / name, encoding="utf-8-sig")


def cities(*names: object) -> pd.DataFrame:
    return pd.DataFrame({"城市": list(names), "年份": 2020})


@pytest.mark.slow
@pytest.mark.parametrize("column", ["code", "prefecture"])
def test_real_cities_get_the_cohorts_of_their_file(column: str) -> None:
    df = read("city_nqpf_cbec_2010_2021.csv").sample(frac=1, random_state=1)
    merged = nqp.merge_zones(df, column, cohort="zone_year")
    assert len(merged.matched) == (296 if column == "code" else 295)
    np.testing.assert_array_equal(merged.frame["zone_year"], df["cbec_year"])
    np.testing.assert_array_equal(merged.frame["zone_batch"], df["cbec_batch"])
    np.testing.assert_array_equal(
        merged.frame["zone_below_prefecture"], df["cbec_subprefecture_zone"] == 1
    )
    known = merged.frame["province"].notna().to_numpy()
    coastal = (merged.frame["region"] == "coastal").to_numpy()
    np.testing.assert_array_equal(coastal[known], df["coastal_province"][known] == 1)
    assert df["resource_based"].equals(merged.frame["resource_based"])
    # One prefecture has a code and no name there.
    missing = merged.unmatched["rows"].tolist()
    assert missing == ([] if column == "code" else [12])


@pytest.mark.parametrize("column", ["province", "code"])
def test_real_provinces_are_refused(column: str) -> None:
    df = read("province_nqpf_2010_2022.csv")
    with pytest.raises(PanelError, match="contains provinces"):
        nqp.merge_zones(df, column)


def without_ending(name: str) -> str:
    for ending in ("市", "地区", "盟"):
        name = name.removesuffix(ending)
    return name


def short(province: str) -> str:
    return province[: 3 if province.startswith(("内蒙古", "黑龙江")) else 2]


STYLES: dict[str, Callable[[int, str, str], object]] = {
    "as listed": lambda code, name, province: name,
    "without its ending": lambda code, name, province: without_ending(name),
    "after its province": lambda code, name, province: province + name,
    "after a short province": lambda code, name, province: short(province) + without_ending(name),
    "spaced": lambda code, name, province: f" {name[0]}\u3000{name[1:]}\xa0\u200b",
    "with a dash": lambda code, name, province: f"{province}-{name}",
    "code": lambda code, name, province: code,
    "code as a float": lambda code, name, province: float(code),
    "code as text": lambda code, name, province: f"{code}.0",
    "four digits": lambda code, name, province: code // 100,
    "full-width digits": lambda code, name, province: str(code).translate(
        {ord(str(i)): chr(0xFF10 + i) for i in range(10)}
    ),
    "twelve digits": lambda code, name, province: f"{code}000000",
}


@pytest.mark.parametrize("style", STYLES)
def test_every_prefecture_is_found_however_it_is_written(style: str) -> None:
    df = prefectures(dissolved=True)
    rows = df[["code", "prefecture", "province"]].itertuples(index=False)
    written = [STYLES[style](*row) for row in rows]
    assert [match(value).code for value in written] == df["code"].tolist()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("延边州", "延边朝鲜族自治州"),
        ("延边", "延边朝鲜族自治州"),
        ("德宏", "德宏傣族景颇族自治州"),
        ("伊犁哈萨克族自治州", "伊犁哈萨克自治州"),
        ("新疆克州", None),
        ("赣州", "赣州市"),
        ("海南州", "海南藏族自治州"),
        ("海东地区", "海东市"),
        ("襄樊", "襄阳市"),
        ("上海市市辖区", "上海市"),
        ("重庆市重庆市", "重庆市"),
        ("吉林市", "吉林市"),
        ("中国浙江省杭州市", "杭州市"),
        ("\ufeff杭州市*", "杭州市"),
        ("杭州（市）", "杭州市"),
        (632100, "海东市"),
        (110100, "北京市"),
        (np.int32(330100), "杭州市"),
        (np.str_("杭州"), "杭州市"),
    ],
)
def test_names_in_use(value: object, expected: str | None) -> None:
    code = match(value).code
    assert (None if code is None else NAMES[code]) == expected


@pytest.mark.parametrize(
    ("value", "remark", "nearest"),
    [
        ("杭洲市", "no prefecture with this name", "杭州市"),
        ("浙江省杭州市西湖区", "no prefecture with this name in 浙江省", "杭州市"),
        ("浙江省苏州市", "苏州市 is in 江苏省, but the row gives 浙江省", "苏州市"),
        ("义乌市", "below prefecture level", "金华市"),
        ("浙江义乌", "below prefecture level", "金华市"),
        (330106, "a code below prefecture level", "杭州市"),
        ("浙江省", "a province, 浙江省", None),
        ("新疆", "a province, 新疆维吾尔自治区", None),
        (330000, "the code of a province", None),
        (33, "not a code of 4 or 6 digits", None),
        (999900, "no prefecture has this code", None),
        ("市辖区", "no prefecture with this name", None),
        ("Hangzhou", "no prefecture with this name", None),
        ("", "missing", None),
        (float("nan"), "missing", None),
        (None, "missing", None),
    ],
)
def test_no_match_says_why(value: object, remark: str, nearest: str | None) -> None:
    found = match(value)
    assert found.code is None
    assert found.remark == remark
    assert (nearest in found.nearest) if nearest else (found.nearest == ())


def test_what_did_not_match_is_listed() -> None:
    merged = nqp.merge_zones(cities("杭州", "杭州", "杭洲", "杭洲", "温州市", None), "城市")
    assert merged.unmatched["value"].iloc[0] == "杭洲"
    assert merged.unmatched["rows"].tolist() == [2, 1]
    assert "杭州市" in merged.unmatched["nearest"].iloc[0]
    assert len(merged.frame) == 6
    assert merged.frame["cohort"].isna().tolist() == [False, False, True, True, False, True]
    assert merged.frame["region"].isna().tolist() == [False, False, True, True, False, True]
    assert "'杭洲' (no prefecture with this name, near" in merged.report
    assert "3 rows would count as never treated" in merged.report


def test_several_names_and_doubtful_ones_are_reported() -> None:
    merged = nqp.merge_zones(cities("杭州", "杭州市", "吉林", "莱芜市"), "城市")
    assert merged.unmatched.empty
    assert merged.doubtful["value"].tolist() == ["吉林", "莱芜市"]
    assert "read as 吉林市" in merged.report
    assert "杭州 = 杭州市" in merged.report
    assert merged.matched["rows"].tolist() == [1, 2, 1]
    assert repr(merged).startswith("<MergedZones>")
    assert "read as 吉林市" in merged._repr_html_()


def test_a_value_is_escaped_in_a_notebook() -> None:
    merged = nqp.merge_zones(cities("杭州", "<b>杭州</b>"), "城市")
    assert "&lt;b&gt;" in merged._repr_html_()
    assert "<b>" not in merged._repr_html_()


def test_a_column_of_provinces_settles_and_refuses() -> None:
    df = cities("吉林", "海南", "苏州").assign(省份=["吉林", "海南省", "浙江省"])
    merged = nqp.merge_zones(df, "城市", province="省份")
    assert merged.doubtful.empty
    assert merged.matched["prefecture"].tolist() == ["吉林市"]
    assert merged.unmatched["remark"].tolist() == [
        "海南藏族自治州 is in 青海省, but the row gives 海南省",
        "苏州市 is in 江苏省, but the row gives 浙江省",
    ]


def test_zones_below_prefecture_level() -> None:
    df = cities("金华市", "保定市", "延边州", "杭州市")
    ignored = nqp.merge_zones(df, "城市")
    np.testing.assert_array_equal(ignored.frame["cohort"], [2022, np.nan, np.nan, 2015])
    assert ignored.frame["zone_below_prefecture"].tolist() == [True, True, True, False]
    counted = nqp.merge_zones(df, "城市", below_prefecture="count")
    # The earliest counts: 义乌 in 2018, 珲春 in 2019 before 延吉 in 2022.
    assert counted.frame["cohort"].tolist() == [2018, 2020, 2019, 2015]
    dropped = nqp.merge_zones(df, "城市", below_prefecture="drop")
    assert dropped.frame["城市"].tolist() == ["杭州市"]
    assert "义乌市 in 金华市" in ignored.report
    with pytest.raises(PanelError, match="removes all rows"):
        nqp.merge_zones(df.iloc[:3], "城市", below_prefecture="drop")


def test_the_rule_is_that_of_the_dates() -> None:
    merged = nqp.merge_zones(cities("北京", "天津"), "城市", rule="next_year_after_june")
    assert merged.frame["cohort"].tolist() == [2019, 2016]
    assert "after June" in merged.report


def test_all_zones_arrive() -> None:
    df = prefectures()[["code"]]
    merged = nqp.merge_zones(df, "code").frame
    assert merged["zone_batch"].notna().sum() == 157
    assert merged["zone_below_prefecture"].sum() == 7, "延边 has two of the eight"
    zones = pilot_zones().query("~below_prefecture").set_index("code")
    treated = merged.dropna(subset="zone_batch").set_index("code")
    assert treated["zone_approved"].equals(zones["approved"].sort_index())


@pytest.mark.slow
def test_rows_columns_and_index_stay() -> None:
    df = cities("杭州", "上海", "杭州").assign(province="mine", nqp=[1.0, 2.0, 3.0])
    df.index = pd.Index([7, 7, 3])
    before = df.copy()
    merged = nqp.merge_zones(df, "城市").frame
    pd.testing.assert_frame_equal(df, before)
    pd.testing.assert_frame_equal(merged[df.columns], before)
    assert merged.columns[len(df.columns) :].tolist() == [
        "zone_batch",
        "zone_approved",
        "zone_below_prefecture",
        "cohort",
        "prefecture_code",
        "prefecture_name",
        "region",
        "resource_based",
    ]
    assert merged["prefecture_code"].tolist() == [330100, 310000, 330100]
    categorical = nqp.merge_zones(df.astype({"城市": "category"}), "城市").frame
    assert categorical["cohort"].equals(merged["cohort"])


def test_a_merged_frame_is_a_panel() -> None:
    names = ["杭州市", "天津市", "阜阳市", "保定市"]
    df = pd.DataFrame(
        [(c, t, float(i + t)) for i, c in enumerate(names) for t in range(2012, 2019)],
        columns=["城市", "年份", "nqp"],
    )
    merged = nqp.merge_zones(df, "城市").frame
    panel = nqp.Panel.from_frame(
        merged,
        unit="城市",
        time="年份",
        cohort="cohort",
        outcome="nqp",
        strata=["region", "resource_based"],
    )
    labels = dict(zip(panel.unit_labels.tolist(), panel.cohort_labels.tolist(), strict=True))
    assert labels["杭州市"] == 2015
    assert labels["天津市"] == 2016
    assert np.isnan(labels["保定市"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"prefecture": "城"},
            PanelError,
            "(?s)prefecture='城' is not a column.*did you mean '城市'",
        ),
        ({"province": "省"}, PanelError, "province='省' is not a column"),
        ({"rule": "year"}, StudyError, "'rule' is 'year'"),
        ({"below_prefecture": "keep"}, StudyError, "'below_prefecture' is 'keep'"),
        ({"cohort": "年份"}, PanelError, "already has the columns 年份"),
        ({"cohort": "region"}, PanelError, "another added column"),
        ({"prefecture": "年份"}, PanelError, "none of the values is a prefecture"),
    ],
)
def test_bad_arguments(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        nqp.merge_zones(cities("杭州", "上海"), **{"prefecture": "城市"} | options)


def test_bad_frames() -> None:
    with pytest.raises(
        PanelError, match=r"(?s)none of the values is a prefecture.*frame has no rows"
    ):
        nqp.merge_zones(cities(), "城市")
    with pytest.raises(PanelError, match=r"(?s)none of the values is a prefecture.*'杭洲' \(near"):
        nqp.merge_zones(cities("杭洲"), "城市")
    once = nqp.merge_zones(cities("杭州"), "城市").frame
    with pytest.raises(PanelError, match="already has the columns zone_batch"):
        nqp.merge_zones(once, "城市")
    twice = pd.concat([cities("杭州"), cities("上海")], axis=1)
    with pytest.raises(PanelError, match="name of several columns"):
        nqp.merge_zones(twice, "城市")
