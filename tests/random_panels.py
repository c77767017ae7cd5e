"""Random panels with everything that makes real ones awkward."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp import Panel


def random_frame(seed: int, **arguments: Any) -> pd.DataFrame:
    """Return staggered rows; the region "c" has no treated unit, and members are cities.

    With ``many`` there are five cohorts or more, and walks of five steps or more.
    """
    return _frame(seed, **arguments).copy()


@cache
def _frame(
    seed: int,
    *,
    units: int = 24,
    periods: int = 7,
    missing: float = 0.0,
    singletons: int = 0,
    many: bool = False,
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    starts = [2.0, 3.0, 5.0] if not many else [float(t) for t in range(1, periods)]
    rows = []
    for i in range(units):
        cohort = rng.choice(starts) if rng.random() < 0.65 else np.nan
        region, market = rng.choice(["a", "b", "c"], p=[0.45, 0.4, 0.15]), rng.choice(["x", "y"])
        if region == "c" or i < 4:
            cohort = np.nan
        if i < 4:
            region, market = "ab"[i // 2], "xy"[i % 2]
        level = rng.normal() * 3
        for t in range(periods):
            effect = 1.0 + 0.2 * (t - cohort) if t >= cohort else 0.0
            rows.append(
                {
                    "unit": f"u{i:02d}", "time": t, "cohort": cohort, "region": region,
                    "market": market, "city": f"{region}{i % 5}",
                    "y": level + effect + rng.normal(), "x": rng.normal(),
                    "w": rng.uniform(0.5, 2.0),
                }
            )  # fmt: skip
    df = pd.DataFrame(rows)
    df["se"] = 0.6 * (df["w"] - 0.5)
    df["base"] = df.groupby("unit")["x"].transform("first")
    df["d"] = _exposure(df, seed)
    keep = rng.random(len(df)) >= missing
    for i in range(4, 4 + singletons):
        rows_of = df.index[df["unit"] == f"u{units - 1 - i:02d}"]
        keep[rows_of[1:]] = False
        keep[rows_of[0]] = True
    # The whole grid stays: never-treated units hold its ends.
    keep |= (df["unit"] <= "u03") & df["time"].isin([0, periods - 1])
    return df[keep].reset_index(drop=True)


def _exposure(df: pd.DataFrame, seed: int) -> np.ndarray:
    """Wander from zero; a tenth of the rows, and every seventh unit, are not exposed."""
    rng = np.random.default_rng([seed, 1])
    steps = pd.Series(rng.normal(0.2, 1.0, len(df)), index=df.index)
    out = steps.groupby(df["unit"]).cumsum().to_numpy() + 3.0
    number = df["unit"].str[1:].astype(int).to_numpy()
    return np.where((rng.random(len(df)) < 0.1) | (number % 7 == 5), 0.0, out)


def random_panel(
    seed: int,
    *,
    covariates: bool = False,
    weights: bool = False,
    outcome_se: bool = False,
    strata: tuple[str, ...] = ("region", "market"),
    **kwargs: Any,
) -> Panel:
    """Return a panel of `random_frame`."""
    return Panel.from_frame(
        random_frame(seed, **kwargs),
        unit="unit", time="time", cohort="cohort", outcome="y", strata=strata,
        covariates=["x"] if covariates else [], weights="w" if weights else None,
        outcome_se="se" if outcome_se else None,
        exposures=["d"],
    )  # fmt: skip
