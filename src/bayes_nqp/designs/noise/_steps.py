"""Errors row by row: how each follows from the unit's error before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Steps"]


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """A unit's errors as a walk over its observed rows, in multiples of ``sigma``.

    The error of a row is ``carry`` times the one before, plus an innovation with standard
    deviation ``spread``; white noise with standard deviation ``white`` comes on top and is carried
    nowhere. Numbers are arrays where errors are drawn, and tensors where a model states them.

    Parameters
    ----------
    carry : ndarray or tensor (..., row), optional
        0 in a unit's first row; None where no row follows from another.
    """

    spread: Any
    carry: Any = None
    white: Any = None
