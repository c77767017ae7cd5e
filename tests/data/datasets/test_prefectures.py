"""Codes, coordinates and lists of prefectures, against facts and an independent table."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_nqp.data.datasets import prefectures

SHARED = Path(__file__).parents[4] / "shared" / "data" / "china"
BOX = {"longitude": (75.0, 132.0), "latitude": (16.0, 53.6)}


def test_every_unit_once() -> None:
    df = prefectures()
    assert len(df) == 337
    assert df["code"].is_unique
    assert df["prefecture"].is_unique
    assert df["code"].is_monotonic_increasing
    assert df.notna().all(axis=None)
    assert df["code"].between(110_000, 659_999).all()
    assert (df["code"] % 100 == 0).all(), "no county"
    assert df["province"].nunique() == 31
    assert df.groupby(df["code"] // 10_000)["province"].nunique().eq(1).all()
    municipal = df[df["code"] % 10_000 == 0]
    assert municipal["prefecture"].tolist() == ["北京市", "天津市", "上海市", "重庆市"]
    endings = df["prefecture"].str.extract("(市|地区|自治州|盟)$")[0].value_counts()
    assert endings.to_dict() == {"市": 297, "自治州": 30, "地区": 7, "盟": 3}


def test_where_they_are() -> None:
    df = prefectures().set_index("prefecture")
    for axis, (low, high) in BOX.items():
        assert df[axis].between(low, high).all(), axis
    # Geographers' coordinates of four cities in four corners.
    known = {"杭州市": (120.2, 30.3), "喀什地区": (76.0, 39.5), "三亚市": (109.5, 18.3)}
    for name, place in known.items():
        np.testing.assert_allclose(
            df.loc[name, ["longitude", "latitude"]].tolist(), place, atol=0.3
        )
    distance = df.groupby("province")[["longitude", "latitude"]].transform("median")
    assert (df[["longitude", "latitude"]] - distance).abs().max(axis=None) < 15
    assert df["region"].eq("coastal").equals(df["coastal"])
    assert df["coastal"].groupby(df["province"]).first().sum() == 11


def test_resource_based() -> None:
    df = prefectures(dissolved=True)
    assert df["resource_based"].sum() == 126
    assert prefectures()["resource_based"].sum() == 125
    by_province = df.groupby("province")["resource_based"].sum()
    # As many as the plan lists by province.
    assert by_province[["山西省", "四川省", "黑龙江省", "安徽省"]].tolist() == [10, 10, 9, 9]
    assert by_province[["北京市", "上海市", "西藏自治区", "海南省"]].sum() == 0


def test_dissolved_units_on_request() -> None:
    more = prefectures(dissolved=True)
    gone = more[~more["code"].isin(prefectures()["code"])]
    assert gone["prefecture"].tolist() == ["巢湖市", "莱芜市"]
    assert gone["resource_based"].tolist() == [False, True]


def test_every_file_says_where_it_is_from() -> None:
    folder = files("bayes_nqp.data.datasets") / "data"
    names = sorted(file.name for file in folder.iterdir())
    assert len(names) >= 4
    for name in names:
        if name.startswith("LICENSE"):
            continue
        head = (folder / name).read_text(encoding="utf-8-sig").split("\n\n")[0:3]
        comment = "\n".join(head)
        assert comment.startswith("#"), name
        assert "# Source" in comment, name


def test_against_an_independent_table() -> None:
    if not (SHARED / "prefectures_geo.csv").exists():
        pytest.skip("the tables in ../shared/data are not here")
    other = pd.read_csv(SHARED / "prefectures_geo.csv", encoding="utf-8-sig").set_index("code")
    df = prefectures(dissolved=True).set_index("code")
    codes = df.index.intersection(other.index)
    assert len(codes) >= 336
    df, other = df.loc[codes], other.loc[codes]
    assert df["prefecture"].tolist() == other["name"].tolist()
    assert df["province"].tolist() == other["province"].tolist()
    assert df["coastal"].astype(int).tolist() == other["coastal_province"].tolist()
    columns = ["longitude", "latitude"]
    np.testing.assert_allclose(df[columns], other[columns], atol=0.3)
    resources = pd.read_csv(SHARED / "resource_prefectures_126.csv", encoding="utf-8-sig")
    assert set(df.loc[df["resource_based"], "prefecture"]) == set(resources["prefecture"])
