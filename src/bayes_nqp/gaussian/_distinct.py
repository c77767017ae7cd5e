"""Draws at points of which some stand more than once, as resampled ones do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.machine import n_threads, one_thread

type Piece = Callable[[Array, np.random.Generator | None, Index], tuple[Array, ...]]


def draws_of_distinct(
    piece: Piece,
    points: Array,
    generator: np.random.Generator | None,
    *,
    size: Callable[[int], int],
    threads: int | None = None,
) -> tuple[Array, ...]:
    """Draw at every point, equal points in one piece.

    Parameters
    ----------
    piece : callable
        From distinct points (B, parameter), a stream and the numbers of their draws (B, times) to
        arrays (B, times, ...). Numbers are those of rows of `points`; where a point stands less
        often than others of the piece, its last number is repeated, and what is drawn for it is
        left out.
    generator : Generator or None
        None gives conditional means.
    size : callable
        Points of a piece, by the draws of each.
    threads : int, optional
        Draws do not depend on their number.
    """
    distinct, first, place, counts = np.unique(
        points, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    # Those that stand as often lie side by side; order depends on no label and no thread.
    order = np.lexsort((first, -counts))
    distinct, counts = distinct[order], counts[order]
    rank = np.argsort(order)
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
        repeat = np.arange(counts[chunk[0]])  # The first point of a piece stands most often.
        last = counts[part, None] - 1
        draws = numbers[starts[part, None] + np.minimum(repeat, last)]
        arrays = piece(distinct[part], stream, draws)
        return draws[repeat <= last], tuple(array[repeat <= last] for array in arrays)

    workers = min(n_threads(threads), len(streams))
    with one_thread():
        if workers == 1:
            return _in_place(len(points), map(drawn, pairwise(bounds), streams))
        with ThreadPoolExecutor(workers) as pool:
            return _in_place(len(points), pool.map(drawn, pairwise(bounds), streams))


def _in_place(n_draws: int, pieces: Iterable[tuple[Index, tuple[Array, ...]]]) -> tuple[Array, ...]:
    """Put every draw where it belongs."""
    out: list[Array] = []
    for place, arrays in pieces:
        out = out or [np.empty((n_draws, *array.shape[1:])) for array in arrays]
        for target, part in zip(out, arrays, strict=True):
            target[place] = part
    return tuple(out)
