"""Exact, independent draws of a linear Gaussian equation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.parameters import ScalePrior

_POINTS = 4001
_DEPTH = 40.0
_ALIKE = 1e-7


@dataclass(frozen=True, eq=False)
class Regression:
    """The posterior of ``y = F beta + G gamma + error``, errors iid N(0, sigma²).

    ``beta`` has a flat prior, ``gamma`` the prior N(0, scale²), and sigma a prior of its family.
    Given sigma the coefficients are Gaussian. Integrating them out gives the marginal density of
    sigma, which is inverted on a fine grid. Draws are therefore independent, without a Markov
    chain.

    Parameters
    ----------
    flat : ndarray (row, coefficient)
        Columns with flat coefficients; of full rank, which `independent` checks.
    held : ndarray (row, coefficient)
        Columns with coefficients that have the prior.
    scale : float
        Standard deviation of the coefficients of `held`.
    sigma : ScalePrior
        Prior of sigma.
    """

    flat: Array
    held: Array
    y: Array
    scale: float
    sigma: ScalePrior

    def draw(self, size: int, generator: np.random.Generator) -> tuple[Array, Array, Array]:
        """Draw coefficients and sigma.

        Returns
        -------
        tuple of ndarray
            beta (draw, coefficient), gamma (draw, coefficient), sigma (draw).
        """
        norm = np.linalg.norm(self.flat, axis=0)
        q, r = np.linalg.qr(self.flat / norm)
        held, y = self.held - q @ (q.T @ self.held), self.y - q @ (q.T @ self.y)
        weight, vectors = np.linalg.eigh(held.T @ held)
        weight = np.maximum(weight, 0.0)
        along = vectors.T @ (held.T @ y)
        sigma = self._sigma(weight, along, float(y @ y), size, generator)
        precision = weight + (sigma[:, None] / self.scale) ** 2
        noise = generator.standard_normal((size, weight.size)) * sigma[:, None]
        gamma = (along / precision + noise / np.sqrt(precision)) @ vectors.T
        noise = generator.standard_normal((size, norm.size)) * sigma[:, None]
        right = q.T @ self.y - gamma @ (q.T @ self.held).T + noise
        beta = solve_triangular(r, right.T).T / norm
        return beta, gamma, sigma

    def _sigma(
        self, weight: Array, along: Array, square: float, size: int, generator: np.random.Generator
    ) -> Array:
        """Draw sigma from its density with the coefficients integrated out."""
        free = self.y.size - self.flat.shape[1]

        def density(u: Array) -> Array:
            variance = np.exp(2 * u)[:, None]
            ridge = weight + variance / self.scale**2
            fit = square - np.sum(along**2 / ridge, axis=1)
            spread = 0.5 * np.sum(np.log1p(weight * self.scale**2 / variance), axis=1)
            prior = self.sigma.log_kernel(np.exp(u))
            return np.asarray(-(free - 1) * u - spread - 0.5 * fit / variance[:, 0] + prior)

        low, high = np.log(self.sigma.centre) - 25.0, np.log(self.sigma.centre) + 5.0
        for _ in range(4):
            grid = np.linspace(low, high, _POINTS)
            value = density(grid)
            inside = np.flatnonzero(value > value.max() - _DEPTH)
            low = grid[max(inside[0] - 1, 0)]
            high = grid[min(inside[-1] + 1, _POINTS - 1)]
        grid = np.linspace(low, high, _POINTS)
        mass = np.exp(density(grid) - density(grid).max())
        below = np.concatenate([[0.0], np.cumsum(0.5 * (mass[1:] + mass[:-1]))])
        drawn = np.interp(generator.random(size) * below[-1], below, grid)
        return np.asarray(np.exp(drawn), dtype=np.float64)


def independent(columns: Array) -> Index:
    """Find the columns that are no combination of those before them.

    Parameters
    ----------
    columns : ndarray (row, column)
        Each with some spread.

    Returns
    -------
    ndarray of int
        Their positions.
    """
    basis = np.zeros((columns.shape[0], 0))
    places = []
    for k, column in enumerate(columns.T):
        left = column / np.linalg.norm(column)
        for _ in range(2):
            left = left - basis @ (basis.T @ left)
        size = float(np.linalg.norm(left))
        if size > _ALIKE:
            basis = np.column_stack([basis, left / size])
            places.append(k)
    return np.asarray(places, dtype=np.int64)
