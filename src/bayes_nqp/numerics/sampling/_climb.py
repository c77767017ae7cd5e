"""Modes of a density, found by its gradient from several points at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index

_BOX = 12.0
"""Bounds of a search on the unconstrained scale, in both directions."""
_STEP = 1e-4
"""Step of differences of gradients: the error is its square, or the step itself for one side."""
_GAIN = 1e-3
_SETTLED = 1e-15
"""Twice the remaining gain in log density if a mode is known to 1e-8 of its spread."""
_LEAST = 0.01
"""Expected gain in log density, by a quadratic, below which a search has ended."""
_SHORTER = np.array([2.0, 0.5, 0.25, 0.0625, 0.004])
"""Step lengths that are tried at once if a full step does not increase the density."""
_FLATTEST = 0.3
"""Curvature below which a direction counts as flat; its step is not a Newton step."""
_FEW = 32
"""Points for which gradients take little longer than for one: all neighbours in a search."""


@dataclass(frozen=True, eq=False)
class Density:
    """A log density of unconstrained points, with its gradient.

    Parameters
    ----------
    heights : callable
        From points (B, parameter) to log densities (B), minus infinity where the density is zero.
    gradients : callable
        From points to log densities (B) and gradients (B, parameter), zero where the density is
        zero.
    """

    heights: Callable[[Array], Array]
    gradients: Callable[[Array], tuple[Array, Array]]

    def __call__(self, points: Array) -> Array:
        return self.heights(points)

    def at(self, starts: Index) -> Density:
        """Return the density for some starting points."""
        return self


@dataclass(frozen=True, eq=False)
class Densities:
    """Log densities over one space, one for each starting point.

    Parameters
    ----------
    gradients : callable
        From points (B, parameter) and the numbers of their densities (B) to log densities (B) and
        gradients (B, parameter), zero where the density is zero.
    """

    gradients: Callable[[Array, Index], tuple[Array, Array]]

    def at(self, starts: Index) -> Density:
        """Return the densities of some starting points, point by point."""
        return Density(
            lambda points: self.gradients(points, starts)[0],
            lambda points: self.gradients(points, starts),
        )


@dataclass(frozen=True, eq=False)
class Mode:
    """A mode of the density of unconstrained points.

    Parameters
    ----------
    curvature : ndarray (parameter, parameter)
        Negative Hessian there.
    height : float
        Log density there.
    """

    point: Array
    curvature: Array
    height: float

    @property
    def smooth(self) -> bool:
        """Return True if there is a finite density with a finite curvature."""
        return bool(np.isfinite(self.height) and np.isfinite(self.curvature).all())

    @property
    def inverse(self) -> Array:
        """Return the inverse curvature; flat directions have that of the flattest."""
        # V diag(1/|e|) V', with |e| bounded below.
        values, vectors = np.linalg.eigh(self.curvature)
        return np.asarray((vectors / np.maximum(np.abs(values), _FLATTEST)) @ vectors.T)

    def distance(self, point: Array) -> float:
        """Return the distance from a point to the mode in standard deviations by the curvature."""
        # Mahalanobis: sqrt((x - m)' V diag(e) V' (x - m)).
        offset = point - self.point
        values, vectors = np.linalg.eigh(self.curvature)
        return float(np.sqrt(np.sum(np.maximum(values, _FLATTEST) * (vectors.T @ offset) ** 2)))


def curvatures(
    density: Density, points: Array, sides: tuple[int, ...] = (1, -1)
) -> tuple[Array, Array, Array]:
    """Compute log densities, gradients and negative Hessians from gradients nearby.

    Parameters
    ----------
    sides : tuple of int, default (1, -1)
        Sides of the differences; on the way to a mode one is enough.

    Returns
    -------
    tuple of ndarray (B), ndarray (B, parameter) and ndarray (B, parameter, parameter)
        Curvatures are missing where the density is zero at a neighbour.
    """
    n, d = points.shape
    around = np.stack([points[:, None] + side * _STEP * np.eye(d) for side in sides])
    heights, slopes = density.gradients(np.concatenate([points, around.reshape(-1, d)]))
    # (side, B, d, d): minus the mean of (g(x + h) - g(x)) / h over the sides h.
    beside = slopes[n:].reshape(len(sides), n, d, d)
    bends = np.mean(
        [
            side * (slopes[:n, None] - each) / _STEP
            for side, each in zip(sides, beside, strict=True)
        ],
        axis=0,
    )
    bends = 0.5 * (bends + bends.swapaxes(1, 2))
    # A neighbour without a density gives no information on the curvature.
    refused = ~np.isfinite(heights[n:].reshape(len(sides), n, d)).all(axis=(0, 2))
    bends[refused] = np.nan
    return heights[:n], slopes[:n], bends


def _inverse(bend: Array) -> Array:
    """Return ``V diag(1/|e|) V'``; directions stay uphill where the density is convex.

    Flat directions are bounded.
    """
    if not np.isfinite(bend).all():
        return np.eye(len(bend))
    values, vectors = np.linalg.eigh(bend)
    return np.asarray((vectors / np.maximum(np.abs(values), _FLATTEST)) @ vectors.T)


def _moved(inverses: Array, slopes: Array) -> Array:
    """Return ``V clip(diag(1/e) V'g)``: steps of at most one along every axis of the curvature.

    A long step along a flat axis does not shorten the others.
    """
    values, vectors = np.linalg.eigh(inverses)
    along = values * np.einsum("...ji,...j->...i", vectors, slopes)
    return np.asarray(np.einsum("...ij,...j->...i", vectors, np.clip(along, -1.0, 1.0)))


def newton(density: Density, point: Array, *, rounds: int = 12) -> Mode:
    """Find the mode by Newton steps, up to rounding.

    The end of a search of a few steps depends on rounding; the mode does not. The curvature during
    the search comes from d gradients each round, that of the mode from 2 d.
    """
    lengths = 2.0 ** -np.arange(8.0)
    for left in range(rounds, -1, -1):
        (height,), (gradient,), (bend,) = curvatures(density, point[None], sides=(1,))
        if not (np.isfinite(height) and np.isfinite(bend).all() and np.isfinite(gradient).all()):
            break
        inverse = _inverse(bend)
        if float(gradient @ inverse @ gradient) < 2.0 * _GAIN:
            point = _settled(density, point, gradient, inverse)
            break
        if not left:
            break
        move = _moved(inverse, gradient)
        heights = density(point + lengths[:, None] * move)  # Step lengths 1, 1/2, …, 1/128 at once.
        best = int(np.argmax(np.where(np.isfinite(heights), heights, -np.inf)))
        if not heights[best] > height:
            break
        point = np.clip(point + lengths[best] * move, -_BOX, _BOX)
    (height,), _, (bend,) = curvatures(density, point[None])
    return Mode(point, bend, float(height))


def _settled(density: Density, point: Array, gradient: Array, inverse: Array) -> Array:
    """Continue with steps ``H^-1 g`` of one curvature while expected gains are halved."""
    gain = float(gradient @ inverse @ gradient)
    while gain > _SETTLED:
        ahead = np.clip(point + inverse @ gradient, -_BOX, _BOX)
        slope = density.gradients(ahead[None])[1][0]
        left = float(slope @ inverse @ slope)
        if not left < 0.5 * gain:
            break
        point, gradient, gain = ahead, slope, left
    return point


def climb(
    density: Density | Densities, points: Array, inverses: Array | None = None, *, rounds: int = 30
) -> tuple[Array, Array]:
    """Find modes from several points at once by BFGS steps; the last steps may be Newton's.

    Steps have full length, and each is judged with the gradient at its end. Other lengths are tried
    if a full step does not increase the density. A search ends if another step would gain less than
    0.01.

    Parameters
    ----------
    density : Density or Densities
        One for all starting points, or one each.
    inverses : ndarray (start, parameter, parameter), optional
        Inverse curvatures to begin with, from a similar density; by default those at the starting
        points.

    Returns
    -------
    tuple of ndarray (start, parameter) and ndarray (start)
        End of each search, and the log density there; minus infinity if no finite one was found.
    """
    points, every, afar = points.copy(), np.arange(len(points)), inverses is None
    if inverses is None:
        heights, slopes, bends = _at(density, points, every, bent=True)
        inverses = np.stack([_inverse(bend) for bend in bends])
    else:
        (heights, slopes), inverses = density.at(every).gradients(points), inverses.copy()
    active = np.isfinite(heights)
    for _ in range(rounds):
        moves = np.einsum("sij,sj->si", inverses, slopes)  # H^-1 g of each.
        # A quadratic with this gradient and curvature has g'H^-1 g / 2 still to gain.
        active &= 0.5 * (slopes * moves).sum(axis=1) >= _LEAST
        starts = np.flatnonzero(active)
        if starts.size == 0:
            break
        moves = _moved(inverses[starts], slopes[starts])
        ahead = np.clip(points[starts] + moves, -_BOX, _BOX)
        # Close to a mode BFGS is fast, and the end of a climb does not depend on other climbs.
        few = afar and starts.size * (points.shape[1] + 1) <= _FEW
        tops, ends, bends = _at(density, ahead, starts, bent=few)
        lower = np.flatnonzero(~(tops > heights[starts]))
        if lower.size:
            ahead[lower] = _shorter(density, points, moves[lower], starts[lower])
            tops[lower], ends[lower], bends[lower] = _at(
                density, ahead[lower], starts[lower], bent=few
            )
        higher = tops > heights[starts]
        active[starts[~higher]] = False
        for k in np.flatnonzero(higher):
            s = starts[k]
            if few and np.isfinite(bends[k]).all():
                inverses[s] = _inverse(bends[k])
            else:
                inverses[s] = _updated(inverses[s], ahead[k] - points[s], slopes[s] - ends[k])
            points[s], heights[s], slopes[s] = ahead[k], tops[k], ends[k]
    return points, np.where(np.isfinite(heights), heights, -np.inf)


def _at(
    density: Density | Densities, points: Array, starts: Index, *, bent: bool
) -> tuple[Array, Array, Array]:
    """Return log densities and gradients at the current points.

    Negative Hessians are returned on request.
    """
    n, d = points.shape
    if not bent:
        return *density.at(starts).gradients(points), np.full((n, d, d), np.nan)
    # Each point and its neighbours on one side.
    every = np.concatenate([starts, starts.repeat(d)])
    return curvatures(density.at(every), points, sides=(1,))


def _shorter(density: Density | Densities, points: Array, moves: Array, starts: Index) -> Array:
    """Return the best ends among steps of other lengths."""
    tried = points[starts, None] + _SHORTER[:, None] * moves[:, None]
    tried = np.clip(tried, -_BOX, _BOX)
    each = density.at(starts.repeat(_SHORTER.size))
    values = each(tried.reshape(-1, points.shape[1])).reshape(starts.size, -1)
    best = np.argmax(np.where(np.isfinite(values), values, -np.inf), axis=1)
    return np.asarray(tried[np.arange(starts.size), best])


def _updated(inverse: Array, move: Array, change: Array) -> Array:
    """Return the BFGS inverse curvature after a step with the decrease ``change`` of the slope."""
    # (I - s y'/s'y) H^-1 (I - y s'/s'y) + s s'/s'y: the new inverse maps y to s and remains
    # positive definite where s'y > 0.
    product = float(move @ change)
    if product <= 1e-12:
        return inverse
    projection = np.eye(move.size) - np.outer(move, change) / product
    return np.asarray(projection @ inverse @ projection.T + np.outer(move, move) / product)
