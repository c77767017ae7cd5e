"""Normal equations of groups and owners: what the noise alone decides of them (3, 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.gaussian.types import Values

__all__ = ["NoiseEquations", "OwnerEquations", "deviation_precision"]


def deviation_precision(values: Values) -> Array:
    """``Lambda = sigma² Omega^-1`` (B, q, q)."""
    return np.asarray((values.sigma**2)[:, None, None] * np.linalg.inv(values.deviation))


@dataclass(frozen=True, eq=False)
class OwnerEquations:
    """Normal equations of owners' deviations at B points.

    Parameters
    ----------
    a : ndarray (B, O, q, size)
        ``a_o = sum_i D'Q̃ [I, Z_i]``, on the normal equations of a group (J), or ``sum_g a_og
        X_g``, on the coefficients and outcomes of a block (n).
    h : ndarray (B, O, q, q)
        ``H_o = sum_i D'Q̃D``, over the owner's units.
    """

    a: Array
    h: Array

    def inner(self, values: Values) -> Array:
        """``Lambda + H_o`` (B, O, q, q): ``sigma²`` times a deviation's precision given beta."""
        return np.asarray(self.h + deviation_precision(values)[:, None])


@dataclass(frozen=True, eq=False)
class NoiseEquations:
    """Normal equations of groups and owners at B points, no deviation of an owner taken out (3).

    Those that are the same at every point stand once, B = 1.

    Parameters
    ----------
    f : ndarray (B, G J (J + 1) / 2)
        F, lower triangles.
    total : ndarray (B)
        ``(log|Q| - log|N'QN|) / 2`` summed over units, and what deviations of single units add.
    """

    f: Array
    total: Array
    by_group: OwnerEquations | None
    by_block: OwnerEquations | None

    @property
    def arrays(self) -> list[Array]:
        """All arrays, one after another."""
        owners = [o for o in (self.by_group, self.by_block) if o is not None]
        return [self.f, self.total, *(part for o in owners for part in (o.a, o.h))]

    @property
    def table(self) -> Array:
        """All numbers side by side (B, number)."""
        return np.concatenate([a.reshape(len(a), -1) for a in self.arrays], axis=1)

    def like(self, table: Array) -> NoiseEquations:
        """The same at other points, from their numbers side by side."""
        # Rows may be linear combinations of points' rows, as polynomials between nodes are.
        # Side by side as in `table`: f, total, then a and h of owners.
        shapes = [a.shape[1:] for a in self.arrays]
        cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
        parts = np.split(table, cuts, axis=1)
        f, total, *entries = [
            part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)
        ]
        owners = [OwnerEquations(a, h) for a, h in zip(entries[::2], entries[1::2], strict=True)]
        # In the order of `arrays`: owners inside groups stand before owners across them.
        by_group = None if self.by_group is None else owners.pop(0)
        by_block = None if self.by_block is None else owners.pop(0)
        return NoiseEquations(f, total, by_group, by_block)
