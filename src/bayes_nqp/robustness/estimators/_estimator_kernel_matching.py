"""Kernel matching: treated units compared with never-treated units of similar propensity score.

Let S_ij be the share of control j in the mean for treated unit i (`data.matching`, method "kernel")
and d the changes. A cohort has n units with controls within the bandwidth, and its effect is

    b = mean_i (d_i - sum_j S_ij d_j).

Units influence b in three ways. Treated units do by (d_i - sum_j S_ij d_j - b) / n. Controls do by
-sum_i S_ij e_j / n. All units influence the score, and so b, by

    db/dg H^-1 x_i (D_i - p_i),  H = sum_i p (1 - p) x x' + ridge.

The residual e_j is the change of control j less the mean change of the m controls with the nearest
scores, times sqrt(m / (m + 1)) (Abadie and Imbens 2006). The derivative of b with respect to the
coefficients g of the score is computed by central differences.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree
from scipy.special import expit

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching import Pool, kernel_shares
from bayes_nqp.robustness.estimators._balanced_changes import Changes, compared
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, estimator

_STEP = 1e-4
"""Step of coefficients of the score in numerical derivatives."""
_NEIGHBOURS = 3
"""Controls whose mean change is compared with that of a control (Abadie and Imbens 2006)."""


@estimator(
    "Kernel matching",
    Message(
        "parallel trends with never-treated units of similar propensity score; treated units "
        "without such units left out; reference: last period before adoption"
    ),
    place=16,
)
def kernel_matching(rows: Sample) -> EventCurve:
    """Match by an Epanechnikov kernel of the propensity score (Heckman et al. 1998)."""
    try:
        return compared(rows, _matched)
    except StudyError as error:  # too many pairs for the memory
        raise NotApplicable(Message("{}", error.what)) from error


def _matched(changes: Changes) -> tuple[Array, Array, Mask]:
    """Compare units of a cohort with controls of similar scores."""
    pool, d = changes.pool, changes.d
    b, gaps, share, member = _effects(changes, pool.coefficients)
    psi = np.zeros_like(d)
    n = member.sum()
    if not n:
        return np.full(d.shape[1], np.nan), psi, member
    psi[member] = (gaps - b) / n
    psi[changes.controls] = -(share.sum(axis=0) / n)[:, None] * _noise(
        pool.score[changes.controls], d[changes.controls]
    )
    steps = _STEP * np.eye(pool.coefficients.size)
    slope = np.array([
        (_effects(changes, pool.coefficients + h)[0] - _effects(changes, pool.coefficients - h)[0])
        / (2.0 * _STEP)
        for h in steps
    ])  # fmt: skip
    return b, psi + _score_influence(pool) @ np.nan_to_num(slope), member


def _noise(score: Array, d: Array) -> Array:
    """Return changes less those of controls with the nearest scores, of the same variance."""
    size = np.arange(1, min(_NEIGHBOURS + 1, score.size) + 1)
    near = KDTree(score[:, None]).query(score[:, None], k=size)[1]
    others = near != np.arange(score.size)[:, None]
    m = others.sum(axis=1, keepdims=True)
    mean = (d[near] * others[:, :, None]).sum(axis=1) / m
    return np.asarray((d - mean) * np.sqrt(m / (m + 1)), dtype=np.float64)


def _effects(changes: Changes, g: Array) -> tuple[Array, Array, Array, Mask]:
    """Return effects, differences and shares of treated units with controls, and these units."""
    score = expit(changes.pool.design @ g)
    share = kernel_shares(score[changes.cohort], score[changes.controls])
    matched = share.sum(axis=1) > 0
    gaps = changes.d[changes.cohort][matched] - share[matched] @ changes.d[changes.controls]
    member = changes.cohort.copy()
    member[changes.cohort] = matched
    empty = np.full(changes.d.shape[1], np.nan)
    return gaps.mean(axis=0) if matched.any() else empty, gaps, share[matched], member


def _score_influence(pool: Pool) -> Array:
    """Return the influence of units on the coefficients of the score (unit, coefficient)."""
    gradient = pool.design * (pool.treated - pool.score)[:, None]
    return np.linalg.solve(pool.curvature(pool.coefficients), gradient.T).T
