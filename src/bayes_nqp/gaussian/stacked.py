"""Two equations stacked: what a unit adds to the first, and to a slope in the second, correlated.

The first equation's outcome is a column of the second (the mediator). A unit has a deviation
``(a_i, b_i)``: a_i loads on the rows of the first equation as its own deviation does, b_i on the
mediator's values in the second. Loadings differ from unit to unit, so each is an owner of two
columns. Symbols are those of docs/gaussian.md, "Stacked equations".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, vstack

from bayes_nqp.gaussian.maps import quadratic_map
from bayes_nqp.gaussian.problem import GaussianProblem, LinearPart
from bayes_nqp.gaussian.types import Array, Arrowhead, Index, Values
from bayes_nqp.parameters import Correlation, HalfNormal, Parameter, ParameterSpace

__all__ = ["Stacked", "StackedValues", "UnitClasses", "stacked"]


@dataclass(frozen=True, eq=False)
class UnitClasses:
    """Columns of every unit, class after class, the classes of a group side by side.

    Parameters
    ----------
    units : ndarray of int (N)
        Their numbers.
    first, second : ndarray (columns + 1, T, N)
        Columns of each equation and, last, its outcome; zero where unseen.
    types : ndarray of int (class)
    classes : ndarray of int (class + 1)
        Where each class starts.
    groups : ndarray of int (G + 1)
        Where each group starts.
    """

    units: Index
    first: Array
    second: Array
    types: Index
    classes: Index
    groups: Index


@dataclass(frozen=True, eq=False)
class StackedValues:
    """Parameters of both equations and of what joins them, at B points.

    Parameters
    ----------
    first, second : Values
    slope_scale : ndarray (B)
        ``omega_b``, multiples of the second ``s`` per unit of the column.
    correlation : ndarray (B)
        ``r``.
    """

    first: Values
    second: Values
    slope_scale: Array
    correlation: Array

    def __getitem__(self, at: Any) -> StackedValues:
        return StackedValues(
            self.first[at], self.second[at], self.slope_scale[at], self.correlation[at]
        )

    def __len__(self) -> int:
        return len(self.correlation)

    @cached_property
    def coefficients(self) -> Values:
        """Prior scales of all coefficients; rows are divided by their sigma, so that it is 1."""
        tau = np.concatenate([self.first.tau, self.second.tau], axis=1)
        nothing = np.zeros((len(self), 0))
        return Values(tau, nothing[:, :, None], nothing, np.ones(len(self)))

    @cached_property
    def omega(self) -> tuple[Array, Array, Array, Array]:
        """``omega_a²``, ``r omega_a omega_b``, ``omega_b²`` and the determinant, each (B)."""
        a, r = self.first.deviation[:, 0, 0], self.correlation
        b = self.slope_scale**2
        return a, r * np.sqrt(a) * self.slope_scale, b, a * b * (1.0 - r) * (1.0 + r)


@dataclass(frozen=True, eq=False)
class Stacked(LinearPart):
    """Two Gaussian problems of the same units, and what joins them.

    Parameters
    ----------
    first, second : GaussianProblem
        Where each unit has a deviation of its own.
    units : UnitClasses
    column : int
        The mediator among the second equation's columns.
    space : ParameterSpace
        Parameters of the first equation, of the second, ``scale_b`` and ``corr_ab``.
    arrowhead : Arrowhead
        Local coefficients of a block are the first's and the second's, and so are global ones.
    tau : ndarray (scale)
        Values of fixed scales of both equations, NaN where estimated.
    n_free : int
        Rows less flat unit coefficients, of both.
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
        """Where each equation's columns stand among both's, the outcome last (J_1), (J_2)."""
        one, two = self.first.moments.width - 1, self.second.moments.width - 1
        end = one + two
        return np.append(np.arange(one), end), np.append(one + np.arange(two), end)

    @property
    def width(self) -> int:
        """J of both: the outcome, of which there is one column, counts once."""
        return self.first.moments.width + self.second.moments.width - 1

    def values(self, points: Array) -> StackedValues:
        """Parameters on their own scales.

        Parameters
        ----------
        points : ndarray (B, parameter)
            Unconstrained.

        Returns
        -------
        StackedValues
        """
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
    slope_prior: float,
) -> Stacked:
    """Put two equations of the same units together.

    Parameters
    ----------
    first, second : GaussianProblem
        Of the same classes, in the same order.
    units : sequence of (ndarray of int (n), ndarray (columns + 1, T, n), the same of the second)
        Of every class: its units, and their columns in each equation, the outcome last.
    column : int
        The mediator among the second equation's columns.
    slope_prior : float
        Half-normal scale of ``omega_b``.

    Returns
    -------
    Stacked
    """
    of_class = first.by_class
    assert of_class is not None
    assert second.by_class is not None
    assert np.array_equal(of_class.place, second.by_class.place)
    assert np.array_equal(of_class.counts.indices, second.by_class.counts.indices)
    order = np.argsort(of_class.place, kind="stable")
    starts = np.cumsum([0, *(units[k][0].size for k in order)])
    group = of_class.place[order]
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
            Parameter("scale_b", HalfNormal(slope_prior), folds=True),
            Parameter("corr_ab", Correlation(2.0, 2.0), in_outcome_units=False),
        )
    )
    tau = np.concatenate([first.tau, second.tau])
    n_free = first.n_free + second.n_free
    return Stacked(first, second, laid, column, space, _arrowhead(first, second), tau, n_free)


def _arrowhead(first: GaussianProblem, second: GaussianProblem) -> Arrowhead:
    """Coefficients of both equations, block by block."""
    one, two = first.arrowhead, second.arrowhead
    assert one.n_blocks == two.n_blocks
    n_local, n_global = one.n_local + two.n_local, one.n_global + two.n_global
    size = n_local + n_global + 1
    # Where local, then global coefficients and the outcome of each equation stand in a block.
    at_one = np.r_[: one.n_local, n_local : n_local + one.n_global, size - 1]
    at_two = np.r_[one.n_local : n_local, n_local + one.n_global : size]
    rows_one, rows_two = first.moments.width, second.moments.width
    width = rows_one + rows_two - 1
    row_one = np.append(np.arange(rows_one - 1), -1)
    row_two = np.arange(rows_one - 1, width)
    groups = one.group_loads.shape[0] // rows_one
    loads = _moved(one, at_one, size, row_one, width, groups) + _moved(
        two, at_two, size, row_two, width, groups
    )
    loads = csr_array(loads)
    parts = [loads[g * width : (g + 1) * width].tocoo() for g in range(groups)]
    block = [int(p.coords[1][0]) // size for p in parts]
    of_group = [
        csr_array((p.data, (p.coords[0], p.coords[1] - b * size)), shape=(width, size))
        for p, b in zip(parts, block, strict=True)
    ]
    map2, stored = quadratic_map(of_group, block, one.n_blocks)
    n_scales = first.tau.size
    return Arrowhead(
        map2,
        stored,
        np.concatenate([one.local_scale, _after(two.local_scale, n_scales)], axis=1),
        np.concatenate([one.global_scale, _after(two.global_scale, n_scales)]),
        1,
        loads,
        vstack([_slots(one, at_one, size), _slots(two, at_two, size)], format="csr"),
    )


def _after(numbers: Index, n_scales: int) -> Index:
    """Number scales after those of the first equation."""
    return np.where(numbers >= 0, numbers + n_scales, numbers)


def _moved(
    head: Arrowhead, columns: Index, size: int, rows: Index, width: int, groups: int
) -> csr_array:
    """``X_g`` of one equation among both's columns and coefficients; rows at -1 are left out."""
    found = head.group_loads.tocoo()
    group, row = np.divmod(found.coords[0], rows.size)
    block, column = np.divmod(found.coords[1], columns.size)
    use = rows[row] >= 0
    at = (group * width + rows[row], block * size + columns[column])
    return csr_array(
        coo_array(
            (found.data[use], (at[0][use], at[1][use])),
            shape=(groups * width, head.n_blocks * size),
        )
    )


def _slots(head: Arrowhead, columns: Index, size: int) -> csr_array:
    """Loadings of one equation's slots on the coefficients of both."""
    found = head.slot_loads.tocoo()
    block, column = np.divmod(found.coords[1], columns.size)
    at: tuple[npt.NDArray[Any], npt.NDArray[Any]] = (
        found.coords[0], block * size + columns[column]
    )  # fmt: skip
    return csr_array(coo_array((found.data, at), shape=(found.shape[0], head.n_blocks * size)))
