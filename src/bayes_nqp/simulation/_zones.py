"""Cities, and the year in which a pilot zone reached each."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from bayes_nqp.datasets import pilot_zones, prefectures
from bayes_nqp.errors import StudyError, nearest

Rule = Literal["approval_year", "next_year_after_june"]

RULES: Final = ("approval_year", "next_year_after_june")

YOUNG_CITIES: Final = (
    "毕节市", "铜仁市", "三沙市", "海东市", "日喀则市", "昌都市",
    "儋州市", "林芝市", "吐鲁番市", "山南市", "哈密市", "那曲市",
)  # fmt: skip
"""Prefecture-level cities set up from 2011 on: yearbooks have no series of theirs from 2010."""


def zone_cities(rule: Rule = "approval_year", below: bool = False) -> pd.DataFrame:
    """List the cities that have series from 2010 on, with the first year of their zone.

    Parameters
    ----------
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        The year of approval; or the next year where that was in July or later.
    below : bool, default False
        Whether a zone below prefecture level reaches its prefecture.

    Returns
    -------
    DataFrame
        The columns of `prefectures`, batch and year; both NaN where no zone came.

    Raises
    ------
    StudyError
        If the rule has another name.
    """
    if rule not in RULES:
        raise StudyError(f"'rule' is {rule!r}", hint=nearest(str(rule), RULES))
    places = prefectures()
    cities = places["prefecture"].str.endswith("市") & ~places["prefecture"].isin(YOUNG_CITIES)
    zones = pilot_zones()
    zones = zones[below | ~zones["below_prefecture"]].sort_values("approved", kind="stable")
    first = zones.drop_duplicates("code").set_index("code")
    year = first["approved"].dt.year
    if rule == "next_year_after_june":
        year = year + (first["approved"].dt.month > 6)
    table = places[cities].sort_values("code").reset_index(drop=True)
    table["batch"] = table["code"].map(first["batch"]).astype(np.float64)
    table["year"] = table["code"].map(year).astype(np.float64)
    return table
