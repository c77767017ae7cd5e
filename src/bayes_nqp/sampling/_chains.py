"""Draws of parameters with the sampler's statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.errors import StudyError


@dataclass(frozen=True, eq=False)
class Chains:
    """Draws of parameters with the sampler's statistics.

    Parameters
    ----------
    values : mapping of str to ndarray (chain, draw, ...)
        Draws.
    stats : mapping of str to ndarray (chain, draw)
        What the sampler reports of each draw.
    interrupted : bool, default False
        Whether sampling was stopped before its end.
    facts : mapping of str to float
        What is said of all draws together, such as the effective size of their weights.
    """

    values: Mapping[str, npt.NDArray[np.float64]]
    stats: Mapping[str, npt.NDArray[Any]]
    interrupted: bool = False
    facts: Mapping[str, float] = field(default_factory=dict)


def check_numbers(sampler: object, least: Mapping[str, int]) -> None:
    """Refuse counts below their least value, and seeds that are no seeds.

    Parameters
    ----------
    sampler : object
        With the counts and ``seed`` as attributes.
    least : mapping of str to int
        Least value of each count.

    Raises
    ------
    StudyError
        Naming the argument.
    """
    for name, low in least.items():
        value = _plain(sampler, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise StudyError(f"'{name}' is {value!r}", hint=f"a whole number from {low} up")
    seed = _plain(sampler, "seed")
    if seed is not None and not (isinstance(seed, int) and 0 <= seed < 2**63):
        raise StudyError(f"'seed' is {seed!r}", hint="a whole number from 0 up, or None")


def _plain(sampler: object, name: str) -> object:
    """Read a number, kept as Python's own where it is NumPy's."""
    value: object = getattr(sampler, name, None)
    if isinstance(value, np.integer):
        value = int(value)
        object.__setattr__(sampler, name, value)
    return value
