"""Frames that are panels by construction, written in every way that a panel may be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
