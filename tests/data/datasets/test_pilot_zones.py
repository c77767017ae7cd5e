"""The calendar of the pilot zones, against what is known of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayes_nqp.data.datasets import pilot_zones, prefectures

SHARED = Path(__file__).parents[4] / "shared" / "data" / "china" / "pilot_zones_165.csv"
COLUMNS = ["batch", "approved", "document", "prefecture", "code", "province"]
COLUMNS += ["below_prefecture", "name"]


def test_batches_and_dates() -> None:
    zones = pilot_zones()
    assert zones.columns.tolist() == COLUMNS
    assert zones.groupby("batch").size().tolist() == [1, 12, 22, 24, 46, 27, 33]
    assert len(zones) == 165
    batches = zones.groupby("batch")[["approved", "document"]].nunique()
    assert batches.eq(1).all(axis=None)
    approved = zones.drop_duplicates("batch")["approved"]
    assert approved.dt.strftime("%Y-%m").tolist() == [
        "2015-03",
        "2016-01",
        "2018-07",
        "2019-12",
        "2020-04",
        "2022-01",
        "2022-11",
    ]
    assert approved.is_monotonic_increasing
    year = zones["document"].str.extract(r"^国函〔(\d{4})〕\d+号$")[0].astype(int)
    assert year.eq(zones["approved"].dt.year).all()


def test_every_zone_is_somewhere() -> None:
    zones = pilot_zones()
    known = prefectures().set_index("code")
    assert zones.notna().all(axis=None)
    assert zones["code"].isin(known.index).all()
    assert known["prefecture"][zones["code"]].tolist() == zones["prefecture"].tolist()
    assert known["province"][zones["code"]].tolist() == zones["province"].tolist()
    assert zones["province"].nunique() == 31, "every province has at least one"


def test_places_below_prefecture_level_are_flagged() -> None:
    zones = pilot_zones()
    below = zones[zones["below_prefecture"]]
    assert dict(zip(below["name"], below["prefecture"], strict=True)) == {
        "义乌市": "金华市",
        "珲春市": "延边朝鲜族自治州",
        "绥芬河市": "牡丹江市",
        "雄安新区": "保定市",
        "满洲里市": "呼伦贝尔市",
        "阿拉山口市": "博尔塔拉蒙古自治州",
        "延吉市": "延边朝鲜族自治州",
        "同江市": "佳木斯市",
    }
    whole = zones[~zones["below_prefecture"]]
    assert whole["prefecture"].is_unique
    assert (whole["prefecture"] == whole["name"]).all()
    assert zones["name"].is_unique


def test_a_changed_copy_changes_nothing() -> None:
    zones = pilot_zones()
    zones["batch"] = 0
    places = prefectures()
    places["code"] = 0
    assert prefectures()["code"].min() == 110_000
    assert pilot_zones()["batch"].min() == 1


def test_against_an_independent_list() -> None:
    if not SHARED.exists():
        pytest.skip("the list in ../shared/data is not here")
    other = pd.read_csv(SHARED, encoding="utf-8-sig", parse_dates=["approval_date"])
    theirs = other[["batch", "approval_date", "document", "prefecture", "prefecture_code"]].copy()
    theirs[["province", "below"]] = other[["province", "sub_prefecture"]].astype(object)
    theirs["below"] = theirs["below"].astype(bool)
    ours = pilot_zones()[COLUMNS[:-1]]
    by = ["batch", "code", "below_prefecture"]
    theirs.columns = ours.columns
    pd.testing.assert_frame_equal(
        ours.sort_values(by, ignore_index=True),
        theirs.sort_values(by, ignore_index=True),
        check_dtype=False,
    )
