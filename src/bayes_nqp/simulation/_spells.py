"""Where firms are, and in which years they are listed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp.arrays import Index
from bayes_nqp.simulation._streams import stream

_STEEP: Final = 0.8  # of the number of firms by the rank of a city
_NO_BATCH: Final = 9.0
_FROM_START, _LEAVES, _LATEST = 0.4, 0.02, 4
"""Share of firms that are there from the first year on, of firms that leave in a year, and the
years before the last one after which no firm enters."""


def homes(cities: pd.DataFrame, count: int, n_firms: int, seed: int) -> tuple[pd.DataFrame, Index]:
    """Choose cities, and give each firm one.

    Parameters
    ----------
    cities : DataFrame
        With batch.

    Returns
    -------
    DataFrame
        The cities that have firms.
    ndarray of int (firm)
        Place in them.
    """
    rng = stream(seed, "homes")
    # Firms gather where zones came early: in large, open cities.
    early = cities["batch"].fillna(_NO_BATCH).to_numpy()
    chosen = np.sort(np.argsort(early + 30.0 * rng.random(len(cities)))[:count])
    sample = cities.iloc[chosen].reset_index(drop=True)
    order = np.argsort(early[chosen] + 4.0 * rng.random(count))
    weight = np.empty(count)
    weight[order] = (1.0 + np.arange(count)) ** -_STEEP
    more = rng.choice(count, n_firms - count, p=weight / weight.sum())
    return sample, np.sort(np.concatenate([np.arange(count), more]))


def spells(
    cohort: Index, years: tuple[int, int], newcomers: float, missing: float, seed: int
) -> tuple[Index, Index]:
    """Draw the years in which firms are observed.

    Parameters
    ----------
    cohort : ndarray of int (firm)
        First treated year, 0 for never.
    years : tuple of int
        First and last.
    newcomers : float
        Share of firms in treated cities that may enter once treated.
    missing : float
        Share of rows left out at random, never a firm's first.

    Returns
    -------
    tuple of ndarray of int (row)
        Firm, year; at least two rows a firm before any are left out.
    """
    rng, firms = stream(seed, "spells"), cohort.size
    first, last = years
    start = first + rng.integers(1, max(2, last - first - _LATEST + 1), firms)
    start = np.where(rng.random(firms) < _FROM_START, first, start)
    late = rng.random(firms) < newcomers
    start = np.where((cohort > 0) & ~late, np.minimum(start, cohort - 1), start)
    stay = rng.geometric(_LEAVES, firms)
    end = np.minimum(last, start + np.maximum(stay, 1))
    grid = np.arange(first, last + 1)
    observed = (grid >= start[:, None]) & (grid <= end[:, None])
    observed &= (rng.random(observed.shape) >= missing) | (grid == start[:, None])
    code, period = np.nonzero(observed)
    return code, grid[period]
