"""Cells of what is nearest to each place, cut off at a distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.path import Path
from scipy.spatial import cKDTree

from bayes_nqp.arrays import Array

DEGREE: Final = np.pi * 6371.0 / 180.0
"""Kilometres of one degree of latitude."""
_CORNERS: Final = 32
"""Of a cell that meets no other."""
_SPREAD: Final = 1.25
"""Radius of cells, in distances within which nine of ten units have another."""


def joined(rings: Sequence[Array]) -> Path:
    """Closed rings as one path."""
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def cells_of(degrees: Array) -> tuple[list[Path], float]:
    """Voronoi cells in the plane of the map, cut off at a distance; its kilometres.

    A cell is what is left of a disc once every half-plane that is nearer to another unit is cut
    off; only units within two radii can cut.
    """
    middle = 0.5 * (degrees[:, 1].min() + degrees[:, 1].max())
    scale = np.array([np.cos(np.radians(middle)), 1.0])
    points = degrees * scale
    tree = cKDTree(points)
    radius = _SPREAD * float(np.quantile(tree.query(points, 2)[0][:, 1], 0.9))
    angle = 2.0 * np.pi * np.arange(_CORNERS) / _CORNERS
    disc = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    cells = []
    for k, near in enumerate(tree.query_ball_point(points, 2.0 * radius)):
        cell = points[k] + disc
        for other in sorted(near, key=lambda j: float(np.sum((points[j] - points[k]) ** 2))):
            if other != k:
                cell = _cut(cell, 0.5 * (points[k] + points[other]), points[other] - points[k])
        cells.append(joined([np.vstack([cell, cell[:1]]) / scale]))
    return cells, radius * DEGREE


def _cut(polygon: Array, at: Array, away: Array) -> Array:
    """Leave of a convex polygon what lies on this side of a line.

    Parameters
    ----------
    polygon : ndarray (corner, 2)
        In order.
    at, away : ndarray (2,)
        A point of the line, and the direction of what is cut off.
    """
    side = (polygon - at) @ away
    following = np.roll(side, -1)
    crossed = np.flatnonzero(side * following < 0.0)
    step = side[crossed] / (side[crossed] - following[crossed])
    edges = np.roll(polygon, -1, axis=0)[crossed] - polygon[crossed]
    inside = np.flatnonzero(side <= 0.0)
    corners = np.concatenate([polygon[inside], polygon[crossed] + step[:, None] * edges])
    return np.asarray(corners[np.argsort(np.concatenate([inside, crossed + 0.5]))])
