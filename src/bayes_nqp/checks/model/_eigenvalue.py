"""Whether untreated units move together beyond their time effects: the spectrum of innovations.

On units i with untreated rows in every period of a window, with least-squares residuals r_i and the
fit's covariance ``V = LL'`` of errors, innovations are ``e_i = L^-1 (r_i - a_i 1)``. A factor
``l_i F_t`` adds ``(L^-1 F)(L^-1 F)'`` to their covariance, a large eigenvalue. Unequal variances of
units, heavy tails and a noisy period do so as well; so replications are not normal, but the same
innovations with independent random signs, which have all of that and nothing in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from bayes_nqp.checks.model._structures import error_means
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.fitting import Fit
from bayes_nqp.language import Message

__all__ = ["Innovations", "eigenvalue_shares"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_PERIODS, _UNITS = 4, 10
"""Fewest periods of a window, and fewest units beyond those that time effects take up."""


@dataclass(frozen=True, slots=True, eq=False)
class Innovations:
    """Innovations of units that are untreated in every period of a window.

    Parameters
    ----------
    values : ndarray (unit, period)
        Not yet centred.
    level : ndarray of int (unit)
        Whose time effects a unit has.
    constant : ndarray (period)
        ``L^-1 1``, what a unit's effect adds.
    """

    values: Array
    level: Index
    constant: Array

    def share(self) -> Array:
        """Largest eigenvalue over the sum of all (1)."""
        return np.array([_largest(self._centred(self.values))])

    def replicated(self, draws: int, seed: int) -> Array:
        """The same of innovations with independent random signs (draw)."""
        generator, e = np.random.default_rng([seed, 11]), self._centred(self.values)
        signs = (2.0 * generator.integers(0, 2, e.shape) - 1.0 for _ in range(draws))
        return np.array([_largest(self._centred(e * sign)) for sign in signs])

    def _centred(self, e: Array) -> Array:
        """Take off time effects, then unit effects ``a_i = g'W e_i / g'W g``.

        g is the constant, and W holds the inverse variances of periods: a noisy one would leave
        traces in all others.
        """
        member = np.equal.outer(np.arange(self.level.max() + 1), self.level).astype(np.float64)
        e = e - ((member @ e) / member.sum(axis=1, keepdims=True))[self.level]
        weighted = self.constant / np.maximum((e**2).mean(axis=0), 1e-300)
        effect = e @ weighted / (self.constant @ weighted)
        return np.asarray(e - effect[:, None] * self.constant)


def eigenvalue_shares(
    fit: Fit, rows: Untreated, draws: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Share of the largest eigenvalue: the actual one, and of innovations with random signs.

    Returns
    -------
    tuple of dict of str to ndarray (1) and to ndarray (draw)
        Empty where too few units are untreated over too few periods.
    """
    innovations = _innovations_of(fit, rows)
    if innovations is None:
        return {}, {}
    name = Message("largest eigenvalue, share")
    signed = innovations.replicated(draws, int(fit.sampler.seed or 0))
    return {name: innovations.share()}, {name: signed}


def _innovations_of(fit: Fit, rows: Untreated) -> Innovations | None:
    """Innovations in the best window of untreated rows, at the posterior mean of the errors."""
    residuals, _, _ = rows.residuals(rows.equation.rows.outcome[None])
    n_periods = fit.plan.frame.n_periods
    table = np.full((rows.count.size, n_periods), np.nan)
    table[rows.unit, rows.time] = residuals[0]
    first, last, units = _window(~np.isnan(table))
    owner = np.zeros(rows.count.size, dtype=np.int64)
    owner[rows.unit] = rows.who
    level = np.unique(fit.plan.frame.level[owner[units]], return_inverse=True)[1].astype(np.int64)
    if last - first < _PERIODS or units.size < _UNITS + level.max(initial=0) + 1:
        return None
    values = np.array([list(error_means(fit).values())])
    covariance = fit.facts.noise.covariance(n_periods, values)[0][first:last, first:last]
    lower = np.linalg.cholesky(covariance)
    white = solve_triangular(lower, table[units, first:last].T, lower=True).T
    constant = solve_triangular(lower, np.ones(last - first), lower=True)
    return Innovations(white, level, constant)


def _window(seen: npt.NDArray[np.bool_]) -> tuple[int, int, Index]:
    """First period, end, and the units complete in between, n over T periods.

    Noise alone has eigenvalues up to ``(sqrt n + sqrt T)²``, a factor one of the order n T: the
    window has the smallest ``1 / sqrt n + 1 / sqrt T``.
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


def _largest(e: Array) -> float:
    """Share of the largest eigenvalue of ``e'e``, every period scaled to the same variance."""
    scaled = e / np.sqrt(np.maximum((e**2).mean(axis=0), 1e-300))
    return float(np.linalg.eigvalsh(scaled.T @ scaled)[-1] / (e.shape[0] * e.shape[1]))
