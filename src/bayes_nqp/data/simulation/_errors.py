"""Random streams, and errors of outcomes with correlation between places."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from typing import Final, Literal
from zlib import crc32

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError


def seeded(seed: int | None) -> int:
    """Return the seed, or draw a random one."""
    return secrets.randbits(31) if seed is None else seed


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return a random stream of a part, independent of all other parts.

    Parameters
    ----------
    *names : str
        Names of the part.
    """
    return np.random.default_rng([seed, *(crc32(name.encode("utf-8")) for name in names)])


Across = Callable[[np.random.Generator, Array], Array]

_EARTH: Final = 6371.0


def distances(longitude: Array, latitude: Array) -> Array:
    """Return great-circle distances, in kilometres."""
    east, north = np.radians(longitude), np.radians(latitude)
    half = np.sin(0.5 * (north[:, None] - north)) ** 2
    half += np.cos(north)[:, None] * np.cos(north) * np.sin(0.5 * (east[:, None] - east)) ** 2
    return np.asarray(2.0 * _EARTH * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def near_ones(share: float, reach: float, longitude: Array, latitude: Array) -> Across | None:
    """Correlate places by ``share * exp(-distance / reach)``.

    Parameters
    ----------
    share : float
        Correlation of two places at distance zero.
    reach : float
        Distance at which the correlation falls to 1 / e of this value, in kilometres.

    Returns
    -------
    callable or None
        Function for `joint_errors`; None without correlation.

    Raises
    ------
    StudyError
        If an argument is out of range.
    """
    if not 0.0 <= share < 1.0:
        raise StudyError(f"'spatial' is {share!r}", hint="a correlation of at least 0 and below 1")
    if not 0.0 < reach < math.inf:
        raise StudyError(f"'reach' is {reach!r}", hint="kilometres, such as 200.0")
    if share == 0.0:
        return None
    kernel = share * np.exp(-distances(longitude, latitude) / reach)
    np.fill_diagonal(kernel, 1.0)
    root = np.linalg.cholesky(kernel)

    def mix(_: np.random.Generator, normal: Array) -> Array:
        return np.asarray(np.einsum("ij,jte->ite", root, normal, optimize=True))

    return mix


def shared_by_groups(share: float, groups: Index) -> Across | None:
    """Correlate units of one group by ``share``.

    Parameters
    ----------
    groups : ndarray of int (unit)
        Numbers from 0.

    Returns
    -------
    callable or None
        Function for `joint_errors`; None without correlation.
    """
    if share == 0.0:
        return None

    def mix(rng: np.random.Generator, normal: Array) -> Array:
        common = rng.standard_normal((int(groups.max()) + 1, *normal.shape[1:]))
        return np.asarray(np.sqrt(1.0 - share) * normal + np.sqrt(share) * common[groups])

    return mix


Noise = Literal["ar1", "ar1+white", "student"] | Callable[[np.random.Generator, int, int], Array]


_FREEDOM = 4.0


def errors_of(
    noise: Noise, rng: np.random.Generator, shape: tuple[int, int], rho: float, sigma: float
) -> Array:
    """Draw the errors of all units.

    Parameters
    ----------
    noise : str or callable
        See `staggered`.
    shape : tuple of int
        Units, periods.
    rho : float
        Autocorrelation.
    sigma : float
        Standard deviation of innovations, outcome units.
    """
    if callable(noise):
        return np.asarray(noise(rng, *shape), dtype=np.float64)
    if noise == "student":
        innovations = rng.standard_t(_FREEDOM, shape) * np.sqrt((_FREEDOM - 2.0) / _FREEDOM)
    else:
        innovations = rng.standard_normal(shape)
    errors = np.empty(shape)
    errors[:, 0] = innovations[:, 0] / np.sqrt(1.0 - rho * rho)
    for t in range(1, shape[1]):
        errors[:, t] = rho * errors[:, t - 1] + innovations[:, t]
    if noise == "ar1+white":
        errors += rng.standard_normal(shape)
    return sigma * errors


def joint_errors(
    rng: np.random.Generator,
    shape: tuple[int, int],
    rho: Array,
    sigma: Array,
    correlation: Array,
    across: Callable[[np.random.Generator, Array], Array] | None = None,
) -> Array:
    """Draw stationary AR(1) errors of several equations with correlated innovations.

    Parameters
    ----------
    shape : tuple of int
        Units, periods.
    rho, sigma : ndarray (equation)
        Autocorrelation, and standard deviation of innovations.
    correlation : ndarray (equation, equation)
        Correlations of innovations of the same unit and period.
    across : callable, optional
        Function that correlates standard normals (unit, period, equation) across units and keeps
        their variances; its second argument is a Generator.
    """
    normal = rng.standard_normal((*shape, rho.size))
    if across is not None:
        normal = across(rng, normal)
    errors = normal @ np.linalg.cholesky(correlation).T
    # Jointly stationary: errors with unequal rho are correlated by less than their innovations.
    start = np.linalg.cholesky(correlation / (1.0 - np.outer(rho, rho)))
    errors[:, 0] = normal[:, 0] @ start.T
    for t in range(1, shape[1]):
        errors[:, t] += rho * errors[:, t - 1]
    return np.asarray(sigma * errors)
