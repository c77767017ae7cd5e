"""How those who adopt drift apart from the others: worlds in which parallel trends fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from bayes_nqp.arrays import Array, Index

Drift = (
    Literal["none", "lines", "unit lines", "bend", "factor", "two factors"]
    | Callable[[np.random.Generator, Index, int], Array]
)

DRIFTS = ("none", "lines", "unit lines", "bend", "factor", "two factors")


def drift_of(drift: Drift, rng: np.random.Generator, cohort: Index, periods: int) -> Array:
    """Draw what units have beside parallel trends.

    Parameters
    ----------
    drift : str or callable
        As in `staggered`.
    cohort : ndarray of int (unit)
        First treated period, 0 for never.
    periods : int
        Length of the time grid.

    Returns
    -------
    ndarray (unit, period), multiples of sigma
        Zero where trends are parallel.
    """
    if callable(drift):
        return np.asarray(drift(rng, cohort, periods), dtype=np.float64)
    ever, t = cohort > 0, np.arange(periods)
    if drift == "lines":
        firsts = np.unique(cohort[ever])
        slopes = rng.normal(0.10, 0.06, firsts.size)
        at = np.searchsorted(firsts, cohort).clip(0, firsts.size - 1)
        return np.where(ever, slopes[at], 0.0)[:, None] * t
    if drift == "unit lines":
        return np.asarray((0.10 * rng.standard_normal(cohort.size) + 0.10 * ever)[:, None] * t)
    if drift == "bend":
        return np.asarray(0.12 * ever[:, None] * np.minimum(t, periods // 2))
    out = np.zeros((cohort.size, periods))
    if drift == "none":
        return out
    early = np.where(ever, (periods - cohort + 1) / periods, 0.0)
    curves = [0.25 * t + 0.35 * rng.standard_normal(periods).cumsum()]
    if drift == "two factors":
        curves.append(1.2 * np.sin(2.0 * np.pi * (t / 9.0 + rng.uniform())))
    for k, curve in enumerate(curves):
        loading = 0.5 * rng.standard_normal(cohort.size) + (0.6 * ever + 0.6 * early) * (-1.0) ** k
        out += loading[:, None] * curve
    return out
