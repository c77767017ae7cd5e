"""Types of classes of units, and how normal equations of groups follow from their precision (3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.arrays import Index
from bayes_nqp.gaussian._small import lower_places
from bayes_nqp.gaussian._sparse import from_triplets
from bayes_nqp.gaussian.statement import Problem
from bayes_nqp.gaussian.types import Moments

__all__ = ["ClassTypes", "class_types", "moments_of_classes"]


@dataclass(frozen=True, eq=False)
class ClassTypes:
    """Type of every class, and what makes types.

    Parameters
    ----------
    kinds : list of (pattern, loading (T,))
        One a type.
    """

    type_of: Index
    patterns: Sequence[tuple[Index, npt.NDArray[np.float64]]]
    kinds: Sequence[tuple[int, npt.NDArray[np.float64]]]


def class_types(problem: Problem) -> ClassTypes:
    """Number types of classes, in the order of the classes."""
    n_periods = problem.n_periods
    # Q depends on the observed periods and weights (a pattern), Q̃ on the loadings D too (a type).
    patterns: dict[tuple[bytes, bytes], int] = {}
    numbers: dict[tuple[int, bytes], int] = {}
    seen: list[tuple[Index, npt.NDArray[np.float64]]] = []
    loads: list[tuple[int, npt.NDArray[np.float64]]] = []
    type_of = []
    for i, c in enumerate(problem.classes):
        weights = np.asarray(c.weights, dtype=np.float64)
        pattern = patterns.setdefault((c.times.tobytes(), weights.tobytes()), len(patterns))
        if pattern == len(seen):
            seen.append((c.times, weights))
        loading = np.zeros(n_periods)
        if problem.member_scale is not None:
            loading[c.times] = problem.class_treated[i]
        # Loadings d of the deviation, 1 in treated periods or the exposure (T); zero where unseen.
        number = numbers.setdefault((pattern, loading.tobytes()), len(numbers))
        if number == len(loads):
            loads.append((pattern, loading))
        type_of.append(number)
    return ClassTypes(np.array(type_of, dtype=np.int64), seen, loads)


def moments_of_classes(problem: Problem, types: ClassTypes) -> Moments:
    """Lay patterns and types out, with the map from their precision to normal equations."""
    n_periods, n_columns = problem.n_periods, problem.n_columns
    seen = np.zeros((len(types.patterns), n_periods), dtype=bool)
    weights = np.ones(seen.shape)
    for p, (times, values) in enumerate(types.patterns):
        seen[p, times], weights[p, times] = True, values
    sizes = np.array([c.units.size for c in problem.classes], dtype=np.float64)
    loadings = np.array([loading for _, loading in types.kinds])[:, :, None]
    return Moments(
        seen=seen,
        weights=weights,
        n_units=np.bincount(types.type_of, sizes, len(types.kinds)),
        pattern=np.array([pattern for pattern, _ in types.kinds], dtype=np.int64),
        loadings=loadings if problem.member_scale is not None else loadings[:, :, :0],
        map1=_map1(problem, types),
        n_columns=n_columns,
        n_outcomes=1,
    )


def _map1(problem: Problem, types: ClassTypes) -> Any:
    """``vec F = map1 vec Q̃``: periods n Q̃, columns S'Q̃, pairs of columns ⟨Q̃, M⟩ (3).

    ``F_g = sum_i [Q̃, Q̃Z_i; Z_i'Q̃, Z_i'Q̃Z_i]`` over the units of all classes of the group, Z_i
    (T, K + 1) their columns and outcome. Q̃ is the same in a class: its rows enter by the number of
    units, ``S = sum_i Z_i`` and M, the sums of ``Z_i,tk Z_i,ul``.
    """
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    in_f, in_q = lower_places(width), lower_places(n_periods)
    size_f, size_q = width * (width + 1) // 2, n_periods * (n_periods + 1) // 2
    rows, columns, values = [], [], []
    for c, kind in zip(problem.classes, types.type_of, strict=True):
        t = c.times
        low, high = np.tril_indices(t.size)
        # Packed entries (period, column) of the class: S has one number for each, M one a pair.
        period, column = t[c.position], n_periods + c.column
        p, r = np.meshgrid(np.arange(period.size), np.arange(period.size), indexing="ij")
        below = (column[:, None] >= column) & (c.cross != 0.0)
        p, r = p[below], r[below]
        # F_tu, F_kt and F_kl, which n Q̃_tu, S_uk Q̃_ut and M_tk,ul Q̃_tu add to.
        row = [
            in_f[t[low], t[high]],
            in_f[column[:, None], t].ravel(),
            in_f[column[p], column[r]],
        ]
        place = [
            in_q[t[low], t[high]],
            in_q[period[:, None], t].ravel(),
            in_q[period[p], period[r]],
        ]
        value = [
            np.full(low.size, float(c.units.size)),
            np.repeat(c.sums, t.size),
            c.cross[p, r],
        ]
        # From the packed triangle of the class's type to that of its group.
        rows.append(c.group * size_f + np.concatenate(row))
        columns.append(kind * size_q + np.concatenate(place))
        values.append(np.concatenate(value))
    shape = (len(problem.groups) * size_f, len(types.kinds) * size_q)
    return from_triplets(rows, columns, values, shape)
