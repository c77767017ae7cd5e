"""Draws of a normal distribution truncated to a box."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri_exp

from bayes_nqp.arrays import Array

_SWEEPS = 20


def truncated_normal(
    mean: Array, covariance: Array, bound: float, number: int, rng: np.random.Generator
) -> Array:
    """Draw from a normal distribution given that all its coordinates lie within ± a bound.

    Draws start from sequential importance sampling with resampling, which is exact where the
    box cuts little off, and go on by Gibbs sampling, each in a chain of its own.

    Parameters
    ----------
    bound : float
        Of every coordinate's absolute value; at 0 all draws are 0.
    number : int
        Of draws.

    References
    ----------
    Geweke, J. (1991). Efficient simulation from the multivariate normal and Student-t
    distributions subject to linear constraints. Computing Science and Statistics 23.
    """
    if bound == 0 or not mean.size:
        return np.zeros((number, mean.size))
    draws, log_weight = _sequential(mean, covariance, bound, number, rng)
    weight = np.exp(log_weight - log_weight.max())
    draws = draws[_resampled(weight / weight.sum(), rng)]
    # Gibbs: x_i given the others ~ N(m_i - sum_(j != i) P_ij (x_j - m_j) / P_ii, 1 / P_ii) within
    # the box, P the precision.
    precision = np.linalg.inv(covariance)
    sd = 1 / np.sqrt(np.diag(precision))
    for _ in range(_SWEEPS):
        for i in range(mean.size):
            pull = (draws - mean) @ precision[i] - precision[i, i] * (draws[:, i] - mean[i])
            centre = mean[i] - pull / precision[i, i]
            draws[:, i], _ = _within(centre, sd[i], bound, rng)
    return draws


def _sequential(
    mean: Array, covariance: Array, bound: float, number: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw coordinate after coordinate, each within the box given those before it."""
    # x = m + L z: x_i given x_1 to x_(i-1) ~ N(m_i + sum_(j<i) L_ij z_j, L_ii²). The weight of a
    # draw is the product of the masses that the box leaves of these.
    factor = np.linalg.cholesky(covariance)
    draws, noise = np.empty((number, mean.size)), np.zeros((number, mean.size))
    log_weight = np.zeros(number)
    for i in range(mean.size):
        centre = mean[i] + noise @ factor[i]
        draws[:, i], log_mass = _within(centre, factor[i, i], bound, rng)
        noise[:, i] = (draws[:, i] - centre) / factor[i, i]
        log_weight += log_mass
    return draws, log_weight


def _within(
    centre: Array, sd: float, bound: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw univariate normals within ± a bound, and the log of the mass there."""
    low, high = (-bound - centre) / sd, (bound - centre) / sd
    # Mirrored where the box lies in the upper tail: log Phi is exact in the lower one.
    flip = low > 0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    below, above = log_ndtr(low), log_ndtr(high)
    # log(Phi(high) - Phi(low)), and the quantile of Phi(low) + U times that mass.
    log_mass = above + np.log1p(-np.exp(np.minimum(below - above, -1e-300)))
    uniform = np.log(rng.uniform(np.finfo(float).tiny, 1.0, centre.size))
    point = ndtri_exp(np.minimum(np.logaddexp(below, uniform + log_mass), above))
    point = np.where(flip, -point, point)
    return np.clip(centre + sd * point, -bound, bound), log_mass


def _resampled(weight: Array, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Resample systematically."""
    number = weight.size
    places = (rng.random() + np.arange(number)) / number
    return np.minimum(np.searchsorted(np.cumsum(weight), places), number - 1).astype(np.int64)
