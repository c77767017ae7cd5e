"""Small panels of places, for tests of spatial weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp


def frame_of(
    degrees: np.ndarray, periods: int = 4, names: list[str] | None = None, **columns: Any
) -> pd.DataFrame:
    """A row a place and period; the first place adopts in the third period."""
    n = len(degrees)
    labels = names or [f"p{k:03d}" for k in range(n)]
    frame = pd.DataFrame(
        {
            "unit": np.repeat(labels, periods),
            "time": np.tile(2010 + np.arange(periods), n),
            "longitude": np.repeat(degrees[:, 0], periods),
            "latitude": np.repeat(degrees[:, 1], periods),
            "cohort": np.where(np.repeat(np.arange(n), periods) == 0, 2012.0, np.nan),
            "y": np.random.default_rng(0).standard_normal(n * periods),
            **columns,
        }
    )
    return frame.sample(frac=1.0, random_state=1)


def panel_of(degrees: np.ndarray, **arguments: Any) -> nqp.Panel:
    """The same as a panel."""
    frame = frame_of(np.asarray(degrees, dtype=float), **arguments)
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


def scattered(n: int = 60, seed: int = 3) -> np.ndarray:
    """Places all over the north: degrees of longitude are much shorter than of latitude."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-170, 170, n), rng.uniform(40, 80, n)])


def kilometres(degrees: np.ndarray) -> np.ndarray:
    """Distances by the haversine formula (n, n), infinite to oneself."""
    east, north = np.radians(np.asarray(degrees, dtype=float)).T
    half = np.sin((north[:, None] - north) / 2) ** 2
    half = half + np.cos(north)[:, None] * np.cos(north) * np.sin((east[:, None] - east) / 2) ** 2
    km = 2 * 6371.0 * np.arcsin(np.sqrt(half))
    np.fill_diagonal(km, np.inf)
    return km
