"""Panels on which treatment depends on a covariate that also moves the trend."""

from __future__ import annotations

import numpy as np
import pandas as pd

import bayes_nqp as nqp

EFFECT = 1.0


def selected(
    units: int = 160, periods: int = 8, *, seed: int = 1, cohorts: tuple[int, ...] = (4,)
) -> nqp.Panel:
    """Treated units have larger x, and outcomes grow by 0.25 x a period: a bias without matching.

    The average effect is `EFFECT`. z varies over time and is irrelevant, share is in [0, 1].
    """
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, units))
    ever = rng.random(units) < 1.0 / (1.0 + np.exp(1.2 - 0.9 * x))
    first = np.where(ever, rng.choice(cohorts, units), periods)
    t = np.arange(periods)
    y = rng.normal(size=(units, 1)) + 0.3 * rng.normal(size=(units, periods))
    y += 0.25 * x[:, None] * t + EFFECT * (t >= first[:, None])
    frame = pd.DataFrame({
        "unit": np.repeat([f"u{k:03}" for k in range(units)], periods),
        "time": np.tile(2000 + t, units), "y": y.ravel(), "x": np.repeat(x, periods),
        "z": np.repeat(z, periods) + 0.3 * rng.normal(size=units * periods),
        "cohort": np.repeat(np.where(ever, 2000.0 + first, np.nan), periods),
    })  # fmt: skip
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
