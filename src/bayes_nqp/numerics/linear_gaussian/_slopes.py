"""Derivatives of laws of parameters along the unconstrained scale, for the gradient.

The density depends on parameters only through scales and a few small matrices: a covariance over
the time grid, one of deviations, a root of a process. Their derivatives are differences of five
points. The error is ``h⁴ f⁗'/30``, 1e-13 for a function as smooth as a correlation or a log, and
rounding over h, which is equally small. All factors that multiply them are exact (`gradient`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bayes_nqp._core.arrays import Array

_STEP = 1e-3
_PLACES = np.array([1.0, -1.0, 2.0, -2.0])
_SHARES = np.array([8.0, -8.0, -1.0, 1.0]) / 12.0
"""``f' = (8 f(h) - 8 f(-h) - f(2h) + f(-2h)) / 12 h``."""


class Slopes:
    """Parameters around B points, along every one of them.

    Parameters
    ----------
    points : ndarray (B, parameter)
        Unconstrained.
    values : callable
        From points to parameters on their own scales.
    """

    def __init__(self, points: Array, values: Callable[[Array], Any]) -> None:
        n_points, d = points.shape
        steps = _STEP * _PLACES[:, None, None, None] * np.eye(d)[:, None]
        self.shape = (_PLACES.size, d, n_points)
        self.points = (points + steps).reshape(-1, d)  # (place, parameter, B, parameter), flat.
        self.values = values(self.points)

    def of(self, numbers: Array) -> Array:
        """Return derivatives (parameter, B, ...) of numbers computed at `values` (n, ...)."""
        parts = numbers.reshape(*self.shape, *numbers.shape[1:])
        return np.asarray(np.tensordot(_SHARES / _STEP, parts, axes=1))

    def along(self, numbers: Array, adjoint: Array) -> Array:
        """Return ``<adjoint, d numbers>`` along every parameter (B, parameter).

        Parameters
        ----------
        adjoint : ndarray (B, ...)
            Derivative of the log density with respect to the numbers.
        """
        slopes = self.of(numbers)
        d, n_points = slopes.shape[:2]
        slopes, adjoint = slopes.reshape(d, n_points, -1), adjoint.reshape(n_points, -1)
        return np.asarray(np.einsum("kbi,bi->bk", slopes, adjoint))
