"""Smooth functions of one parameter or two, on Chebyshev nodes, panel by panel.

Panels cover the parameters' unconstrained scales; each is computed when a point first falls into
it, of two parameters when many do. No point is extrapolated to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product

import numpy as np
from numpy.polynomial import chebyshev

from bayes_nqp.arrays import Array, Index, Mask
from bayes_nqp.gaussian.types import Panelled

__all__ = ["MANY_PATTERNS", "Panels"]

MANY_PATTERNS = 16
"""Patterns of observed periods from which nodes are used.

With 191 patterns, microseconds a point fell from 2,580 to 240; with one there is nothing to gain.
"""
_WIDTH = 1.0
"""Width of a panel, on the unconstrained scale."""
_FARTHEST = 12.0
"""Where panels end; beyond, points are computed one by one."""
_SIZES = (12, 18)
"""Nodes of a panel along each parameter: the fewest that are exact in between."""
_EXACT = 1e-11
"""Largest error in between, relative to the largest value of each array."""
_ENOUGH = 100
"""Points in a panel of two parameters from which its nodes, 144 at least, are computed."""


@dataclass(frozen=True, eq=False)
class Panels:
    """Arrays that depend on d parameters alone.

    Parameters
    ----------
    computed : callable
        From u (n, d), the parameters on their unconstrained scales, to arrays (n, ...).
    known : dict
        Panels so far, by their numbers; None where nodes are not exact.
    counts : dict
        Points that were counted in each.
    """

    computed: Callable[[Array], Sequence[Array]]
    known: dict[tuple[int, ...], Panelled | None] = field(default_factory=dict)
    counts: dict[tuple[int, ...], int] = field(default_factory=dict)

    def values(self, u: Array) -> list[Array] | None:
        """The arrays at points (B, ...); None where nodes are not exact."""
        return self._whole(u, None)

    def slopes(self, u: Array, axis: int = 0) -> list[Array] | None:
        """Their slopes along one parameter."""
        return self._whole(u, axis)

    def count(self, u: Array) -> None:
        """Count points, and compute the panels that many have fallen into."""
        numbers, counts = np.unique(_numbers(u), axis=0, return_counts=True)
        for number, count in zip(map(tuple, numbers.tolist()), counts.tolist(), strict=True):
            self.counts[number] = self.counts.get(number, 0) + count
            if self.counts[number] >= _ENOUGH and max(map(abs, number)) < _FARTHEST:
                self._panel(number)

    def at_hand(self, u: Array) -> tuple[Mask, list[Array]]:
        """Which points are in panels that are known, and the arrays at these."""
        numbers = list(map(tuple, _numbers(u).tolist()))
        inside = np.array([self.known.get(number) is not None for number in numbers])
        return inside, (self._whole(u[inside], None) or []) if inside.any() else []

    def _whole(self, u: Array, slope: int | None) -> list[Array] | None:
        """What polynomials say at points, or their slopes: each in its panel."""
        if not (np.abs(u) < _FARTHEST).all():
            return None
        distinct, place = np.unique(_numbers(u), axis=0, return_inverse=True)
        panels = [self._panel(tuple(number)) for number in distinct.tolist()]
        pieces = [panel for panel in panels if panel is not None]
        if len(pieces) < len(panels):
            return None
        shapes, table = pieces[0]
        out = np.empty((len(u), table.shape[1]))
        for k, (number, (_, table)) in enumerate(zip(distinct, pieces, strict=True)):
            # Panel k holds [k, k + 1) widths of u; its own scale is [-1, 1].
            inside = place.ravel() == k
            out[inside] = _basis(2.0 * (u[inside] / _WIDTH - number) - 1.0, table, slope) @ table
        cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = np.split(out, cuts, axis=1)
        return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]

    def _panel(self, number: tuple[int, ...]) -> Panelled | None:
        """Shapes of arrays, and coefficients of Chebyshev polynomials; None where these fail."""
        if number not in self.known:
            self.known[number] = self._made(number)
        return self.known[number]

    def _made(self, number: tuple[int, ...]) -> Panelled | None:
        """Interpolate at nodes, and look at extrema in between."""
        grid = partial(_grid, d=len(number))
        for size in _SIZES:
            places = grid(np.cos(np.pi * (np.arange(size) + 0.5) / size))
            # Halfway between nodes in angle, where the error of interpolation is largest.
            between = grid(np.cos(np.pi * np.arange(1, size, 4) / size))
            try:
                nodes, true = self._at(number, places), self._at(number, between)
            except np.linalg.LinAlgError:
                return None
            # Coefficients c of T_0 to T_n-1: V c = values at nodes, V the Vandermonde matrix there.
            basis = _vander(places, size)
            tables = [np.linalg.solve(basis, part.reshape(len(places), -1)) for part in nodes]
            check = _vander(between, size)
            if all(
                np.abs(check @ table - part.reshape(len(between), -1)).max(initial=0.0)
                <= _EXACT * np.abs(part).max(initial=0.0)
                for table, part in zip(tables, true, strict=True)
            ):
                return [part.shape[1:] for part in nodes], np.concatenate(tables, axis=1)
        return None

    def _at(self, number: tuple[int, ...], places: Array) -> Sequence[Array]:
        """The arrays at places in [-1, 1]^d of a panel, computed there."""
        return self.computed(_WIDTH * (np.array(number) + 0.5 * (places + 1.0)))


def _numbers(u: Array) -> Index:
    """Numbers of the panels that points are in (B, d)."""
    return np.floor(np.clip(u, -2 * _FARTHEST, 2 * _FARTHEST) / _WIDTH).astype(np.int64)


def _grid(places: Array, d: int) -> Array:
    """All combinations of places along d parameters (n, d)."""
    return np.array(list(product(places, repeat=d)))


def _vander(places: Array, size: int, slope: int | None = None) -> Array:
    """Products of Chebyshev polynomials at places (B, d), or their slopes along one parameter."""
    out = np.ones((len(places), 1))
    for axis, x in enumerate(places.T):
        basis = chebyshev.chebvander(x, size - 1)
        if axis == slope:
            # T_k' = k U_k-1, of which a panel's own scale is 2 / `_WIDTH` times as long.
            ends = chebyshev.chebder(np.eye(size), scl=2.0 / _WIDTH)
            basis = basis[:, :-1] @ ends
        out = (out[:, :, None] * basis[:, None]).reshape(len(places), -1)
    return out


def _basis(places: Array, table: Array, slope: int | None) -> Array:
    return _vander(places, round(len(table) ** (1 / places.shape[1])), slope)
