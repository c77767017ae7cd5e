"""Where deviations enter normal equations: owners of several units, classes of single ones (4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array

from bayes_nqp.arrays import Index
from bayes_nqp.gaussian._sparse import beside, from_triplets
from bayes_nqp.gaussian.class_maps import ClassTypes
from bayes_nqp.gaussian.statement import Member, Problem
from bayes_nqp.gaussian.types import Owners

__all__ = ["owners_by_class", "owners_of_several"]


def owners_by_class(problem: Problem, types: ClassTypes) -> Owners:
    """Classes whose units have a deviation each."""
    sizes = [float(c.units.size) for c in problem.classes]
    # Here a class stands for its units: a is the sum of their a_i, in the rows of its own.
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
    counts : sequence of float (entry)
        Units of the class.
    sums : sequence of ndarray (entry)
        Sums of the packed entries over these units.
    place : ndarray of int (entry)
        Which normal equations each entry belongs to.
    """
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    rows, columns, values = [], [], []
    for number, units, total, equations in zip(classes, counts, sums, place, strict=True):
        c = problem.classes[number]
        # a = sum_i [Q̃D; Z_i'Q̃D]: n (Q̃D)_t in row t, sum_t S_tk (Q̃D)_t in that of column k.
        rows.append(equations * width + np.concatenate([c.times, n_periods + c.column]))
        period = np.concatenate([c.times, c.times[c.position]])
        columns.append(types.type_of[number] * n_periods + period)
        values.append(np.concatenate([np.full(c.times.size, float(units)), total]))
    n_places = int(place.max(initial=-1)) + 1
    return from_triplets(rows, columns, values, (n_places * width, len(types.kinds) * n_periods))


def owners_of_several(
    problem: Problem, types: ClassTypes, loads: Sequence[Any]
) -> tuple[Owners | None, Owners | None]:
    """Owners inside one group, on its normal equations; others, on the coefficients of a block."""
    # One group after another would give an owner of several groups as many deviations.
    of_members = [np.unique(problem.class_group[m.classes]) for m in problem.members]
    inside = [k for k, groups in enumerate(of_members) if groups.size == 1]
    across = [k for k, groups in enumerate(of_members) if groups.size > 1]
    by_group = by_block = None
    if inside:
        place = np.array([of_members[k][0] for k in inside])
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
        on_owners = _loads_of(problem, types, classes, list(counts), sums, owner)
    else:
        # a_o = sum_g X_g' a_og, from the rows of each group to the coefficients of the block.
        entries = np.arange(owner.size)
        through = beside(
            [loads[g] for g in problem.class_group[classes]], list(owner), len(members)
        )
        on_owners = through.T @ _loads_of(problem, types, classes, list(counts), sums, entries)
    shape = (len(members), len(types.kinds))
    # H_o = sum over types of n_oh D'Q̃D.
    by_type = csr_array(coo_array((counts, (owner, types.type_of[classes])), shape=shape))
    return Owners(csr_array(on_owners), by_type, place, n_places, np.asarray(numbers))
