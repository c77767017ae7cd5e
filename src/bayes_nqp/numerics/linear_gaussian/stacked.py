"""Two stacked equations with correlated unit-level deviations of an effect and of a slope.

The first equation's outcome is a column of the second (the mediator). A unit has a deviation
``(a_i, b_i)``: a_i loads on the observations of the first equation like its own deviation, b_i on
the mediator's values in the second. Loadings differ from unit to unit, so each is an owner of two
columns. The second equation keeps its own deviation, the direct effect's, of scale omega_u and
independent of (a_i, b_i): it is integrated out of Q̃_2 (2). Processes of both are eliminated
together, the k-th of a group or block in one equation with the k-th in the other. Symbols are those
of docs/gaussian.md, "Stacked equations".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, zip_longest
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, vstack

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian.layout import quadratic_map
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart
from bayes_nqp.numerics.linear_gaussian.path_laws import OwnPaths, Turn
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.problem_spec import Process
from bayes_nqp.numerics.linear_gaussian.types import PADDING, Arrowhead, Values
from bayes_nqp.numerics.parameters import Correlation, Parameter, ParameterSpace, ScalePrior


@dataclass(frozen=True, eq=False)
class UnitClasses:
    """Columns of every unit, class after class, with the classes of a group together.

    Parameters
    ----------
    units : ndarray of int (N)
        Their numbers.
    first, second : ndarray (columns + 1, T, N)
        Columns of each equation and, last, its outcome; zero for unobserved periods.
    classes : ndarray of int (class + 1)
        Start of each class.
    groups : ndarray of int (G + 1)
        Start of each group.
    """

    units: Index
    first: Array
    second: Array
    types: Index  # Of each class, the same in both equations.
    classes: Index
    groups: Index


@dataclass(frozen=True, eq=False)
class StackedValues:
    """Parameters of both equations and of their joint deviations, at B points.

    Parameters
    ----------
    slope_scale : ndarray (B)
        ``omega_b``, multiples of the second ``s`` per unit of the column.
    correlation : ndarray (B)
        ``r``.
    known : dict
        Results at these points that are needed again.
    """

    first: Values
    second: Values
    slope_scale: Array
    correlation: Array
    known: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, at: Any) -> StackedValues:
        return StackedValues(
            self.first[at], self.second[at], self.slope_scale[at], self.correlation[at]
        )

    def __len__(self) -> int:
        return len(self.correlation)

    @cached_property
    def coefficients(self) -> Values:
        """Return prior scales of all coefficients; observations are divided by their sigma."""
        # Scales of the second equation are numbered after those of the first.
        tau = np.concatenate([self.first.tau, self.second.tau], axis=1)
        processes = np.concatenate([self.first.processes, self.second.processes], axis=1)
        empty = np.zeros((len(self), 0))
        return Values(tau, empty[:, :, None], empty, np.ones(len(self)), processes=processes)

    @cached_property
    def omega(self) -> tuple[Array, Array, Array, Array]:
        """Return ``omega_a²``, ``r omega_a omega_b``, ``omega_b²`` and the determinant (B)."""
        a, r = self.first.deviation[:, 0, 0], self.correlation  # omega_a², r
        b = self.slope_scale**2
        # |Omega| as a product: a b - (r sqrt(a b))² would cancel near r = ±1.
        return a, r * np.sqrt(a) * self.slope_scale, b, a * b * (1.0 - r) * (1.0 + r)


@dataclass(frozen=True, eq=False)
class Stacked(LinearPart):
    """Two Gaussian problems of the same units, with joint deviations.

    Parameters
    ----------
    first, second : GaussianProblem
        With a separate deviation of each unit.
    column : int
        The mediator among the second equation's columns.
    space : ParameterSpace
        Parameters of the first equation, of the second, ``scale_b`` and ``corr_ab``.
    arrowhead : Arrowhead
        Local coefficients of a block are the first's and the second's, and so are global ones.
    tau : ndarray (scale)
        Values of fixed scales of both equations, NaN for estimated ones.
    n_free : int
        Observations less flat unit coefficients, of both.
    """

    first: GaussianProblem
    second: GaussianProblem
    units: UnitClasses
    column: int
    space: ParameterSpace
    arrowhead: Arrowhead
    tau: Array
    n_free: int

    @cached_property
    def places(self) -> tuple[Index, Index]:
        """Return positions of each equation's columns among both's, the outcome last.

        Their dims are (J_1) and (J_2).
        """
        n_first, n_second = self.first.moments.width - 1, self.second.moments.width - 1
        # (periods, columns) of the first, then of the second, and one outcome.
        end = n_first + n_second
        return np.append(np.arange(n_first), end), np.append(n_first + np.arange(n_second), end)

    @property
    def width(self) -> int:
        """Return J of both: the outcome, a single column, counts once."""
        return self.first.moments.width + self.second.moments.width - 1

    @property
    def n_periods(self) -> int:
        """Return T."""
        return self.first.n_periods

    @cached_property
    def processes(self) -> Sequence[Process]:
        """Return laws of both, scales and parameters numbered among those of both."""
        n_scales, n_parameters = self.first.tau.size, self.first.n_process_parameters
        after = []
        for process in self.second.processes:
            law = process.law
            if law is not None:
                law = replace(law, parameters=law.parameters + n_parameters)
            after.append(replace(process, scales=process.scales + n_scales, law=law))
        return [*self.first.processes, *after]

    @cached_property
    def own_paths(self) -> OwnPaths:
        """Return processes of single groups: those of the first equation, then the second's."""
        equations = self.first.own_paths, self.second.own_paths
        groups = np.union1d(equations[0].groups, equations[1].groups)
        laws = [dict(zip(paths.groups.tolist(), paths.laws, strict=True)) for paths in equations]
        none, after = (-1,), len(self.first.processes)
        return OwnPaths(
            groups,
            [
                laws[0].get(g, none) + _numbered(laws[1].get(g, none), after)
                for g in groups.tolist()
            ],
            np.concatenate([place[: self.n_periods] for place in self.places]),
        )

    @cached_property
    def shared_paths(self) -> Sequence[tuple[int, ...]]:
        """Return laws of processes of every block, those of both equations in turn."""
        after = len(self.first.processes)
        empty = [()] * self.arrowhead.n_blocks
        equations = self.first.shared_paths or empty, self.second.shared_paths or empty
        return [
            tuple(chain(*zip_longest(upper, _numbered(lower, after), fillvalue=-1)))
            for upper, lower in zip(*equations, strict=True)
        ]

    def turns(self, values: StackedValues) -> list[Turn]:
        """Return the map from global coefficients of both to the values of their paths."""
        # R of both is block diagonal: global ones of the second follow the first's.
        after = self.first.arrowhead.n_global
        second = [(root, index + after) for root, index in self.second.turns(values.second)]
        return [*self.first.turns(values.first), *second]

    def values(self, points: Array) -> StackedValues:
        """Return parameters on their own scales.

        Parameters
        ----------
        points : ndarray (B, parameter)
            Unconstrained.
        """
        # (first, second, omega_b, r), each equation's parameters as in the equation alone.
        n = len(self.first.space)
        joining = self.space.constrain(points)[:, -2:]
        return StackedValues(
            self.first.values(points[:, :n]),
            self.second.values(points[:, n:-2]),
            joining[:, 0],
            joining[:, 1],
        )


def stacked(
    first: GaussianProblem,
    second: GaussianProblem,
    units: Sequence[tuple[Index, Array, Array]],
    column: int,
    slope_prior: ScalePrior,
) -> Stacked:
    """Stack two equations of the same units.

    Parameters
    ----------
    first, second : GaussianProblem
        Of the same classes, in the same order.
    units : sequence of (ndarray of int (n), ndarray (columns + 1, T, n), the same of the second)
        Units of every class, with their columns in each equation, the outcome last.
    column : int
        The mediator among the second equation's columns.
    slope_prior : ScalePrior
        Prior of ``omega_b``.
    """
    of_class = first.by_class
    assert of_class is not None
    assert second.by_class is not None
    assert np.array_equal(of_class.place, second.by_class.place)
    assert np.array_equal(of_class.counts.indices, second.by_class.counts.indices)
    # Classes in the order of their groups, so that a group's units are one slice.
    order = np.argsort(of_class.place, kind="stable")
    starts = np.cumsum([0, *(units[k][0].size for k in order)])
    group = of_class.place[order]
    # Group g has the classes from the first one whose group is g on, and their units.
    laid = UnitClasses(
        units=np.concatenate([units[k][0] for k in order]),
        first=np.concatenate([units[k][1] for k in order], axis=2),
        second=np.concatenate([units[k][2] for k in order], axis=2),
        types=of_class.counts.indices[order],
        classes=starts,
        groups=starts[np.searchsorted(group, np.arange(of_class.n_places + 1))],
    )
    space = ParameterSpace(
        (
            *first.space.parameters,
            *second.space.parameters,
            Parameter("scale_b", slope_prior, folds=True),
            Parameter("corr_ab", Correlation(2.0, 2.0), in_outcome_units=False),
        )
    )
    tau = np.concatenate([first.tau, second.tau])
    # Observations of each equation less its flat coefficients: both sigmas are in them.
    n_free = first.n_free + second.n_free
    return Stacked(first, second, laid, column, space, _arrowhead(first, second), tau, n_free)


def _arrowhead(first: GaussianProblem, second: GaussianProblem) -> Arrowhead:
    """Return coefficients of both equations, block by block."""
    heads, n_periods = (first.arrowhead, second.arrowhead), first.n_periods
    n_blocks = heads[0].n_blocks
    assert n_blocks == heads[1].n_blocks
    # A block of both: (local 1, local 2, values, global 1, global 2, outcome).
    n_values = 2 * max(head.n_values for head in heads)
    columns = _columns(*heads, n_values, n_periods)
    size = sum(head.n_proper + head.n_global for head in heads) + n_values + 1
    loads = _group_loads(first, second, columns, size)
    map2, stored = quadratic_map(*_by_group(loads, first, second, size), n_blocks)
    n_scales = first.tau.size
    local = [head.local_scale[:, : head.n_proper] for head in heads]
    values = np.full((n_blocks, n_values), PADDING)
    return Arrowhead(
        map2,
        stored,
        np.concatenate([local[0], _after(local[1], n_scales), values], axis=1),
        np.concatenate([heads[0].global_scale, _after(heads[1].global_scale, n_scales)]),
        1,
        loads,
        vstack(
            [_positions(head, column, size) for head, column in zip(heads, columns, strict=True)],
            format="csr",
        ),
        n_values,
        n_values if _apart(first, second) else 0,
        2 * n_periods,
    )


def _apart(first: GaussianProblem, second: GaussianProblem) -> bool:
    """Return True if no group has two processes of one equation, and only pairs are coupled."""
    upper, lower = first.placement, second.placement
    if upper is None or lower is None or not (upper.most or lower.most):
        return False
    apart = upper.apart == upper.most and lower.apart == lower.most
    return apart and list(upper.of_group) == list(lower.of_group)


def _numbered(laws: Sequence[int], after: int) -> tuple[int, ...]:
    """Number laws after those of the first equation."""
    return tuple(law + after if law >= 0 else law for law in laws)


def _columns(
    first: Arrowhead, second: Arrowhead, n_values: int, n_periods: int
) -> tuple[Index, Index]:
    """Return positions of each equation's coefficients and outcome in a joint block.

    Local coefficients come first, then global ones and the outcome.
    """
    n_proper, n_global = first.n_proper + second.n_proper, first.n_global + second.n_global
    start = n_proper + n_values
    end = start + n_global
    # Values of the k-th process of one equation, then of the other's: (k, equation, T).
    values = n_proper + np.arange(n_values).reshape(-1, 2, n_periods)
    of_first, of_second = (
        values[:, k].ravel()[: head.n_values] for k, head in enumerate((first, second))
    )
    return (
        np.r_[: first.n_proper, of_first, start : start + first.n_global, end],
        np.r_[first.n_proper : n_proper, of_second, start + first.n_global : end + 1],
    )


def _group_loads(
    first: GaussianProblem, second: GaussianProblem, columns: tuple[Index, Index], size: int
) -> csr_array:
    """Return ``X_g`` of both equations; the common row of the outcome is the second's."""
    n_first, n_second = first.moments.width, second.moments.width
    width = n_first + n_second - 1
    # Rows (periods, columns) of the first, then all of the second: -1 omits the first outcome.
    rows = np.append(np.arange(n_first - 1), -1), np.arange(n_first - 1, width)
    loads = [
        _moved(problem.arrowhead, column, size, row, width)
        for problem, column, row in zip((first, second), columns, rows, strict=True)
    ]
    return csr_array(loads[0] + loads[1])


def _by_group(
    loads: csr_array, first: GaussianProblem, second: GaussianProblem, size: int
) -> tuple[list[csr_array], list[int]]:
    """Return ``X_g`` of each group (J, n), and its block."""
    width = first.moments.width + second.moments.width - 1
    of_groups, blocks = [], []
    for start in range(0, loads.shape[0], width):
        entries = loads[start : start + width].tocoo()
        rows, columns = entries.coords
        # A group's rows have entries only in the n columns of its block: any of them identifies it.
        blocks.append(int(columns[0]) // size)
        places = (rows, columns - blocks[-1] * size)
        of_groups.append(csr_array((entries.data, places), shape=(width, size)))
    return of_groups, blocks


def _after(numbers: Index, n_scales: int) -> Index:
    """Number scales after those of the first equation."""
    return np.where(numbers >= 0, numbers + n_scales, numbers)


def _moved(head: Arrowhead, columns: Index, size: int, rows: Index, width: int) -> csr_array:
    """Return ``X_g`` of one equation among the joint columns; rows at -1 are left out."""
    entries = head.group_loads.tocoo()
    # Rows are (group, J) and columns (block, n) of one equation; both move to those of both.
    group, row = np.divmod(entries.coords[0], rows.size)
    block, column = np.divmod(entries.coords[1], columns.size)
    use = rows[row] >= 0
    places = (group * width + rows[row])[use], (block * size + columns[column])[use]
    shape = (head.group_loads.shape[0] // rows.size * width, head.n_blocks * size)
    return csr_array(coo_array((entries.data[use], places), shape=shape))


def _positions(head: Arrowhead, columns: Index, size: int) -> csr_array:
    """Return loadings of one equation's slots on the coefficients of both."""
    entries = head.position_loads.tocoo()
    block, column = np.divmod(entries.coords[1], columns.size)
    places = entries.coords[0], block * size + columns[column]
    shape = (entries.shape[0], head.n_blocks * size)
    return csr_array(coo_array((entries.data, places), shape=shape))
