"""Slopes of changes on units' levels, with the influence of each unit on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.checks.model._untreated import Untreated


@dataclass(frozen=True, slots=True, eq=False)
class LevelSlopes:
    """Slopes ``θ`` and their covariance, clustered by unit.

    Parameters
    ----------
    values : ndarray (slope)
        θ.
    moves : ndarray (unit, slope)
        Influence of each unit with untreated observations on the slopes.
    """

    values: Array
    moves: Array

    @property
    def covariance(self) -> Array:
        """Covariance of the slopes (slope, slope)."""
        return np.asarray(self.moves.T @ self.moves)

    @property
    def tail(self) -> float:
        """Tail probability of the hypothesis that all slopes are zero."""
        units, k = self.moves.shape
        distance = self.values @ np.linalg.pinv(self.covariance, hermitian=True) @ self.values
        return float(fdtrc(k, units - k, distance / k))


def slopes_of(untreated: Untreated, outcome: Array, columns: Array, part: Array) -> LevelSlopes:
    """Compute slopes on untreated observations, without contributions of units to themselves.

    With z and r the columns and the outcome net of unit effects, time effects and covariates, and
    ``A = (z'z)^-1``: ``θ = A (z'r - sum_i b_i)``, ``b_i = sum_t D_ii H_ii r_it²``. Influences are
    ``A s_i`` with ``s_i = (I - z_i'z_i A)^-1 z_i'(r_i - z_i θ) - b_i``, each unit left out in turn.
    Their cross-products are the covariance.
    """
    residuals, _, _ = untreated.residuals(np.concatenate([outcome[None], columns]))
    r, z = residuals[0], residuals[1:]
    a = np.linalg.pinv(z @ z.T, rcond=1e-10, hermitian=True)
    b = part * r**2
    theta = a @ (z @ r - b.sum(axis=1))
    left, units, k = r - theta @ z, untreated.count.size, len(z)
    score, mine = (_by_unit(x, untreated.unit, units).T for x in (z * left, b))
    gram = _by_unit((z[:, None] * z[None]).reshape(k * k, -1), untreated.unit, units)
    leverage = np.eye(k) - gram.T.reshape(units, k, k) @ a
    s = np.linalg.solve(leverage, score[..., None])[..., 0] - mine
    return LevelSlopes(theta, s @ a)


def _by_unit(values: Array, unit: Index, units: int) -> Array:
    return np.stack([np.bincount(unit, x, units) for x in values])
