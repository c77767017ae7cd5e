"""Test for common factors of untreated units: the largest eigenvalue of their innovations.

For units i with untreated observations in every period of a window, with least-squares residuals
r_i and the fit's covariance ``V = LL'`` of errors, innovations are ``e_i = L^-1 (r_i - a_i 1)``. A
factor ``l_i F_t`` adds ``(L^-1 F)(L^-1 F)'`` to their covariance, a large eigenvalue. Unequal
variances of units, heavy tails and a noisy period also increase the largest eigenvalue.
Replications are therefore not normal: they are the same innovations with independent random signs,
which keep these features and remove common movements. Unit effects are robust means, since a plain
mean would spread one large innovation over all periods of its unit, and signs would scatter it;
under heavy tails the actual share would then be too low.

Processes shared under the model, such as shocks of a cluster, are not counted as factors. For a
process with the root R of its covariance, ``K = L^-1 R / sigma`` and ``c_t² = 1 / (1 + (KK')_tt)``,
replications are ``c_t (s_it e_it + m_t (K z_o)_t)``: s random signs, m_t the sd of period t, z_o
normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model._alternative_errors import error_means
from bayes_nqp.checks.model._influences import process_roots
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.inference.fitting import Fit, sigma_draws

_PERIODS, _UNITS = 4, 10
"""Smallest number of periods of a window, and of units beyond the number of time effects."""
_HUBER, _REWEIGHTED = 1.5, 10
"""SDs of a unit above which innovations are downweighted (Huber); rounds of reweighting."""
_ROUNDS, _SETTLED = 300, 1e-6
"""Largest number of rounds for variances of periods, and relative change for convergence."""


@dataclass(frozen=True, slots=True, eq=False)
class Innovations:
    """Innovations of units that are untreated in every period of a window.

    Parameters
    ----------
    values : ndarray (unit, period)
        Innovations before centring.
    level : ndarray of int (unit)
        Level of the time effects of the unit.
    constant : ndarray (period)
        ``L^-1 1``, the loading of the unit effect.
    shared : sequence of (ndarray of int (unit), ndarray (period, q)), default ()
        Owners of a shared process, -1 for none, and K.
    """

    values: Array
    level: Index
    constant: Array
    shared: Sequence[tuple[Index, Array]] = ()

    def share(self) -> Array:
        """Return the largest eigenvalue as a share of the sum of all (1)."""
        return np.array([self._largest(self.values, self._variance())])

    def replicated(self, draws: int, seed: int) -> Array:
        """Return the share with random signs and redrawn shared processes (draw)."""
        generator, variance = np.random.default_rng([seed, 11]), self._variance()
        e, scale, along = self._robust(variance)
        shares = np.empty(draws)
        for k in range(draws):
            # The part along g that unit effects absorbed is added back before signs are drawn:
            # otherwise signs would make M D M diagonal instead of D.
            innovations = e + np.outer(scale * generator.standard_normal(scale.size), along)
            sign = 2.0 * generator.integers(0, 2, e.shape) - 1.0
            shares[k] = self._largest(self._with_shared(innovations * sign, generator), variance)
        return shares

    def _with_shared(self, e: Array, generator: np.random.Generator) -> Array:
        """Add shared processes with the relative variance that the model implies."""
        if not self.shared:
            return e
        total, size, sd = e.copy(), np.ones(e.shape), np.sqrt((e**2).mean(axis=0))
        for owner, root in self.shared:
            normal = generator.standard_normal((int(owner.max()) + 1, root.shape[1]))
            total += np.where(owner[:, None] >= 0, (normal @ root.T)[owner] * sd, 0.0)
            size += np.outer(owner >= 0, (root**2).sum(axis=1))
        return np.asarray(total / np.sqrt(size))

    def _robust(self, variance: Array) -> tuple[Array, Array, Array]:
        """Return innovations without unit effects (Huber), the scales of units, and g / |g|.

        Reweighted least squares of ``x_it = e_it / sd_t`` on ``c_t = g_t / sd_t`` (Huber 1981, ch.
        7). The effect of unit i absorbs ``s_i z_i c / |c|``, with s_i its scale; adding it back
        gives every period the variance one, for sd_t as estimated.
        """
        e = self.values - self._time_effects(self.values)[self.level]
        sd = np.sqrt(variance)
        constant, residual = self.constant / sd, e / sd
        for _ in range(_REWEIGHTED):
            size = np.abs(residual)
            limit = _HUBER * 1.4826 * np.median(size, axis=1, keepdims=True)
            weight = np.minimum(1.0, limit / np.maximum(size, 1e-300)) * constant
            effect = (weight * residual).sum(axis=1) / np.maximum(weight @ constant, 1e-300)
            residual = residual - np.outer(effect, constant)
        n_periods, along = len(sd), constant / np.linalg.norm(constant)
        scale = 1.4826 * np.median(np.abs(residual), axis=1) * np.sqrt(n_periods / (n_periods - 1))
        sd /= np.sqrt((residual**2).mean(axis=0) + (scale**2).mean() * along**2)
        return residual * sd, scale, along * sd

    def _time_effects(self, e: Array) -> Array:
        """Return means of the units that share time effects (level, period)."""
        member = np.equal.outer(np.arange(self.level.max() + 1), self.level).astype(np.float64)
        return np.asarray((member @ e) / member.sum(axis=1, keepdims=True))

    def _product(self, e: Array) -> Array:
        """Return mean cross-products net of time effects (period, period)."""
        means = self._time_effects(e)
        size = np.bincount(self.level, minlength=len(means))
        return np.asarray((e.T @ e - (means.T * size) @ means) / len(e))

    def _variance(self) -> Array:
        """Return the variance of every period before unit effects are removed (period)."""
        product = self._product(self.values)
        return _spread(product, self.constant, np.maximum(np.diag(product), 1e-300))[1]

    def _largest(self, e: Array, start: Array) -> float:
        """Return the share of the largest eigenvalue net of unit and time effects."""
        covariance, _ = _spread(self._product(e), self.constant, start)
        sd = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
        return float(np.linalg.eigvalsh(covariance / np.outer(sd, sd))[-1] / len(sd))


def _spread(product: Array, constant: Array, start: Array) -> tuple[Array, Array]:
    """Return the covariance net of unit effects, and the variance of every period before.

    With D the variances, w = D^-1 g and ``M = I - g w' / g'w`` (weighted least squares, since a
    noisy period would otherwise affect all others), the covariance of Me is ``C = M S M'``,
    whatever S has along g. If S = D, it is ``D - gg' / g'w``. So D is the fixed point of ``diag C +
    g² / g'w``.
    """
    diagonal, variance, weight = np.diag(product), start, constant
    for _ in range(_ROUNDS):
        weight = constant / variance / (constant**2 / variance).sum()  # M = I - g weight'
        along = product @ weight
        # diag C + g² / g'w, where g² / g'w = g_t weight_t D_t
        left = diagonal - 2.0 * constant * along + constant**2 * (weight @ along)
        before, variance = variance, np.maximum(left + constant * weight * variance, 1e-300)
        if np.abs(variance / before - 1.0).max() < _SETTLED:
            break
    left_over = np.eye(diagonal.size) - np.outer(constant, weight)
    return left_over @ product @ left_over.T, variance


def eigenvalue_shares(
    fit: Fit, rows: Untreated, draws: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the share of the largest eigenvalue, observed and with random signs.

    Returns
    -------
    tuple of dict of str to ndarray (1) and to ndarray (draw)
        Empty if too few units are untreated over enough periods.
    """
    innovations = _innovations_of(fit, rows)
    if innovations is None:
        return {}, {}
    name = Message("largest eigenvalue, share")
    signed = innovations.replicated(draws, int(fit.sampler.seed or 0))
    return {name: innovations.share()}, {name: signed}


def _innovations_of(fit: Fit, rows: Untreated) -> Innovations | None:
    """Return innovations in the best window of untreated observations, at posterior mean errors."""
    if rows.equation.problem.redraws is not None:
        return None  # series were chosen to minimise the residual variance
    residuals, _, _ = rows.residuals(rows.equation.rows.outcome[None])
    n_periods = fit.model_frame.codes.n_periods
    table = np.full((rows.count.size, n_periods), np.nan)
    table[rows.unit, rows.time] = residuals[0]
    first, last, units = _window(~np.isnan(table))
    owner = np.zeros(rows.count.size, dtype=np.int64)
    owner[rows.unit] = rows.who
    level = np.unique(fit.model_frame.codes.level[owner[units]], return_inverse=True)[1].astype(
        np.int64
    )
    if last - first < _PERIODS or units.size < _UNITS + level.max(initial=0) + 1:
        return None
    values = np.array([list(error_means(fit).values())])
    covariance = fit.facts.noise.covariance(n_periods, values)[0][first:last, first:last]
    lower = np.linalg.cholesky(covariance)
    white = solve_triangular(lower, table[units, first:last].T, lower=True).T
    constant = solve_triangular(lower, np.ones(last - first), lower=True)
    sigma, shared = float(sigma_draws(fit).mean()), []
    for process_of_unit, root in process_roots(fit, fit.model_frame.model.equations[0].processes):
        of_units = process_of_unit[owner[units]]
        if (of_units >= 0).any():
            white_root = solve_triangular(lower, root[first:last] / sigma, lower=True)
            shared.append((of_units, white_root))
    return Innovations(white, level, constant, shared)


def _window(seen: npt.NDArray[np.bool_]) -> tuple[int, int, Index]:
    """Return first period, end, and the units observed in all periods between (n units, T periods).

    Pure noise has eigenvalues up to ``(sqrt n + sqrt T)²``, a factor one of the order n T. The
    window minimises ``1 / sqrt n + 1 / sqrt T``.
    """
    n_periods = seen.shape[1]
    gaps = np.concatenate([np.zeros((len(seen), 1)), (~seen).cumsum(axis=1)], axis=1)
    best = (np.inf, 0, 0)
    for first in range(n_periods):
        complete = (gaps[:, first + 1 :] == gaps[:, [first]]).sum(axis=0)
        length = np.arange(1, n_periods - first + 1)
        noise = 1.0 / np.sqrt(np.maximum(complete, 1e-9)) + 1.0 / np.sqrt(length)
        best = min(best, (float(noise.min()), first, first + 1 + int(noise.argmin())))
    _, first, last = best
    return first, last, np.flatnonzero(gaps[:, last] == gaps[:, first])
