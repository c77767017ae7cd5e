"""Points at which weights of draws are integrated over latent outcomes, unit by unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtri
from scipy.stats import qmc

from bayes_nqp._core.arrays import Array, Mask

_NU = 12.0
"""Degrees of freedom of the points if the level of a unit does not integrate out."""
LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class UnitPoints:
    """Standardised latent outcomes of units and the log density ratio of their distribution.

    Parameters
    ----------
    numbers : ndarray (unit, point, T)
        Zero in unobserved periods.
    log_ratio : ndarray (unit, point)
        Log of the normal density over that of the points.
    """

    numbers: Array
    log_ratio: Array

    @classmethod
    def drawn(
        cls, seen: Mask, size: int, generator: np.random.Generator, *, heavy: bool
    ) -> UnitPoints:
        """Draw Sobol points, shifted independently for each unit, and their mirror images."""
        n, n_periods = seen.shape
        sobol = qmc.Sobol(n_periods, scramble=True, rng=generator).random(size)
        shifted = (sobol + generator.random((n, 1, n_periods))) % 1.0
        half = ndtri(np.clip(shifted, 1e-12, 1.0 - 1e-12))
        count, log_ratio = seen.sum(axis=1)[:, None], np.zeros((n, 2 * size))
        if heavy:
            half = half * np.sqrt(_NU / generator.chisquare(_NU, (n, size)))[..., None]
        half = np.where(seen[:, None], half, 0.0)
        numbers = np.concatenate([half, -half], axis=1)
        if heavy:
            # log N(x; 0, I) - log t_nu(x; 0, I) in as many dimensions as there are observations.
            energy = (numbers**2).sum(axis=2)
            log_t = gammaln(0.5 * (_NU + count)) - gammaln(0.5 * _NU)
            log_t = log_t - 0.5 * count * np.log(_NU * np.pi)
            log_t = log_t - 0.5 * (_NU + count) * np.log1p(energy / _NU)
            log_ratio = -0.5 * energy - 0.5 * count * LOG_2PI - log_t
        return cls(numbers, log_ratio)
