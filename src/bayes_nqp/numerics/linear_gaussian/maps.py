"""The two sparse maps from classes of units and blocks of coefficients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian.class_maps import (
    ClassTypes,
    class_types,
    clusters_by_class,
    clusters_of_several_units,
    moments_of_classes,
)
from bayes_nqp.numerics.linear_gaussian.equations import NoiseEquations
from bayes_nqp.numerics.linear_gaussian.fixed import fixed_equations, without_types
from bayes_nqp.numerics.linear_gaussian.group_cells import (
    MANY_CELLS,
    group_cells,
    unshared_count,
)
from bayes_nqp.numerics.linear_gaussian.interpolation import MANY_PATTERNS
from bayes_nqp.numerics.linear_gaussian.layout import Layout, layout_of, positions_of_groups
from bayes_nqp.numerics.linear_gaussian.linear_part import Reduced
from bayes_nqp.numerics.linear_gaussian.pairs import MANY_PAIRS, paired
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem, IsotropicDeviation
from bayes_nqp.numerics.linear_gaussian.problem_spec import Problem
from bayes_nqp.numerics.linear_gaussian.reduced_cells import (
    MANY_LOCAL,
    NARROW,
    VERY_MANY_LOCAL,
    reduced,
)
from bayes_nqp.numerics.linear_gaussian.types import ClusterLayout, Moments
from bayes_nqp.numerics.parameters import Scale


def gaussian_problem(
    problem: Problem,
    *,
    reduce: bool | None = None,
    separate: bool | None = None,
    dense_pairs: bool | None = None,
    nodes: bool | None = None,
) -> GaussianProblem:
    """Sum classes of units, and build the layout of coefficients.

    Parameters
    ----------
    reduce : bool, optional
        If True, unshared cells are eliminated first; by default if that is faster.
    separate : bool, optional
        If True, unshared cells are integrated out of F for gradients, and where `reduce` is not
        possible; by default if that is faster.
    dense_pairs : bool, optional
        If True, pairs of columns are dense products; by default if these are faster.
    nodes : bool, optional
        If True, functions of the noise are interpolated between nodes of its parameter, if it has
        one; by default if there are many patterns of observed periods.
    """
    types = class_types(problem)
    # Q̃ is inverted for each pattern at every point: with many patterns nodes are faster. Nodes
    # require a single error parameter; F does not depend on the other parameter, sigma, unless
    # variances of the outcome are known.
    if nodes is None:
        nodes = len(types.patterns) >= MANY_PATTERNS
    known = any(c.variances.any() for c in problem.classes)
    nodes = nodes and len(problem.error_parameters) == 2 and not known
    layout = layout_of(problem)
    fixed, by_group, by_block, by_class = _clusters(problem, types, layout)
    if nodes and by_class is not None and dense_pairs is None:
        dense_pairs = False  # Sums of classes are on nodes, from sparse ones.
    moments = _moments(problem, types, dense_pairs)
    n_local = layout.arrowhead.n_local
    # Owners across groups are also connected with cells, so that no cell can be eliminated first.
    smaller = None
    if by_block is None and _reduces(problem, moments.width, n_local, reduce):
        smaller = partial(_reduced, problem, n_local)
    separates = None
    if by_block is None and _separates(problem, n_local, separate):
        separates = partial(group_cells, problem, layout.arrowhead)
    return GaussianProblem(
        space=problem.space,
        noise=problem.errors,
        deviation=_deviation(problem.unit_effect_scale),
        nuisance=_nuisance(problem.n_periods, problem.series),
        moments=moments,
        arrowhead=layout.arrowhead,
        tau=np.array([np.nan if s.estimated else s.fixed for s in problem.scales]),
        n_free=problem.free,
        by_group=by_group,
        by_block=by_block,
        by_class=by_class,
        reduces=smaller,
        separates=separates,
        processes=problem.processes,
        placement=problem.placement if problem.processes else None,
        n_process_parameters=len(problem.process_parameters),
        path_coefficients=problem.path_coefficients,
        border_laws=problem.border_laws,
        lag=problem.lag,
        fixed=fixed,
        redraws=_redraws(problem),
        on_nodes=nodes,
    )


def _reduced(problem: Problem, n_local: int) -> Reduced:
    return reduced(problem, positions_of_groups(problem), n_local)


def _deviation(scale: Scale | None) -> IsotropicDeviation | None:
    """Return omega² I of members' deviations, of one standard deviation."""
    if scale is None:
        return None
    return IsotropicDeviation(1, None if scale.estimated else scale.fixed)


def _clusters(
    problem: Problem, types: ClassTypes, layout: Layout
) -> tuple[NoiseEquations | None, ClusterLayout | None, ClusterLayout | None, ClusterLayout | None]:
    """Return F if it is fixed, and owners of deviations: inside groups, across, single units."""
    # Deviations: of owners in F_g or A (4), of single units within Q̃ (2); with independent
    # errors and no deviations of single units F is the same at every point.
    if problem.absorbed:
        return *fixed_equations(problem, layout.loads), None
    if problem.unit_effects:
        return None, *clusters_of_several_units(problem, types, layout.loads), None
    by_class = None if problem.unit_effect_scale is None else clusters_by_class(problem, types)
    return None, None, None, by_class


def _nuisance(n_periods: int, series: Array | None) -> Array:
    """Return N of units' flat coefficients: their levels and loadings on series (..., T, a)."""
    if series is None:
        return np.ones((n_periods, 1))
    return np.concatenate([np.ones((*series.shape[:-1], 1)), series], axis=-1)


def _redraws(problem: Problem) -> Callable[[], Array] | None:
    """Return N with replicated series (number, T, a), computed once."""
    redraws = problem.redraws
    return None if redraws is None else cache(lambda: _nuisance(problem.n_periods, redraws()))


def _moments(problem: Problem, types: ClassTypes, dense_pairs: bool | None) -> Moments:
    """Return sums of classes; pairs of columns are dense products if these are faster."""
    if problem.absorbed:
        return without_types(problem)
    # Entries <Q̃, M> of F_g for K columns and the outcome.
    pairs = (problem.n_columns + 1) * (problem.n_columns + 2) // 2
    dense = pairs >= MANY_PAIRS if dense_pairs is None else dense_pairs
    moments = moments_of_classes(problem, types, pairs=not dense)
    return replace(moments, map1=paired(problem, types, moments.map1)) if dense else moments


def _reduces(problem: Problem, width: int, n_local: int, reduce: bool | None) -> bool:
    """Return True if unshared cells come first: by default with many of them and few columns."""
    # Columns with ties may belong to cells, for which F has no row.
    tied = problem.lag is not None and problem.lag.ties
    if problem.placement.most or problem.path_coefficients or tied:
        return False
    locals_of_all = n_local * len(problem.blocks)
    narrow = NARROW * n_local * max(1.0, locals_of_all / VERY_MANY_LOCAL)
    many = locals_of_all >= MANY_LOCAL and width <= narrow
    return many if reduce is None else reduce


def _separates(problem: Problem, n_local: int, separate: bool | None) -> bool:
    """Return True if unshared cells are kept apart: by default if they are many."""
    if problem.lag is not None and problem.lag.ties:  # As in `_reduces`.
        return False
    cells = unshared_count(problem)
    many = cells >= MANY_CELLS
    return cells > 0 and (many if separate is None else separate)
