"""Deviations of single units by class, interpolated over the noise's parameter (2, 3).

With only flat coefficients integrated out of ``Q̃``, the n units of a class c have ``v = Q̃d`` and
``h = Lambda + d'v`` in common, and their deviations subtract ``v v'/h`` from ``Q̃``. For F_g this
is

    ``sum_c n/h x x'``,  ``x = [I, Z]'v`` with Z the mean of the class's Z_i,

and for pairs of columns ``sum_c <v v', M>/h``. Except ``Lambda``, all are smooth functions of the
noise: F with deviations, x, ``d'v`` and ``<v v', M>`` are computed on nodes (`interpolation`). A
point then costs a product of thin matrices per group, for any number of patterns and types. Classes
with never-treated units have d = 0, and subtract nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from scipy.sparse import coo_array, csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices, lower_triangles
from bayes_nqp.numerics.linear_gaussian.equations import NoiseEquations, deviation_precision
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Moments, Values


@dataclass(frozen=True, eq=False)
class ClassLayout:
    """Positions of classes with unit-level deviations, group after group.

    Parameters
    ----------
    moments : Moments
        Of the problem.
    classes : ndarray of int (C)
        Their numbers among all classes.
    kind : ndarray of int (C)
        Type of each.
    n_units : ndarray (C)
        Units n of each.
    groups : sequence of (int, slice)
        Groups with such classes, and the positions of these.
    loads : csr_array (C J, H T)
        Maps ``Q̃d`` of the types to x.
    pairs : csr_array (R p, H T (T + 1) / 2)
        Maps lower triangles of ``v v'`` to ``<v v', M>`` of p pairs of columns: sums over the
        units of one type in one group.
    pair_kind, pair_group : ndarray of int (R)
        Type and group of each such sum, group after group.
    single : bool, default False
        True if each class is one unit, so that ``x x'`` includes its pairs of columns.
    """

    moments: Moments
    classes: Index
    kind: Index
    n_units: Array
    groups: Sequence[tuple[int, slice]]
    loads: Any
    pairs: Any
    pair_kind: Index
    pair_group: Index
    single: bool = False

    @cached_property
    def lower(self) -> tuple[Index, Index]:
        """Return rows and columns of a packed triangle of F."""
        rows, columns = lower_indices(self.moments.width)
        return rows, columns

    @cached_property
    def of_pairs(self) -> Index:
        """Return the entries of the triangle that are pairs of columns (p)."""
        first = self.moments.width if self.single else self.moments.n_periods
        return np.flatnonzero(self.lower[1] >= first)

    @cached_property
    def pair_starts(self) -> Index:
        """Return the position of the first sum of each group with sums."""
        return np.flatnonzero(np.diff(self.pair_group, prepend=-1))

    def sums(self, q: Array, total: Array) -> list[Array]:
        """Compute the arrays for nodes, from ``Q̃`` of the types with deviations (B, H, T, T).

        Parameters
        ----------
        total : ndarray (B)
            Log determinants.

        Returns
        -------
        list of five ndarrays
            F (B, G J (J + 1) / 2), `total`, x (B, C, J), ``d'v`` (B, H), ``<v v', M>`` (B, R, p).
        """
        m, n_points = self.moments, len(q)
        d = m.loadings[:, :, 0]
        v = (q @ m.loadings)[..., 0]  # Q̃d (B, H, T).
        # Linear in Q̃, in v and in v v', each of them a sparse product.
        f = (m.map1 @ lower_triangles(q).T).T
        x = (self.loads @ v.reshape(n_points, -1).T).T
        low = lower_indices(m.n_periods)
        squares = (v[..., low[0]] * v[..., low[1]]).reshape(n_points, -1)
        pairs = (self.pairs @ squares.T).T
        return [
            f,
            total,
            x.reshape(n_points, -1, m.width),
            (v * d).sum(axis=2),
            pairs.reshape(n_points, -1, self.of_pairs.size),
        ]


class PermutedPanels(Protocol):
    """Functions of the noise, at points of problems with different assignments to groups."""

    @property
    def layout(self) -> ClassLayout | None:
        """Return positions of units with deviations, each as a class."""

    def values(self, u: Array) -> list[Array]:
        """Return arrays as `Panels` does."""

    def slopes(self, u: Array) -> list[Array]:
        """Return derivatives by the noise's parameter."""


@dataclass(frozen=True, eq=False)
class ClassSums:
    """Reductions of normal equations by deviations of single units, at B points.

    Parameters
    ----------
    arrays : sequence of five ndarrays
        Those of `ClassLayout.sums`.
    precision : ndarray (B)
        ``Lambda``.
    """

    layout: ClassLayout
    arrays: Sequence[Array]
    precision: Array

    @staticmethod
    def of(layout: ClassLayout, arrays: Sequence[Array], values: Values) -> ClassSums:
        """Build from arrays that are already computed at the points."""
        return ClassSums(layout, arrays, deviation_precision(values)[:, 0, 0])

    @cached_property
    def inner(self) -> Array:
        """Return ``h = Lambda + d'v`` of every type (B, H)."""
        *_, products, _ = self.arrays
        return np.asarray(self.precision[:, None] + products)

    def equations(self) -> NoiseEquations:
        """Return F with deviations integrated out, and log determinants (2, 3)."""
        layout, (f, total, x, _, pairs) = self.layout, self.arrays
        n_points, width = len(f), layout.moments.width
        share = layout.n_units / self.inner[:, layout.kind]  # n/h (B, C).
        left = f.reshape(n_points, -1, layout.lower[0].size).copy()
        # F_g loses sum_c n/h x x' in the columns of periods, whose entries below are all complete.
        weighted = x * share[..., None]
        entries = layout.lower[0] * width + layout.lower[1]
        periods = np.delete(np.arange(entries.size), layout.of_pairs)
        for group, part in layout.groups:
            square = weighted[:, part].swapaxes(-1, -2) @ x[:, part]
            left[:, group, periods] -= square.reshape(n_points, -1)[:, entries[periods]]
        if layout.pair_group.size:
            # Pairs of columns lose sum <v v', M>/h over the types of their group, in place of x x'.
            taken = pairs / self.inner[:, layout.pair_kind, None]
            taken = np.add.reduceat(taken, layout.pair_starts, axis=1)
            groups = layout.pair_group[layout.pair_starts]
            left[:, groups[:, None], layout.of_pairs] -= taken
        # log|Lambda + d'v| - log|Lambda| once for every unit.
        logs = np.log(self.inner / self.precision[:, None]) @ layout.moments.n_units
        return NoiseEquations(left.reshape(n_points, -1), total - 0.5 * logs, None, None)

    def adjoint(self, square: Array) -> tuple[list[Array], Array]:
        """Return adjoints of the arrays, and of ``Lambda`` (B), from that of F.

        Parameters
        ----------
        square : ndarray (B, G, J, J)
            ``F̄``, symmetric.
        """
        layout, (f, total, x, _, pairs) = self.layout, self.arrays
        rows, columns = layout.lower
        lower = square[..., rows, columns] * np.where(rows == columns, 1.0, 2.0)
        inner, n_periods = self.inner, layout.moments.n_periods
        share = layout.n_units / inner[:, layout.kind]
        # F loses n/h x x' without its corner: x̄ = -2 n/h F̄ x, and of h, n/h² x'F̄ x.
        onto = np.empty_like(x)
        for group, part in layout.groups:
            bordered = square[:, group].copy()
            if not layout.single:
                bordered[:, n_periods:, n_periods:] = 0.0
            onto[:, part] = x[:, part] @ bordered
        on_class = share * (x * onto).sum(axis=2)
        on_pairs = lower[:, layout.pair_group[:, None], layout.of_pairs]
        on_sums = (pairs * on_pairs).sum(axis=2) / inner[:, layout.pair_kind]
        # h̄ of every type: both parts over h, and -n/2 of log h.
        of_inner = np.empty_like(inner)
        for k, (of_class, of_sums) in enumerate(zip(on_class, on_sums, strict=True)):
            of_inner[k] = np.bincount(layout.kind, of_class, inner.shape[1])
            of_inner[k] += np.bincount(layout.pair_kind, of_sums, inner.shape[1])
        of_inner = (of_inner - 0.5 * layout.moments.n_units) / inner
        precision = of_inner.sum(axis=1) + 0.5 * layout.moments.n_units.sum() / self.precision
        adjoints = [
            lower.reshape(f.shape),
            np.ones_like(total),
            -2.0 * share[..., None] * onto,
            of_inner,
            -on_pairs / inner[:, layout.pair_kind, None],
        ]
        return adjoints, precision

    def means(self, clusters: ClusterLayout) -> tuple[Array, Array]:
        """Return every class's x (B, class, J), zero if never treated, and its ``h`` (B, class)."""
        x = np.zeros((len(self.precision), clusters.n_clusters, self.layout.moments.width))
        x[:, self.layout.classes] = self.arrays[2]
        return x, self.inner[:, clusters.counts.indices]


def class_layout(moments: Moments, clusters: ClusterLayout) -> ClassLayout:
    """Collect the classes of a problem with unit-level deviations.

    Parameters
    ----------
    clusters : ClusterLayout
        The classes.
    """
    every_kind, n_units = clusters.counts.indices, clusters.counts.data
    treated = moments.loadings.any(axis=(1, 2))
    order = np.argsort(clusters.place, kind="stable")
    classes = order[treated[every_kind[order]]]
    bounds = np.searchsorted(clusters.place[classes], np.arange(clusters.n_places + 1))
    groups = [
        (g, slice(int(low), int(high)))
        for g, (low, high) in enumerate(pairwise(bounds))
        if low < high
    ]
    rows = classes[:, None] * moments.width + np.arange(moments.width)
    loads = clusters.loads[rows.ravel()]
    scale = np.repeat(1.0 / n_units[classes], moments.width)
    pairs, kind, group = _pairs(moments, treated)
    return ClassLayout(
        moments, classes, every_kind[classes], n_units[classes], groups,
        csr_array(loads.multiply(scale[:, None])), pairs, kind, group,
    )  # fmt: skip


def _pairs(moments: Moments, treated: Any) -> tuple[Any, Index, Index]:
    """Return rows of `map1` for pairs of columns by type; types and groups of the sums."""
    n_kinds, width = len(treated), moments.width
    columns = lower_indices(width)[1]
    size_q = moments.n_periods * (moments.n_periods + 1) // 2
    number = np.full(columns.size, -1)  # Of a pair among pairs of columns.
    of_pairs = np.flatnonzero(columns >= moments.n_periods)
    number[of_pairs] = np.arange(of_pairs.size)
    entries = moments.map1.tocoo()
    row, column = entries.coords
    group, entry = np.divmod(row, columns.size)
    kind = column // size_q
    present = (number[entry] >= 0) & treated[kind]
    sums, place = np.unique(group[present] * n_kinds + kind[present], return_inverse=True)
    place = place.ravel() * of_pairs.size + number[entry[present]]
    shape = (sums.size * of_pairs.size, moments.map1.shape[1])
    pairs = csr_array(coo_array((entries.data[present], (place, column[present])), shape=shape))
    return pairs, sums % n_kinds, sums // n_kinds
