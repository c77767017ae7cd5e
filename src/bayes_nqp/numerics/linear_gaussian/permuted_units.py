"""Units with fixed observations, and their permuted groups and loadings (`problems`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.numerics.linear_gaussian._unit_matrices import (
    absorb,
    innovation_root,
    lower_indices,
    lower_triangles,
)
from bayes_nqp.numerics.linear_gaussian.interpolation import Panels
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import Moments, Panelled
from bayes_nqp.numerics.linear_gaussian.unit_precision import values_of_noise


@dataclass(frozen=True, eq=False)
class Units:
    """Units without their assignment.

    Parameters
    ----------
    first : GaussianProblem
        The problem of one permutation.
    seen : ndarray of bool (unit, T)
        Observed periods.
    weights : ndarray (unit, T)
        Precision weights; 1 for unobserved periods.
    z : ndarray (unit, T, K + 1)
        ``Z_i``, the outcome last; zero for unobserved periods.
    loadings : ndarray (kind, T)
        Each d that occurs in a permutation.
    known : dict
        Panels of nodes so far.
    """

    first: GaussianProblem
    seen: Mask
    weights: Array
    z: Array
    loadings: Array
    known: dict[int, Panelled | None] = field(default_factory=dict)

    @cached_property
    def alike(self) -> bool:
        """Return True if all have the same observed periods."""
        return bool(self.seen.all() and np.ptp(self.weights) == 0.0)

    @property
    def panels(self) -> Panels:
        """Return ``E'Q̃E`` of every unit and its log determinant; for every d x, ``k``, pairs."""
        return Panels(self._sums, self.known)

    @cached_property
    def pairs(self) -> tuple[Index, Index]:
        """Return pairs of columns among the rows of x with summed products, if units are alike."""
        low, high = lower_indices(self.first.width)
        pairs = (high >= self.first.n_periods) & self.alike
        return low[pairs], high[pairs]

    def _sums(self, u: Array) -> list[Array]:
        """Compute sums at values of the noise's unconstrained parameter (n, 1)."""
        first, (n_units, n_periods) = self.first, self.seen.shape
        patterns = np.column_stack([self.seen, self.weights])
        table, pattern = np.unique(patterns, axis=0, return_inverse=True)
        seen, none = table[:, :n_periods] > 0, np.zeros((len(table), n_periods, 0))
        moments = Moments(
            seen, table[:, n_periods:], np.zeros(seen.shape), none[:, 0], pattern, none, None,
            first.moments.n_columns, 1,
        )  # fmt: skip
        root, log_det = innovation_root(first.noise, moments, values_of_noise(first, u))
        q, absorbed = absorb(root.swapaxes(-1, -2) @ root, first.nuisance * seen[:, :, None])
        e = np.concatenate([np.tile(np.eye(n_periods), (n_units, 1, 1)), self.z], axis=2)
        sums, x, (low, high) = [], [], self.pairs
        for each, total in zip(q, 0.5 * (log_det - absorbed), strict=True):
            qe = each[pattern.ravel()] @ e  # Q̃E of every unit (N, T, J).
            f = lower_triangles(e.swapaxes(-1, -2) @ qe)
            sums.append(np.column_stack([f, total[pattern.ravel()]]))
            of_kinds = self.loadings @ qe  # x' of every d (N, kind, J), k = d'x of its periods.
            k = (of_kinds[:, :, :n_periods] * self.loadings).sum(axis=2)
            products = of_kinds[..., low] * of_kinds[..., high]
            x.append(np.concatenate([of_kinds, k[:, :, None], products], axis=2))
        return [np.stack(sums), np.stack(x)]


@dataclass(frozen=True, eq=False)
class Permutations:
    """Permuted assignments of units.

    Parameters
    ----------
    group, kind : ndarray of int (permutation, unit)
        Group of each unit, -1 for none; its d, -1 for none.
    n_free : ndarray of int (permutation)
        Observations less flat unit coefficients.
    scale : ndarray (permutation)
        Factor of the outcome.
    """

    group: Index
    kind: Index
    n_free: Index
    scale: Array

    @cached_property
    def positions(self) -> tuple[Index, list[int]]:
        """Return units with a d in the slots of their group (permutation, slot), -1 for none.

        Also return the ends of groups.
        """
        n_groups = int(self.group.max()) + 1
        present = np.where(self.kind >= 0, self.group, -1)
        sizes = [int((present == g).sum(axis=1).max()) for g in range(n_groups)]
        ends = np.cumsum([0, *sizes]).tolist()
        out = np.full((len(present), ends[-1]), -1)
        order = np.argsort(present, axis=1, kind="stable")
        for row, units, places in zip(out, order, present, strict=True):
            starts = np.searchsorted(places[units], np.arange(n_groups + 1))
            for g, (low, high) in enumerate(pairwise(starts.tolist())):
                row[ends[g] : ends[g] + high - low] = units[low:high]
        return out, ends
