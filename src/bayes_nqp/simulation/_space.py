"""Correlation of innovations between places."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.errors import StudyError

Across = Callable[[np.random.Generator, Array], Array]

_EARTH: Final = 6371.0


def distances(longitude: Array, latitude: Array) -> Array:
    """Great-circle distances, in kilometres."""
    east, north = np.radians(longitude), np.radians(latitude)
    half = np.sin(0.5 * (north[:, None] - north)) ** 2
    half += np.cos(north)[:, None] * np.cos(north) * np.sin(0.5 * (east[:, None] - east)) ** 2
    return np.asarray(2.0 * _EARTH * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def near_ones(share: float, reach: float, longitude: Array, latitude: Array) -> Across | None:
    """Correlate places by ``share * exp(-distance / reach)``.

    Parameters
    ----------
    share : float
        Correlation of two places at no distance.
    reach : float
        Distance over which it falls to 1 / e of that, in kilometres.

    Returns
    -------
    callable or None
        For `joint_errors`; None where nothing is correlated.

    Raises
    ------
    StudyError
        If one of them is out of range.
    """
    if not 0.0 <= share < 1.0:
        raise StudyError(f"'spatial' is {share!r}", hint="a correlation from 0 up, below 1")
    if not 0.0 < reach < math.inf:
        raise StudyError(f"'reach' is {reach!r}", hint="kilometres, such as 200.0")
    if share == 0.0:
        return None
    kernel = share * np.exp(-distances(longitude, latitude) / reach)
    np.fill_diagonal(kernel, 1.0)
    root = np.linalg.cholesky(kernel)

    def mix(_: np.random.Generator, normal: Array) -> Array:
        return np.asarray(np.einsum("ij,jte->ite", root, normal, optimize=True))

    return mix


def shared_by_groups(share: float, groups: Index) -> Across | None:
    """Correlate units of one group by ``share``.

    Parameters
    ----------
    groups : ndarray of int (unit)
        Numbers from 0.

    Returns
    -------
    callable or None
        For `joint_errors`; None where nothing is correlated.
    """
    if share == 0.0:
        return None

    def mix(rng: np.random.Generator, normal: Array) -> Array:
        common = rng.standard_normal((int(groups.max()) + 1, *normal.shape[1:]))
        return np.asarray(np.sqrt(1.0 - share) * normal + np.sqrt(share) * common[groups])

    return mix
