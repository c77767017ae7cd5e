"""From classes of units and blocks of coefficients to the two sparse maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import block_diag, coo_array, csr_array

from bayes_nqp.gaussian._small import lower_places
from bayes_nqp.gaussian.fixed import fixed_equations, without_types
from bayes_nqp.gaussian.nodes import MANY_PATTERNS
from bayes_nqp.gaussian.pairs import MANY_PAIRS, paired
from bayes_nqp.gaussian.problem import GaussianProblem, IsotropicDeviation
from bayes_nqp.gaussian.reduced import MANY_LOCAL, reduced
from bayes_nqp.gaussian.statement import Block, Member, Problem
from bayes_nqp.gaussian.types import PADDING, Arrowhead, Index, Moments, Owners

__all__ = [
    "ClassTypes",
    "class_types",
    "gaussian_problem",
    "loadings_of_groups",
    "quadratic_map",
    "slots_of_groups",
]

type Triplets = tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]], list[npt.NDArray[Any]]]


def gaussian_problem(
    problem: Problem,
    *,
    reduce: bool | None = None,
    dense_pairs: bool | None = None,
    nodes: bool | None = None,
) -> GaussianProblem:
    """Sum classes up, and lay coefficients out.

    Parameters
    ----------
    problem : Problem
    reduce : bool, optional
        Whether own cells come off first; by default where that is quicker.
    dense_pairs : bool, optional
        Whether pairs of columns are dense products; by default where these are quicker.
    nodes : bool, optional
        Whether what the noise decides is interpolated between nodes of its parameter, where it has
        one; by default where patterns of observed periods are many.

    Returns
    -------
    GaussianProblem
    """
    types = class_types(problem)
    moments = without_types(problem) if problem.absorbed else _moments(problem, types)
    pairs = (problem.n_columns + 1) * (problem.n_columns + 2) // 2
    if not problem.absorbed and (pairs >= MANY_PAIRS if dense_pairs is None else dense_pairs):
        slopes = [(group.block, group.slopes) for group in problem.groups]
        dense = paired(moments.map1, slopes, moments.width, moments.n_periods)
        moments = replace(moments, map1=dense)
    scale = problem.member_scale
    deviation = None
    if scale is not None:
        deviation = IsotropicDeviation(1, None if scale.estimated else scale.prior)
    loads = loadings_of_groups(problem)
    by_group = by_block = by_class = fixed = None
    if problem.absorbed:
        fixed, by_group, by_block = fixed_equations(problem, loads)
    elif problem.members:
        by_group, by_block = _owners(problem, types, loads)
    elif scale is not None:
        by_class = _classes(problem, types)
    n_local = max((b.local_slot.size for b in problem.blocks), default=0)
    if nodes is None:
        nodes = len(types.patterns) >= MANY_PATTERNS
    smaller = None
    if by_block is None and (
        n_local * len(problem.blocks) >= MANY_LOCAL if reduce is None else reduce
    ):
        smaller = reduced(problem, slots_of_groups(problem), n_local)
    return GaussianProblem(
        space=problem.space,
        noise=problem.errors,
        deviation=deviation,
        nuisance=np.ones((problem.n_periods, 1)),
        moments=moments,
        arrowhead=_arrowhead(problem, loads),
        tau=np.array([np.nan if s.estimated else s.prior for s in problem.scales]),
        n_free=problem.free,
        by_group=by_group,
        by_block=by_block,
        by_class=by_class,
        reduced=smaller,
        fixed=fixed,
        on_nodes=by_class is None and len(problem.error_parameters) == 2 and nodes,
    )


@dataclass(frozen=True, eq=False)
class ClassTypes:
    """Type of every class, and what makes types.

    Parameters
    ----------
    type_of : ndarray of int (class)
    patterns : list of (times, weights)
    kinds : list of (pattern, loading (T,))
        One a type.
    """

    type_of: Index
    patterns: Sequence[tuple[Index, npt.NDArray[np.float64]]]
    kinds: Sequence[tuple[int, npt.NDArray[np.float64]]]


def class_types(problem: Problem) -> ClassTypes:
    """Number types of classes, in the order of the classes."""
    n_periods = problem.n_periods
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
        number = numbers.setdefault((pattern, loading.tobytes()), len(numbers))
        if number == len(loads):
            loads.append((pattern, loading))
        type_of.append(number)
    return ClassTypes(np.array(type_of, dtype=np.int64), seen, loads)


def _moments(problem: Problem, types: ClassTypes) -> Moments:
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
    """``vec F = map1 vec Q̃``: periods n Q̃, columns S'Q̃, pairs of columns ⟨Q̃, M⟩ (3)."""
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    in_f, in_q = lower_places(width), lower_places(n_periods)
    size_f, size_q = width * (width + 1) // 2, n_periods * (n_periods + 1) // 2
    rows, columns, values = [], [], []
    for c, kind in zip(problem.classes, types.type_of, strict=True):
        t = c.times
        low, high = np.tril_indices(t.size)
        at, column = t[c.position], n_periods + c.column
        p, r = np.meshgrid(np.arange(at.size), np.arange(at.size), indexing="ij")
        below = (column[:, None] >= column) & (c.cross != 0.0)
        p, r = p[below], r[below]
        row = [
            in_f[t[low], t[high]],
            in_f[column[:, None], t].ravel(),
            in_f[column[p], column[r]],
        ]
        place = [
            in_q[t[low], t[high]],
            in_q[at[:, None], t].ravel(),
            in_q[at[p], at[r]],
        ]
        value = [
            np.full(low.size, float(c.units.size)),
            np.repeat(c.sums, t.size),
            c.cross[p, r],
        ]
        rows.append(c.group * size_f + np.concatenate(row))
        columns.append(kind * size_q + np.concatenate(place))
        values.append(np.concatenate(value))
    shape = (len(problem.groups) * size_f, len(types.kinds) * size_q)
    return _sparse(rows, columns, values, shape)


def _arrowhead(problem: Problem, loads: Sequence[Any]) -> Arrowhead:
    n_local = max((b.local_slot.size for b in problem.blocks), default=0)
    local = np.full((len(problem.blocks), n_local), PADDING)
    for b, block in enumerate(problem.blocks):
        local[b, : block.local_slot.size] = block.local_scale
    block_of = [group.block for group in problem.groups]
    map2, stored = quadratic_map(loads, block_of, len(problem.blocks))
    slots = block_diag([_loadings(b, n_local)[:-1] for b in problem.blocks], format="csr")
    return Arrowhead(
        map2, stored, local, np.asarray(problem.global_scale), 1,
        _beside(loads, block_of, len(problem.blocks)), slots,
    )  # fmt: skip


def _beside(loads: Sequence[Any], block_of: Sequence[int], n_blocks: int) -> Any:
    """Put loadings of groups one under another, in the columns of their blocks."""
    n = loads[0].shape[1]
    parts = [x.tocoo() for x in loads]
    starts = np.cumsum([0, *(x.shape[0] for x in loads)])
    return _sparse(
        [start + x.coords[0] for start, x in zip(starts, parts, strict=False)],
        [block * n + x.coords[1] for block, x in zip(block_of, parts, strict=True)],
        [x.data for x in parts],
        (int(starts[-1]), n_blocks * n),
    )


def loadings_of_groups(problem: Problem) -> list[Any]:
    """``X_g``: how periods, columns and outcome of a group load on coefficients, J × n."""
    n_local = max((b.local_slot.size for b in problem.blocks), default=0)
    of_block = [_loadings(b, n_local) for b in problem.blocks]
    return [csr_array(slots @ of_block[block]) for block, slots in slots_of_groups(problem)]


def slots_of_groups(problem: Problem) -> list[tuple[int, Any]]:
    """How periods, columns and outcome of each group load on the slots of its block.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    list of (int, csr_array (J, slot + 1))
        Number of the block, and the loadings; the outcome last.
    """
    n_periods, n_columns = problem.n_periods, problem.n_columns
    periods = np.arange(n_periods)
    out = []
    for group in problem.groups:
        block = problem.blocks[group.block]
        base, size = block.n_levels * n_periods, block.columns.shape[0]
        inside = np.flatnonzero(group.cells >= 0)
        slope = base + block.n_cells + group.slopes * n_columns
        rows = [periods, inside, n_periods + np.arange(n_columns + 1)]
        places = [group.level * n_periods + periods, base + group.cells[inside],
                  np.r_[slope : slope + n_columns, size]]  # fmt: skip
        at = (np.concatenate(rows), np.concatenate(places))
        shape = (n_periods + n_columns + 1, size + 1)
        out.append((group.block, csr_array(coo_array((np.ones(at[0].size), at), shape=shape))))
    return out


def _loadings(block: Block, n_local: int) -> Any:
    """How slots of a block and the outcome load on local and global coefficients."""
    slots, n_global = block.columns.shape
    rows, columns = np.nonzero(block.columns)
    at = np.arange(block.local_slot.size)
    return csr_array(
        (
            np.concatenate([np.ones(at.size), block.columns[rows, columns], [1.0]]),
            (
                np.concatenate([block.local_slot, rows, [slots]]),
                np.concatenate([at, n_local + columns, [n_local + n_global]]),
            ),
        ),
        shape=(slots + 1, n_local + n_global + 1),
    )


def quadratic_map(
    loads: Sequence[Any], block_of: Sequence[int], n_blocks: int
) -> tuple[Any, Index]:
    """``vec A = map2 vec F``, ``A_b = sum_g X_g' F_g X_g`` over the groups of a block (5).

    Parameters
    ----------
    loads : sequence of csr_array (J, n)
        ``X_g`` of every group.
    block_of : sequence of int
        Block of every group.
    n_blocks : int

    Returns
    -------
    tuple of csr_array (stored, G J (J + 1) / 2) and ndarray of int (stored)
        And where the stored entries lie in (block, n, n).
    """
    width, n = loads[0].shape
    in_f = lower_places(width).ravel()
    size_f = width * (width + 1) // 2
    rows, columns, values = [], [], []
    for g, (x, block) in enumerate(zip(loads, block_of, strict=True)):
        entry = x.tocoo()
        at, coefficient = entry.coords
        # Pairs of entries of X_g: coefficients (low, high) from periods and columns (p, r).
        first, second = np.nonzero(coefficient[:, None] >= coefficient)
        rows.append(block * n * n + coefficient[first] * n + coefficient[second])
        columns.append(g * size_f + in_f[at[first] * width + at[second]])
        values.append(entry.data[first] * entry.data[second])
    full = _sparse(rows, columns, values, (n_blocks * n * n, len(loads) * size_f))
    diagonal = np.arange(n_blocks)[:, None] * n * n + np.arange(n) * (n + 1)
    stored = np.union1d(np.flatnonzero(np.diff(full.indptr)), diagonal.ravel())
    return csr_array(full[stored]), stored


def _sparse(
    rows: Sequence[npt.NDArray[Any]],
    columns: Sequence[npt.NDArray[Any]],
    values: Sequence[npt.NDArray[Any]],
    shape: tuple[int, int],
) -> Any:
    """Sum triplets into a sparse matrix."""
    at = (np.concatenate(rows), np.concatenate(columns))
    out = csr_array(coo_array((np.concatenate(values), at), shape=shape))
    out.sum_duplicates()
    return out


def _classes(problem: Problem, types: ClassTypes) -> Owners:
    """Classes whose units have a deviation each."""
    sizes = [float(c.units.size) for c in problem.classes]
    every = np.arange(len(problem.classes))
    loads = _loads_of(problem, types, every, sizes, [c.sums for c in problem.classes], every)
    shape = (every.size, len(types.kinds))
    counts = csr_array(coo_array((sizes, (every, types.type_of)), shape=shape))
    return Owners(loads, counts, problem.class_group, len(problem.groups), every)


def _loads_of(
    problem: Problem,
    types: ClassTypes,
    classes: Index,
    counts: Sequence[float],
    sums: Sequence[npt.NDArray[np.float64]],
    place: Index,
) -> Any:
    """How ``Q̃ D`` loads on normal equations, summed over some units of some classes.

    Parameters
    ----------
    problem : Problem
    types : ClassTypes
    classes : ndarray of int (entry)
    counts : sequence of float (entry)
        Units of the class.
    sums : sequence of ndarray (entry)
        Sums of the packed entries over these units.
    place : ndarray of int (entry)
        Which normal equations each entry belongs to.

    Returns
    -------
    csr_array (place J, H T)
    """
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    rows, columns, values = [], [], []
    for number, units, total, at in zip(classes, counts, sums, place, strict=True):
        c = problem.classes[number]
        rows.append(at * width + np.concatenate([c.times, n_periods + c.column]))
        period = np.concatenate([c.times, c.times[c.position]])
        columns.append(types.type_of[number] * n_periods + period)
        values.append(np.concatenate([np.full(c.times.size, float(units)), total]))
    n_places = int(place.max(initial=-1)) + 1
    return _sparse(rows, columns, values, (n_places * width, len(types.kinds) * n_periods))


def _owners(
    problem: Problem, types: ClassTypes, loads: Sequence[Any]
) -> tuple[Owners | None, Owners | None]:
    """Owners inside one group, on its normal equations; others, on the coefficients of a block."""
    homes = [np.unique(problem.class_group[m.classes]) for m in problem.members]
    inside = [k for k, groups in enumerate(homes) if groups.size == 1]
    across = [k for k, groups in enumerate(homes) if groups.size > 1]
    by_group = by_block = None
    if inside:
        place = np.array([homes[k][0] for k in inside])
        by_group = _owners_at(problem, types, inside, place, len(problem.groups), None)
    if across:
        place = np.array([problem.members[k].block for k in across])
        by_block = _owners_at(problem, types, across, place, len(problem.blocks), loads)
    return by_group, by_block


def _owners_at(
    problem: Problem,
    types: ClassTypes,
    numbers: Sequence[int],
    place: Index,
    n_places: int,
    loads: Sequence[Any] | None,
) -> Owners:
    """Owners with their loads on ``Q̃ D``; through X' where loads of groups are given."""
    members: list[Member] = [problem.members[k] for k in numbers]
    classes = np.concatenate([member.classes for member in members])
    counts = np.concatenate([member.counts for member in members]).astype(np.float64)
    sums = [total for member in members for total in member.sums]
    owner = np.repeat(np.arange(len(members)), [member.classes.size for member in members])
    if loads is None:
        own = _loads_of(problem, types, classes, list(counts), sums, owner)
    else:
        entries = np.arange(owner.size)
        through = _beside(
            [loads[g] for g in problem.class_group[classes]], list(owner), len(members)
        )
        own = through.T @ _loads_of(problem, types, classes, list(counts), sums, entries)
    shape = (len(members), len(types.kinds))
    by_type = csr_array(coo_array((counts, (owner, types.type_of[classes])), shape=shape))
    return Owners(csr_array(own), by_type, place, n_places, np.asarray(numbers))
