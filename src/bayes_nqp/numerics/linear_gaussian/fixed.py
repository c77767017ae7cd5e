"""Normal equations that no parameter changes: independent errors, levels absorbed (1 to 3).

With Q = diag(w) of a unit's observations and N = 1, ``Q̃ = diag(w) - w w'/sum(w)``: weighted means
are subtracted, once for all points, and F and the log determinants are sums over units (`moments`).
Owners of several units have ``a_o`` and ``H_o`` of the same kind. Only Lambda depends on the point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._unit_matrices import lower_indices
from bayes_nqp.numerics.linear_gaussian.equations import ClusterEquations, NoiseEquations
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Moments


def without_types(problem: Problem) -> Moments:
    """Return moments without types of units: the normal equations contain all information.

    Parameters
    ----------
    problem : Problem
        With absorbed groups.
    """
    n_periods, width = problem.n_periods, problem.n_periods + problem.n_columns + 1
    none = np.zeros((0, n_periods))
    q = int(problem.unit_effect_scale is not None)
    return Moments(
        seen=none.astype(bool),
        weights=none,
        variances=none,
        n_units=np.zeros(0),
        pattern=np.zeros(0, dtype=np.int64),
        loadings=np.zeros((0, n_periods, q)),
        map1=csr_array((len(problem.groups) * width * (width + 1) // 2, 0)),
        n_columns=problem.n_columns,
        n_outcomes=1,
    )


def fixed_equations(
    problem: Problem, loads: Sequence[Any]
) -> tuple[NoiseEquations, ClusterLayout | None, ClusterLayout | None]:
    """Return normal equations of groups and owners, and owners inside and across groups.

    Parameters
    ----------
    problem : Problem
        With absorbed groups.
    loads : sequence of csr_array (J, n)
        ``X_g`` of every group.
    """
    # One point represents all: B = 1.
    low = lower_indices(problem.n_periods + problem.n_columns + 1)
    f = np.concatenate([group.normal[low] for group in problem.absorbed])
    # (log|Q| - log|N'QN|) / 2 over all units.
    total = 0.5 * sum(group.log_det for group in problem.absorbed)
    by_group, of_groups = _inside(problem, loads) or (None, None)
    by_block, of_blocks = _across(problem, loads) or (None, None)
    equations = NoiseEquations(f[None], np.array([total]), of_groups, of_blocks)
    return equations, by_group, by_block


def _cluster_numbers(problem: Problem) -> tuple[Index, Index]:
    """Return the number of each entry's owner (entry), and each owner's count of groups (owner)."""
    assert problem.absorbed_unit_effects is not None
    cluster = np.unique(problem.absorbed_unit_effects.cluster, return_inverse=True)[1].ravel()
    return cluster, np.bincount(cluster)


def _inside(
    problem: Problem, loads: Sequence[Any]
) -> tuple[ClusterLayout, ClusterEquations] | None:
    """Return owners inside one group, on its normal equations."""
    unit_effects = problem.absorbed_unit_effects
    if unit_effects is None:
        return None
    cluster, count = _cluster_numbers(problem)
    entry = np.flatnonzero(count[cluster] == 1)
    if not entry.size:
        return None
    place = unit_effects.group[entry]  # The group of all units of the owner.
    return _clusters(
        unit_effects.normal[entry], unit_effects.inner[entry], place, len(loads), cluster[entry]
    )


def _across(
    problem: Problem, loads: Sequence[Any]
) -> tuple[ClusterLayout, ClusterEquations] | None:
    """Return owners across the groups of a block, on its coefficients: through ``X_g``."""
    unit_effects = problem.absorbed_unit_effects
    if unit_effects is None:
        return None
    cluster, count = _cluster_numbers(problem)
    number = np.flatnonzero(count > 1)
    if not number.size:
        return None
    # a_o = sum_g a_og X_g and H_o = sum_g H_og over the groups of an owner's units.
    a, inner = np.zeros((number.size, loads[0].shape[1])), np.zeros(number.size)
    place = np.zeros(number.size, dtype=np.int64)
    for entry in np.flatnonzero(count[cluster] > 1):
        row, group = np.searchsorted(number, cluster[entry]), int(unit_effects.group[entry])
        a[row] += loads[group].T @ unit_effects.normal[entry]
        inner[row] += unit_effects.inner[entry]
        place[row] = problem.groups[group].block
    return _clusters(a, inner, place, len(problem.blocks), number)


def _clusters(
    a: Array, inner: Array, place: Index, n_places: int, number: Index
) -> tuple[ClusterLayout, ClusterEquations]:
    """Return owners of one column, and their equations at every point."""
    # a_o and H_o need no sum over types of units: they are already computed.
    loads, counts = csr_array((a.size, 0)), csr_array((len(a), 0))
    equations = ClusterEquations(a[None, :, None], inner[None, :, None, None])
    return ClusterLayout(loads, counts, place, n_places, number), equations
