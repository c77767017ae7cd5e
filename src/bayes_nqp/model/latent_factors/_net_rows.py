"""Untreated observations net of unit levels, time effects and covariates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask

SPARE: Final = 2
"""Untreated periods of a unit beside one for its level and one for each series."""


@dataclass(frozen=True, eq=False)
class NetRows:
    """Untreated observations net of unit levels, time effects and covariates.

    Parameters
    ----------
    y : ndarray (unit, T)
        Zero without an observation.
    seen : ndarray of bool (unit, T)
        True with an observation.
    known : ndarray (unit, m)
        Known loadings: level of time effects, baselines.
    x : ndarray (unit, T, p)
        Covariates; zero without an observation.
    counts : ndarray (unit)
        Number of units that each row represents.
    treated : ndarray of bool (unit)
        True for units that are treated in some period.
    """

    y: Array
    seen: Mask
    known: Array
    x: Array
    counts: Array
    treated: Mask

    @cached_property
    def content(self) -> bytes:
        """Digest of all values: refits of checks have the same untreated observations."""
        held = hashlib.blake2b(digest_size=16)
        for each in fields(self):
            values = np.ascontiguousarray(getattr(self, each.name))
            held.update(repr((values.shape, values.dtype.str)).encode() + values.tobytes())
        return held.digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetRows) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)

    @property
    def number(self) -> Index:
        """Untreated periods of each unit."""
        return np.asarray(self.seen.sum(axis=1), dtype=np.int64)

    def enough(self, series: int) -> Mask:
        """Return the units with enough untreated periods for loadings on a number of series."""
        return np.asarray(self.number >= series + 1 + SPARE)

    def where(self, seen: Mask) -> NetRows:
        """Keep some of the observations."""
        return replace(
            self, y=np.where(seen, self.y, 0.0), seen=seen, x=np.where(seen[..., None], self.x, 0.0)
        )
