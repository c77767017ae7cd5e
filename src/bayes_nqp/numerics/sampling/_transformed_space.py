"""The proposal's space: scales that may vanish are folded at zero, or transformed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import erf, erfinv, gammaln, log_ndtr, ndtr, ndtri_exp

from bayes_nqp._core.arrays import Array, Mask

type Density = Callable[[Array], Array]

NU = 6.0
"""Degrees of freedom of proposals: heavier tails than those of a posterior."""
_LOWEST = 1e-300
_HALF = 0.67448975019608171
"""Median of a half-normal of scale one, where ``2 Phi(z) - 1`` is a half."""
_IMAGES = 1 << 17
"""Images with densities in memory at once: two megabytes."""


@dataclass(frozen=True, eq=False)
class Chart:
    """Map from unconstrained points (..., parameter) to the space of the proposals.

    The logarithm u of a scale that may vanish has a long tail to the left. On its own scale, ``x =
    e^u`` folded at zero, it has none, but each fold doubles a proposal's images. A bent parameter
    ``y = Phi^-1(2 Phi(x / tau) - 1)`` is normal if x is half-normal with scale tau.

    Parameters
    ----------
    folds, bends : ndarray of bool (parameter)
        True for parameters that are folded, and for those that are bent.
    log_tau : ndarray (parameter)
        Used for bent parameters.
    """

    folds: Mask
    bends: Mask
    log_tau: Array

    def places(self, points: Array) -> Array:
        """Map points to positions."""
        out = np.where(self.folds, np.exp(np.minimum(points, 345.0)), points)
        out[..., self.bends] = _bent(points[..., self.bends] - self.log_tau[self.bends])
        return out

    def points(self, places: Array) -> Array:
        """Map positions back to points."""
        x = np.where(self.folds, np.maximum(places, _LOWEST), 1.0)
        out = np.where(self.folds, np.log(x), places)
        out[..., self.bends] = self.log_tau[self.bends] + _unbent(places[..., self.bends])
        return out

    def density(self, density: Density) -> Density:
        """Return the log density of positions, from that of points."""

        # p(x) = p(u) |du/dx| with u = log x: the Jacobian is 1 / x = e^-u; likewise |du/dy|.
        def of_places(places: Array) -> Array:
            points = self.points(places)
            out = density(points) - points[:, self.folds].sum(axis=1)
            return np.asarray(out - self._log_slopes(points)[:, self.bends].sum(axis=1))

        return of_places

    def slopes(self, point: Array) -> Array:
        """Return derivatives of positions by points, at a point (parameter)."""
        slopes = np.where(self.folds, np.exp(point), 1.0)
        return np.where(self.bends, np.exp(self._log_slopes(point)), slopes)

    def _log_slopes(self, points: Array) -> Array:
        """Return ``log dy/du = log(2 z phi(z) / phi(y))``, z = x / tau, if bent; otherwise zero."""
        out, log_z = np.zeros_like(points), points[..., self.bends] - self.log_tau[self.bends]
        squares = _bent(log_z) ** 2 - np.exp(2.0 * log_z)
        out[..., self.bends] = np.log(2.0) + log_z + 0.5 * squares
        return out


def _bent(log_z: Array) -> Array:
    """Compute ``y = Phi^-1(2 Phi(z) - 1)`` from the smaller tail."""
    # 2 Phi(z) - 1 = erf(z / sqrt 2), z sqrt(2 / pi) near zero; 1 - Phi(y) = 2 Phi(-z).
    z = np.exp(np.minimum(log_z, 345.0))
    inner = np.log(erf(np.clip(z, 1e-6, 1.0) / np.sqrt(2.0)))
    lower = np.where(z < 1e-6, log_z + 0.5 * np.log(2.0 / np.pi), inner)
    upper = np.minimum(np.log(2.0) + log_ndtr(-np.maximum(z, _HALF)), 0.0)
    return np.asarray(np.where(z < _HALF, ndtri_exp(lower), -ndtri_exp(upper)))


def _unbent(y: Array) -> Array:
    """Compute ``log z`` of y."""
    far = log_ndtr(np.minimum(y, 0.0)) + 0.5 * np.log(0.5 * np.pi)
    inner = np.log(np.sqrt(2.0) * erfinv(ndtr(np.clip(y, -6.0, 0.0))))
    upper = np.log(-ndtri_exp(log_ndtr(-np.maximum(y, 0.0)) - np.log(2.0)))
    return np.asarray(np.where(y < -6.0, far, np.where(y < 0.0, inner, upper)))


@dataclass(frozen=True, eq=False)
class FoldedT:
    """A multivariate Student-t, with absolute values of folded parameters.

    Parameters
    ----------
    covariance : ndarray (parameter, parameter)
        Its scale matrix.
    """

    centre: Array
    covariance: Array
    chart: Chart

    @cached_property
    def _lower(self) -> Array:
        return np.linalg.cholesky(self.covariance)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw positions."""
        # x = m + L z sqrt(nu / chi²_nu), L L' the scale matrix, then |x| where folded.
        normal = generator.standard_normal((size, self.centre.size))
        stretch = np.sqrt(NU / generator.chisquare(NU, size))
        places = self.centre + (normal @ self._lower.T) * stretch[:, None]
        folds = self.chart.folds
        places[:, folds] = np.abs(places[:, folds])
        return places

    def log_density(self, places: Array) -> Array:
        """Return the normalised log density of positions: the sum over all images under folding."""
        d = self.centre.size
        inverse = np.linalg.inv(self._lower)
        constant = (
            gammaln((NU + d) / 2.0)
            - gammaln(NU / 2.0)
            - 0.5 * d * np.log(NU * np.pi)
            - np.log(np.diag(self._lower)).sum()
        )
        base = (places - self.centre) @ inverse.T
        folds = self.chart.folds
        columns = inverse[:, folds]  # L^-1 e_j of the parameters that fold.
        size = max(_IMAGES >> columns.shape[1], 1)
        parts = [
            self._images(base[start : start + size], places[start : start + size, folds], columns)
            for start in range(0, len(places), size)
        ]
        return np.asarray(constant + np.concatenate([*parts, np.zeros(0)]))

    def _images(self, base: Array, folded: Array, columns: Array) -> Array:
        """Return the log of the sum over images of some positions, up to the constant."""
        # An image of x has the signs S: S x - m, S = diag(±1). Times L^-1 this is z = b + sum_j y_j
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
        # (1 + z'z / nu)^-(nu + d)/2, each divided by the largest.
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
    """Compute an integer power by repeated squares."""
    out = np.ones_like(base)
    while exponent:
        if exponent & 1:
            out *= base
        exponent >>= 1
        if exponent:
            base = base * base
    return out
