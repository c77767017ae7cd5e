"""Panels of successes among trials with known effects, for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_nqp as nqp

ROLES = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y", "trials": "n"}


def successes(
    units: int = 24, periods: int = 8, *, effect: float = 0.7, trials: int = 12, seed: int = 1
) -> pd.DataFrame:
    """Draw binomial counts whose log odds have AR(1) errors (0.5, SD 0.3)."""
    rng, t = np.random.default_rng(seed), np.arange(periods)
    cohort = rng.choice([-1, periods // 2, periods // 2 + 2], units)
    cohort[:4] = -1, -1, periods // 2, periods // 2
    treated = (cohort[:, None] >= 0) & (t >= cohort[:, None])
    root = np.linalg.cholesky(0.5 ** abs(t[:, None] - t))
    errors = 0.3 * rng.normal(size=(units, periods)) @ root.T
    common = np.cumsum(rng.normal(0.02, 0.1, (2, periods)), axis=1)[np.arange(units) % 2]
    odds = rng.normal(-0.4, 0.6, (units, 1)) + common + effect * treated + errors
    n = 1 + rng.poisson(trials - 1, (units, periods))
    unit, time = np.repeat(np.arange(units), periods), np.tile(2000 + t, units)
    start = np.where(cohort < 0, np.nan, 2000.0 + cohort)
    return pd.DataFrame({
        "unit": [f"u{k:02d}" for k in unit], "time": time, "cohort": start[unit],
        "y": rng.binomial(n, 1.0 / (1.0 + np.exp(-odds))).ravel().astype(float), "n": n.ravel(),
        "side": np.array(["a", "b"])[np.arange(units) % 2][unit],
    })  # fmt: skip


def panel_of(frame: pd.DataFrame, **roles: object) -> nqp.Panel:
    """Build the panel of such a frame."""
    return nqp.Panel.from_frame(frame, **{**ROLES, "strata": ["side"], **roles})
