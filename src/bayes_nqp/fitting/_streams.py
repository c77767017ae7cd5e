"""Random numbers of several equations, of which those of errors are correlated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.gaussian import number_count

if TYPE_CHECKING:
    from bayes_nqp.designs._plan import Equation

__all__ = ["SharedStreams", "error_width"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SharedStreams:
    """Random numbers of one equation, of which those of errors are shared with others.

    Parameters
    ----------
    own : Generator
        What it shares with none.
    streams : sequence of Generator
        Of errors; each is as it is for every equation that shares it.
    weights : ndarray (draw, stream)
        Squares add up to one in every draw.
    """

    own: np.random.Generator
    streams: Sequence[np.random.Generator]
    weights: Array

    def spawn(self, starts: Iterable[int], size: int) -> list[SharedStreams]:
        """Split into independent parts, each for some of the draws.

        Parameters
        ----------
        starts : iterable of int
            First draw of each part.
        size : int
            Draws of a part.

        Returns
        -------
        list of SharedStreams
        """
        starts = list(starts)
        parts = [stream.spawn(len(starts)) for stream in (self.own, *self.streams)]
        return [
            SharedStreams(own, streams, self.weights[start : start + size])
            for start, own, *streams in zip(starts, *parts, strict=True)
        ]

    def errors(self, draws: int, width: int) -> Array:
        """Draw standardised errors.

        Parameters
        ----------
        draws, width : int

        Returns
        -------
        ndarray (draw, width)
        """
        out = np.zeros((draws, width))
        for weight, stream in zip(self.weights[:draws].T, self.streams, strict=True):
            out += weight[:, None] * stream.standard_normal((draws, width))
        return out


def error_width(equation: Equation) -> int:
    """Count the numbers of a draw that equations share.

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    int
        Standardised errors; or, where owners of deviations hold several units, what stands for
        coefficients and deviations.
    """
    sums = equation.error_sums
    return number_count(equation.gaussian) if sums is None else sums.width
