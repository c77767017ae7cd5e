"""Problems of the same units under permuted assignments to groups, each at its own point.

Units keep their observations. A permutation determines the group of each unit, and the loading d of
its deviation. With ``E_i = [I, Z_i]``, only flat coefficients integrated out of ``Q̃_i``,
``x_i = E_i'Q̃_i d`` and ``k_i = d'Q̃_i d``,

    ``F_g = sum_{i in g} (E_i'Q̃_i E_i - x_i x_i' / (Lambda + k_i))``.

Except ``Lambda``, all are functions of the noise's parameter alone, unit by unit and d by d, for
any permutation: they are computed on nodes (`interpolation`). One batch of points contains a point
of each permutation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices
from bayes_nqp.numerics.linear_gaussian.batches import batch_size, in_chunks, point_by_point
from bayes_nqp.numerics.linear_gaussian.class_sums import ClassLayout
from bayes_nqp.numerics.linear_gaussian.functionals import averages
from bayes_nqp.numerics.linear_gaussian.gradient import refused, rows, sides
from bayes_nqp.numerics.linear_gaussian.interpolation import polynomials
from bayes_nqp.numerics.linear_gaussian.permuted_units import Permutations, Units
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Panelled


@dataclass(frozen=True, eq=False)
class PermutedSums:
    """Arrays from nodes, at points of some permutations: as `ClassLayout.sums`, one class per unit.

    Parameters
    ----------
    numbers : ndarray of int (B)
        The permutation of each point.
    known : list of ndarray (B, 2, number)
        Numbers, and their derivatives by the noise's parameter, once they have been computed.
    """

    problems: PermutedProblems
    numbers: Index
    known: list[Array] = field(default_factory=list)

    @property
    def layout(self) -> ClassLayout | None:
        """Return positions of units with deviations."""
        return self.problems.layout

    def values(self, u: Array) -> list[Array]:
        """Return the arrays at points (B, ...)."""
        return self._arrays(u, 0)

    def slopes(self, u: Array) -> list[Array]:
        """Return their derivatives by the noise's parameter."""
        return self._arrays(u, 1)

    def _arrays(self, u: Array, side: int) -> list[Array]:
        if not self.known:
            self.known.append(self._at(u))
        numbers, width = self.known[0][:, side], self.problems.first.width
        size = self.problems.power.size
        arrays = [numbers[:, :size], numbers[:, size]]
        if self.layout is None:
            return arrays
        x = numbers[:, size + 1 :].reshape(len(u), self.layout.classes.size, -1)
        pairs = x[:, : self.layout.pair_group.size, width + 1 :]
        return [*arrays, x[:, :, :width], x[:, :, width], pairs]

    def _at(self, u: Array) -> Array:
        """Return polynomials of every point's permutation, and their derivatives."""
        pieces = self.problems.units.panels.pieces(u)
        if pieces is None:
            raise np.linalg.LinAlgError
        every = np.arange(len(u))
        out: Array = np.empty(0)
        for inside, at, panel in pieces:
            tables = self.problems.by_permutation(panel)
            out = np.empty((len(u), 2, tables.shape[2])) if not out.size else out
            sides = [polynomials(at, tables.shape[1], slope) for slope in (False, True)]
            for k, weights in zip(every[inside], np.stack(sides, axis=1), strict=True):
                np.matmul(weights, tables[self.numbers[k]], out=out[k])
        return out


@dataclass(frozen=True, eq=False)
class PermutedProblems:
    """Problems of permutations that share coefficients and priors.

    Parameters
    ----------
    tables : dict
        Results of `by_permutation`, by the panel of nodes.
    """

    units: Units
    permutations: Permutations
    tables: dict[int, Array] = field(default_factory=dict)

    @property
    def first(self) -> GaussianProblem:
        """Return the first problem."""
        return self.units.first

    @cached_property
    def power(self) -> Array:
        """Return the power of the outcome in each entry of F (G J (J + 1) / 2)."""
        last = self.first.width - 1
        low, high = lower_indices(self.first.width)
        count = (low == last).astype(np.float64) + (high == last)
        return np.tile(count, self.n_groups)

    @cached_property
    def powers(self) -> Array:
        """Return the power of the outcome in the arrays of a class: x, ``k`` and pairs."""
        last = self.first.width - 1
        low, high = self.units.pairs
        once = np.arange(last + 2) == last
        return np.concatenate([once, 1.0 * (low == last) + (high == last)])

    @property
    def n_groups(self) -> int:
        """Return G."""
        return int(self.permutations.group.max()) + 1

    @cached_property
    def alike(self) -> bool:
        """Return True if the units of a group are one class, of equal size in every permutation."""
        return bool(self.units.alike and (self.permutations.positions[0] >= 0).all())

    @cached_property
    def classes(self) -> tuple[Index, Index]:
        """Return the first slot of each class of units with deviations, and its group."""
        ends = np.array(self.permutations.positions[1])
        group = np.repeat(np.arange(ends.size - 1), np.diff(ends))
        starts = np.unique(ends[:-1][np.diff(ends) > 0]) if self.alike else np.arange(group.size)
        return starts, group[starts]

    @cached_property
    def layout(self) -> ClassLayout | None:
        """Return classes, each with a separate type."""
        if self.first.by_class is None:
            return None
        starts, group = self.classes
        n_units = np.diff(starts, append=self.permutations.positions[1][-1]).astype(np.float64)
        bounds = np.searchsorted(group, np.arange(self.n_groups + 1)).tolist()
        groups = [(g, slice(a, b)) for g, (a, b) in enumerate(pairwise(bounds)) if a < b]
        every, of_pairs = np.arange(starts.size), np.arange(starts.size if self.alike else 0)
        return ClassLayout(
            replace(self.first.moments, n_units=n_units), every, every, n_units, groups,
            None, None, of_pairs, group[of_pairs], single=not self.alike,
        )  # fmt: skip

    @cached_property
    def clusters(self) -> ClusterLayout | None:
        """Return classes as owners."""
        if self.layout is None:
            return None
        every, n = self.layout.classes, self.layout.classes.size
        counts = csr_array((self.layout.n_units, every, np.arange(n + 1)), shape=(n, n))
        return ClusterLayout(None, counts, self.classes[1], self.n_groups, every)

    @cached_property
    def onto(self) -> tuple[Any, Any]:
        """Return the maps from units to sums by group and by class.

        Their dims are (permutation group, unit) and (permutation class, unit kind).
        """
        permutations, (n_kinds, n_units) = (
            self.permutations,
            (len(self.units.loadings), len(self.units.seen)),
        )
        permutation, unit = np.nonzero(permutations.group >= 0)
        by_group = _sum_of(
            permutation * self.n_groups + permutations.group[permutation, unit], unit,
            (len(permutations.group) * self.n_groups, n_units),
        )  # fmt: skip
        permutation, position = np.nonzero(permutations.positions[0] >= 0)
        unit, starts = permutations.positions[0][permutation, position], self.classes[0]
        by_class = _sum_of(
            permutation * starts.size + np.searchsorted(starts, position, side="right") - 1,
            unit * n_kinds + permutations.kind[permutation, unit],
            (len(permutations.group) * starts.size, n_units * n_kinds),
        )  # fmt: skip
        return by_group, by_class

    def by_permutation(self, panel: Panelled) -> Array:
        """Return F, the sum of log determinants, and arrays of classes.

        Their dims are (permutation, degree, number).
        """
        shapes, table = panel
        if id(table) in self.tables:
            return self.tables[id(table)]
        (n_units, n_own), (_, _, length), layout = *shapes, self.layout
        scale, size = self.permutations.scale[:, None], self.power.size
        n_permutations, n_classes = len(scale), 0 if layout is None else layout.classes.size
        out = np.empty((n_permutations, len(table), size + 1 + n_classes * length))
        power, powers = scale**self.power, scale[..., None] ** self.powers
        for degree, row in enumerate(table):
            sums = self.onto[0] @ row[: n_units * n_own].reshape(n_units, n_own)
            sums = sums.reshape(n_permutations, -1, n_own)
            out[:, degree, :size] = sums[..., :-1].reshape(n_permutations, -1) * power
            out[:, degree, size] = sums[..., -1].sum(axis=1)
            if layout is not None:
                sums = self.onto[1] @ row[n_units * n_own :].reshape(-1, length)
                sums = sums.reshape(n_permutations, -1, length) * powers
                sums[..., : self.first.width + 1] /= layout.n_units[:, None]
                out[:, degree, size + 1 :] = sums.reshape(n_permutations, -1)
        self.tables[id(table)] = out
        return out

    def of(self, numbers: Index) -> GaussianProblem:
        """Return the problem with the k-th point under permutation ``numbers[k]``."""
        sums = PermutedSums(self, numbers)
        return replace(
            self.first, n_free=self.permutations.n_free[numbers], by_class=self.clusters,
            permuted=sums,
            on_nodes=True, kept={},
        )  # fmt: skip

    def gradient(self, points: Array, numbers: Index) -> tuple[Array, Array]:
        """Compute `gradient` at points (B, parameter) of the permutations ``numbers``."""

        def part(some: Array) -> Array:
            return rows(self.of(some[:, -1].astype(np.int64)), some[:, :-1])

        def chunk(some: Array) -> Array:
            return point_by_point(part, some, refused(some[:, :-1]))

        numbered = np.column_stack([points, numbers])
        return sides(in_chunks(chunk, numbered, size=batch_size(self.first, unreduced=True)))

    def averages(
        self, points: Array, numbers: Index, positions: Array, deviations: Array
    ) -> tuple[Array, Array]:
        """Compute `averages` at points (B, parameter) of the permutations ``numbers``.

        Parameters
        ----------
        positions : ndarray (B, position, r)
            Loadings at each point.
        deviations : ndarray (B, unit, r)
            Loadings on deviations of units; zero for units in no group.
        """
        size = batch_size(self.first, unreduced=True, drawn=True)
        mean, variance = np.empty((2, len(points), positions.shape[2]))
        units = self.permutations.positions[0][numbers][:, :, None]
        of_positions = np.where(units >= 0, np.take_along_axis(deviations, units, axis=1), 0.0)
        if self.alike and self.layout is not None:
            of_positions = np.add.reduceat(of_positions, self.classes[0], axis=1)
        for start in range(0, len(points), size):
            part = slice(start, start + size)
            mean[part], variance[part] = averages(
                self.of(numbers[part]), points[part], positions[part], of_positions[part]
            )
        return mean, variance


def _sum_of(row: Index, column: Index, shape: tuple[int, int]) -> Any:
    """Return ones at positions."""
    return csr_array((np.ones(row.size), (row, column)), shape=shape)
