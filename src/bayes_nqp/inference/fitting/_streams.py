"""Random numbers of several equations, of which those of errors are correlated."""

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
    """Standard normal numbers that several equations ask for in turn, part by part of the draws.

    Those of the last part are kept until another is asked for.

    Parameters
    ----------
    entropy : sequence of int
        Tells the stream from others.
    """

    def __init__(self, entropy: Sequence[int]) -> None:
        self._entropy = tuple(entropy)
        self._lock = Lock()
        self._last: tuple[tuple[int, int, int], Array] | None = None

    def numbers(self, start: int, draws: int, width: int) -> Array:
        """Draw the numbers of a part.

        Parameters
        ----------
        start : int
            First draw of the part.

        Returns
        -------
        ndarray (draws, width)
            The same for everybody who asks.
        """
        with self._lock:
            if self._last is None or self._last[0] != (start, draws, width):
                generator = np.random.default_rng(np.random.SeedSequence([*self._entropy, start]))
                self._last = (start, draws, width), generator.standard_normal((draws, width))
            return self._last[1]


@dataclass(frozen=True, eq=False)
class SharedStreams:
    """Random numbers of one equation, of which those of errors are shared with others.

    Parameters
    ----------
    own : Generator
        What it shares with none.
    streams : sequence of ErrorStream
        Of errors, and of all equations that share them.
    weights : ndarray (draw, stream)
        Squares add up to one in every draw; zero for what this equation does not share.
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
            Draws of a part.
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
    """Count the numbers of a draw that equations share.

    Returns
    -------
    int
        Standardised errors; or, where owners of deviations hold several units, what stands for
        coefficients and deviations.
    """
    sums = equation.error_sums
    return number_count(equation.gaussian) if sums is None else sums.width
