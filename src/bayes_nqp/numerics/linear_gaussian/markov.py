"""Precision of first-order Markov errors with known variances, from a tridiagonal inverse (1, 2).

Errors have the covariance ``V = M + omega² I``, and M is first-order Markov. With known variances v
of the outcome, that of observations is ``M + D`` at unit innovation variance. Here
``D = omega² + v / sigma²``. The inverse K of M is tridiagonal, and so is ``K + E`` with
``E = D^-1``, zero in unobserved periods:

    ``Q = E - E (K + E)^-1 E``,  ``log|Q| = log|K| - log|K + E| + sum log E``.

The inverse is filled row by row from the last. Units with their own variances have their own Q,
and this takes a tenth of the time of a Cholesky factor and its inverse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian.types import Values

if TYPE_CHECKING:
    from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem


def markov_precision(problem: GaussianProblem, values: Values) -> tuple[Array, Array] | None:
    """Compute ``Q̃`` of every pattern, and ``log|Q| - log 1'Q1``, with the level integrated out.

    Returns
    -------
    tuple of ndarray (B, P, T, T) and ndarray (B, P), or None
        None unless errors are first-order Markov up to white noise and all variances are positive.
        A unit's level must be its only flat coefficient.
    """
    m = problem.moments
    known = m.has_variances and bool((m.variances[m.seen] > 0.0).all())
    level = values.nuisance is None and problem.nuisance.shape[-1] == 1
    if not (known and level and (m.weights == 1.0).all()):
        return None
    white = problem.noise.white(values.noise)
    if white is None:
        return None
    # E (T, B, P): periods first, so that every step is one operation on all points and patterns.
    d = white[:, None] + m.variances.T[:, None] / (values.sigma**2)[:, None]
    e = m.seen.T[:, None] / np.where(m.seen.T[:, None], d, 1.0)
    diagonal, off_diagonal, log_det = _tridiagonal(problem, values, white)
    q, log_pivots = _inverse(diagonal[..., None] + e, off_diagonal[..., None])
    periods = np.arange(m.n_periods)
    share = e * q[periods, periods]
    # Q_tt = e_t (1 - (E X)_tt) = e_t (K X)_tt, X = (K + E)^-1: the second where the first cancels.
    rest = np.where(share < 0.5, 1.0 - share, _diagonal_of_product(diagonal, off_diagonal, q))
    q *= -e[:, None]
    q *= e
    q[periods, periods] = e * rest
    log_det = (
        log_det[:, None] - log_pivots - np.log(np.where(m.seen.T[:, None], d, 1.0)).sum(axis=0)
    )
    one = q.sum(axis=0)  # Q1
    whole = one.sum(axis=0)
    q -= one[:, None] * (one / whole)  # Q - Q1 (1'Q1)^-1 1'Q
    return np.ascontiguousarray(q.transpose(2, 3, 0, 1)), log_det - np.log(whole)


def _tridiagonal(
    problem: GaussianProblem, values: Values, white: Array
) -> tuple[Array, Array, Array]:
    """Return diagonal (T, B) and off-diagonal (T - 1, B) of K, and ``log|K|`` (B).

    ``M_t,t+1 = phi_t M_tt``, and ``q_t+1 = M_t+1,t+1 - phi_t M_t,t+1`` is the innovation variance.
    """
    covariance = problem.noise.covariance(problem.moments.n_periods, values.noise)
    variance = np.diagonal(covariance, axis1=1, axis2=2).T - white  # M_tt (T, B)
    shared = np.diagonal(covariance, offset=1, axis1=1, axis2=2).T  # M_t,t+1
    phi = shared / variance[:-1]
    innovation = np.concatenate([variance[:1], variance[1:] - phi * shared])
    diagonal = 1.0 / innovation
    diagonal[:-1] += phi**2 / innovation[1:]
    return diagonal, -phi / innovation[1:], -np.log(innovation).sum(axis=0)


def _diagonal_of_product(diagonal: Array, off_diagonal: Array, other: Array) -> Array:
    """Return the diagonal (T, B, P) of a tridiagonal matrix times another (T, T, B, P)."""
    t = np.arange(len(diagonal))
    out = diagonal[..., None] * other[t, t]
    beside = off_diagonal[..., None]
    out[1:] += beside * other[t[:-1], t[1:]]
    out[:-1] += beside * other[t[1:], t[:-1]]
    return np.asarray(out)


def _inverse(diagonal: Array, off_diagonal: Array) -> tuple[Array, Array]:
    """Return the inverse (T, T, B, P) of tridiagonal matrices, and the sum of log pivots (B, P)."""
    n = len(diagonal)
    pivot, low = diagonal.copy(), np.zeros_like(diagonal)
    for t in range(1, n):
        # L U: l_t = b_t-1 / p_t-1, p_t = a_t - b_t-1 l_t.
        low[t] = off_diagonal[t - 1] / pivot[t - 1]
        pivot[t] -= off_diagonal[t - 1] * low[t]
    out = np.empty((n, *diagonal.shape))
    out[-1, -1] = 1.0 / pivot[-1]
    for t in range(n - 2, -1, -1):
        # X_t,u = -l_t+1 X_t+1,u for u > t, and X_tt = 1 / p_t + l_t+1² X_t+1,t+1.
        np.multiply(out[t + 1, t + 1 :], -low[t + 1], out=out[t, t + 1 :])
        out[t + 1 :, t] = out[t, t + 1 :]
        out[t, t] = 1.0 / pivot[t] + low[t + 1] ** 2 * out[t + 1, t + 1]
    return out, np.log(pivot).sum(axis=0)
