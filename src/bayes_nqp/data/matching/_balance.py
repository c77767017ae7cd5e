"""Balance of covariates before and after matching.

For a covariate with weighted means m and variances s² in the groups t (treated) and c (controls),

    standardised difference = (m_t - m_c) / sqrt((S_t² + S_c²) / 2),  variance ratio = s_t² / s_c²,

where S² are the variances before matching, also after matching (Austin 2009). Variances and the t
statistic use the effective number n = (sum w)² / sum w² of units in a group,

    s² = n / (n - 1) sum w (x - m)² / sum w,
    t = (m_t - m_c) / (s_p sqrt(1 / n_t + 1 / n_c)),  s_p² pooled,  df = n_t + n_c - 2.

Without weights this is the t test with equal variances.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import stdtr

from bayes_nqp._core.arrays import Array
from bayes_nqp.data.matching._pool import Pool

COLUMNS: Final = (
    "covariate", "sample", "mean_treated", "mean_control", "difference", "reduction", "t", "p",
    "variance_ratio",
)  # fmt: skip


def balance(pools: tuple[Pool, ...], weights: tuple[Array, ...]) -> pd.DataFrame:
    """Return the balance of each covariate before and after matching; see `Matched.balance`."""
    tables = []
    for pool, w in zip(pools, weights, strict=True):
        table = pd.DataFrame(_rows(pool, w), columns=list(COLUMNS))
        if pool.period is not None:
            table.insert(0, "period", pool.period)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _rows(pool: Pool, w: Array) -> Iterator[tuple[object, ...]]:
    before = [_moments(pool.x[mask], np.ones(mask.sum())) for mask in (pool.treated, ~pool.treated)]
    after = [_moments(pool.x[mask], w[mask]) for mask in (pool.treated, ~pool.treated)]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt((before[0][1] + before[1][1]) / 2.0)
        raw = (before[0][0] - before[1][0]) / scale
        for k, name in enumerate(pool.names):
            for sample, groups in (("before", before), ("after", after)):
                (m_t, v_t, n_t), (m_c, v_c, n_c) = groups
                gap, df = m_t[k] - m_c[k], n_t + n_c - 2.0
                pooled = ((n_t - 1.0) * v_t[k] + (n_c - 1.0) * v_c[k]) / df
                t = gap / np.sqrt(pooled * (1.0 / n_t + 1.0 / n_c))
                d = gap / scale[k]
                fewer = np.nan if sample == "before" else 1.0 - np.abs(d) / np.abs(raw[k])
                p = 2.0 * stdtr(df, -np.abs(t))
                yield name, sample, m_t[k], m_c[k], d, fewer, t, p, v_t[k] / v_c[k]


def _moments(x: Array, w: Array) -> tuple[Array, Array, float]:
    """Return weighted means, variances and the effective number of units."""
    total = w.sum()
    if not total > 0:
        return np.full(x.shape[1], np.nan), np.full(x.shape[1], np.nan), np.nan
    n = float(total**2 / (w @ w))
    mean = w @ x / total
    spread = w @ (x - mean) ** 2 / total
    return mean, spread * (n / (n - 1.0) if n > 1.0 else np.nan), n
