"""Provinces with a continuous exposure, and the truth about its slope."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp import Panel

SLOPES = {"coastal": 0.5, "inland": 1.0}


def exposed_frame(
    seed: int,
    *,
    units: int = 31,
    periods: int = 10,
    deviation: float = 0.0,
    rho: float = 0.5,
    theta: float = 0.0,
    feedback: float = 0.0,
) -> pd.DataFrame:
    """Return rows whose exposure wanders, apart from a level of the unit.

    ``theta`` moderates the slope by z; ``feedback`` lets exposure follow yesterday's error.
    """
    rng = np.random.default_rng(seed)
    n, t = units, periods
    region = np.array(list(SLOPES))[np.arange(n) % 2]
    start = rng.normal(size=n) / np.sqrt(1 - rho**2)
    error = np.empty((n, t))
    error[:, 0] = start
    shocks = rng.normal(size=(n, t))
    for k in range(1, t):
        error[:, k] = rho * error[:, k - 1] + shocks[:, k]
    dose = np.empty((n, t))
    level = rng.uniform(1.0, 3.0, n)
    own = rng.normal(0.0, 0.5, n)
    for k in range(t):
        own = 0.8 * own + rng.normal(0.0, 0.6, n)
        if k and feedback:
            own = own + feedback * error[:, k - 1]
        dose[:, k] = level + own
    z = rng.normal(size=n)[:, None] + 0.4 * rng.normal(size=(n, t))
    slope = np.array([SLOPES[r] for r in region]) + rng.normal(size=n) * deviation
    channel = 0.7 * dose + rng.normal(size=(n, t))
    trend = np.arange(t) * np.where(region == "inland", 0.1, 0.3)[:, None]
    y = 5.0 * rng.normal(size=(n, 1)) + trend + 0.4 * z * (theta != 0) + error
    y = y + (slope[:, None] + theta * z) * dose
    return pd.DataFrame(
        {
            "province": np.repeat([f"p{i:02d}" for i in range(n)], t),
            "year": np.tile(2010 + np.arange(t), n),
            "region": np.repeat(region, t),
            "y": y.ravel(),
            "trade": dose.ravel(),
            "finance": z.ravel(),
            "digital": channel.ravel(),
            "slope": np.repeat(slope, t),
        }
    )


def exposed_panel(frame: pd.DataFrame, **changes: Any) -> Panel:
    """Return the panel of such a frame."""
    arguments: dict[str, Any] = {
        "unit": "province", "time": "year", "outcome": "y", "strata": ["region"],
        "exposures": ["trade"], "moderators": ["finance"], "mediators": ["digital"],
    }  # fmt: skip
    return Panel.from_frame(frame, **{**arguments, **changes})
