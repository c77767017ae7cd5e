"""Owners of several units: their normal equations, and the reductions by them (4)."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._unit_matrices import half_solve, padded
from bayes_nqp.numerics.linear_gaussian.equations import ClusterEquations
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Values
from bayes_nqp.numerics.linear_gaussian.unit_precision import Small


def cluster_equations(
    problem: GaussianProblem, clusters: ClusterLayout, types: Small, width: int
) -> ClusterEquations:
    """Sum over the units of every owner.

    Parameters
    ----------
    width : int
        Size of the normal equations: J of a group, n of a block.
    """
    d = problem.moments.loadings  # D of every type (H, T, q).
    v = types.q @ d  # Q̃D (B, H, T, q).
    n_points, q = len(v), d.shape[2]
    # a_o' = sum_i [I, Z_i]'Q̃D over the owner's units: linear in Q̃D, one sparse product.
    a = clusters.loads @ v.transpose(1, 2, 0, 3).reshape(-1, n_points * q)
    # (O, size, B, q) to (B, O, q, size).
    a = a.reshape(clusters.n_clusters, width, n_points, q).transpose(2, 0, 3, 1)
    # H_o = sum_i D'Q̃D: that of each type, times the owner's units in it.
    h = d.swapaxes(-1, -2) @ v
    # (O, H) @ (H, B q²): H_o of every owner.
    by_cluster = (clusters.counts @ h.transpose(1, 0, 2, 3).reshape(len(d), -1)).reshape(
        clusters.n_clusters, n_points, q, q
    )
    return ClusterEquations(a, by_cluster.transpose(1, 0, 2, 3))


def taken_by_clusters(
    clusters: ClusterLayout, equations: ClusterEquations, values: Values
) -> tuple[Array, Array]:
    """Return reductions of normal equations by owners' deviations, and log determinants (4).

    ``sum_o a_o'(Lambda + H_o)^-1 a_o`` in each group, or block, and ``sum_o log|Lambda + H_o| -
    log|Lambda|``, not halved.
    """
    # Schur complement of owners' deviations in the normal equations of deviations and the rest,
    # [Lambda + H_o, a_o; a_o', .]: with L_o L_o' = Lambda + H_o and R_o = L_o^-1 a_o (q, size) it
    # takes off sum_o R_o'R_o.
    lower = np.linalg.cholesky(equations.inner(values))
    # (B, place, most, q, size), a place a group or a block.
    cross_root = padded(clusters.by_place, half_solve(lower, equations.a))
    # The rows of all owners of a place are stacked, so that one product sums over them.
    cross_root = cross_root.reshape(*cross_root.shape[:2], -1, equations.a.shape[3])
    log_det = 2.0 * np.log(np.diagonal(lower, axis1=-2, axis2=-1)).sum(axis=(1, 2))
    # log|Lambda| = q log sigma² - log|Omega|, the same for every owner.
    prior = np.linalg.slogdet(values.deviation)[1]
    q = values.deviation.shape[-1]
    log_prior = q * 2.0 * np.log(values.sigma) - prior
    return cross_root.swapaxes(-1, -2) @ cross_root, log_det - clusters.n_clusters * log_prior
