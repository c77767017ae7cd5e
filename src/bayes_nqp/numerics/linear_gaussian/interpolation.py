"""Smooth functions of one parameter on Chebyshev nodes, in panels.

Panels cover the parameter's unconstrained scale; each is computed when a point first falls into it.
Functions are never extrapolated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian.types import Panelled

MANY_PATTERNS = 16
"""Number of patterns of observed periods above which nodes are used.

Microseconds a point without and with nodes: 2,580 and 240 with 191 patterns; equal with one.
"""
_WIDTH = 1.0
"""Width of a panel, on the unconstrained scale."""
_FARTHEST = 12.0
"""Ends of the panels; beyond, points are computed one by one."""
_SIZES = (12, 18)
"""Nodes of a panel: the smallest number that is exact between nodes."""
_EXACT = 1e-12
"""Largest error between nodes, relative to the largest value of each array."""


@dataclass(frozen=True, eq=False)
class Panels:
    """Arrays that depend on one parameter alone.

    Parameters
    ----------
    computed : callable
        From u (n, 1), the parameter on its unconstrained scale, to arrays (n, ...).
    known : dict
        Computed panels, by their numbers; None where nodes are not exact.
    """

    computed: Callable[[Array], Sequence[Array]]
    known: dict[int, Panelled | None] = field(default_factory=dict)

    def values(self, u: Array) -> list[Array] | None:
        """Return the arrays at points (B, ...); None where nodes are not exact."""
        return self._at(u, slope=False)

    def slopes(self, u: Array) -> list[Array] | None:
        """Return their derivatives by the parameter."""
        return self._at(u, slope=True)

    def mixed(self, u: Array, weights: Array) -> Array | None:
        """Return ``sum_k w_k X_k`` of K arrays of equal size (B, number), in one product.

        Parameters
        ----------
        weights : ndarray (B, K)
            w.
        """
        pieces = self.pieces(u)
        if pieces is None:
            return None
        parts = []
        for inside, place, (_, table) in pieces:
            # The table contains the K arrays in columns (degree, K number): (degree K, number).
            basis = polynomials(place, len(table))[:, :, None] * weights[inside, None]
            parts.append(basis.reshape(len(place), -1) @ table.reshape(basis[0].size, -1))
        if len(parts) == 1:
            return np.asarray(parts[0])
        out = np.empty((len(u), parts[0].shape[1]))
        for (inside, _, _), part in zip(pieces, parts, strict=True):
            out[inside] = part
        return out

    def products(self, u: Array, other: Array) -> tuple[Array, Array] | None:
        """Return ``<Y, X_k>`` and ``<Y, dX_k>`` along the parameter of K such arrays (B, K).

        Parameters
        ----------
        other : ndarray (B, number)
            Y.
        """
        pieces = self.pieces(u)
        if pieces is None:
            return None
        out = np.empty((2, len(u), len(pieces[0][2][0])))
        for inside, place, (shapes, table) in pieces:
            size = len(table)
            each = other[inside] @ table.reshape(size * len(shapes), -1).T
            each = each.reshape(len(place), size, -1)
            for slope in (False, True):
                basis = polynomials(place, size, slope)
                out[int(slope), inside] = np.einsum("bn,bnk->bk", basis, each)
        return out[0], out[1]

    def _at(self, u: Array, *, slope: bool) -> list[Array] | None:
        """Return the polynomials at points, or their derivatives, each in its panel."""
        pieces = self.pieces(u)
        if pieces is None:
            return None
        shapes, table = pieces[0][2]
        out = np.empty((len(u), table.shape[1]))
        for inside, place, (_, table) in pieces:
            out[inside] = polynomials(place, len(table), slope) @ table
        cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = np.split(out, cuts, axis=1)
        return [part.reshape(len(u), *shape) for part, shape in zip(parts, shapes, strict=True)]

    def pieces(self, u: Array) -> list[tuple[Any, Array, Panelled]] | None:
        """Yield panels with points: their indices, positions in the panel, and contents."""
        if not (np.abs(u) < _FARTHEST).all():
            return None
        x = u[:, 0] / _WIDTH
        number = np.floor(x).astype(np.int64)
        distinct = np.unique(number).tolist()
        out = []
        for k in distinct:
            panel = self._panel(k)
            if panel is None:
                return None
            # Panel k covers [k, k + 1) widths of u; its own scale is [-1, 1].
            inside = slice(None) if len(distinct) == 1 else number == k
            out.append((inside, 2.0 * (x[inside] - k) - 1.0, panel))
        return out

    def _panel(self, number: int) -> Panelled | None:
        """Return shapes of arrays, and coefficients of Chebyshev polynomials; None on failure."""
        if number not in self.known:
            self.known[number] = self._made(number)
        return self.known[number]

    def _made(self, number: int) -> Panelled | None:
        """Interpolate at nodes, and test at extrema between them."""

        def computed(places: Array) -> Sequence[Array]:
            return self.computed(_WIDTH * (number + 0.5 * (places[:, None] + 1.0)))

        for size in _SIZES:
            places = np.cos(np.pi * (np.arange(size) + 0.5) / size)
            # Halfway between nodes in angle, where the error of interpolation is largest.
            between = np.cos(np.pi * np.arange(1, size, 4) / size)
            try:
                nodes, true = computed(places), computed(between)
            except np.linalg.LinAlgError:
                return None
            # Coefficients c of T_0 to T_n-1: V c = values at nodes, V the Vandermonde matrix there.
            onto = np.linalg.inv(polynomials(places, size))
            tables = [onto @ part.reshape(size, -1) for part in nodes]
            check = polynomials(between, size)
            if all(
                np.abs(check @ table - part.reshape(between.size, -1)).max(initial=0.0)
                <= _EXACT * np.abs(part).max(initial=0.0)
                for table, part in zip(tables, true, strict=True)
            ):
                return [part.shape[1:] for part in nodes], np.concatenate(tables, axis=1)
        return None


def polynomials(places: Array, size: int, slope: bool = False) -> Array:
    """Return Chebyshev polynomials at places (B, size), or their derivatives."""
    # T_k(cos a) = cos k a.
    basis = np.cos(np.arccos(np.clip(places, -1.0, 1.0))[:, None] * np.arange(size))
    return basis[:, :-1] @ _slopes(size) if slope else basis


@cache
def _slopes(size: int) -> Array:
    """Return derivatives of the polynomials in terms of lower degrees; read-only."""
    # T_k' = k U_k-1, of which a panel's own scale is 2 / `_WIDTH` times as long.
    return np.asarray(chebyshev.chebder(np.eye(size), scl=2.0 / _WIDTH))
