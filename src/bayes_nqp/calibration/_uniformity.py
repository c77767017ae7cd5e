"""Tests of uniform ranks, and a simultaneous band for their plot."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import bdtr, chdtrc

from bayes_nqp._core.arrays import Array, Index

_BINS, _EXPECTED = 20, 5
_NULLS, _SEED = 40_000, 20180418


def bins_of(values: int, replications: int) -> int:
    """Choose a number of bins of equal width with at least five expected ranks in each.

    Parameters
    ----------
    values : int
        Number of possible ranks.

    Returns
    -------
    int
        A divisor of ``values``, at most 20; 1 if there are too few replications to test.
    """
    most = min(_BINS, replications // _EXPECTED)
    return max((k for k in range(1, most + 1) if values % k == 0), default=1)


def chi_square(ranks: Array, values: int) -> tuple[float, float]:
    """Test the histogram of ranks against a uniform distribution.

    Parameters
    ----------
    ranks : ndarray (replication,)
        From 0 to ``values`` − 1.

    Returns
    -------
    tuple of float
        Pearson's statistic and its p-value; NaN if replications are too few.
    """
    bins = bins_of(values, ranks.size)
    if bins == 1:
        return float("nan"), float("nan")
    counts = np.bincount((ranks * bins // values).astype(np.int64), minlength=bins)
    expected = ranks.size / bins
    statistic = float(np.sum((counts - expected) ** 2) / expected)
    return statistic, float(chdtrc(bins - 1, statistic))


def ecdf_test(ranks: Array, values: int) -> float:
    """Test if the ECDF of ranks leaves a simultaneous band, at any level.

    Returns
    -------
    float
        p-value: the probability that the ECDF of the same number of uniform ranks departs as far.

    References
    ----------
    Säilynoja, T., Bürkner, P.-C. and Vehtari, A. (2022). Graphical test for discrete uniformity
    and its applications in goodness-of-fit evaluation and multiple sample comparison. Statistics
    and Computing 32, 32.
    """
    n = ranks.size
    seen = _least(_counts(ranks[None], values), _tails(n, values))[0]
    null = _null(n, values)
    return float((1 + np.searchsorted(null, seen * (1 + 1e-9), side="right")) / (1 + null.size))


def ecdf_band(replications: int, values: int, prob: float) -> tuple[Array, Array, Array]:
    """Compute a simultaneous band for the ECDF of uniform ranks.

    Parameters
    ----------
    prob : float
        Simultaneous probability of the band.

    Returns
    -------
    tuple of ndarray (values + 1,)
        Positions from 0 to 1; lower and upper bound of the ECDF minus its expectation.
    """
    level = float(np.quantile(_null(replications, values), 1.0 - prob, method="lower"))
    tails = _tails(replications, values)
    inside = tails >= level
    low = inside.argmax(axis=1)
    high = replications - inside[:, ::-1].argmax(axis=1)
    at = np.arange(values + 1) / values
    bounds = np.zeros((2, values + 1))
    bounds[:, 1:-1] = np.stack([low, high]) / replications - at[1:-1]
    return at, bounds[0], bounds[1]


def differences(ranks: Array, values: int) -> Array:
    """Return the ECDF of ranks minus its expectation, at the positions of `ecdf_band`."""
    at = np.arange(values + 1) / values
    share = np.zeros(values + 1)
    share[1:-1], share[-1] = _counts(ranks[None], values)[0] / ranks.size, 1.0
    return np.asarray(share - at)


def holm(p: Array) -> Array:
    """Adjust p-values with Holm's method, which is valid under any dependence.

    Parameters
    ----------
    p : ndarray (test,)
        NaN is ignored.
    """
    out = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * np.arange(order.size, 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def _counts(ranks: Array, values: int) -> Index:
    """Count ranks below 1, 2, … values − 1 (sample, point)."""
    table = np.zeros((ranks.shape[0], values), dtype=np.int64)
    for row, mine in zip(table, ranks, strict=True):
        row += np.bincount(mine.astype(np.int64), minlength=values)
    return np.cumsum(table, axis=1)[:, :-1]


@lru_cache(maxsize=16)
def _tails(replications: int, values: int) -> Array:
    """Return twice the smaller binomial tail of every count (point, count)."""
    at = np.arange(1, values)[:, None] / values
    count = np.arange(replications + 1)[None]
    below = bdtr(count, replications, at)
    above = np.ones_like(below)
    above[:, 1:] = 1.0 - below[:, :-1]
    return np.asarray(2.0 * np.minimum(below, above))


def _least(counts: Index, tails: Array) -> Array:
    return np.asarray(tails[np.arange(tails.shape[0]), counts].min(axis=1))


@lru_cache(maxsize=16)
def _null(replications: int, values: int) -> Array:
    """Simulate sorted smallest tails of uniform ranks, as many as the p-value requires."""
    generator = np.random.default_rng(_SEED)
    tails = _tails(replications, values)
    parts = []
    for _ in range(_NULLS // 4000):
        drawn = generator.multinomial(replications, np.full(values, 1.0 / values), size=4000)
        parts.append(_least(np.cumsum(drawn, axis=1)[:, :-1], tails))
    return np.sort(np.concatenate(parts))
