"""Frames that are panels by construction, written in every way that a panel may be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from hypothesis import strategies as st

ROLES: dict[str, Any] = {
    "unit": "unit no.",
    "time": "年份",
    "cohort": "first",
    "outcome": "y",
    "strata": ["region"],
    "covariates": ["size"],
    "mediators": ["digital"],
}
"""Of the frames that are made here."""

Write = Callable[[pd.Series], pd.Series]


def _text(column: pd.Series) -> pd.Series:
    return column.map(lambda x: repr(float(x)), na_action="ignore").astype(object)


def _whole_text(column: pd.Series) -> pd.Series:
    return column.map(lambda x: str(int(x)), na_action="ignore").astype(object)


UNITS: dict[str, Write] = {
    "text": lambda x: x,
    "string": lambda x: x.astype("string"),
    "category": lambda x: x.astype("category"),
    "arrow": lambda x: x.astype("string[pyarrow]"),
    "blanks": lambda x: " " + x + "　",
}
NUMBERS: dict[str, Write] = {
    "float64": lambda x: x,
    "Float64": lambda x: x.astype("Float64"),
    "arrow": lambda x: x.astype("double[pyarrow]"),
    "object": lambda x: x.astype(object),
    "category": lambda x: x.astype("category"),
    "text": _text,
}
TIMES: dict[str, tuple[Write, Write]] = {
    "int": (lambda x: x, lambda x: x),
    "int16": (lambda x: x.astype("int16"), lambda x: x.astype("float32")),
    "Int64": (lambda x: x.astype("Int64"), lambda x: x.astype("Int64")),
    "float": (lambda x: x.astype(float), lambda x: x),
    "category": (lambda x: x.astype("category"), lambda x: x.astype("category")),
    "object": (lambda x: x.astype(object), lambda x: x.astype(object)),
    "text": (_whole_text, _whole_text),
    "年": (lambda x: _whole_text(x) + "年", lambda x: _whole_text(x) + "年"),
    "dated": (lambda x: x, lambda x: _whole_text(x) + "-07-24"),
}
"""Ways to write years, and cohorts beside them."""
CLEAN = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="'\""), min_size=1, max_size=12
)


@st.composite
def plain_frames(draw: st.DrawFn) -> pd.DataFrame:
    """Make a panel in plain dtypes: unbalanced, with gaps where gaps may be."""
    n_units, n_years = draw(st.integers(2, 7)), draw(st.integers(3, 7))
    names = draw(st.lists(CLEAN, min_size=n_units, max_size=n_units, unique_by=str.strip))
    first = draw(st.integers(1900, 2090))
    years = np.arange(first, first + n_years)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cohorts = np.where(rng.random(n_units) < 0.6, rng.integers(1, n_years, n_units) + first, np.nan)
    regions = rng.integers(0, 2, n_units)
    df = pd.DataFrame(
        {
            "unit no.": np.repeat(names, n_years),
            "年份": np.tile(years, n_units),
            "first": np.repeat(cohorts, n_years),
            "region": np.repeat(np.array(["沿海", "inland"])[regions], n_years),
        }
    )
    scale = 10.0 ** draw(st.integers(-6, 6))
    for name in ("y", "size", "digital"):
        df[name] = rng.normal(size=len(df)) * scale
    df.loc[rng.random(len(df)) < draw(st.sampled_from([0.0, 0.2])), "digital"] = np.nan
    return df


@st.composite
def written_frames(draw: st.DrawFn, df: pd.DataFrame) -> pd.DataFrame:
    """Write a plain panel in other dtypes and another order, with what a panel does not read."""
    df = df.copy()
    time, cohort = TIMES[draw(st.sampled_from(sorted(TIMES)))]
    df["年份"], df["first"] = time(df["年份"]), cohort(df["first"])
    df["unit no."] = UNITS[draw(st.sampled_from(sorted(UNITS)))](df["unit no."])
    df["region"] = UNITS[draw(st.sampled_from(sorted(UNITS)))](df["region"])
    for name in ("y", "size", "digital"):
        df[name] = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))](df[name])
    if draw(st.booleans()):
        df = df.sample(frac=1, random_state=draw(st.integers(0, 99)))
    if draw(st.booleans()):
        junk = draw(st.sampled_from([b"\x00", [1], {"a": 1}, 1j, "\x00\ud800", 10**40]))
        df["nobody reads this"] = pd.Series([junk] * len(df), df.index, dtype=object)
    if draw(st.booleans()):
        df = df.assign(twice=1, other=2).rename(columns={"other": "twice"})
    index = draw(st.sampled_from(["range", "text", "dates", "several", "same"]))
    if index == "text":
        df.index = pd.Index([f"r{k}" for k in range(len(df))])
    elif index == "dates":
        df.index = pd.date_range("2000-01-01", periods=len(df))
    elif index == "several":
        df.index = pd.MultiIndex.from_product([["a"], range(len(df))], names=["x", None])
    elif index == "same":
        df.index = pd.Index([0] * len(df))
    return df


STRANGE: list[Any] = [
    b"x", [1], {"a": 1}, {1}, (1, 2), 1 + 2j, object(), 10**400, -(10**30), 2**63, 10**9, 1e300,
    np.inf, -np.inf, np.nan, None, pd.NA, pd.NaT, True, "", " ", "%", "#REF!", "#N/A", "nan",
    "inf", "1e400", "1,234", "−5", "\x00", "a\x00b", "\ud800", "\x1b[31m", "\u202eabc", "a/b",
    "a\nb", "x" * 3000, "2015年", dt.date(2015, 1, 1), dt.time(1), dt.timedelta(1),
    pd.Timestamp("2015"), pd.Timedelta("1D"), pd.Timestamp("2015", tz="UTC"), pd.Period("2015"),
    pd.Interval(0, 1), np.datetime64("2015"), np.timedelta64(1, "D"), Decimal("1.5"),
    Decimal("NaN"), Fraction(1, 3), UUID(int=1), ValueError("x"), np.array([1, 2]),
    pd.Series([1]), len, 0, -1, 0.5, 9999,
]  # fmt: skip
"""Cells that somebody's file may hold."""
NAMES: list[Any] = [
    "", " ", "%", "a/b", "a\nb", "a\x00b", "x" * 3000, "chain", "draw", "cell", "path", "total",
    "direct", "time", "unit", "cohort", "event_time", 7, None, ("a", 1), "$x$", "<b>", "région",
]  # fmt: skip
DTYPES = [
    "category", "string", "object", "complex128", "bool", "boolean", "Int64", "float16", "float32",
    "uint64", "timedelta64[s]", "datetime64[s]", "datetime64[ns, UTC]", "Sparse[float]", "S",
    "string[pyarrow]", "double[pyarrow]", "period[Y]", "interval", np.longdouble,
]  # fmt: skip


def strange(df: pd.DataFrame, column: str, cells: list[tuple[int, Any]]) -> pd.DataFrame:
    """Put cells into rows of a column."""
    values = np.empty(len(df), dtype=object)
    for row, cell in enumerate(df[column]):
        values[row] = cell
    for row, cell in cells:
        values[row % len(df)] = cell
    return df.assign(**{column: pd.Series(values, df.index, dtype=object)})


def _cast(df: pd.DataFrame, column: str, dtype: Any) -> pd.DataFrame:
    try:
        return df.assign(**{column: df[column].astype(dtype)})
    except (TypeError, ValueError, OverflowError, NotImplementedError):
        return df  # pandas itself refuses


@st.composite
def spoilt_frames(draw: st.DrawFn, df: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Spoil a panel in a few ways; what comes out may still be a panel."""
    roles = {**ROLES, "strata": list(ROLES["strata"])}
    columns = ["unit no.", "年份", "first", "region", "y", "size", "digital"]
    for _ in range(draw(st.integers(1, 3))):
        column = draw(st.sampled_from(columns))
        ways = ["cells", "cells", "dtype", "column", "rows", "name", "twice", "levels", "freq"]
        way = draw(st.sampled_from(ways))
        simple = df.columns.nlevels == 1 and df.columns.is_unique
        if df.empty or not simple or column not in df.columns:
            break
        if way == "cells":
            cells = st.lists(st.tuples(st.integers(0, 99), st.sampled_from(STRANGE)), min_size=1)
            df = strange(df, column, draw(cells))
        elif way == "column":
            df = strange(df, column, [(k, draw(st.sampled_from(STRANGE))) for k in range(len(df))])
        elif way == "dtype":
            df = _cast(df, column, draw(st.sampled_from(DTYPES)))
        elif way == "rows":
            df = (
                df.iloc[draw(st.lists(st.integers(0, len(df) - 1), max_size=12))] if len(df) else df
            )
        elif way == "twice":
            df = pd.concat([df, df[[column]]], axis=1)
        elif way == "levels":
            df = df.set_axis(pd.MultiIndex.from_product([df.columns, ["a"]]), axis=1)
        elif way == "freq":
            roles["freq"] = draw(st.sampled_from([1, 2, "Y", "M", "D", "Q"]))
        else:
            name = draw(st.sampled_from(NAMES))
            df = df.set_axis([name if x == column else x for x in df.columns], axis=1)
            if isinstance(name, str):
                part = next(
                    k for k, x in ROLES.items() if column in ([x] if isinstance(x, str) else x)
                )
                roles[part] = [name] if isinstance(ROLES[part], list) else name
    return df, roles
