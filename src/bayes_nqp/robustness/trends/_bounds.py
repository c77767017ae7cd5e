"""Identified sets of effects under bounds on violations of parallel trends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.optimize import brentq

from bayes_nqp._core.arrays import Array
from bayes_nqp.robustness.trends._priors import StepPrior
from bayes_nqp.robustness.trends._process import Violations, truncated_normal

type Kind = Literal["difference", "own"]
type Sets = Callable[[float], tuple[Array, Array]]
"""From a limit to the lower and upper ends of the set (draw), outcome units."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A process of violations, and the weights of its post-adoption steps in an estimand.

    Parameters
    ----------
    steps : ndarray (draw, step), outcome units
        Steps before adoption.
    reach : ndarray (step)
        Weights of steps after adoption.
    """

    steps: Array
    reach: Array

    @property
    def spread(self) -> Array:
        """Return the half-width of the set at M̄ = 1 (draw), outcome units."""
        # max |sum_k r_k s_k| over steps |s_k| <= D = max_j |step_j|: D sum_k |r_k|.
        return np.asarray(np.abs(self.steps).max(axis=1) * np.abs(self.reach).sum())


def parts_of(
    first: Violations, second: Violations | None = None, kind: Kind = "difference"
) -> list[Part]:
    """List the processes of violations of an estimand, or of a contrast of two estimands.

    Parameters
    ----------
    second : Violations, optional
        Violations of the estimand that is subtracted.
    kind : {"difference", "own"}
        Bound of a contrast. "difference": the bound applies to the difference of the two processes
        over the periods common to both, and to the single process afterwards. "own": the bound
        applies to each process separately.
    """
    if second is None:
        return [Part(first.steps, first.reach)]
    if kind == "own":
        return [Part(first.steps, first.reach), Part(second.steps, -second.reach)]
    # r'a - m'b = c'(a - b) + (r - c)'a + (c - m)'b, with c the weights that both have: three
    # processes, each bounded by its own steps before adoption.
    reach, minus = _even(first.reach, second.reach)
    shared = _shared(reach, minus)
    between = _between(first.steps, first.step_times, second.steps, second.step_times)
    parts = [
        Part(between, shared),
        Part(first.steps, reach - shared),
        Part(second.steps, shared - minus),
    ]
    return [part for part in parts if part.reach.any()]


def spread_of(parts: list[Part], number: int) -> Array:
    """Return the half-width of the set at M̄ = 1.

    Parameters
    ----------
    number : int
        Number of draws.
    """
    return sum((part.spread for part in parts), np.zeros(number))


def relative_magnitudes(effect: Array, parts: list[Part]) -> Sets:
    """Bound each step after adoption by M̄ times the largest step before it.

    Parameters
    ----------
    effect : ndarray (draw), outcome units
        Effect under parallel trends.

    Returns
    -------
    callable
        Function from M̄ to the ends of the set.

    References
    ----------
    Rambachan, A. and Roth, J. (2023). A more credible approach to parallel trends. Review of
    Economic Studies 90(5).
    """
    spread = spread_of(parts, effect.size)
    return lambda limit: (effect - limit * spread, effect + limit * spread)


def smoothness(
    first: Violations, second: Violations | None, kind: Kind, seed: int
) -> tuple[Sets, Callable[[float], float]]:
    """Bound the change of slope from one period to the next by M, before and after adoption.

    In a Gaussian approximation, the posterior is truncated to pre-adoption paths that satisfy the
    bound. Changes of slope (bends) are drawn within the box; the effect net of the extrapolated
    slope is drawn given the bends.

    Parameters
    ----------
    second : Violations or None
        Violations of the estimand that is subtracted.
    kind : {"difference", "own"}
        "difference": the bound applies to bends of the difference of the two processes, before and
        after adoption; "own": to bends of each process.
    seed : int
        Seed; the same random numbers are used for all M.

    Returns
    -------
    tuple of callable
        Function from M to the ends of the set, and function from M to the posterior probability,
        before truncation, that pre-adoption bends satisfy the bound.
    """
    bends, centre, reach = _bent(first, second, kind)
    mean, size = bends.mean(axis=0), bends.shape[1]
    # (bends, centre) ~ N with covariance [S_bb s_bc; s_cb s_cc]: given bends b the centre has the
    # mean m_c + s_cb S_bb^-1 (b - m_b) and the Schur complement s_cc - s_cb S_bb^-1 s_bc.
    joint = np.atleast_2d(np.cov(np.column_stack([bends, centre]), rowvar=False))
    slope = np.linalg.solve(joint[:size, :size], joint[:size, size])
    residual_sd = np.sqrt(np.maximum(joint[size, size] - slope @ joint[:size, size], 0.0))

    @lru_cache(maxsize=64)
    def centres(limit: float) -> Array:
        rng = np.random.default_rng([seed, 7])
        noise = rng.standard_normal(centre.size)
        inside = truncated_normal(mean, joint[:size, :size], limit, centre.size, rng)
        return np.asarray(centre.mean() + (inside - mean) @ slope + residual_sd * noise)

    def ends(limit: float) -> tuple[Array, Array]:
        middle = centres(float(limit))
        return middle - limit * reach, middle + limit * reach

    def compatible(limit: float) -> float:
        return float((np.abs(bends) <= limit).all(axis=1).mean())

    return ends, compatible


def _bent(first: Violations, second: Violations | None, kind: Kind) -> tuple[Array, Array, float]:
    """Return bounded bends, the effect net of the extrapolated slope, and weights of bends."""
    assert first.differential_trend is not None
    # Violation after adoption = extrapolated last slope + sum_k reach_k bend_k, |bend_k| <= M.
    centre, reach = first.effect - first.differential_trend, _bend_reach(first.reach)
    if second is None:
        return first.bends, centre, float(np.abs(reach).sum())
    assert second.differential_trend is not None
    centre = centre - second.effect + second.differential_trend
    reach, minus = _even(reach, _bend_reach(second.reach))
    if kind == "own":
        bends = np.concatenate([first.bends, second.bends], axis=1)
        return bends, centre, float((np.abs(reach) + np.abs(minus)).sum())
    bends = _between(first.bends, first.bend_times, second.bends, second.bend_times)
    shared = _shared(reach, minus)
    weights = np.abs(shared) + np.abs(reach - shared) + np.abs(minus - shared)
    return bends, centre, float(weights.sum())


def region(sets: Sets, limit: float, prob: float) -> tuple[float, float]:
    """Return the robust credible region: outer quantiles of the ends of the sets.

    Parameters
    ----------
    limit : float
        M̄ or M.

    Returns
    -------
    tuple of float
        Ends of the region, outcome units.

    References
    ----------
    Giacomini, R. and Kitagawa, T. (2021). Robust Bayesian inference for set-identified models.
    Econometrica 89(4).
    """
    # P(set within region) >= prob, by Bonferroni over the two ends.
    lower, upper = sets(limit)
    tail = (1 - prob) / 2
    return float(np.quantile(lower, tail)), float(np.quantile(upper, 1 - tail))


def breakdown(sets: Sets, prob: float, start: float) -> float:
    """Find the largest limit at which the region excludes zero.

    Parameters
    ----------
    start : float
        Starting value of the search, which is extended as needed.

    Returns
    -------
    float
        0 if the region includes zero at limit 0; infinity if it never includes zero.
    """
    low, high = region(sets, 0.0, prob)
    if low <= 0 <= high:
        return 0.0
    sign, end = (1.0, 0) if low > 0 else (-1.0, 1)

    def outside(limit: float) -> float:
        return sign * region(sets, limit, prob)[end]

    # The end moves towards zero as sets grow with the limit: double it until sets include zero.
    near, far = 0.0, start
    while outside(far) > 0:
        near, far = far, 2 * far
        if far > 1e9 * start:
            return float("inf")
    return float(brentq(outside, near, far, rtol=1e-6, xtol=1e-6 * start))


def adjusted(effect: Array, parts: list[Part], prior: StepPrior, seed: int) -> Array:
    """Draw the effect under a prior on the violations."""
    rng = np.random.default_rng([seed, 11])
    magnitudes = prior.magnitudes(effect.size, rng)
    for part in parts:
        scale = prior.scales(part.steps, magnitudes, rng)
        # effect - sum_k r_k s_k, s_k = scale × noise, for every process of violations.
        noise = prior.noise((effect.size, part.reach.size), rng)
        effect = effect - scale * (noise @ part.reach)
    return effect


def _bend_reach(reach: Array) -> Array:
    """Return weights of the changes of slope: sums of the weights of later steps."""
    # A step is the sum of bends up to it: sum_k r_k sum_(j<=k) b_j = sum_j b_j sum_(k>=j) r_k.
    return np.cumsum(reach[::-1])[::-1]


def _even(a: Array, b: Array) -> tuple[Array, Array]:
    """Pad weights with zeros to a common number of periods."""
    size = max(a.size, b.size)
    return np.pad(a, (0, size - a.size)), np.pad(b, (0, size - b.size))


def _shared(a: Array, b: Array) -> Array:
    """Return the common part of two weights: the smaller one if signs agree."""
    return np.where(np.sign(a) == np.sign(b), np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0)


def _between(a: Array, a_times: tuple[int, ...], b: Array, b_times: tuple[int, ...]) -> Array:
    """Return the difference of two processes at their common times."""
    times = [e for e in a_times if e in b_times]
    return np.asarray(
        a[:, [a_times.index(e) for e in times]] - b[:, [b_times.index(e) for e in times]]
    )
