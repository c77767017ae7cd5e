"""Panels of counts with known effects, for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_nqp as nqp

ROLES = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y", "exposure": "size"}


def counted(
    units: int = 24, periods: int = 8, *, level: float = 1.0, effect: float = 0.5, seed: int = 1
) -> pd.DataFrame:
    """Draw Poisson counts whose log rates have AR(1) errors (0.5, SD 0.3) and an exposure."""
    rng, t = np.random.default_rng(seed), np.arange(periods)
    stratum, cohort = np.arange(units) % 2, rng.choice([-1, periods // 2, periods // 2 + 2], units)
    cohort[:4] = -1, -1, periods // 2, periods // 2
    treated = (cohort[:, None] >= 0) & (t >= cohort[:, None])
    root = np.linalg.cholesky(0.5 ** abs(t[:, None] - t))
    errors = 0.3 * rng.normal(size=(units, periods)) @ root.T
    size = np.exp(rng.normal(0.0, 0.3, (units, 1)) + 0.02 * t)
    common = np.cumsum(rng.normal(0.02, 0.05, (2, periods)), axis=1)[stratum]
    rate = level + rng.normal(0.0, 0.6, (units, 1)) + common + effect * treated + errors
    y = rng.poisson(size * np.exp(rate))
    unit, time = np.repeat(np.arange(units), periods), np.tile(2000 + t, units)
    start = np.where(cohort < 0, np.nan, 2000.0 + cohort)
    return pd.DataFrame({
        "unit": [f"u{k:02d}" for k in unit], "time": time, "cohort": start[unit],
        "y": y.ravel().astype(float), "size": size.ravel(),
        "side": np.array(["a", "b"])[stratum][unit],
    })  # fmt: skip


def panel_of(frame: pd.DataFrame, **roles: object) -> nqp.Panel:
    """Build the panel of such a frame."""
    return nqp.Panel.from_frame(frame, **{**ROLES, "strata": ["side"], **roles})
