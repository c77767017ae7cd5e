"""Normal equations of groups and owners, given errors and deviations of single units (3, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian.types import Values


def deviation_precision(values: Values) -> Array:
    """Return ``Lambda = sigma² Omega^-1`` (B, q, q)."""
    return np.asarray((values.sigma**2)[:, None, None] * np.linalg.inv(values.deviation))


@dataclass(frozen=True, eq=False)
class ClusterEquations:
    """Normal equations of owners' deviations at B points.

    Parameters
    ----------
    a : ndarray (B, O, q, size)
        ``a_o = sum_i D'Q̃ [I, Z_i]``, on the normal equations of a group (J); or ``sum_g a_og
        X_g``, on the coefficients and outcomes of a block (n).
    h : ndarray (B, O, q, q)
        ``H_o = sum_i D'Q̃D``, over the owner's units.
    """

    a: Array
    h: Array

    def inner(self, values: Values) -> Array:
        """Return ``Lambda + H_o`` (B, O, q, q), ``sigma²`` times a deviation's precision."""
        return np.asarray(self.h + deviation_precision(values)[:, None])


@dataclass(frozen=True, eq=False)
class NoiseEquations:
    """Normal equations of groups and owners at B points (3), with deviations of several units.

    If each unit has its own deviation, these are already integrated out of Q̃ (2). Equations that
    are the same at every point are stored once, B = 1.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles.
    by_group, by_block : ClusterEquations or None
        Owners inside one group, and across the groups of a block.
    total : ndarray (B)
        ``(log|Q| - log|N'QN|) / 2`` summed over units, and the terms of single units' deviations.
    """

    f: Array
    total: Array
    by_group: ClusterEquations | None
    by_block: ClusterEquations | None

    @property
    def arrays(self) -> list[Array]:
        """Return all arrays, one after another."""
        clusters = [o for o in (self.by_group, self.by_block) if o is not None]
        return [self.f, self.total, *(part for o in clusters for part in (o.a, o.h))]

    @property
    def table(self) -> Array:
        """Return all numbers in one table (B, number)."""
        return np.concatenate([a.reshape(len(a), -1) for a in self.arrays], axis=1)

    @staticmethod
    def of(arrays: Sequence[Array], by_group: bool, by_block: bool) -> NoiseEquations:
        """Build from `arrays`, in their order; owners are optional."""
        # Arrays may be linear combinations of arrays at points, such as interpolated ones.
        f, total, *entries = arrays
        clusters = [
            ClusterEquations(a, h) for a, h in zip(entries[::2], entries[1::2], strict=True)
        ]
        # Owners inside groups precede owners across them.
        return NoiseEquations(
            f, total, clusters.pop(0) if by_group else None, clusters.pop(0) if by_block else None
        )
