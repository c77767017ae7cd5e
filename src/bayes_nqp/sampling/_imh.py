"""Independence Metropolis-Hastings: fast draws of a few parameters."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression.kernel import log_densities
from bayes_nqp.doors import door
from bayes_nqp.machine import one_thread
from bayes_nqp.sampling._chains import Chains, check_numbers
from bayes_nqp.sampling._mode import curvature, mode

if TYPE_CHECKING:
    from bayes_nqp.compression import Packed

__all__ = ["IMH", "folded", "sample_imh", "sample_proposals"]

Array = npt.NDArray[np.float64]
type Densities = Callable[[Array], Array]

_NU = 6.0
_INFLATE = 1.2
_ROUNDS = (200, 400, 800)


@door
@dataclass(frozen=True, slots=True)
class IMH:
    """Independence Metropolis-Hastings, for the few parameters that compression leaves.

    Proposals come from a multivariate Student-t that is fitted to the posterior by adaptive
    importance sampling, folded at zero where a parameter is a scale. It takes a tenth of the
    time of `NUTS` and is held to the same convergence gate. It needs a compressed likelihood.

    Parameters
    ----------
    draws : int, default 1000
        Draws kept in each chain.
    tune : int, default 100
        Draws discarded in each chain, after the proposals are fitted.
    chains : int, default 4
        Independent chains, with one proposal distribution.
    thin : int, default 2
        Proposals per draw kept.
    seed : int, optional
        The same seed gives the same draws; None takes one at random, which the fit records.

    Raises
    ------
    StudyError
        If a number is out of range.

    References
    ----------
    Tierney, L. (1994). Markov chains for exploring posterior distributions. Annals of
    Statistics 22(4). Cappé, O. et al. (2008). Adaptive importance sampling in general mixture
    classes. Statistics and Computing 18(4).
    """

    draws: int = 1000
    tune: int = 100
    chains: int = 4
    thin: int = 2
    seed: int | None = None

    def __post_init__(self) -> None:
        check_numbers(self, {"draws": 4, "tune": 0, "chains": 1, "thin": 1})

    def seeded(self) -> IMH:
        """The same sampler with a seed: its own, or one at random.

        Returns
        -------
        IMH
        """
        return self if self.seed is not None else replace(self, seed=secrets.randbits(31))


def sample_imh(packed: Packed, names: Sequence[str], sampler: IMH) -> Chains:
    """Sample the parameters of a packed problem.

    Parameters
    ----------
    packed : Packed
    names : sequence of str (parameter)
        Of the parameters.
    sampler : IMH

    Returns
    -------
    Chains
        One variable, "x" (chain, draw, parameter), unconstrained.
    """
    scales = folded(names)
    x = mode(packed)

    def densities(points: Array) -> Array:
        return _densities(packed, points)

    # A short run is not worth more care than itself.
    proposals = sampler.chains * (sampler.tune + sampler.thin * sampler.draws)
    rounds = _ROUNDS[:-1] if proposals < 2 * _ROUNDS[-1] else _ROUNDS
    return sample_proposals(densities, x, curvature(packed, x), scales, sampler, rounds)


def folded(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Say which parameters are logs of what may be close to zero, where proposals are folded.

    Parameters
    ----------
    names : sequence of str (parameter)

    Returns
    -------
    ndarray of bool (parameter)
        True for scales of effects, and for the noise on top of autocorrelated errors; innovations
        are never close to zero.
    """
    return np.array([name == "noise" or name.startswith("scale_") for name in names])


def sample_proposals(
    densities: Densities,
    x: Array,
    curvature: Array,
    scales: npt.NDArray[np.bool_],
    sampler: IMH,
    rounds: Sequence[int] = _ROUNDS,
) -> Chains:
    """Sample any density of a few parameters, given its mode.

    Parameters
    ----------
    densities : callable
        From points (point, parameter), unconstrained, to log densities (point).
    x : ndarray (parameter)
        The mode.
    curvature : ndarray (parameter, parameter)
        Negative Hessian there.
    scales : ndarray of bool (parameter)
        Which parameters are logs of scales that may be close to zero.
    sampler : IMH
    rounds : sequence of int
        Points of each round by which the proposals are fitted.

    Returns
    -------
    Chains
        One variable, "x" (chain, draw, parameter), unconstrained.
    """
    generator = np.random.default_rng(sampler.seed)
    centre, spread = _laplace(x, curvature, scales)
    length = sampler.tune + sampler.thin * sampler.draws
    with one_thread():
        for size in rounds:
            points, density = _propose(generator, centre, spread * _INFLATE, scales, size)
            weights = _log_target(densities, points, scales) - density
            centre, spread = _moments(points, weights)
        points, density = _propose(
            generator, centre, spread * _INFLATE, scales, sampler.chains * length
        )
        weights = _log_target(densities, points, scales) - density
    index, accepted = _walk(generator, weights.reshape(sampler.chains, length))
    kept = points.reshape(sampler.chains, length, -1)
    kept = np.take_along_axis(kept, index[..., None], axis=1)[:, sampler.tune :: sampler.thin]
    x = np.where(scales, np.log(np.where(scales, np.maximum(kept, 1e-300), 1.0)), kept)
    return Chains({"x": x}, {"accepted": accepted[:, sampler.tune :: sampler.thin]})


def _laplace(x: Array, curvature: Array, scales: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Centre and covariance from the mode, with scales on their own scale."""
    values, vectors = np.linalg.eigh(curvature)
    covariance = (vectors / np.maximum(values, 0.3)) @ vectors.T
    slope = np.where(scales, np.exp(x), 1.0)
    return np.where(scales, slope, x), covariance * np.outer(slope, slope)


def _propose(
    generator: np.random.Generator,
    centre: Array,
    covariance: Array,
    scales: npt.NDArray[np.bool_],
    size: int,
) -> tuple[Array, Array]:
    """Draw from the folded Student-t, with its log density up to a constant."""
    lower = np.linalg.cholesky(covariance)
    dimension = centre.size
    normal = generator.standard_normal((size, dimension))
    stretch = np.sqrt(_NU / generator.chisquare(_NU, size))
    points = centre + (normal @ lower.T) * stretch[:, None]
    points[:, scales] = np.abs(points[:, scales])
    inverse = np.linalg.inv(lower)
    density = np.full(size, -np.inf)
    for signs in product((1.0, -1.0), repeat=int(scales.sum())):
        image = points.copy()
        image[:, scales] *= np.asarray(signs)
        distance = np.sum(((image - centre) @ inverse.T) ** 2, axis=1)
        density = np.logaddexp(density, -0.5 * (_NU + dimension) * np.log1p(distance / _NU))
    return points, density


def _log_target(densities: Densities, points: Array, scales: npt.NDArray[np.bool_]) -> Array:
    """Log density of scales on their own scale and all else as the kernel has it."""
    logs = np.log(np.maximum(points[:, scales], 1e-300))
    x = points.copy()
    x[:, scales] = logs
    return np.asarray(densities(x) - logs.sum(axis=1))


def _densities(packed: Packed, x: Array) -> Array:
    out = np.empty(len(x))
    halves = np.array_split(np.arange(len(x)), 2)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda i: _fill(packed, x, out, i), halves))
    return out


def _fill(packed: Packed, x: Array, out: Array, index: npt.NDArray[np.intp]) -> None:
    part = np.empty(index.size)
    log_densities(np.ascontiguousarray(x[index]), packed.ints, packed.floats, part)
    out[index] = part


def _moments(points: Array, log_weights: Array) -> tuple[Array, Array]:
    """Weighted mean and covariance, with the largest weights cut to their fiftieth."""
    weights = np.exp(log_weights - log_weights.max())
    weights = np.minimum(weights, np.sort(weights)[-max(5, weights.size // 50)])
    weights /= weights.sum()
    centre = weights @ points
    off = points - centre
    covariance = (weights[:, None] * off).T @ off
    return centre, covariance + 1e-9 * np.diag(np.diag(covariance) + 1e-12)


def _walk(
    generator: np.random.Generator, log_weights: Array
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Accept or reject each chain's proposals in turn; gives positions of what was kept."""
    chains, length = log_weights.shape
    chance = np.log(generator.random((chains, length)))
    index = np.zeros((chains, length), dtype=np.int64)
    accepted = np.zeros((chains, length), dtype=bool)
    for c in range(chains):
        current = 0
        for i in range(length):
            if chance[c, i] < log_weights[c, i] - log_weights[c, current]:
                current = i
                accepted[c, i] = True
            index[c, i] = current
    return index, accepted
