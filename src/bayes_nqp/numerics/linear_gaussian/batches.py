"""Points in batches that fit into the second-level cache, each distinct point once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Protocol, Self

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.threads import n_threads, one_thread
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart

CHUNK = 32
"""Maximum number of points in a batch; with fewer, Python's overhead would dominate."""
_FEW = 6_000
"""Numbers per point below which twice as many would not be limited by memory, either."""
_CACHED = 700_000
"""Numbers of a batch's matrices, beyond which it would wait for memory.

Microseconds a point of 44,100 numbers, 16 points at once and 27: 200 and 340.
"""
_DRAWN = 1_200_000
"""The same for batches with drawn coefficients."""


def batch_size(problem: LinearPart, *, unreduced: bool = False, drawn: bool = False) -> int:
    """Return the number of points in a batch, fewer for large matrices.

    Parameters
    ----------
    drawn : bool, default False
        True if coefficients are drawn at every point, with several numbers each.
    unreduced : bool, default False
        True if normal equations are those of all coefficients, unshared cells included.
    """
    head, layout = problem.arrowhead, None if unreduced else problem.reduced
    in_parts = sum(math.prod(shape) for shape, _, _ in head.parts)
    numbers = in_parts if layout is None else layout.take.size
    numbers = max(numbers, problem.n_squares)
    most = CHUNK if drawn or numbers > _FEW else 2 * CHUNK
    return int(np.clip((_DRAWN if drawn else _CACHED) // max(numbers, 1), 8, most))


class Batch(Protocol):
    """Values at several points."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: Any) -> Self: ...


def in_chunks[V: Batch](
    function: Callable[[V], Array],
    points: V,
    *,
    size: int = CHUNK,
    threads: int | None = None,
) -> Array:
    """Call a function of points chunk by chunk, and join the results.

    Parameters
    ----------
    function : callable
        From points, or values at these (B, ...), to an array with B first.
    size : int, default 32
        Points of a chunk.
    threads : int, optional
        By default those of `machine.n_threads`; results do not depend on their number.
    """
    starts = range(0, max(len(points), 1), size)
    workers = min(n_threads(threads), len(starts))

    def at(start: int) -> Array:
        # What is known at these points, factors and all, goes with them.
        return function(points[start : start + size])

    with one_thread():
        if workers == 1:
            return np.concatenate([at(start) for start in starts])
        with ThreadPoolExecutor(workers) as pool:
            return np.concatenate(list(pool.map(at, starts)))


def point_by_point[V: Batch](
    function: Callable[[V], Array], values: V, shape: tuple[int, ...]
) -> Array:
    """Compute log densities of a batch, halved until points without a factor are separate.

    Parameters
    ----------
    function : callable
        From values at B points to log densities (B, ...).
    shape : tuple of int
        Shape of the log density at one point, which is minus infinity where there is no factor.
    """
    try:
        with np.errstate(all="ignore"):
            return function(values)
    except np.linalg.LinAlgError:
        if len(values) == 1:
            return np.full(shape, -np.inf)
        middle = len(values) // 2
        parts = (values[:middle], values[middle:])
        return np.concatenate([point_by_point(function, part, shape) for part in parts])


type Piece[V] = Callable[[V, np.random.Generator | None, Index], tuple[Array, ...]]


def draws_of_distinct[V: Batch](
    piece: Piece[V],
    points: Array,
    generator: np.random.Generator | None,
    *,
    values: Callable[[Array], V],
    size: Callable[[int], int],
    threads: int | None = None,
) -> tuple[Array, ...]:
    """Draw at every point, with equal points in one piece.

    Parameters
    ----------
    piece : callable
        From values at distinct points (B), a stream and the numbers of their draws (B, times) to
        arrays (B, times, ...). Numbers are those of rows of `points`. If a point has fewer draws
        than others of the piece, its last number is repeated, and the surplus draws are left out.
    generator : Generator or None
        None gives conditional means.
    values : callable
        From points (B, parameter) to the values that pieces take.
    size : callable
        Points of a piece, by the draws of each.
    threads : int, optional
        Draws do not depend on their number.
    """
    distinct, first, place, counts = np.unique(
        points, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    # Points with equal counts are adjacent; the order depends on no label and no thread.
    order = np.lexsort((first, -counts))
    distinct, counts = distinct[order], counts[order]
    rank, each = np.argsort(order), values(distinct)
    # Numbers of draws, point after point.
    numbers = np.argsort(rank[place.ravel()], kind="stable")
    starts = np.cumsum(counts) - counts
    bounds = [0]
    while bounds[-1] < order.size:
        step = size(int(counts[bounds[-1]]))
        bounds.append(min(bounds[-1] + step, order.size))
    streams = [None] * (len(bounds) - 1) if generator is None else generator.spawn(len(bounds) - 1)

    def drawn(
        chunk: tuple[int, int], stream: np.random.Generator | None
    ) -> tuple[Index, tuple[Array, ...]]:
        part = slice(*chunk)
        repeat = np.arange(counts[chunk[0]])  # The first point of a piece has the highest count.
        last = counts[part, None] - 1
        draws = numbers[starts[part, None] + np.minimum(repeat, last)]
        arrays, wanted = piece(each[part], stream, draws), repeat <= last
        if wanted.all():
            return draws, arrays
        return draws[wanted], tuple(array[wanted] for array in arrays)

    workers = min(n_threads(threads), len(streams))
    with one_thread():
        if workers == 1:
            return _in_place(len(points), map(drawn, pairwise(bounds), streams))
        with ThreadPoolExecutor(workers) as pool:
            return _in_place(len(points), pool.map(drawn, pairwise(bounds), streams))


def _in_place(n_draws: int, pieces: Iterable[tuple[Index, tuple[Array, ...]]]) -> tuple[Array, ...]:
    """Put every draw in its position."""
    out: list[Array] = []
    for place, arrays in pieces:
        # Places (B, times) or (draw), arrays with more dims after these.
        out = out or [np.empty((n_draws, *array.shape[place.ndim :])) for array in arrays]
        for target, part in zip(out, arrays, strict=True):
            target[place] = part
    return tuple(out)
