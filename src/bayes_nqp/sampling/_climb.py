"""The mode of a density, climbed in batches: many points at once, no gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp.arrays import Array

type Density = Callable[[Array], Array]

_STEP = 0.05
_GAIN = 1e-3
_BOX = 12.0
"""Bounds of a climb on the unconstrained scale, either way."""
_SMALL, _LEAST = 1e-3, 0.01
"""Steps of differences; and the gain below which a climb from nearby ends."""
_SHORTER = np.array([0.5, 0.25, 0.0625, 0.004])
_LENGTHS = np.array([2.0, 1.0, 0.4, 0.05])
"""Lengths of a step that are tried at once, in multiples of BFGS's."""
_ENOUGH = 0.02
"""Gain in log density below which a climb has ended."""
_FLATTEST = 0.3
"""Curvature below which a direction counts as flat: the step is then no longer Newton's."""


@dataclass(frozen=True, eq=False)
class Summit:
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
        """Whether there is a finite density with a finite curvature."""
        return bool(np.isfinite(self.height) and np.isfinite(self.curvature).all())

    @property
    def inverse(self) -> Array:
        """Inverse curvature, of flat directions that of the flattest."""
        # V diag(1/|e|) V', |e| from below bounded.
        values, vectors = np.linalg.eigh(self.curvature)
        return np.asarray((vectors / np.maximum(np.abs(values), _FLATTEST)) @ vectors.T)

    def distance(self, point: Array) -> float:
        """Standard deviations, by the curvature, between a point and the mode."""
        # Mahalanobis: sqrt((x - m)' V diag(e) V' (x - m)).
        offset = point - self.point
        values, vectors = np.linalg.eigh(self.curvature)
        return float(np.sqrt(np.sum(np.maximum(values, _FLATTEST) * (vectors.T @ offset) ** 2)))


def curvature(density: Density, point: Array, step: Array) -> tuple[float, Array, Array]:
    """Value, gradient and negative Hessian by central differences of 2 d² + 1 points.

    Parameters
    ----------
    density : callable
        From points (B, parameter) to log densities (B).
    """
    d = point.size
    steps = np.diag(step)
    i, j = np.triu_indices(d, 1)
    # f, then f(±i) along axes, then f(±(i + j)) at corners of every pair: 1 + 2 d + d (d - 1).
    corners = steps[i] + steps[j]
    around = [point[None], point + steps, point - steps, point + corners, point - corners]
    values = density(np.concatenate(around))
    with np.errstate(invalid="ignore"):
        return _differences(values, step, d, i, j)


def _differences(
    values: Array, step: Array, d: int, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]
) -> tuple[float, Array, Array]:
    """Turn heights at a point, along its axes and at corners to derivatives."""
    middle, up, down = values[0], values[1 : d + 1], values[d + 1 : 2 * d + 1]
    # f(+i) + f(-i) - 2 f = h_ii s_i²
    hessian = np.diag((up - 2.0 * middle + down) / step**2)
    corners = values[2 * d + 1 :].reshape(2, -1).sum(axis=0)
    # f(++) + f(--) - f(+i) - f(-i) - f(+j) - f(-j) + 2 f = 2 h_ij s_i s_j
    mixed = corners - up[i] - down[i] - up[j] - down[j] + 2.0 * middle
    hessian[i, j] = hessian[j, i] = mixed / (2.0 * step[i] * step[j])
    return float(middle), (up - down) / (2.0 * step), -hessian


def newton(density: Density, point: Array, *, rounds: int = 12) -> Summit:
    """Climb by Newton steps whose curvature comes from batches of 2 d² + 1 points."""
    step = np.full(point.size, _STEP)
    lengths = 2.0 ** -np.arange(8.0)
    height, gradient, bend = curvature(density, point, step)
    for _ in range(rounds):
        if not (np.isfinite(height) and np.isfinite(bend).all() and np.isfinite(gradient).all()):
            break
        # H^-1 g with |e| for the eigenvalues of H: uphill where the density bends upwards, too.
        values, vectors = np.linalg.eigh(bend)
        slope = vectors.T @ gradient
        move = vectors @ (slope / np.maximum(np.abs(values), _FLATTEST))
        move /= max(1.0, float(np.abs(move).max()))
        heights = density(point + lengths[:, None] * move)  # Step lengths 1, 1/2, …, 1/128 at once.
        best = int(np.argmax(np.where(np.isfinite(heights), heights, -np.inf)))
        if not heights[best] > height + _GAIN:
            break
        point = np.clip(point + lengths[best] * move, -_BOX, _BOX)
        # Differences over a third of an sd: wide for rounding, narrow for fourth derivatives.
        width = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(bend)), 1e-12))
        step = np.clip(0.3 * width, 1e-5, 0.1)
        height, gradient, bend = curvature(density, point, step)
    return Summit(point, bend, height)


def ascend(
    density: Density, point: Array, inverse: Array, *, rounds: int = 12
) -> tuple[Array, float]:
    """Climb from near a mode, where the curvature is known: a batch of 2 d + 1 points a step.

    BFGS steps of full length, each judged with the gradient at its end; shorter ones are tried
    where a full one does not climb. It ends where another step would gain less than .01.

    Parameters
    ----------
    inverse : ndarray (parameter, parameter)
        Inverse curvature, as of a density much like this one.

    Returns
    -------
    tuple of ndarray (parameter) and float
        Where the climb ended, and the log density there; minus infinity where none is finite.
    """
    height, gradient = _slope(density, point)
    for _ in range(rounds):
        move = inverse @ gradient
        # A quadratic with this gradient and curvature has g'H^-1 g / 2 still to gain.
        if not np.isfinite(height) or 0.5 * float(gradient @ move) < _LEAST:
            break
        move /= max(1.0, float(np.abs(move).max()))
        ahead = np.clip(point + move, -_BOX, _BOX)
        top, slope = _slope(density, ahead)
        if not top > height:
            shorter = np.clip(point + _SHORTER[:, None] * move, -_BOX, _BOX)
            heights = density(shorter)
            best = int(np.argmax(np.where(np.isfinite(heights), heights, -np.inf)))
            if not heights[best] > height:
                break
            ahead = shorter[best]
            top, slope = _slope(density, ahead)
        inverse = _updated(inverse, ahead - point, gradient - slope)
        point, height, gradient = ahead, top, slope
    return point, height if np.isfinite(height) else -np.inf


def _slope(density: Density, point: Array) -> tuple[float, Array]:
    """Height and gradient by central differences, in one batch."""
    step = _SMALL * np.eye(point.size)
    values = density(np.concatenate([point[None], point + step, point - step]))  # 2 d + 1 points.
    up, down = values[1:].reshape(2, -1)
    with np.errstate(invalid="ignore"):
        gradient = np.nan_to_num((up - down) / (2.0 * _SMALL), posinf=0.0, neginf=0.0)
    return float(values[0]), gradient


def climb(density: Density, points: Array, *, rounds: int = 30) -> tuple[Array, Array]:
    """Climb from several points at once by BFGS with gradients from differences.

    The differences also give the curvature along each axis, which BFGS's is held to: parameters
    differ much in scale, and far from a mode it changes quickly.

    Returns
    -------
    tuple of ndarray (start, parameter) and ndarray (start)
        Where each climb ended, and the log density there; minus infinity where it found no
        finite one.
    """
    points = points.copy()
    heights = density(points)
    gradients, bends = _derivatives(density, points, heights)
    inverse = np.stack([_rescaled(np.eye(bend.size), bend) for bend in bends])
    active = np.isfinite(heights)
    for _ in range(rounds):
        starts = np.flatnonzero(active)  # Those that still climb.
        if starts.size == 0:
            break
        moves = np.einsum("sij,sj->si", inverse[starts], gradients[starts])  # H^-1 g of each.
        moves /= np.maximum(1.0, np.abs(moves).max(axis=1, keepdims=True))
        ahead = np.clip(points[starts, None] + _LENGTHS[:, None] * moves[:, None], -_BOX, _BOX)
        tops = density(ahead.reshape(-1, points.shape[1])).reshape(starts.size, -1)
        best = np.argmax(np.where(np.isfinite(tops), tops, -np.inf), axis=1)
        gain = tops[np.arange(starts.size), best] - heights[starts]
        steps = ahead[np.arange(starts.size), best] - points[starts]
        higher = starts[gain > 0.0]
        points[higher] += steps[gain > 0.0]
        heights[higher] += gain[gain > 0.0]
        active[starts] = gain >= _ENOUGH
        starts, steps = starts[active[starts]], steps[active[starts]]
        if starts.size == 0:
            break
        slopes, bends = _derivatives(density, points[starts], heights[starts])
        for k, s in enumerate(starts):
            # Secant condition first, H s = y; then the diagonal of H as differences have it.
            secant = _updated(inverse[s], steps[k], gradients[s] - slopes[k])
            inverse[s] = _rescaled(secant, bends[k])
        gradients[starts] = slopes
    return points, np.where(np.isfinite(heights), heights, -np.inf)


def _derivatives(density: Density, points: Array, heights: Array) -> tuple[Array, Array]:
    """Gradients and negative second derivatives along the axes (start, parameter)."""
    d = points.shape[1]
    step = _SMALL * np.eye(d)
    around = np.concatenate([points[:, None] + step, points[:, None] - step], axis=1)
    values = density(around.reshape(-1, d)).reshape(len(points), 2, d)
    up, down = values[:, 0], values[:, 1]
    with np.errstate(invalid="ignore"):
        slopes = (up - down) / (2.0 * _SMALL)
        bends = (2.0 * heights[:, None] - up - down) / _SMALL**2
    slopes = np.where(np.isfinite(slopes), slopes, 0.0)
    return slopes, np.where(np.isfinite(bends), bends, 0.0)


def _rescaled(inverse: Array, bends: Array) -> Array:
    """Stretch an inverse curvature so that the curvature has the given diagonal.

    Correlations stay; of a direction that is flat or bends upwards the diagonal is a small one.
    """
    # H^-1 -> S H^-1 S and H -> S^-1 H S^-1, S diagonal with S² = diag(H) / bends.
    diagonal = np.diag(np.linalg.inv(inverse))
    shrink = np.sqrt(diagonal / np.maximum(np.abs(bends), _FLATTEST))
    return np.asarray(inverse * np.outer(shrink, shrink))


def _updated(inverse: Array, move: Array, change: Array) -> Array:
    """BFGS: the inverse curvature after a step along which the slope fell by ``change``."""
    # (I - s y'/s'y) H^-1 (I - y s'/s'y) + s s'/s'y: the new inverse takes y to s, and stays
    # positive definite where s'y > 0.
    product = float(move @ change)
    if product <= 1e-12:
        return inverse
    projection = np.eye(move.size) - np.outer(move, change) / product
    return np.asarray(projection @ inverse @ projection.T + np.outer(move, move) / product)
