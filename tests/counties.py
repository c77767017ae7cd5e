"""Workbooks of counties in prefectures, with a policy of their own whose effect is 5.

Used by tests of proposals and of reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

EFFECT = 5.0
YEARS = range(2011, 2021)
PREFECTURES = [
    "杭州市", "宁波市", "温州市", "嘉兴市", "合肥市", "芜湖市", "郑州市", "洛阳市", "南昌市",
    "长沙市", "武汉市", "成都市", "西安市", "兰州市", "大庆市", "保山市", "衡水市", "阜阳市",
    "咸阳市", "新乡市",
]  # fmt: skip


def counties(units: int = 100, seed: int = 1) -> pd.DataFrame:
    """Counties, half of them reached in 2014, 2016 or 2018, as ``first`` says."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(units), len(YEARS))
    year = np.tile(np.array(YEARS), units)
    first = np.select([place % 6 == k for k in range(3)], [2014, 2016, 2018], np.nan)
    level = 20 + rng.normal(0, 3, units)[place] + 0.3 * (year - YEARS[0])
    noise = rng.normal(0, 0.7, len(place))
    return pd.DataFrame(
        {
            "区县": [f"县{k:03d}" for k in place],
            "地级市": [PREFECTURES[k % len(PREFECTURES)] for k in place],
            "年份": year,
            "新质生产力": (level + EFFECT * (year >= first) + noise).round(3),
            "人口": rng.uniform(20, 90, len(place)).round(2),
            "first": first,
        }
    )


def marked(frame: pd.DataFrame, yes: object, no: object, name: str = "是否试点") -> pd.DataFrame:
    """Say treated or not by row, instead of the first treated year."""
    on = frame["年份"] >= frame["first"]
    return frame.drop(columns="first").assign(**{name: [yes if x else no for x in on]})


def workbook(path: Path, frame: pd.DataFrame, *, above: Sequence[Sequence[Any]] = ()) -> Path:
    """Write a workbook cell by cell, so that formulas and types stay as they are."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    cells = frame.astype(object).where(frame.notna(), None)
    for row in (*above, list(frame.columns), *cells.itertuples(index=False)):
        sheet.append(list(row))
    book.save(path)
    return path
