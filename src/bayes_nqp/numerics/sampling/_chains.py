"""Draws of parameters with the sampler's statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Chains:
    """Draws of parameters with the sampler's statistics.

    Parameters
    ----------
    values : mapping of str to ndarray (chain, draw, ...)
        Draws.
    stats : mapping of str to ndarray (chain, draw)
        The sampler's statistics of each draw.
    interrupted : bool, default False
        True if sampling was stopped before its end.
    facts : mapping of str to float
        Statistics of all draws together, such as the effective size of their weights.
    """

    values: Mapping[str, npt.NDArray[np.float64]]
    stats: Mapping[str, npt.NDArray[Any]]
    interrupted: bool = False
    facts: Mapping[str, float] = field(default_factory=dict)
