"""Errors of simulated outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from bayes_nqp.arrays import Array

Noise = Literal["ar1", "ar1+white", "student"] | Callable[[np.random.Generator, int, int], Array]

NOISES = ("ar1", "ar1+white", "student")

_FREEDOM = 4.0


def errors_of(
    noise: Noise, rng: np.random.Generator, shape: tuple[int, int], rho: float, sigma: float
) -> Array:
    """Draw the errors of all units.

    Parameters
    ----------
    noise : str or callable
        As in `staggered`.
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
    """Draw stationary AR(1) errors of several equations whose innovations are correlated.

    Parameters
    ----------
    shape : tuple of int
        Units, periods.
    rho, sigma : ndarray (equation)
        Autocorrelation, and standard deviation of innovations.
    correlation : ndarray (equation, equation)
        Of innovations of the same unit and period.
    across : callable, optional
        Correlates standard normals (unit, period, equation) across units, with a Generator for
        what it draws itself; each keeps its variance.
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
