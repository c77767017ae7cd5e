"""Coefficients and their scales: the inputs of the factor of normal equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian.types import Arrowhead, Values
from bayes_nqp.numerics.linear_gaussian.unshared_cells import UnsharedCells
from bayes_nqp.numerics.parameters import FLAT


@dataclass(frozen=True, eq=False)
class Reduced:
    """Coefficients without unshared cells, global ones through dummies.

    Parameters
    ----------
    buckets : sequence of UnsharedCells
        All groups.
    take : ndarray of int (G J J)
        Positions of the squares of the groups, bucket after bucket, in the lower triangles of F.
    local : ndarray of int (block, local)
        Remaining local coefficients of the block, -1 for padding.
    kind_loads : ndarray (dummy + 1, global + 1)
        C_0, and the outcome: ``C = U C_0`` (`pairs`).
    map2 : csr_array (block local n + border², squares)
        From the squares to rows of local coefficients (block, local, local + border), and to the
        border, lower triangle.
    lags : ndarray of int (column)
        Rows of every F that a lag subtracts from the outcome's.
    """

    buckets: Sequence[UnsharedCells]
    take: Index
    local: Index
    local_scale: Index  # (block, local), PADDING likewise.
    kind_loads: Array
    map2: Any
    lags: Index

    @property
    def n_border(self) -> int:
        """Return the number of dummies and the outcome."""
        return int(self.kind_loads.shape[0])


class LinearPart:
    """Coefficients of a problem with their scales: the inputs of its factor.

    Parameters
    ----------
    tau : ndarray (scale)
        Values of fixed scales, NaN for estimated ones.
    n_free : int, or ndarray of int (B)
        Observations less flat unit coefficients.
    """

    arrowhead: Arrowhead
    tau: Array
    n_free: Any

    @property
    def reduced(self) -> Reduced | None:
        """Return the layout of the same coefficients if unshared cells are eliminated first."""
        return None

    @property
    def n_squares(self) -> int:
        """Return the count of entries of F that are computed as squares, group after group."""
        return 0

    @cached_property
    def scale_count(self) -> Array:
        """Return the number of coefficients of each scale (scale)."""
        # Weights of log tau_k in the density; flat, fixed and padding indices are negative.
        numbers = np.concatenate([self.arrowhead.local_scale.ravel(), self.arrowhead.global_scale])
        return np.bincount(numbers[numbers >= 0], minlength=self.tau.size).astype(np.float64)

    @cached_property
    def n_flat(self) -> int:
        """Return the number of coefficients with a flat prior."""
        # Each flat coefficient adds log 2 pi / 2 to the density (8).
        head = self.arrowhead
        return int((head.local_scale == FLAT).sum() + (head.global_scale == FLAT).sum())

    @cached_property
    def n_coefficients(self) -> int:
        """Return the number of coefficients, flat ones included."""
        # p of the density (8): padding, below FLAT, is not a coefficient.
        head = self.arrowhead
        return int((head.local_scale >= FLAT).sum() + head.global_scale.size)

    def prior_precision(self, values: Values, scale: Index) -> Array:
        """Return ``sigma² / tau²`` of coefficients with given scale numbers; 0 for flat ones.

        Returns
        -------
        ndarray (B, ...)
            1 for padding, so that its diagonal has a factor.
        """
        sigma2 = (values.sigma**2)[:, None]
        # Indices -1, -2 and -3 count from the end: sigma² for tau = 1, 0 for flat, 1 for padding.
        ends = np.concatenate([np.ones_like(sigma2), np.zeros_like(sigma2), sigma2], axis=1)
        return np.concatenate([sigma2 / values.tau**2, ends], axis=1)[:, scale]
