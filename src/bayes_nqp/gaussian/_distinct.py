"""Draws at points of which some stand more than once, as resampled ones do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bayes_nqp.gaussian.types import Array, Index
from bayes_nqp.machine import n_threads, one_thread

__all__ = ["draws_of_distinct"]

type Piece = Callable[[Array, np.random.Generator | None, int], tuple[Array, ...]]


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
        From distinct points (B, parameter), a stream and a number of draws to arrays
        (B, times, ...).
    points : ndarray (draw, parameter)
    generator : Generator or None
        None gives conditional means.
    size : callable
        Points of a piece, by the draws of each.
    threads : int, optional
        Draws do not depend on their number.

    Returns
    -------
    tuple of ndarray (draw, ...)
    """
    distinct, number, counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    # Those that stand as often lie side by side.
    order = np.argsort(-counts, kind="stable")
    chunks: list[Index] = []
    while (at := sum(map(len, chunks))) < order.size:
        chunks.append(order[at : at + size(int(counts[order[at]]))])
    streams = [None] * len(chunks) if generator is None else generator.spawn(len(chunks))

    def drawn(chunk: Index, stream: np.random.Generator | None) -> tuple[Array, ...]:
        times = int(counts[chunk[0]])
        used = np.arange(times) < counts[chunk, None]
        return tuple(part[used] for part in piece(distinct[chunk], stream, times))

    with one_thread(), ThreadPoolExecutor(min(n_threads(threads), len(chunks))) as pool:
        pieces = list(pool.map(drawn, chunks, streams))
    # Rows stand point after point in the order of pieces; equal points take theirs in turn.
    rank = np.empty(order.size, dtype=np.int64)
    rank[np.concatenate(chunks)] = np.arange(order.size)
    place = np.empty(len(points), dtype=np.int64)
    place[np.argsort(rank[number.ravel()], kind="stable")] = np.arange(len(points))
    return tuple(np.concatenate(parts)[place] for parts in zip(*pieces, strict=True))
