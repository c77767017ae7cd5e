"""Normalised indicators to weights and contributions, flat or by dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayes_nqp.arrays import Array

if TYPE_CHECKING:
    from bayes_nqp.index._read import Read
    from bayes_nqp.index._scheme import Scheme
    from bayes_nqp.index._system import IndexSystem


type Hierarchy = Literal["flat", "nested", "equal"]


@dataclass(frozen=True, slots=True, eq=False)
class WeightProblem:
    """All that weights depend on, but the weights of the rows.

    Parameters
    ----------
    z : ndarray (row, indicator)
        Normalised indicators.
    """

    system: IndexSystem
    scheme: Scheme
    hierarchy: Hierarchy
    read: Read
    z: Array

    @property
    def groups(self) -> list[np.ndarray]:
        """Rows that share weights: all of them, or those of each period."""
        if self.scheme.scope == "pooled":
            return [np.arange(len(self.z))]
        return [np.flatnonzero(self.read.times == code) for code in range(len(self.read.labels))]

    def weights(self, rows: Array | None = None) -> Array:
        """Weights of indicators, for each group of rows.

        Parameters
        ----------
        rows : ndarray (row), optional
            Weights of the rows; all alike by default.
        """
        row_weights = np.ones(len(self.z)) if rows is None else rows
        shares = []
        for group in self.groups:
            of_group = row_weights[group]
            shares.append(self._weigh(self.z[group], of_group * (len(of_group) / of_group.sum())))
        return np.array(shares)

    def contributions(self, weights: Array) -> Array:
        """What each indicator adds to the index."""
        out = np.empty_like(self.z)
        for group, within in zip(self.groups, weights, strict=True):
            out[group] = self.scheme.contributions(self.z[group], within)
        return out

    def _weigh(self, z: Array, rows: Array) -> Array:
        if self.hierarchy == "flat":
            return self.scheme.weigh(z, rows, self.system.keys)
        within, scores, first = np.zeros(z.shape[1]), [], 0
        for dimension in self.system.dimensions:
            keys = [weight_of.key for weight_of in dimension.indicators]
            part = slice(first, first + len(keys))
            within[part] = self._scheme(z[:, part], rows, keys)
            scores.append(z[:, part] @ within[part])
            first += len(keys)
        across = self._across(np.column_stack(scores), rows)
        sizes = [len(d.indicators) for d in self.system.dimensions]
        return np.asarray(within * np.repeat(across, sizes))

    def _across(self, scores: Array, rows: Array) -> Array:
        """Weights of dimensions by their scores; of those alone that vary."""
        problem_weights = np.ptp(scores, axis=0) > 0
        if self.hierarchy == "equal":
            return np.asarray(problem_weights / max(int(problem_weights.sum()), 1))
        return self._scheme(scores, rows, [d.key for d in self.system.dimensions])

    def _scheme(self, z: Array, rows: Array, keys: list[str]) -> Array:
        """Weigh; one column alone has all the weight, and constants alone have none."""
        problem_weights = np.ptp(z, axis=0) > 0
        if problem_weights.sum() < 2:
            return problem_weights.astype(float)
        return self.scheme.weigh(z, rows, keys)
