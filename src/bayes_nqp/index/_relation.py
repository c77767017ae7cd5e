"""How an outcome is made of an index: the index itself, its logarithm, a rescaling of either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message

_CLOSE = 1e-6


@door
@dataclass(frozen=True, slots=True)
class Relation:
    """``outcome = intercept + slope · index``, or of the index's logarithm."""

    log: bool
    intercept: float
    slope: float

    def __call__(self, index: Array) -> Array:
        """Make an outcome of an index in the same way."""
        return self.intercept + self.slope * (np.log(index) if self.log else index)

    def __str__(self) -> str:
        subject = Message("the logarithm of the index") if self.log else Message("the index")
        plain = abs(self.intercept) < _CLOSE and abs(self.slope - 1.0) < _CLOSE
        return subject if plain else f"{subject}, times {self.slope:g}"


@door
def relation(outcome: Array, index: Array) -> Relation | None:
    """Find how an outcome is made of an index.

    Returns
    -------
    Relation or None
        None where it is neither the index, nor its logarithm, nor a linear function of either.
    """
    outcome, index = np.asarray(outcome, np.float64), np.asarray(index, np.float64)
    if outcome.ndim != 1 or outcome.shape != index.shape or not len(index):
        raise StudyError(
            Message("'outcome' and 'index' have the shapes {} and {}", outcome.shape, index.shape),
            hint="a number for each row, in the same order",
        )
    for log in (False, True):
        if log and not (index > 0).all():
            continue
        x = np.log(index) if log else index
        slope, intercept = np.polyfit(x, outcome, 1) if np.ptp(x) > 0 else (0.0, 0.0)
        if abs(slope - 1.0) < _CLOSE and abs(intercept) < _CLOSE * np.ptp(outcome):
            slope, intercept = 1.0, 0.0
        off = np.abs(outcome - intercept - slope * x).max()
        if slope and off < _CLOSE * np.ptp(outcome):
            return Relation(log, float(intercept), float(slope))
    return None
