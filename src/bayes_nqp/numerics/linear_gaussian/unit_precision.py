"""A unit's precision with flat effects and its own deviation integrated out (1, 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian._unit_matrices import absorb, innovation_root
from bayes_nqp.numerics.linear_gaussian.equations import deviation_precision
from bayes_nqp.numerics.linear_gaussian.interpolation import Panels
from bayes_nqp.numerics.linear_gaussian.markov import markov_precision
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import Values
from bayes_nqp.numerics.sufficient_statistics import UnitClass


@dataclass(frozen=True, eq=False)
class Small:
    """Precision of every type of unit, given errors and deviations of single units.

    Parameters
    ----------
    q : ndarray (B, H, T, T)
        ``Q̃``: flat unit coefficients, and deviations of single units, are integrated out.
    total : ndarray (B)
        ``(log|Q| - log|N'QN| + log|Lambda| - log|Lambda + D'Q̃D|) / 2``, summed over units; the
        last two if each has a deviation.
    """

    q: Array
    total: Array


def small(problem: GaussianProblem, values: Values, *, flat_only: bool = False) -> Small:
    """Compute the precision of every type, net of flat coefficients and deviations (1, 2).

    Parameters
    ----------
    flat_only : bool, default False
        If True, deviations are not integrated out.
    """
    deviates = problem.deviates_by_unit and not flat_only
    key = (small, id(problem), deviates)
    if key not in values.known:
        values.known[key] = (_deviations_out if deviates else _flat_out)(problem, values)
    types: Small = values.known[key]
    return types


def innovations(problem: GaussianProblem, values: Values) -> tuple[Array, Array]:
    """Return roots W of the precision of every pattern of observed periods, and ``log|Q|`` (1)."""
    key = (innovations, id(problem))
    if key not in values.known:
        values.known[key] = innovation_root(problem.noise, problem.moments, values)
    pair: tuple[Array, Array] = values.known[key]
    return pair


def _flat_out(problem: GaussianProblem, values: Values) -> Small:
    """Compute ``Q̃ = Q - QN (N'QN)^-1 N'Q`` and ``sum_i (log|Q| - log|N'QN|) / 2`` (2)."""
    interpolated = None  # Q̃ and log determinants, interpolated by polynomials between nodes.
    nodes = problem.on_nodes or problem.often
    if nodes and problem.deviates_by_unit and values.nuisance is None:

        def computed(u: Array) -> tuple[Array, Array]:
            return _of_patterns(problem, values_of_noise(problem, u))

        panels = Panels(computed, problem.unit_panels)
        interpolated = panels.values(problem.noise_parameter(values))
    if interpolated is None:
        return of_types(problem, values)
    q, total = interpolated
    return Small(q[:, problem.moments.pattern], total)


def of_types(problem: GaussianProblem, values: Values) -> Small:
    """Compute the same at every point."""
    q, total = _of_patterns(problem, values)
    return Small(q[:, problem.moments.pattern], total)  # Types share a pattern's Q.


def values_of_noise(problem: GaussianProblem, u: Array) -> Values:
    """Return values with only the noise's parameter, on its unconstrained scale (B, 1)."""
    unit_scale, none = np.ones(len(u)), np.zeros((len(u), 0))
    noise = problem.noise_prior.constrain(u)
    return Values(none, none[:, :, None], noise, unit_scale)


def _of_patterns(problem: GaussianProblem, values: Values) -> tuple[Array, Array]:
    """Return ``Q̃`` of every pattern (B, P, T, T), and the sum of log determinants (B)."""
    m = problem.moments
    units = np.bincount(m.pattern, m.n_units, len(m.seen))  # Units of each pattern.
    if (fast := markov_precision(problem, values)) is not None:
        return fast[0], 0.5 * fast[1] @ units
    root, log_det = innovations(problem, values)
    # N (T, a), of the problem or of each point; its rows outside o are zero, as those of Q are.
    nuisance = problem.nuisance if values.nuisance is None else values.nuisance[:, None]
    # Q = W'W of every pattern (B, P, T, T); absorbed is log|N'QN| (B, P).
    q, absorbed = absorb(root.swapaxes(-1, -2) @ root, nuisance * m.seen[:, :, None])
    return q, 0.5 * (log_det - absorbed) @ units


def _deviations_out(problem: GaussianProblem, values: Values) -> Small:
    """Compute ``Q̃ - Q̃D (Lambda + D'Q̃D)^-1 D'Q̃``, and log determinants of both inverses (2)."""
    types, m = small(problem, values, flat_only=True), problem.moments
    prior = deviation_precision(values)[:, None]  # Lambda, of every type (B, 1, q, q).
    # log|Lambda| / 2 is in the deviation's prior, -log|Lambda + D'Q̃D| / 2 in its integral: sigma
    # and 2 pi cancel.
    q, inner = absorb(types.q, m.loadings, prior)
    # inner is log|Lambda + D'Q̃D| (B, H), and every unit of a type adds it once.
    return Small(q, types.total - 0.5 * (inner - np.linalg.slogdet(prior)[1]) @ m.n_units)


def class_precision(problem: GaussianProblem, values: Values, units: UnitClass) -> Array:
    """Return ``Q̃`` of one class at one point, net of flat coefficients but not deviations (1, 2).

    Parameters
    ----------
    values : Values
        At one point.

    Returns
    -------
    ndarray (period, period)
        Over the periods in which the class was observed.
    """
    # Q, the inverse of (w^-1/2 V w^-1/2 + diag(v) / sigma²)_oo, as in `innovation_root`.
    times, root = units.times, 1.0 / np.sqrt(units.weights)
    covariance = problem.noise.covariance(problem.moments.n_periods, values.noise)[0]
    known = np.diag(units.variances / values.sigma**2)
    q = np.linalg.inv(covariance[np.ix_(times, times)] * root[:, None] * root + known)
    return absorb(q, problem.nuisance[times])[0]
