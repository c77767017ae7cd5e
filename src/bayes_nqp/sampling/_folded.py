"""The proposal's space: parameters that may vanish on their own scale, folded at zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from bayes_nqp.arrays import Array

type Density = Callable[[Array], Array]

NU = 6.0
"""Degrees of freedom of proposals: heavier tails than a posterior's."""
_LOWEST = 1e-300
_IMAGES = 4_000_000
"""Images whose densities are held at once."""


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
        # An image of x has the signs S: S x - m, S = diag(±1). By L^-1 that is L^-1 (x - m), its
        # base, less 2 L^-1 e_j x_j for every sign that is minus.
        base = (places - self.centre) @ inverse.T
        columns = inverse[:, self.folds]  # L^-1 e_j of the parameters that fold.
        signs = np.array(list(product((0.0, -2.0), repeat=int(self.folds.sum()))))
        size = max(_IMAGES // len(signs), 1)
        parts = [
            self._images(
                base[start : start + size], places[start : start + size, self.folds], columns, signs
            )
            for start in range(0, len(places), size)
        ]
        return np.asarray(constant + np.concatenate([*parts, np.zeros(0)]))

    def _images(self, base: Array, folded: Array, columns: Array, signs: Array) -> Array:
        """Log of the sum over images of some places, up to the constant."""
        images = np.empty((len(signs), len(base)))
        for k, sign in enumerate(signs):
            # (1 + z'z / nu)^-(nu + d)/2 with z = L^-1 (S x - m).
            z = base + (folded * sign) @ columns.T if sign.any() else base
            images[k] = -0.5 * (NU + self.centre.size) * np.log1p((z**2).sum(axis=1) / NU)
        return np.asarray(logsumexp(images, axis=0))
