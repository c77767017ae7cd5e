"""Problems that differ in the sums of their classes alone, each at a point of its own.

Such are those of one panel whose units change places: coefficients, types and priors are the same,
and `map1` and the loads of owners have other numbers at the same places. One batch of points holds
a point of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from bayes_nqp.arrays import Array, Index
from bayes_nqp.gaussian.batches import batch_size, in_chunks, point_by_point
from bayes_nqp.gaussian.class_maps import (
    class_entries,
    class_types,
    load_places,
    loads_shape,
    map1_shape,
)
from bayes_nqp.gaussian.functionals import averages
from bayes_nqp.gaussian.gradient import refused, rows, sides
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.statement import Problem

_ROUNDED = 1e-9
"""Largest difference of sums that were summed up in another order, relative to the largest."""


@dataclass(frozen=True, eq=False)
class _Map:
    """A sparse matrix at each of B points: numbers (B, entry) at the same places."""

    data: Array
    row: Index
    column: Index
    shape: tuple[int, int]

    def __matmul__(self, x: Array) -> Array:
        """Of columns x (n, B), each with the matrix of its own point: (m, B)."""
        products = self.data * x.T[:, self.column]
        # Entries lie row after row.
        starts = np.flatnonzero(np.diff(self.row, prepend=-1))
        out = np.zeros((len(products), self.shape[0]))
        out[:, self.row[starts]] = np.add.reduceat(products, starts, axis=1)
        return out.T

    @property
    def T(self) -> _Map:  # noqa: N802 (the name that arrays have)
        """Transposed."""
        order = np.argsort(self.column, kind="stable")
        return _Map(self.data[:, order], self.column[order], self.row[order], self.shape[::-1])

    def of(self, numbers: Index) -> _Map:
        """Of some points."""
        return replace(self, data=self.data[numbers])


@dataclass(frozen=True, eq=False)
class Siblings:
    """Problems that differ in the sums of their classes alone.

    Parameters
    ----------
    first : GaussianProblem
        One of them.
    map1, loads : maps of all problems
        Of moments, and of single units that deviate, if they do.
    """

    first: GaussianProblem
    map1: _Map
    loads: _Map | None

    def agrees(self, number: int, other: GaussianProblem) -> bool:
        """Whether one of them is a problem that was made by itself, but for rounding."""
        sibling, moments = self.of(np.array([number])), other.moments
        head = self.first.arrowhead
        maps = [(sibling.moments.map1, moments.map1)]
        if sibling.by_class is not None and other.by_class is not None:
            maps.append((sibling.by_class.loads, other.by_class.loads))
        return (
            self.first.space == other.space
            and np.array_equal(self.first.tau, other.tau, equal_nan=True)
            and np.array_equal(self.first.moments.loadings, moments.loadings)
            and np.array_equal(head.stored, other.arrowhead.stored)
            and np.array_equal(head.local_scale, other.arrowhead.local_scale)
            and head.map2.shape == other.arrowhead.map2.shape
            and np.array_equal(head.map2.indices, other.arrowhead.map2.indices)
            and np.allclose(head.map2.data, other.arrowhead.map2.data, _ROUNDED, _ROUNDED)
            and all(_equal(of_point, alone) for of_point, alone in maps)
        )

    def of(self, numbers: Index) -> GaussianProblem:
        """The problem whose k-th point is one of problem ``numbers[k]``."""
        moments = replace(self.first.moments, map1=self.map1.of(numbers))
        owners = self.first.by_class
        if owners is not None and self.loads is not None:
            owners = replace(owners, loads=self.loads.of(numbers))
        return replace(self.first, moments=moments, by_class=owners)

    def gradient(self, points: Array, numbers: Index) -> tuple[Array, Array]:
        """As `gradient` gives it, of points (B, parameter) of the problems ``numbers``."""

        def part(some: Array) -> Array:
            return rows(self.of(some[:, -1].astype(np.int64)), some[:, :-1])

        def chunk(some: Array) -> Array:
            return point_by_point(part, some, refused(some[:, :-1]))

        numbered = np.column_stack([points, numbers])
        return sides(in_chunks(chunk, numbered, size=batch_size(self.first, unreduced=True)))

    def averages(
        self, points: Array, numbers: Index, slots: Array, deviations: Array
    ) -> tuple[Array, Array]:
        """As `averages` gives them, of points (B, parameter) of the problems ``numbers``."""
        size = batch_size(self.first, unreduced=True, drawn=True)
        mean, variance = np.empty((2, len(points), slots.shape[1]))
        for start in range(0, len(points), size):
            part = slice(start, start + size)
            mean[part], variance[part] = averages(
                self.of(numbers[part]), points[part], slots, deviations
            )
        return mean, variance


def siblings(
    problem: Problem, first: GaussianProblem, sums: Sequence[Array], cross: Sequence[Array]
) -> Siblings:
    """Problems that have other sums of units than a given one, class by class.

    Parameters
    ----------
    problem, first : Problem and GaussianProblem
        The given one, of classes, whose units deviate by themselves if they do.
    sums, cross : sequence of ndarray (problem, k) and (problem, k, k)
        Of the packed entries of each class.
    """
    types = class_types(problem)
    each = list(zip(problem.classes, types.type_of, sums, strict=True))
    entries = [class_entries(problem, c, kind) for c, kind, _ in each]
    values = [x.values(s, m) for x, s, m in zip(entries, sums, cross, strict=True)]
    places = [(x.row, x.column) for x in entries]
    map1, loads = _map(places, values, map1_shape(problem, types)), None
    if first.by_class is not None:
        # Each class has normal equations of its own, as in `owners_by_class`.
        places = [load_places(problem, c, kind, k) for k, (c, kind, _) in enumerate(each)]
        sizes = [np.full((len(s), c.times.size), c.n) for c, _, s in each]
        values = [np.concatenate([n, s], axis=1) for n, s in zip(sizes, sums, strict=True)]
        loads = _map(places, values, loads_shape(problem, types, np.arange(len(each))))
    return Siblings(first, map1, loads)


def _equal(sibling: _Map, other: Any) -> bool:
    """Whether a map of one point is a sparse matrix, but for rounding."""
    if not sparse.issparse(other) or sibling.shape != other.shape:
        return False
    mine = sparse.csr_array((sibling.data[0], (sibling.row, sibling.column)), shape=sibling.shape)
    return bool(abs(mine - other).max() <= _ROUNDED * abs(other).max())


def _map(
    places: Sequence[tuple[Index, Index]], values: Sequence[Array], shape: tuple[int, int]
) -> _Map:
    """Sum triplets into a matrix a problem, at places that all have."""
    row, column = (np.concatenate(x) for x in zip(*places, strict=True))
    number = row * shape[1] + column
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    data = np.add.reduceat(np.concatenate(values, axis=1)[:, order], starts, axis=1)
    first = order[starts]
    return _Map(data, row[first], column[first], shape)
