"""Posterior means and variances of linear functionals at given parameters: no draws (9)."""

from __future__ import annotations

import numpy as np

from bayes_nqp.gaussian._small import half_solve
from bayes_nqp.gaussian.density import CHUNK, factorise, normal_equations
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Array
from bayes_nqp.machine import one_thread

__all__ = ["functionals", "local_variances"]


def functionals(
    problem: GaussianProblem, points: Array, local: Array, shared: Array
) -> tuple[Array, Array]:
    """Conditional mean and variance of ``sum_b l_b' beta_b + g' beta_g``.

    Parameters
    ----------
    problem : GaussianProblem
    points : ndarray (B, parameter)
        Unconstrained.
    local : ndarray (block, local, r)
        Loadings of each functional on local coefficients.
    shared : ndarray (global, r)
        Loadings on global coefficients.

    Returns
    -------
    tuple of ndarray (B, r), multiples of s
        Means, and variances in squares of them.
    """
    parts = [points[at : at + CHUNK] for at in range(0, len(points), CHUNK)]
    with one_thread():
        pairs = [_part(problem, part, local, shared) for part in parts]
    return np.concatenate([m for m, _ in pairs]), np.concatenate([v for _, v in pairs])


def _part(
    problem: GaussianProblem, points: Array, local: Array, shared: Array
) -> tuple[Array, Array]:
    head, values = problem.arrowhead, problem.values(points)
    factor = factorise(problem, values, normal_equations(problem, values).matrix)
    n_local, n_global = head.n_local, head.n_global
    lower = factor.local[:, :, :n_local]
    cross = factor.local[:, :, n_local : n_local + n_global]
    outcome = factor.local[:, :, n_local + n_global]
    # v = L_b^-1 l_b;  w = L^-1 (g - sum_b L_gb v);  mean y'v + y'w, variance sigma² (v'v + w'w)
    v = half_solve(lower, np.broadcast_to(local, (len(points), *local.shape)))
    rest = shared - (cross @ v).sum(axis=1)
    w = half_solve(factor.border[:, :n_global, :n_global], rest)
    mean = (outcome[:, :, None] @ v).sum(axis=1)[:, 0]
    mean = mean + (factor.border[:, n_global, None, :n_global] @ w)[:, 0]
    variance = (v**2).sum(axis=(1, 2)) + (w**2).sum(axis=1)
    return mean, variance * (values.sigma**2)[:, None]


def local_variances(problem: GaussianProblem, point: Array) -> Array:
    """Posterior variances of local coefficients over their prior ones.

    Parameters
    ----------
    problem : GaussianProblem
    point : ndarray (parameter)
        Unconstrained.

    Returns
    -------
    ndarray (block, local)
        NaN where a coefficient is flat or padding.
    """
    head = problem.arrowhead
    n_blocks, n_local = head.n_blocks, head.n_local
    each = np.eye(n_blocks * n_local).reshape(n_blocks, n_local, -1)
    _, variance = functionals(problem, point[None], each, np.zeros((head.n_global, each.shape[2])))
    values = problem.values(point[None])
    ratio = problem.prior_precision(values, head.local_scale)[0] / values.sigma[0] ** 2
    ratio = np.where((head.local_scale < -1) | (ratio == 0.0), np.nan, ratio)
    return np.asarray(variance.reshape(n_blocks, n_local) * ratio)
