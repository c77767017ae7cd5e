"""Posterior means and variances of linear functionals at given parameters: no draws (9)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.threads import one_thread
from bayes_nqp.numerics.linear_gaussian._back_substitution import conditionals
from bayes_nqp.numerics.linear_gaussian._sparse import product
from bayes_nqp.numerics.linear_gaussian._unit_matrices import half_solve
from bayes_nqp.numerics.linear_gaussian.batches import batch_size
from bayes_nqp.numerics.linear_gaussian.density import factorise, normal_equations
from bayes_nqp.numerics.linear_gaussian.path_laws import turned_back
from bayes_nqp.numerics.linear_gaussian.paths import processes_in
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import Values


def functionals(
    problem: GaussianProblem, points: Array, local: Array, shared: Array
) -> tuple[Array, Array]:
    """Compute conditional mean and variance of ``sum_b l_b' beta_b + g' beta_g``.

    Parameters
    ----------
    points : ndarray (B, parameter)
        Unconstrained.
    local : ndarray (block, local, r)
        Loadings of each functional on local coefficients.
    shared : ndarray (global, r)
        Loadings on global coefficients. They must be zero on the columns of a lag (W y, and W x of
        ties): their coefficients are delta and -delta times others, which only `averages` includes.

    Returns
    -------
    tuple of ndarray (B, r), multiples of s
        Means, and variances in squares of them.
    """

    def part(values: Values) -> tuple[Array, Array]:
        # Deviations and processes are integrated out of A: variances are marginal over them.
        matrix = normal_equations(problem, values).matrix
        mean, variance = _of_coefficients(problem, values, matrix, local[None], shared[None])
        return mean, variance * (values.sigma**2)[:, None]

    return _in_chunks(problem, points, part)


def averages(
    problem: GaussianProblem, points: Array, positions: Array, deviations: Array
) -> tuple[Array, Array]:
    """Compute conditional mean and variance of ``sum_k c_k slot_k + sum_o w_o delta_o``.

    Deviations are linear in coefficients, ``delta_o | beta ~ N(inner_o^-1 (a_oy - a_o X beta),
    sigma² inner_o^-1)``: their means add to the loadings of coefficients, their variances are
    added.

    Parameters
    ----------
    points : ndarray (B, parameter)
        Unconstrained.
    positions : ndarray (position, r) or (B, position, r)
        Loadings of each functional on time effects, cells and slopes, block after block.
    deviations : ndarray (cluster, r) or (B, cluster, r)
        Loadings on deviations; if each unit is an owner, on the mean of each class.

    Returns
    -------
    tuple of ndarray (B, r), multiples of s
        Means, and variances in squares of them.
    """
    head = problem.arrowhead
    # c'slots = c'(slot loads) beta.
    direct = product(head.position_loads.T, positions if positions.ndim == 3 else positions[None])

    def part(values: Values) -> tuple[Array, Array]:
        r = positions.shape[-1]
        # This eliminates processes.
        matrix = normal_equations(problem, values).matrix
        flat = np.broadcast_to(direct, (len(values), *direct.shape[1:])).copy()
        groups = np.zeros((len(values), head.group_loads.shape[0], r))
        constant, spread = np.zeros((2, len(values), r))  # Mean, and variance over sigma².
        for clusters in conditionals(problem, values):
            # w_o (Lambda + H_o)^-1: adds weight a_oy to the mean, -weight a_o X to the loadings on
            # beta, and w_o² (Lambda + H_o)^-1 to the variance over sigma².
            weight = deviations[..., clusters.number, :] / clusters.inner[:, :, None]
            constant += (clusters.a[:, :, -1, None] * weight).sum(axis=1)
            spread += (deviations[..., clusters.number, :] * weight).sum(axis=1)
            # a_o on coefficients of a block, or on a group's rows before X_g' is applied.
            target = flat if clusters.in_blocks else groups
            loads = clusters.a[..., None] * weight[:, :, None]
            target = target.reshape(len(values), -1, clusters.a.shape[2], r)
            np.subtract.at(target.swapaxes(0, 1), clusters.place, loads.swapaxes(0, 1))
        # Likewise processes: R M^-1 R'(A_vy - A_vr beta) / sigma² is linear in beta.
        flat, mean, variance = processes_in(problem, values, groups, flat)
        constant, spread = constant + mean, spread + variance
        flat = flat.reshape(len(values), head.n_blocks, head.size, r)
        # Global coefficients are the same in every block: their loadings add up.
        local, border = flat[:, :, : head.n_local], flat[:, :, head.n_local :].sum(axis=1)
        constant += _of_lag(problem, values, border)
        mean, variance = _of_coefficients(
            problem, values, matrix, local, border[:, : head.n_global]
        )
        return mean + constant, (variance + spread) * (values.sigma**2)[:, None]

    return _in_chunks(problem, points, part)


def _of_lag(problem: GaussianProblem, values: Values, border: Array) -> Array:
    """Return the part of a functional's mean due to a spatial lag; remove its loadings.

    Parameters
    ----------
    border : ndarray (B, coefficient, r)
        Loadings on global coefficients, changed in place.

    Returns
    -------
    ndarray (B, r)
        In multiples of s; zero without a lag.
    """
    if problem.lag is None or values.lag is None:
        return np.zeros((len(values), border.shape[2]))
    # The coefficient of W y is delta, that of W x is -delta times that of x.
    constant = (values.lag[..., None] * border[:, problem.lag.columns]).sum(axis=1)
    border[:, problem.lag.columns] = 0.0
    for column, near in problem.lag.ties:
        border[:, column] -= values.lag[:, :1] * border[:, near]
        border[:, near] = 0.0
    return np.asarray(constant)


def _in_chunks(
    problem: GaussianProblem, points: Array, part: Callable[[Values], tuple[Array, Array]]
) -> tuple[Array, Array]:
    """Compute means and variances of all points, batch by batch."""
    size = batch_size(problem, unreduced=True, drawn=True)
    chunks = [points[start : start + size] for start in range(0, len(points), size)]
    with one_thread():
        pairs = [part(problem.values(chunk)) for chunk in chunks]
    return np.concatenate([m for m, _ in pairs]), np.concatenate([v for _, v in pairs])


def _of_coefficients(
    problem: GaussianProblem, values: Values, matrix: Array, local: Array, shared: Array
) -> tuple[Array, Array]:
    """Return means, and variances over ``sigma²``, of loadings (B or 1, block, local, r)."""
    head, shared = problem.arrowhead, turned_back(problem.turns(values), shared)
    factor = factorise(problem, values, matrix)
    n_local, n_global = head.n_proper, head.n_global
    # Rows of a block's factor: L_b, then L_gb of global coefficients, then L_yb.
    lower = factor.local[:, :, :n_local]
    cross = factor.local[:, :, n_local : n_local + n_global]
    outcome = factor.local[:, :, n_local + n_global]
    # a'beta = (L^-1 a)'(L_y + sigma z) for the whole factor L, in its two parts:
    # v_b = L_b^-1 l_b, w = L^-1 (g - sum_b L_gb v_b), mean sum_b L_yb v_b + L_y w, variance
    # sigma² (sum_b v_b'v_b + w'w).
    v = half_solve(
        lower,
        np.broadcast_to(
            local[:, :, :n_local], (len(values), head.n_blocks, n_local, local.shape[-1])
        ),
    )
    w = half_solve(factor.border[:, :n_global, :n_global], shared - (cross @ v).sum(axis=1))
    mean = (outcome[:, :, None] @ v).sum(axis=1)[:, 0]
    mean = mean + (factor.border[:, n_global, None, :n_global] @ w)[:, 0]
    return mean, (v**2).sum(axis=(1, 2)) + (w**2).sum(axis=1)


def local_variances(problem: GaussianProblem, point: Array) -> Array:
    """Compute posterior variances of local coefficients over their prior ones.

    Parameters
    ----------
    point : ndarray (parameter)
        Unconstrained.

    Returns
    -------
    ndarray (block, local)
        NaN for flat coefficients and padding.
    """
    head = problem.arrowhead
    n_blocks, n_local = head.n_blocks, head.n_local
    # One functional for each local coefficient: e_k'beta_b.
    each = np.eye(n_blocks * n_local).reshape(n_blocks, n_local, -1)
    _, variance = functionals(problem, point[None], each, np.zeros((head.n_global, each.shape[2])))
    values = problem.values(point[None])
    # tau^-2 of every local coefficient; flat ones have none.
    ratio = problem.prior_precision(values, head.local_scale)[0] / values.sigma[0] ** 2
    ratio = np.where((head.local_scale < -1) | (ratio == 0.0), np.nan, ratio)
    return np.asarray(variance.reshape(n_blocks, n_local) * ratio)
