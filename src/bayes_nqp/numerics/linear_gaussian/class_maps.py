"""Maps from classes of units and owners of deviations to normal equations (3, 4).

The entries of columns and outcome of a class (`moments.UnitClass`) are packed. Entry r has the
column ``column[r]`` (K is the outcome) in the observed period ``times[position[r]]``; ``sums[r]``
is its sum over units, and ``cross[r, q]`` the sum of products of two entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from bayes_nqp._core.arrays import Index
from bayes_nqp.numerics.linear_gaussian._sparse import from_triplets, under
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices, lower_places
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem, UnitEffect
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Moments
from bayes_nqp.numerics.sufficient_statistics import UnitClass

_FEW_ENTRIES = 64
"""Packed entries of a class up to which its positions are stored: 100 kB."""


@dataclass(frozen=True, eq=False)
class ClassTypes:
    """Type of every class, and the definition of the types.

    Parameters
    ----------
    kinds : list of (pattern, loading (T,))
        One for each type.
    """

    type_of: Index
    patterns: Sequence[tuple[Index, npt.NDArray[np.float64], npt.NDArray[np.float64]]]
    kinds: Sequence[tuple[int, npt.NDArray[np.float64]]]


def class_types(problem: Problem) -> ClassTypes:
    """Number types of classes, in the order of the classes."""
    n_periods = problem.n_periods
    # Q depends on the observed periods, weights and known variances (a pattern), Q̃ on the loadings
    # D too (a type).
    patterns: dict[tuple[bytes, bytes, bytes], int] = {}
    numbers: dict[tuple[int, bytes], int] = {}
    seen: list[tuple[Index, npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
    loads: list[tuple[int, npt.NDArray[np.float64]]] = []
    type_of = []
    for i, c in enumerate(problem.classes):
        weights = np.asarray(c.weights, dtype=np.float64)
        variances = np.asarray(c.variances, dtype=np.float64)
        key = (c.times.tobytes(), weights.tobytes(), variances.tobytes())
        pattern = patterns.setdefault(key, len(patterns))
        if pattern == len(seen):
            seen.append((c.times, weights, variances))
        loading = np.zeros(n_periods)
        if problem.unit_effect_scale is not None:
            loading[c.times] = problem.class_treated[i]
        # Loadings d of the deviation, 1 in treated periods or the exposure (T); zero where unseen.
        number = numbers.setdefault((pattern, loading.tobytes()), len(numbers))
        if number == len(loads):
            loads.append((pattern, loading))
        type_of.append(number)
    return ClassTypes(np.array(type_of, dtype=np.int64), seen, loads)


def moments_of_classes(problem: Problem, types: ClassTypes, *, pairs: bool = True) -> Moments:
    """Collect patterns and types, with the map from their precision to normal equations.

    Parameters
    ----------
    pairs : bool, default True
        If True, this map includes pairs of columns.
    """
    n_periods, n_columns = problem.n_periods, problem.n_columns
    seen = np.zeros((len(types.patterns), n_periods), dtype=bool)
    weights, variances = np.ones(seen.shape), np.zeros(seen.shape)
    for p, (times, *of_pattern) in enumerate(types.patterns):
        seen[p, times] = True
        weights[p, times], variances[p, times] = of_pattern
    sizes = np.array([c.n for c in problem.classes], dtype=np.float64)
    loadings = np.array([loading for _, loading in types.kinds])[:, :, None]
    return Moments(
        seen=seen,
        weights=weights,
        variances=variances,
        n_units=np.bincount(types.type_of, sizes, len(types.kinds)),
        pattern=np.array([pattern for pattern, _ in types.kinds], dtype=np.int64),
        loadings=loadings if problem.unit_effect_scale is not None else loadings[:, :, :0],
        map1=_map1(problem, types, pairs),
        n_columns=n_columns,
        n_outcomes=1,
    )


def _map1(problem: Problem, types: ClassTypes, pairs: bool) -> Any:
    """Build ``vec F = map1 vec Q̃``: periods n Q̃, columns S'Q̃, pairs of columns ⟨Q̃, M⟩ (3).

    ``F_g = sum_i [Q̃, Q̃Z_i; Z_i'Q̃, Z_i'Q̃Z_i]`` over the units of all classes of the group, where
    Z_i (T, K + 1) are their columns and outcome. Q̃ is common to a class: its observations enter
    through the number of units, ``S = sum_i Z_i`` and M, the sums of ``Z_i,tk Z_i,ul``.
    """
    entries = [
        class_entries(problem, c, kind, pairs=pairs)
        for c, kind in zip(problem.classes, types.type_of, strict=True)
    ]
    values = [
        each.values(c.sums, c.cross) for each, c in zip(entries, problem.classes, strict=True)
    ]
    shape = map1_shape(problem, types)
    return from_triplets([x.row for x in entries], [x.column for x in entries], values, shape)


def map1_shape(problem: Problem, types: ClassTypes) -> tuple[int, int]:
    """Return the sizes of the packed triangles of all groups, and of all types."""
    width = problem.n_periods + problem.n_columns + 1
    size_f, size_q = width * (width + 1) // 2, problem.n_periods * (problem.n_periods + 1) // 2
    return len(problem.groups) * size_f, len(types.kinds) * size_q


@dataclass(frozen=True, eq=False)
class ClassEntries:
    """Entries of a class in `map1`, from the packed triangle of its type to that of its group.

    Parameters
    ----------
    row, column : ndarray of int (triplet)
        Row of map1, an entry of vec F, and its column, one of vec Q̃; triplets of equal positions
        add up.
    pair : tuple of ndarray of int
        Packed entries (t, k) and (u, l) of the class with products M_tk,ul.
    """

    row: Index
    column: Index
    units: UnitClass
    pair: tuple[Index, Index]

    def values(
        self, sums: npt.NDArray[np.float64], cross: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return numbers at these positions (..., triplet).

        They are computed from sums (..., k) and products (..., k, k).
        """
        size = self.units.times.size
        periods = np.full((*sums.shape[:-1], size * (size + 1) // 2), self.units.n)
        p, r = self.pair
        return np.concatenate([periods, sums.repeat(size, axis=-1), cross[..., p, r]], axis=-1)


def class_entries(problem: Problem, c: UnitClass, kind: int, *, pairs: bool = True) -> ClassEntries:
    """Return the entries of a class of some type, with or without pairs of columns."""
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    size_f, size_q = width * (width + 1) // 2, n_periods * (n_periods + 1) // 2
    shape = [np.asarray(x, np.int64).tobytes() for x in (c.times, c.position, c.column)]
    # Pairs of many entries are not stored.
    entries = _entries if c.position.size <= _FEW_ENTRIES else _entries.__wrapped__
    row, column, pair = entries(n_periods, width, *shape, (pairs & (c.cross != 0.0)).tobytes())
    return ClassEntries(c.group * size_f + row, kind * size_q + column, c, pair)


@lru_cache(maxsize=256)
def _entries(
    n_periods: int, width: int, times: bytes, positions: bytes, columns: bytes, filled: bytes
) -> tuple[Index, Index, tuple[Index, Index]]:
    """Return entries of similar classes, in the triangles of their group and type."""
    t, position, column = (np.frombuffer(x, np.int64) for x in (times, positions, columns))
    in_f, in_q = lower_places(width), lower_places(n_periods)
    low, high = lower_indices(t.size)
    # Packed entries (period, column) of the class: S has one number for each, M one a pair.
    period, column = t[position], n_periods + column
    below = column[:, None] >= column
    p, r = np.nonzero(below & np.frombuffer(filled, np.bool_).reshape(below.shape))
    # F_tu, F_kt and F_kl, which n Q̃_tu, S_uk Q̃_ut and M_tk,ul Q̃_tu add to: ⟨Q̃, M⟩ takes (t, u) and
    # (u, t), for which the lower triangle of Q̃ has one entry.
    row = [in_f[t[low], t[high]], in_f[column[:, None], t].ravel(), in_f[column[p], column[r]]]
    place = [in_q[t[low], t[high]], in_q[period[:, None], t].ravel(), in_q[period[p], period[r]]]
    return np.concatenate(row), np.concatenate(place), (p, r)


def clusters_by_class(problem: Problem, types: ClassTypes) -> ClusterLayout:
    """Return classes with a deviation of each unit."""
    sizes = [c.n for c in problem.classes]
    # Here a class represents its units: a is the sum of their a_i, in rows of the class.
    every = np.arange(len(problem.classes))
    loads = _loads_of(problem, types, every, sizes, [c.sums for c in problem.classes], every)
    shape = (every.size, len(types.kinds))
    counts = csr_array(coo_array((sizes, (every, types.type_of)), shape=shape))
    return ClusterLayout(loads, counts, problem.class_group, len(problem.groups), every)


def _loads_of(
    problem: Problem,
    types: ClassTypes,
    classes: Index,
    counts: Sequence[float],
    sums: Sequence[npt.NDArray[np.float64]],
    place: Index,
) -> Any:
    """Return the loadings of ``Q̃ D`` on normal equations, summed over some units of some classes.

    Parameters
    ----------
    counts : sequence of float (entry)
        Units of the class.
    sums : sequence of ndarray (entry)
        Sums of the packed entries over these units.
    place : ndarray of int (entry)
        Normal equations of each entry.
    """
    places, values = [], []
    for number, units, total, equations in zip(classes, counts, sums, place, strict=True):
        c = problem.classes[number]
        places.append(load_places(problem, c, types.type_of[number], equations))
        values.append(np.concatenate([np.full(c.times.size, float(units)), total]))
    rows, columns = [row for row, _ in places], [column for _, column in places]
    return from_triplets(rows, columns, values, loads_shape(problem, types, place))


def load_places(problem: Problem, c: UnitClass, kind: int, equations: int) -> tuple[Index, Index]:
    """Return positions of a class's loadings on normal equations: periods, then packed entries."""
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    # a' = sum_i [I, Z_i]'Q̃D: n (Q̃D)_t in row t, sum_t S_tk (Q̃D)_t in that of column k.
    row = equations * width + np.concatenate([c.times, n_periods + c.column])
    return row, kind * n_periods + np.concatenate([c.times, c.times[c.position]])


def loads_shape(problem: Problem, types: ClassTypes, place: Index) -> tuple[int, int]:
    """Return the number of rows of all loaded normal equations, and of periods of all types."""
    width = problem.n_periods + problem.n_columns + 1
    return (int(place.max(initial=-1)) + 1) * width, len(types.kinds) * problem.n_periods


def clusters_of_several_units(
    problem: Problem, types: ClassTypes, loads: Sequence[Any]
) -> tuple[ClusterLayout | None, ClusterLayout | None]:
    """Return owners inside one group, on its normal equations, and others, on those of a block."""
    # One group after another would give an owner of several groups as many deviations.
    of_unit_effects = [np.unique(problem.class_group[m.classes]) for m in problem.unit_effects]
    inside = [k for k, groups in enumerate(of_unit_effects) if groups.size == 1]
    across = [k for k, groups in enumerate(of_unit_effects) if groups.size > 1]
    by_group = by_block = None
    if inside:
        place = np.array([of_unit_effects[k][0] for k in inside])
        by_group = _clusters_at(problem, types, inside, place, len(problem.groups), None)
    if across:
        place = np.array([problem.unit_effects[k].block for k in across])
        by_block = _clusters_at(problem, types, across, place, len(problem.blocks), loads)
    return by_group, by_block


def _clusters_at(
    problem: Problem,
    types: ClassTypes,
    numbers: Sequence[int],
    place: Index,
    n_places: int,
    loads: Sequence[Any] | None,
) -> ClusterLayout:
    """Return owners with their loads on ``Q̃ D``; through ``X_g`` if loads of groups are given."""
    unit_effects: list[UnitEffect] = [problem.unit_effects[k] for k in numbers]
    classes = np.concatenate([unit_effect.classes for unit_effect in unit_effects])
    counts = np.concatenate([unit_effect.counts for unit_effect in unit_effects]).astype(np.float64)
    sums = [total for unit_effect in unit_effects for total in unit_effect.sums]
    cluster = np.repeat(
        np.arange(len(unit_effects)), [unit_effect.classes.size for unit_effect in unit_effects]
    )
    if loads is None:
        on_clusters = _loads_of(problem, types, classes, list(counts), sums, cluster)
    else:
        # a_o = sum_g a_og X_g, from the rows of each group to the coefficients of the block.
        entries = np.arange(cluster.size)
        through = under(
            [loads[g] for g in problem.class_group[classes]], list(cluster), len(unit_effects)
        )
        on_clusters = through.T @ _loads_of(problem, types, classes, list(counts), sums, entries)
    shape = (len(unit_effects), len(types.kinds))
    # H_o = sum over types of n_oh D'Q̃D.
    by_type = csr_array(coo_array((counts, (cluster, types.type_of[classes])), shape=shape))
    return ClusterLayout(csr_array(on_clusters), by_type, place, n_places, np.asarray(numbers))
