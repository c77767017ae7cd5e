"""The proposal's space: parameters that may vanish on their own scale, folded at zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from bayes_nqp.arrays import Array

type Density = Callable[[Array], Array]

NU = 6.0
"""Degrees of freedom of proposals: heavier tails than a posterior's."""
_LOWEST = 1e-300
_IMAGES = 1 << 17
"""Images whose densities are held at once: two megabytes."""


def folded(points: Array, folds: npt.NDArray[np.bool_]) -> Array:
    """Take unconstrained points (..., parameter) to the proposal's space: ``e^u`` where folded."""
    return np.where(folds, np.exp(np.minimum(points, 345.0)), points)


def unfolded(places: Array, folds: npt.NDArray[np.bool_]) -> Array:
    """Take places (..., parameter) back to unconstrained points."""
    return np.where(folds, np.log(np.where(folds, np.maximum(places, _LOWEST), 1.0)), places)


def folded_density(density: Density, folds: npt.NDArray[np.bool_]) -> Density:
    """Log density of places, from that of unconstrained points: less ``log x`` where folded."""

    # p(x) = p(u) |du/dx| with u = log x: the Jacobian is 1 / x = e^-u.
    def of_places(places: Array) -> Array:
        points = unfolded(places, folds)
        return np.asarray(density(points) - points[:, folds].sum(axis=1))

    return of_places


@dataclass(frozen=True, eq=False)
class FoldedT:
    """A multivariate Student-t of which absolute values are taken where parameters fold.

    Parameters
    ----------
    covariance : ndarray (parameter, parameter)
        Its scale matrix.
    """

    centre: Array
    covariance: Array
    folds: npt.NDArray[np.bool_]

    @cached_property
    def _lower(self) -> Array:
        return np.linalg.cholesky(self.covariance)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw places."""
        # x = m + L z sqrt(nu / chi²_nu), L L' the scale matrix, then |x| where folded.
        normal = generator.standard_normal((size, self.centre.size))
        stretch = np.sqrt(NU / generator.chisquare(NU, size))
        places = self.centre + (normal @ self._lower.T) * stretch[:, None]
        places[:, self.folds] = np.abs(places[:, self.folds])
        return places

    def log_density(self, places: Array) -> Array:
        """Log density of places, normalised: the sum over all images under folding."""
        d = self.centre.size
        inverse = np.linalg.inv(self._lower)
        constant = (
            gammaln((NU + d) / 2.0)
            - gammaln(NU / 2.0)
            - 0.5 * d * np.log(NU * np.pi)
            - np.log(np.diag(self._lower)).sum()
        )
        base = (places - self.centre) @ inverse.T
        columns = inverse[:, self.folds]  # L^-1 e_j of the parameters that fold.
        size = max(_IMAGES >> columns.shape[1], 1)
        parts = [
            self._images(
                base[start : start + size], places[start : start + size, self.folds], columns
            )
            for start in range(0, len(places), size)
        ]
        return np.asarray(constant + np.concatenate([*parts, np.zeros(0)]))

    def _images(self, base: Array, folded: Array, columns: Array) -> Array:
        """Log of the sum over images of some places, up to the constant."""
        # An image of x has the signs S: S x - m, S = diag(±1). By L^-1 that is z = b + sum_j y_j
        # over the signs that are minus, b = L^-1 (x - m) and y_j = -2 x_j L^-1 e_j, so that
        # z'z = b'b + sum_j (2 b'y_j + y_j'y_j + 2 sum_(i < j) y_i'y_j), sign after sign.
        gram, products = columns.T @ columns, base @ columns
        squares = (base**2).sum(axis=1)[:, None]
        for j in range(folded.shape[1]):
            x = folded[:, j]
            more = (4.0 * x * (x * gram[j, j] - products[:, j]))[:, None]
            for i in range(j):
                pair = 8.0 * x * folded[:, i] * gram[i, j]
                more = np.concatenate([more, more + pair[:, None]], axis=1)
            squares = np.concatenate([squares, squares + more], axis=1)
        # (1 + z'z / nu)^-(nu + d)/2, each over the largest.
        heights = 1.0 + np.maximum(squares, 0.0) / NU
        least = heights.min(axis=1)
        twice = int(NU) + self.centre.size
        ratio = least[:, None] / heights
        ratio[ratio < 10.0 ** (-500.0 / twice)] = 0.0  # Below, powers would be denormal.
        shares = _power(ratio, twice // 2)
        if twice % 2:
            shares *= np.sqrt(ratio)
        return np.asarray(np.log(shares.sum(axis=1)) - 0.5 * twice * np.log(least))


def _power(base: Array, exponent: int) -> Array:
    """A whole power, by squares."""
    out = np.ones_like(base)
    while exponent:
        if exponent & 1:
            out *= base
        exponent >>= 1
        if exponent:
            base = base * base
    return out
