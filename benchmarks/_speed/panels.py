"""Panels of any size, made at once: seven cohorts, 30 % never treated, AR(1) errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp import Panel

PERIODS = 13


def frame(units: int, seed: int = 1, *, rho: float = 0.5, levels: int = 2) -> pd.DataFrame:
    """Rows of a panel; ``cohort`` is missing where a unit is never treated."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    cohort = np.where(rng.random(units) < 0.3, np.inf, 5.0 + np.arange(units) % 7)
    region = np.arange(units) // 7 % levels
    errors = rng.standard_normal((units, PERIODS))
    errors[:, 0] /= np.sqrt(1.0 - rho**2)
    for t in range(1, PERIODS):
        errors[:, t] += rho * errors[:, t - 1]
    time = np.arange(1, PERIODS + 1)
    event = time - cohort[:, None]
    treated = event >= 0
    effect = 1.0 + 0.1 * np.where(treated, event, 0.0) + 0.5 * region[:, None]
    effect = effect + 0.3 * rng.standard_normal(units)[:, None]
    y = rng.standard_normal(units)[:, None] + 0.1 * time + treated * effect + errors
    names = np.array([f"r{k}" for k in range(levels)])
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), PERIODS),
            "year": np.tile(time, units),
            "cohort": np.repeat(np.where(np.isinf(cohort), np.nan, cohort), PERIODS),
            "region": pd.Categorical.from_codes(np.repeat(region, PERIODS), names),
            "y": y.ravel(),
        }
    )


def panel(rows: pd.DataFrame) -> Panel:
    """Validate such rows."""
    import bayes_nqp as nqp

    return nqp.Panel.from_frame(
        rows, unit="unit", time="year", cohort="cohort", outcome="y", strata=["region"]
    )


def permuted(rows: pd.DataFrame, seed: int = 2) -> pd.DataFrame:
    """The same rows with cohorts dealt anew among the units of each region."""
    rng = np.random.default_rng(seed)
    units = rows.groupby("unit", sort=True).first()
    cohort = units["cohort"].to_numpy().copy()
    for level in units["region"].cat.categories:
        here = np.flatnonzero(units["region"] == level)
        cohort[here] = cohort[rng.permutation(here)]
    return rows.assign(cohort=np.repeat(cohort, PERIODS))
