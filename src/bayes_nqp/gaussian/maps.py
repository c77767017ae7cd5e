"""From classes of units and blocks of coefficients to the two sparse maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import block_diag, coo_array, csr_array

from bayes_nqp.gaussian._small import lower_places
from bayes_nqp.gaussian._sparse import beside, from_triplets
from bayes_nqp.gaussian.class_maps import class_types, moments_of_classes
from bayes_nqp.gaussian.fixed import fixed_equations, without_types
from bayes_nqp.gaussian.nodes import MANY_PATTERNS
from bayes_nqp.gaussian.owner_maps import owners_by_class, owners_of_several
from bayes_nqp.gaussian.pairs import MANY_PAIRS, paired
from bayes_nqp.gaussian.problem import GaussianProblem, IsotropicDeviation
from bayes_nqp.gaussian.reduced import MANY_LOCAL, reduced
from bayes_nqp.gaussian.statement import Block, Problem
from bayes_nqp.gaussian.types import PADDING, Arrowhead, Index

__all__ = ["gaussian_problem", "quadratic_map", "slots_of_groups"]


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
    moments = without_types(problem) if problem.absorbed else moments_of_classes(problem, types)
    pairs = (problem.n_columns + 1) * (problem.n_columns + 2) // 2
    if not problem.absorbed and (pairs >= MANY_PAIRS if dense_pairs is None else dense_pairs):
        slopes = [(group.block, group.slopes) for group in problem.groups]
        dense = paired(moments.map1, slopes, moments.width, moments.n_periods)
        moments = replace(moments, map1=dense)
    scale = problem.member_scale
    deviation = None
    if scale is not None:
        deviation = IsotropicDeviation(1, None if scale.estimated else scale.prior)
    loads = _loadings_of_groups(problem)
    by_group = by_block = by_class = fixed = None
    if problem.absorbed:
        fixed, by_group, by_block = fixed_equations(problem, loads)
    elif problem.members:
        by_group, by_block = owners_of_several(problem, types, loads)
    elif scale is not None:
        by_class = owners_by_class(problem, types)
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
        beside(loads, block_of, len(problem.blocks)), slots,
    )  # fmt: skip


def _loadings_of_groups(problem: Problem) -> list[Any]:
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
    full = from_triplets(rows, columns, values, (n_blocks * n * n, len(loads) * size_f))
    diagonal = np.arange(n_blocks)[:, None] * n * n + np.arange(n) * (n + 1)
    stored = np.union1d(np.flatnonzero(np.diff(full.indptr)), diagonal.ravel())
    return csr_array(full[stored]), stored
