"""Merge the pilot zones with a panel of prefectures."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.labels import ATTR, Labels, labels_of
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference._cohorts import Rule, cohorts_from_dates
from bayes_nqp.data.column_inference._merged import MergedZones
from bayes_nqp.data.column_inference._place_labels import zone_labels
from bayes_nqp.data.column_inference._places import Match, match
from bayes_nqp.data.datasets import pilot_zones, prefectures

type BelowPrefecture = Literal["ignore", "count", "drop"]

_ADDED: Final = ("zone_batch", "zone_approved", "zone_below_prefecture")
_WHERE_ABSENT: Final = (
    "prefecture_code",
    "prefecture_name",
    "province",
    "region",
    "resource_based",
)


@door
def merge_zones(
    frame: pd.DataFrame,
    prefecture: str,
    *,
    rule: Rule = "approval_year",
    cohort: str = "cohort",
    below_prefecture: BelowPrefecture = "ignore",
    province: str | None = None,
) -> MergedZones:
    """Merge the cross-border e-commerce pilot zones with a panel of prefectures.

    Prefectures are matched by code or by name. Codes are integers, floats or text of 4 or 6 digits;
    former codes are accepted. Matching by name ignores endings (市, 地区, 盟, 自治州), spaces,
    full-width characters and a province before the name, and accepts former names. Names are never
    guessed: unmatched values are listed with the most similar names.

    Parameters
    ----------
    frame : DataFrame
        Data with one or more rows per prefecture and year, such as firms with their city.
    prefecture : str
        Column of prefecture names or codes.
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        Rule for the first treated year; see `cohorts_from_dates`.
    cohort : str, default "cohort"
        Name of the added column of first treated years.
    below_prefecture : {"ignore", "count", "drop"}, default "ignore"
        Treatment of the eight zones that cover only a part of their prefecture. "ignore" assigns no
        cohort for such a zone, "count" counts it like any other zone (the earliest zone counts),
        "drop" excludes the rows of these prefectures.
    province : str, optional
        Column with the province. It resolves the ambiguous names 吉林 and 海南, and a prefecture of
        another province is rejected.

    Returns
    -------
    MergedZones
        ``frame`` is a copy of `frame` in the same order with the added columns

        - `zone_batch`: 1 to 7; NaN without a zone
        - `zone_approved`: date of approval
        - `zone_below_prefecture`: True if the prefecture contains a zone smaller than itself
        - the cohort: first treated year; NaN without a zone
        - `prefecture_code`, `prefecture_name` (the full name, 杭州市, for all spellings in the
          rows), `province`, `region` ("coastal" or "inland") and `resource_based`, unless columns
          with these names exist

        Prefectures approved after 2022 have no cohort (see `bayes_nqp.data.datasets.pilot_zones`).
        Rows without a match are kept with missing values. They would count as never treated, so
        check ``unmatched``.

    Raises
    ------
    PanelError
        If the column does not exist, contains provinces or contains no prefectures; if an added
        column already exists; or if "drop" would remove all rows.
    StudyError
        If `rule` or `below_prefecture` is unknown.

    See Also
    --------
    bayes_nqp.data.datasets.pilot_zones : the list of pilot zones.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import pandas as pd
    >>> df = pd.DataFrame({"城市": ["杭州", "浙江省温州市", "阜阳市", "杭洲"], "年份": 2020})
    >>> merged = nqp.merge_zones(df, "城市")
    >>> merged.frame["cohort"].tolist()
    [2015.0, 2019.0, nan, nan]
    >>> merged.unmatched["nearest"].tolist()
    ['杭州市, 株洲市']
    """
    _check_columns(frame, prefecture, cohort, province)
    values, index = _distinct(frame, prefecture, province)
    matches = [match(*value) for value in values]
    _refuse_provinces(prefecture, values, matches)
    codes = pd.Series([m.code for m in matches], dtype="Int64").iloc[index]
    codes.index = frame.index
    facts = _facts(codes, rule, cohort, below_prefecture)
    facts = facts[[name for name in facts if name not in frame.columns]]
    merged = pd.concat([frame, facts], axis=1)
    called = Labels.of(zone_labels(merged, prefecture, [str(x) for x in facts]))
    merged.attrs[ATTR] = (called | labels_of(frame)).text
    if below_prefecture == "drop":
        merged = merged[~merged["zone_below_prefecture"].to_numpy()]
        if merged.empty and len(frame):
            raise PanelError(
                "below_prefecture='drop' removes all rows: each prefecture contains a "
                "zone below the prefecture level",
                hint="below_prefecture='ignore'",
            )
    rows = np.bincount(index, minlength=len(values))
    return MergedZones(
        frame=merged,
        matched=_matched(values, matches, rows, rule, below_prefecture),
        unmatched=_listed(values, matches, rows, matched=False),
        doubtful=_listed(values, matches, rows, matched=True),
        prefecture=prefecture,
        rule=rule,
        below_prefecture=below_prefecture,
    )


def _check_columns(frame: pd.DataFrame, prefecture: str, cohort: str, province: str | None) -> None:
    named = {"prefecture": prefecture} | ({} if province is None else {"province": province})
    for argument, column in named.items():
        if column not in frame.columns:
            raise PanelError(
                Message("{}={!r} is not a column of frame", argument, column),
                hint=nearest(column, frame.columns),
            )
        if list(frame.columns).count(column) > 1:
            raise PanelError(Message("{}={!r} is the name of several columns", argument, column))
    if cohort in (*_ADDED, *_WHERE_ABSENT):
        raise PanelError(Message("cohort={!r} is also the name of another added column", cohort))
    taken = [name for name in (*_ADDED, cohort) if name in frame.columns]
    if taken:
        raise PanelError(
            Message("frame already has the columns {}", shown(taken)),
            hint="use another name, such as cohort='zone_year', or drop the columns of an "
            "earlier merge",
        )


def _distinct(
    frame: pd.DataFrame, prefecture: str, province: str | None
) -> tuple[list[tuple[Any, Any]], Index]:
    """List the distinct (prefecture, province) pairs, and the pair of each row."""
    first, names = pd.factorize(frame[prefecture])
    second, provinces = np.full(len(frame), -1), pd.Index([])
    if province is not None:
        second, provinces = pd.factorize(frame[province])
    width = len(provinces) + 1
    index, pairs = pd.factorize((first + 1) * width + second + 1)
    names_given, within = [None, *names.tolist()], [None, *provinces.tolist()]
    return [(names_given[pair // width], within[pair % width]) for pair in pairs.tolist()], index


def _refuse_provinces(prefecture: str, values: list[tuple[Any, Any]], matches: list[Match]) -> None:
    matched_places = [m for m in matches if m.code is not None]
    provinces = [
        value
        for (value, _), m in zip(values, matches, strict=True)
        if m.code is None and m.provincial
    ]
    municipal = all(m.provincial or (m.code or 0) % 10_000 == 0 for m in matched_places)
    if provinces and municipal:
        raise PanelError(
            Message(
                "prefecture={!r} contains provinces, but the zones are defined by prefecture",
                prefecture,
            ),
            where=shown(map(repr, provinces)),
            hint="merge with a panel of prefectures; to count zones by province, "
            "nqp.datasets.pilot_zones().groupby('province')",
        )
    if not matched_places:
        listed = [
            f"{value!r}" + (f" (near: {', '.join(m.nearest)})" if m.nearest else "")
            for (value, _), m in zip(values, matches, strict=True)
        ]
        raise PanelError(
            Message("prefecture={!r}: none of the values is a prefecture of China", prefecture),
            where=shown(listed) or "frame has no rows",
            hint="pass the column with names such as 杭州市, or codes such as 330100",
        )


def _facts(
    codes: pd.Series[Any], rule: Rule, cohort: str, below_prefecture: BelowPrefecture
) -> pd.DataFrame:
    """Look up the attributes of each row's prefecture."""
    zones = pilot_zones()
    below = zones["below_prefecture"]
    counted = zones if below_prefecture == "count" else zones[~below]
    zone_of_place = (
        counted.sort_values("approved", kind="stable").drop_duplicates("code").set_index("code")
    )
    places = prefectures(dissolved=True).set_index("code")
    approved = pd.to_datetime(codes.map(zone_of_place["approved"]))
    resource = codes.map(places["resource_based"]).astype("boolean")
    return pd.DataFrame(
        {
            "zone_batch": codes.map(zone_of_place["batch"]).astype(np.float64),
            "zone_approved": approved,
            "zone_below_prefecture": codes.isin(set(zones.loc[below, "code"])).astype(bool),
            cohort: cohorts_from_dates(approved, rule),
            "prefecture_code": codes if codes.isna().any() else codes.astype(np.int64),
            "prefecture_name": codes.map(places["prefecture"]),
            "province": codes.map(places["province"]),
            "region": codes.map(places["region"]),
            "resource_based": resource if resource.isna().any() else resource.astype(bool),
        }
    )


def _matched(
    values: list[tuple[Any, Any]],
    matches: list[Match],
    rows: Index,
    rule: Rule,
    below_prefecture: BelowPrefecture,
) -> pd.DataFrame:
    """List the matched prefectures and their spellings."""
    ways: dict[int, dict[str, None]] = {}
    sizes: dict[int, int] = {}
    for (value, _), m, n in zip(values, matches, rows, strict=True):
        if m.code is not None:
            ways.setdefault(m.code, {})[str(value)] = None
            sizes[m.code] = sizes.get(m.code, 0) + int(n)
    codes = pd.Series(sorted(ways), dtype=np.int64)
    names = prefectures(dissolved=True).set_index("code")["prefecture"]
    return pd.DataFrame(
        {
            "code": codes,
            "prefecture": codes.map(names),
            "written": codes.map(
                {code: ", ".join(matched_places) for code, matched_places in ways.items()}
            ),
            "rows": codes.map(sizes),
            "cohort": _facts(codes, rule, "cohort", below_prefecture)["cohort"],
        }
    )


def _listed(
    values: list[tuple[Any, Any]], matches: list[Match], rows: Index, *, matched: bool
) -> pd.DataFrame:
    """List the distinct values without a match or with a doubtful match."""
    table = [
        (value, int(n), m.remark, ", ".join(m.nearest))
        for (value, _), m, n in zip(values, matches, rows, strict=True)
        if m.remark and (m.code is not None) == matched
    ]
    df = pd.DataFrame(table, columns=["value", "rows", "remark", "nearest"])
    df = df.astype({"rows": np.int64})
    return df.drop(columns="nearest") if matched else df
