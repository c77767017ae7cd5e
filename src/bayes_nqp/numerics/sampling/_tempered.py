"""Tempered sampling from the prior to the posterior, if one proposal is not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import logsumexp

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import ConvergenceError
from bayes_nqp.numerics.diagnostics import ESS, RHAT, split_rhat
from bayes_nqp.numerics.parameters import ParameterSpace
from bayes_nqp.numerics.sampling._chains import Chains
from bayes_nqp.numerics.sampling._transformed_space import Chart, FoldedT

type Density = Callable[[Array], Array]

_PARTICLES = 128
"""Particles of each population; even, because each half moves by proposals from the other."""
_SHARE = 0.5
"""Effective share of particles after a step of temperature."""
_SWEEPS = 2
"""Number of moves of every kind after each step."""
_LONGEST = 4
"""Number of times that a run is doubled if it has not mixed."""


@dataclass(frozen=True, eq=False)
class _Particles:
    """Particles of all populations (population, particle, ...), in the proposal's space.

    Parameters
    ----------
    prior, likelihood : ndarray (population, particle)
        Log densities of positions; Jacobians are in the prior.
    """

    places: Array
    prior: Array
    likelihood: Array

    def at(self, beta: float) -> Array:
        """Return the log density at an inverse temperature (population, particle)."""
        if beta == 0.0:
            return self.prior
        return self.prior + beta * self.likelihood


def tempered(
    density: Density, space: ParameterSpace, draws: int, chains: int, generator: np.random.Generator
) -> Chains:
    """Draw the parameters of a density of any shape.

    Populations of particles are drawn from the prior and moved to the posterior through powers of
    the likelihood, each chosen so that half of the particles stay effective. After each step
    particles move: half of a population proposes from a Student-t fitted to the other half, or
    by differences of its particles. Populations share only the temperatures, so that their
    agreement is evidence of convergence.

    Parameters
    ----------
    density : callable
        From unconstrained points (B, parameter) to log densities (B).
    draws, chains : int
        A chain is a population.

    Returns
    -------
    Chains
        With facts: the least effective size and the largest R-hat of parameters.

    References
    ----------
    Del Moral, P., Doucet, A. and Jasra, A. (2006). Sequential Monte Carlo samplers. Journal of
    the Royal Statistical Society B 68(3). ter Braak, C. (2006). A Markov chain Monte Carlo
    version of the genetic algorithm differential evolution. Statistics and Computing 16(3).
    """
    folds, bends = space.folds, np.zeros_like(space.folds)
    chart = Chart(folds, bends, np.zeros(folds.size))

    def evaluated(places: Array) -> _Particles:
        flat = places.reshape(-1, places.shape[-1])
        # density = prior × likelihood of u; for places x = e^u the prior has the Jacobian 1 / x.
        points = chart.points(flat)
        prior = space.log_prior(points)
        likelihood = density(points) - prior
        likelihood = np.where(np.isfinite(likelihood), likelihood, -np.inf)
        prior = prior - points[:, folds].sum(axis=1)
        return _Particles(places, *(a.reshape(places.shape[:-1]) for a in (prior, likelihood)))

    start = space.draw(generator, chains * _PARTICLES).reshape(chains, _PARTICLES, -1)
    particles = evaluated(chart.places(space.unconstrain(start)))
    beta, log_marginal, variance = 0.0, 0.0, 0.0
    while beta < 1.0:
        step = _step(particles.likelihood, 1.0 - beta)
        log_weights = np.where(
            np.isfinite(particles.likelihood), step * particles.likelihood, -np.inf
        )
        # Z_new / Z_old = E[L^step] under the old temperature: the product over steps is Z.
        log_marginal += float(logsumexp(log_weights) - np.log(log_weights.size))
        # var log mean(w) = (n sum w^2 / (sum w)^2 - 1) / n for a step whose particles have mixed.
        share = 2.0 * logsumexp(log_weights) - logsumexp(2.0 * log_weights)
        variance += float(np.exp(-share) - 1.0 / log_weights.size)
        particles = _resample(particles, log_weights, generator)
        beta = min(beta + step, 1.0)
        for _ in range(_SWEEPS):
            particles = _sweep(evaluated, particles, beta, chart, generator)
    marginal = {
        "log_marginal_likelihood": log_marginal,
        "log_marginal_error": float(np.sqrt(variance)),
    }
    return _run(evaluated, particles, chart, draws, generator, marginal)


def _run(
    evaluated: Callable[[Array], _Particles],
    particles: _Particles,
    chart: Chart,
    draws: int,
    generator: np.random.Generator,
    marginal: Mapping[str, float],
) -> Chains:
    """Sweep until populations agree and there are enough effective draws."""
    sweeps = max(-(-draws // _PARTICLES), 8)
    spacing, rhat, effective = 1, np.inf, 0.0
    places: Array = particles.places[:, :, None]
    for _ in range(_LONGEST):
        path = []
        for _ in range(sweeps):
            for _ in range(spacing):
                particles = _sweep(evaluated, particles, 1.0, chart, generator)
            path.append(particles.places)
        places = np.stack(path, axis=2)
        chains, size = places.shape[:2]
        paths = places.reshape(chains * size, sweeps, -1)
        rhat = float(np.nanmax(split_rhat(places.reshape(chains, size * sweeps, -1))))
        effective = float(_effective(paths).min())
        if rhat <= RHAT and effective >= ESS:
            break
        spacing *= 2
    flat = places.reshape(places.shape[0], -1, places.shape[-1])
    chosen = generator.permuted(np.tile(np.arange(flat.shape[1]), (flat.shape[0], 1)), axis=1)[
        :, :draws
    ]
    x = chart.points(np.take_along_axis(flat, chosen[..., None], axis=1))
    return Chains(
        {"x": x}, {}, facts={"tempered_ess": effective, "tempered_rhat": rhat, **marginal}
    )


def _effective(paths: Array) -> Array:
    """Estimate effective draws of many short paths of one distribution (path, step, parameter).

    All paths share one mean, so autocorrelations are pooled over them; they are summed while
    they decrease and are positive.
    """
    # n / (1 + 2 sum_k (1 - k/n) rho_k), rho from covariances about the common mean.
    centred = paths - paths.mean(axis=(0, 1))
    variance = np.maximum((centred**2).mean(axis=(0, 1)), 1e-300)
    steps = paths.shape[1]
    total, last = np.ones(paths.shape[2]), np.ones(paths.shape[2])
    for lag in range(1, steps):
        pair = (centred[:, lag:] * centred[:, :-lag]).mean(axis=(0, 1)) / variance
        last = np.minimum(last, np.maximum(pair, 0.0))
        total += 2.0 * (1.0 - lag / steps) * last
    return np.asarray(paths.shape[0] * steps / total)


def _step(likelihood: Array, largest: float) -> float:
    """Return the next increase of the likelihood's power."""
    # (sum w)² / sum w² = n / 2 with w = L^step; it falls as the step grows.
    finite = likelihood[np.isfinite(likelihood)]

    def surplus(step: float) -> float:
        weights = step * finite
        effective = np.exp(2.0 * logsumexp(weights) - logsumexp(2.0 * weights))
        return float(effective - _SHARE * finite.size)

    if not np.isfinite(surplus(largest)) or not np.isfinite(surplus(largest * np.exp(-40.0))):
        raise ConvergenceError(
            "no proposed point has a finite likelihood",
            hint="weights and columns of similar size; nqp.check(fit, 'prior_predictive') shows "
            "what the priors allow",
        )
    if surplus(largest) >= 0.0:
        return largest
    return float(
        np.exp(brentq(lambda u: surplus(np.exp(u)), np.log(largest) - 40.0, np.log(largest)))
    )


def _resample(
    particles: _Particles, log_weights: Array, generator: np.random.Generator
) -> _Particles:
    """Resample each population by its own weights, systematically."""
    size = log_weights.shape[1]
    index = np.empty(log_weights.shape, dtype=np.int64)
    for c, weights in enumerate(log_weights):
        share = np.cumsum(np.exp(weights - logsumexp(weights)))
        places = (np.arange(size) + generator.random()) / size * share[-1]
        # Halves must not contain copies of the same particles side by side.
        index[c] = generator.permutation(np.minimum(np.searchsorted(share, places), size - 1))
    return _Particles(
        np.take_along_axis(particles.places, index[..., None], axis=1),
        np.take_along_axis(particles.prior, index, axis=1),
        np.take_along_axis(particles.likelihood, index, axis=1),
    )


def _sweep(
    evaluated: Callable[[Array], _Particles],
    particles: _Particles,
    beta: float,
    chart: Chart,
    generator: np.random.Generator,
) -> _Particles:
    """Move every particle by a difference, then from a Student-t; half by half."""
    half = particles.places.shape[1] // 2
    order = np.arange(particles.places.shape[1])
    for propose in (_by_difference, _by_fit):
        for first in (True, False):
            movers, others = (order[:half], order[half:]) if first else (order[half:], order[:half])
            places = particles.places[:, movers]
            proposals, correction = propose(places, particles.places[:, others], chart, generator)
            # Metropolis-Hastings given the other half: log p(x*) - log p(x) + log q(x) - log q(x*).
            ahead = evaluated(proposals)
            height = particles.at(beta)[:, movers]
            ratio = ahead.at(beta) - height + correction
            accept = np.log(generator.random(ratio.shape)) < np.nan_to_num(ratio, nan=-np.inf)
            particles = _moved(particles, movers, ahead, accept)
    return particles


def _moved(
    particles: _Particles, movers: npt.NDArray[np.int64], ahead: _Particles, accept: Mask
) -> _Particles:
    places, prior = particles.places.copy(), particles.prior.copy()
    likelihood = particles.likelihood.copy()
    places[:, movers] = np.where(accept[..., None], ahead.places, places[:, movers])
    prior[:, movers] = np.where(accept, ahead.prior, prior[:, movers])
    likelihood[:, movers] = np.where(accept, ahead.likelihood, likelihood[:, movers])
    return _Particles(places, prior, likelihood)


def _by_difference(
    places: Array, others: Array, chart: Chart, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Propose a multiple of the difference of two others; folding keeps it symmetric."""
    populations, size, d = places.shape
    first = generator.integers(others.shape[1], size=(populations, size))
    second = (first + generator.integers(1, others.shape[1], size=first.shape)) % others.shape[1]
    step = np.take_along_axis(others, first[..., None], axis=1)
    step = step - np.take_along_axis(others, second[..., None], axis=1)
    # One move in ten uses the whole difference, which can lead from one mode to another.
    jumps = generator.random((populations, size, 1)) < 0.1
    length = np.where(
        jumps, 1.0, 2.38 / np.sqrt(2.0 * d) * generator.uniform(0.5, 1.0, jumps.shape)
    )
    # x* = |x + g (x_a - x_b) + noise|, g around 2.38 / sqrt(2 d), optimal for a normal law. The
    # step has the same law as its negative, so that q(x* | x) = q(x | x*), including images.
    spread = others.std(axis=1, keepdims=True)
    proposed = places + length * step + 1e-3 * spread * generator.standard_normal(places.shape)
    return np.where(chart.folds, np.abs(proposed), proposed), np.zeros((populations, size))


def _by_fit(
    populations: Array, others: Array, chart: Chart, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Propose from a Student-t fitted to the others; return the ratio of its densities, too."""
    proposed, correction = np.empty_like(populations), np.empty(populations.shape[:2])
    for c, (places, cloud) in enumerate(zip(populations, others, strict=True)):
        covariance = np.cov(cloud.T).reshape(populations.shape[2], -1)
        covariance = covariance + 1e-6 * np.diag(np.diag(covariance) + 1e-12)
        fit = FoldedT(cloud.mean(axis=0), covariance, chart)
        proposed[c] = fit.draw(generator, len(places))
        correction[c] = fit.log_density(places) - fit.log_density(proposed[c])
    return proposed, correction
