"""Every malformed panel is refused with the argument, the rows, and what to try."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel

Change = Callable[[pd.DataFrame], pd.DataFrame]


def put(row: int, column: str, value: object) -> Change:
    def change(df: pd.DataFrame) -> pd.DataFrame:
        df = df.astype({column: object}) if isinstance(value, str) else df
        df.loc[row, column] = value
        return df

    return change


DATA: dict[str, tuple[Change, str]] = {
    "duplicate": (
        lambda df: pd.concat([df, df.iloc[[3]]], ignore_index=True),
        r"unit='城市' and time='年份' are duplicated.*row 3 \(杭州市, 2015\); row 42 "
        r"\(杭州市, 2015\); these rows are identical in all other columns.*df\.duplicated",
    ),
    "duplicate with another outcome": (
        lambda df: pd.concat([df, df.iloc[[3]].assign(nqp=99.9)], ignore_index=True),
        r"row 42 \(杭州市, 2015\); these rows differ in nqp\..*df\.duplicated",
    ),
    "stratum changes": (
        put(9, "region", "coastal"),
        r"strata='region' varies within 1 unit.*郑州市 \(coastal, inland\).*panel\.stratify",
    ),
    "single unit": (
        lambda df: df[df["城市"] == "杭州市"],
        r"unit='城市' contains a single unit, 杭州市.*add untreated units",
    ),
    "constant outcome": (lambda df: df.assign(nqp=1.5), r"outcome='nqp' is 1\.5 in every row"),
    "missing outcome": (
        lambda df: df.assign(nqp=np.nan),
        r"outcome='nqp' is missing in 42 of 42 rows.*omit this column",
    ),
    "infinite outcome": (
        put(4, "nqp", np.inf),
        r"outcome='nqp' has 1 infinite value.*row 4 \(杭州市, 2016\).*logarithm of zero",
    ),
    "infinite mediator": (put(4, "digital", -np.inf), r"mediators='digital' has 1 infinite"),
    "thousands": (
        put(4, "nqp", "1,234"),
        r"outcome='nqp' must be numeric, but contains text in 1 row: '1,234'.*"
        r"row 4 \(杭州市, 2016\): '1,234'.*thousands=','",
    ),
    "dash": (put(8, "ln_gdp", "—"), r"covariates='ln_gdp' must be numeric.*: '—'.*row 8 \(郑州市"),
    "dates as outcome": (
        lambda df: df.assign(nqp=pd.Timestamp("2015-01-01")),
        r"outcome='nqp' must be numeric, but has the type datetime64",
    ),
    "constant mediator": (
        lambda df: df.assign(digital=1.0),
        r"mediators='digital' is constant.*omit it",
    ),
    "outcome as mediator": (
        lambda df: df.assign(digital=df["nqp"]),
        r"mediators='digital' equals outcome='nqp' in every row",
    ),
    "outcome as mediator, with gaps": (
        lambda df: df.assign(digital=df["nqp"].where(df["年份"] > 2012)),
        r"mediators='digital' equals outcome='nqp' in every row",
    ),
    "missing mediator": (
        lambda df: df.assign(digital=np.nan),
        r"mediators='digital' is missing in every row",
    ),
    "fixed covariate": (
        lambda df: df.assign(ln_gdp=df["城市"].str.len() + df["zone_year"].fillna(0)),
        r"covariates='ln_gdp' never changes within a unit.*StaggeredDiD\(baseline=\['ln_gdp'\]\)",
    ),
    "constant covariate": (
        lambda df: df.assign(ln_gdp=3),
        r"covariates='ln_gdp' is constant.*omit it",
    ),
    "continuous stratum": (
        lambda df: pd.concat(
            [df.assign(城市=df["城市"] + str(i), region=i / 7) for i in range(1, 13)]
        ).assign(region=lambda d: pd.factorize(d["城市"])[0] / 7),
        r"strata='region' has 72 levels for 72 units.*stratify\('region', cuts='median'\)",
    ),
    "no rows": (lambda df: df.iloc[:0], "df has no rows"),
    "no unit": (lambda df: df.assign(城市=None), "a value of both unit='城市' and time='年份'"),
    "index": (
        lambda df: df.set_index(["城市", "年份"]),
        r"is a level of the index.*reset_index\(\)",
    ),
    "two columns": (
        lambda df: pd.concat([df, df[["nqp"]]], axis=1),
        r"several columns named 'nqp'.*rename or drop",
    ),
}

CALLS: dict[str, tuple[dict[str, object], str]] = {
    "unknown column": ({"outcome": "npq"}, r"outcome='npq' is not a column.*did you mean 'nqp'"),
    "unknown stratum": ({"strata": ["regoin"]}, r"strata='regoin'.*did you mean 'region'"),
    "two roles": (
        {"mediators": ["ln_gdp"]},
        r"in two roles: 'ln_gdp' as covariates and mediators",
    ),
    "twice in a role": ({"strata": ["region", "region"]}, r"'region' as strata and strata"),
    "number as name": ({"covariates": [3]}, r"covariates must be column names, not 3"),
    "weights": (
        {"weights": "w"},
        r"weights='w' must be positive.* in 1 row.*row 2 \(杭州市, 2014\): 0",
    ),
}


@pytest.mark.parametrize("case", DATA)
def test_bad_data(case: str) -> None:
    change, words = DATA[case]
    with pytest.raises(PanelError, match=f"(?s){words}") as caught:
        Panel.from_frame(change(city_frame()), **ARGUMENTS)
    assert caught.value.hint


@pytest.mark.parametrize("case", CALLS)
def test_bad_calls(case: str) -> None:
    more, words = CALLS[case]
    df = city_frame().assign(w=lambda d: d.index - 2)
    df["w"] = df["w"].where(df["w"] >= 0, 1)
    with pytest.raises(PanelError, match=f"(?s){words}") as caught:
        Panel.from_frame(df, **{**ARGUMENTS, **more})
    assert caught.value.hint


@pytest.mark.parametrize("name", ["cell", "total", "event_time"])
def test_reserved_strata(name: str) -> None:
    df = city_frame().rename(columns={"region": name})
    with pytest.raises(PanelError, match=f"(?s){name}.*rename the column.*{name}_group"):
        Panel.from_frame(df, **{**ARGUMENTS, "strata": [name]})


def test_something_else_than_a_frame() -> None:
    with pytest.raises(PanelError, match=r"must be a pandas DataFrame, not dict(?s:.*)to_pandas"):
        Panel.from_frame({"城市": []}, **ARGUMENTS)  # type: ignore[arg-type]


def test_messages_use_the_users_own_index() -> None:
    df = city_frame().set_index(pd.Index([f"r{i}" for i in range(42)]))
    df.loc["r4", "nqp"] = np.inf
    with pytest.raises(PanelError, match=r"row r4 \(杭州市, 2016\)"):
        Panel.from_frame(df.sample(frac=1, random_state=2), **ARGUMENTS)


def test_long_lists_are_cut() -> None:
    df = city_frame().assign(nqp="—")
    with pytest.raises(PanelError, match="and 37 more"):
        Panel.from_frame(df, **ARGUMENTS)


@pytest.mark.parametrize("most", [1e11, 1e15])
def test_counts_above_all_people(most: float) -> None:
    df = city_frame().assign(n=lambda x: np.where(x["城市"] == "杭州市", most, 1.0))
    with pytest.raises(
        PanelError, match=r"counts='n' is above 10,000,000,000 in 7 rows(?s:.*)weights="
    ):
        Panel.from_frame(df, **ARGUMENTS, counts="n")
