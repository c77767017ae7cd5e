"""Functions of a moderator or an exposure: a line, and bends of a cubic smoothing spline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import eigh

from bayes_nqp._core.arrays import Array, Mask


@dataclass(frozen=True, eq=False)
class EffectCurve:
    """A moderator or an exposure, and the functions of it of which a curve is the sum.

    Parameters
    ----------
    moderator : str
        Column of the panel.
    by, level : str, optional
        The stratum factor and its level to which the curve belongs; all units by default.
    values : ndarray (unit, or observation for an exposure), the moderator's units
        The moderator.
    treated : ndarray of bool (unit, or observation for an exposure)
        Ever-treated units of the level; exposed observations.
    knots : ndarray (knot), the moderator's units
        Knots of the spline; none for a line.
    labels : tuple of str (function)
        Names of the columns: "treated × x", "treated × x, bend 1", and so on.
    """

    moderator: str
    by: str | None
    level: str | None
    values: Array
    treated: Mask
    knots: Array
    labels: tuple[str, ...] = ()

    @cached_property
    def location(self) -> float:
        """Return the mean of the moderator over treated units."""
        return float(self.values[self.treated].mean())

    @cached_property
    def spread(self) -> float:
        """Return the standard deviation of the moderator over treated units."""
        return float(self.values[self.treated].std())

    def functions(self, x: Array) -> Array:
        """Evaluate the line and the bends (value, function).

        The line is ``x - mean``. Bends are ``sum_j B_j(x) v_jk / sqrt(lambda_k)``: B_j are
        cardinal natural cubic splines of the knots, continued as lines outside them. With Omega the
        integral of ``B'' B''^T``, and G the cross-products of B over treated units, v solves
        ``Omega v = lambda G v`` and is orthogonal to constants and lines (lambda = 0). Independent
        coefficients of bends with one standard deviation tau then have the log density
        ``-(integral of f''^2) / (2 tau^2)`` up to a factor: a smoothing spline. They are scaled so
        that the sum of bends has mean square tau^2 over treated units.
        """
        line = x - self.location
        if not self.knots.size:
            return line[:, None]
        return np.column_stack([line, self._bends(x)])

    def derivatives(self, x: Array) -> Array:
        """Evaluate the derivatives of the functions (value, function)."""
        line = np.ones((x.size, 1))
        if not self.knots.size:
            return line
        basis, rotation = self._spline
        slopes = basis(np.clip(x, self.knots[0], self.knots[-1]), 1)
        return np.column_stack([line, slopes @ rotation])

    @cached_property
    def of_units(self) -> Array:
        """Return the functions of each unit, zero for units without the curve (unit, function)."""
        return np.asarray(self.functions(self.values) * self.treated[:, None])

    @property
    def size(self) -> int:
        """Return the number of functions."""
        return 1 + max(self.knots.size - 2, 0)

    def _bends(self, x: Array) -> Array:
        basis, rotation = self._spline
        return np.asarray(_natural(basis, self.knots, x) @ rotation)

    @cached_property
    def _spline(self) -> tuple[CubicSpline, Array]:
        """Cardinal splines of the knots, and the rotation to bends (knot, bend)."""
        basis = CubicSpline(self.knots, np.eye(self.knots.size), bc_type="natural")
        inside = _natural(basis, self.knots, self.values[self.treated])
        gram = inside.T @ inside / len(inside)
        # Second derivatives are linear between knots; h / 3 and h / 6 integrate their products.
        second, h = basis(self.knots, 2), np.diff(self.knots)
        mass = np.diag(np.append(h, 0.0) + np.append(0.0, h)) / 3.0
        mass += (np.diag(h, 1) + np.diag(h, -1)) / 6.0
        omega = second.T @ mass @ second
        # Orthogonal complement, in G, of values of a constant and a line at the knots.
        lines = np.column_stack([np.ones_like(self.knots), self.knots])
        free = np.linalg.svd((gram @ lines).T)[2][2:].T
        penalty, vectors = eigh(free.T @ omega @ free, free.T @ gram @ free)
        variance = 1.0 / penalty
        return basis, (free @ vectors) * np.sqrt(variance / variance.sum())


def _natural(basis: CubicSpline, knots: Array, x: Array) -> Array:
    """Evaluate natural splines (value, knot): lines outside the knots."""
    at = np.clip(x, knots[0], knots[-1])
    return np.asarray(basis(at) + (x - at)[:, None] * basis(at, 1))
