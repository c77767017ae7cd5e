"""Random numbers of several equations with correlated errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian import number_count

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation


class ErrorStream:
    """Standard normal numbers that several equations use, one block of draws after another.

    The numbers of the last block are kept until another block is requested.

    Parameters
    ----------
    entropy : sequence of int
        Seed of the stream.
    """

    def __init__(self, entropy: Sequence[int]) -> None:
        self._entropy = tuple(entropy)
        self._lock = Lock()
        self._last: tuple[tuple[int, int, int], Array] | None = None

    def numbers(self, start: int, draws: int, width: int) -> Array:
        """Draw the numbers of a block.

        Parameters
        ----------
        start : int
            First draw of the block.

        Returns
        -------
        ndarray (draws, width)
            The same for all equations.
        """
        with self._lock:
            if self._last is None or self._last[0] != (start, draws, width):
                generator = np.random.default_rng(np.random.SeedSequence([*self._entropy, start]))
                self._last = (start, draws, width), generator.standard_normal((draws, width))
            return self._last[1]


@dataclass(frozen=True, eq=False)
class SharedStreams:
    """Random numbers of one equation; those of its errors are shared with other equations.

    Parameters
    ----------
    own : Generator
        Numbers that are not shared.
    streams : sequence of ErrorStream
        Numbers of errors, common to all equations that share them.
    weights : ndarray (draw, stream)
        Squares add up to one in every draw; zero for streams that this equation does not use.
    start : int, default 0
        Number of its first draw.
    """

    own: np.random.Generator
    streams: Sequence[ErrorStream]
    weights: Array
    start: int = 0

    def spawn(self, starts: Sequence[int], size: int) -> list[SharedStreams]:
        """Split into independent parts, each for some of the draws.

        Parameters
        ----------
        starts : sequence of int
            First draw of each part.
        size : int
            Number of draws of a part.
        """
        return [
            SharedStreams(streams, self.streams, self.weights[start : start + size], start)
            for start, streams in zip(starts, self.own.spawn(len(starts)), strict=True)
        ]

    def errors(self, draws: int, width: int) -> Array:
        """Draw standardised errors."""
        out = np.zeros((draws, width))
        # e_k = sum_j L_kj z_j with L L' the correlation of a draw: standard normal for every k.
        for weight, stream in zip(self.weights[:draws].T, self.streams, strict=True):
            if weight.any():
                out += weight[:, None] * stream.numbers(self.start, draws, width)
        return out


def error_width(equation: Equation) -> int:
    """Return how many numbers of a draw the equations share.

    Returns
    -------
    int
        Number of standardised errors; or, if members with deviations contain several units, of the
        standard normal numbers behind coefficients and deviations.
    """
    sums = equation.error_sums
    return number_count(equation.gaussian) if sums is None else sums.width
