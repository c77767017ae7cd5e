"""Priors of post-adoption violations given pre-adoption violations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.types import Count
from bayes_nqp._core.validation import door

_POINTS = 200


@door
@dataclass(frozen=True, slots=True)
class BoundedDeviation:
    """Prior with independent steps after adoption, uniform between −M̄Δ and M̄Δ.

    Parameters
    ----------
    scale : float, default 1
        Scale of the half-normal prior of M̄.
    magnitude : float, optional
        Fixed value of M̄.

    Raises
    ------
    StudyError
        If a number is negative.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.BoundedDeviation(magnitude=1)
    BoundedDeviation(scale=1.0, magnitude=1)
    """

    scale: Annotated[float, Ge(0)] = 1.0
    magnitude: Annotated[float, Ge(0)] | None = None

    def magnitudes(self, number: Count, rng: np.random.Generator) -> Array:
        """Draw M̄."""
        if self.magnitude is not None:
            return np.full(number, float(self.magnitude))
        return np.asarray(np.abs(self.scale * rng.standard_normal(number)))

    def scales(self, steps: Array, magnitudes: Array, rng: np.random.Generator) -> Array:
        """Return the scale of steps after adoption.

        Parameters
        ----------
        steps : ndarray (draw, step), outcome units
            Steps before adoption.
        magnitudes : ndarray (draw)
            Draws from `magnitudes`, common to all processes.
        """
        return np.asarray(magnitudes * np.abs(steps).max(axis=1))

    def noise(self, shape: tuple[int, int], rng: np.random.Generator) -> Array:
        """Draw steps of unit scale."""
        return rng.uniform(-1.0, 1.0, shape)


@door
@dataclass(frozen=True, slots=True)
class SmoothnessPrior:
    """Prior with independent N(0, ω²) steps after adoption; ω is estimated from the leads.

    Steps before adoption are assumed to have the same distribution. Their posterior serves as a
    Gaussian likelihood of ω; the prior of ω is half-Cauchy, scaled by the root mean square of these
    steps. Effects are not re-estimated, although shrunken leads would change them.

    References
    ----------
    Kwon, S. and Roth, J. (2024). (Empirical) Bayes approaches to parallel trends.
    arXiv 2404.11839.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> left = nqp.trend_sensitivity(fit, prior=nqp.SmoothnessPrior())
    >>> "limit" in left.dims
    True
    """

    def magnitudes(self, number: Count, rng: np.random.Generator) -> Array:
        """Return ones, because this prior has no M̄."""
        return np.ones(number)

    def scales(self, steps: Array, magnitudes: Array, rng: np.random.Generator) -> Array:
        """Draw ω.

        Parameters
        ----------
        steps : ndarray (draw, step), outcome units
            Steps before adoption.
        magnitudes : ndarray (draw)
            Not used.
        """
        size = float(np.sqrt(np.mean(steps**2)))
        if size == 0:
            return np.zeros(steps.shape[0])
        # Steps m ~ N(0, S + omega² I) in multiples of their root mean square, S the posterior
        # covariance: diagonal in the eigenvectors of S, so that each omega of a grid costs a sum.
        root = np.geomspace(1e-3, 1e3, _POINTS)
        values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(steps, rowvar=False)) / size**2)
        mean = vectors.T @ (steps.mean(axis=0) / size)
        spread = np.maximum(values, 0.0)[None] + root[:, None] ** 2
        log_density = -0.5 * (np.log(spread) + mean**2 / spread).sum(axis=1)
        # In logarithms of ω, so that the points of the grid have equal widths: half-Cauchy
        # 1 / (1 + ω²) times the Jacobian ω.
        log_density += np.log(root) - np.log1p(root**2)
        mass = np.exp(log_density - log_density.max())
        chosen = rng.choice(root, size=steps.shape[0], p=mass / mass.sum())
        # Uniform within a point's width, on the logarithmic scale.
        jitter = (root[1] / root[0]) ** rng.uniform(-0.5, 0.5, steps.shape[0])
        return np.asarray(size * chosen * jitter)

    def noise(self, shape: tuple[int, int], rng: np.random.Generator) -> Array:
        """Draw steps of unit scale."""
        return rng.standard_normal(shape)


type StepPrior = BoundedDeviation | SmoothnessPrior
