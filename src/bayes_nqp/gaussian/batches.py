"""Points in batches that stay in the second-level cache, and batches refused point by point."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, Self

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian.linear_part import LinearPart
from bayes_nqp.machine import n_threads, one_thread

__all__ = ["CHUNK", "batch_size", "in_chunks", "point_by_point"]

CHUNK = 32
"""Points of a batch, at most: fewer would wait for Python."""
_CACHED = 1_200_000
"""Numbers of a batch's matrices, beyond which it would wait for memory."""


def batch_size(problem: LinearPart) -> int:
    """Points of a batch: fewer where matrices are large."""
    head, layout = problem.arrowhead, problem.reduced
    in_parts = sum(math.prod(shape) for shape, _, _ in head.parts)
    numbers = in_parts if layout is None else layout.take.size
    return int(np.clip(_CACHED // max(numbers, 1), 8, CHUNK))


def in_chunks(
    function: Callable[[Array], Array],
    points: Array,
    *,
    size: int = CHUNK,
    threads: int | None = None,
) -> Array:
    """Call a function of points chunk by chunk, and join what it returns.

    Parameters
    ----------
    function : callable
        From points (B, ...) to an array with B first.
    size : int, default 32
        Points of a chunk.
    threads : int, optional
        By default those of `machine.n_threads`; results do not depend on their number.
    """
    parts = [points[start : start + size] for start in range(0, max(len(points), 1), size)]
    workers = min(n_threads(threads), len(parts))
    with one_thread():
        if workers == 1:
            return np.concatenate([function(part) for part in parts])
        with ThreadPoolExecutor(workers) as pool:
            return np.concatenate(list(pool.map(function, parts)))


class Batch(Protocol):
    """Values at several points."""

    def __len__(self) -> int: ...

    def __getitem__(self, at: Any) -> Self: ...


def point_by_point[V: Batch](
    function: Callable[[V], Array], values: V, shape: tuple[int, ...]
) -> Array:
    """Log densities of a batch, halved until points without a factor stand alone.

    Parameters
    ----------
    function : callable
        From values at B points to log densities (B, ...).
    shape : tuple of int
        Of the log density at one point, which is minus infinity where there is no factor.
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
