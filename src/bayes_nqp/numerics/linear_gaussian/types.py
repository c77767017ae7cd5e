"""What a Gaussian problem is made of. Symbols are those of docs/gaussian.md.

Units of one *type* share observed periods, weights and loadings of their deviation; units of one
*group* have the same coefficients in every period; a *class* is a group's units of one type. Groups
of a *block* share local coefficients, as of one stratum. A *slot* is what rows can load on: a time
effect, a slope, a *cell* (what a policy adds to some groups in some periods, as to a cohort at an
event time), a path; coefficients make slots up. A *path* over time is in the border, where its T
values are global coefficients, or a process, which is integrated out before beta. An *owner* has a
deviation of its own: a unit, or several together, such as the firms of a city. B points, P patterns
of observed periods, H types, G groups, T periods, K columns, m outcomes (each on its own, with the
same matrices), J = T + K + m. Outcomes and all that is like them are in multiples of s, the
outcome's standard deviation within units, net of time effects, on untreated rows.

Unit i has the rows ``y_i = X_i beta + N alpha_i + D_i delta_i + e_i``: beta the coefficients that
blocks hold, alpha_i flat ones of the unit's own (N is (T, a); N = 1: its effect), ``delta_i ~ N(0,
Omega)`` the deviation of the unit or of its cluster, ``e_i ~ N(0, sigma² (w^-1/2 V(phi)
w^-1/2)_oo)``
on observed periods o with precision weights w. Precisions are in multiples of ``1 / sigma²``: Q is
the inverse of that bracket, zero off o, ``Q̃`` what is left where alpha_i, or delta_i too, is
integrated out, and ``Lambda = sigma² Omega^-1``.

Z_i (T, K + m) are the unit's columns and, last, its outcome. X_g (J, n) says how periods, columns
and outcome load on the coefficients and the outcome of the group's block, so that ``X_i beta = [I,
Z_i] X_g (beta, 0)``. Normal equations are cross-products with the outcome as last row and column:
``F_g = sum_i [I, Z_i]'Q̃ [I, Z_i]`` of a group's periods, columns and outcome (J, J), and ``A =
sum_g X_g'F_g X_g`` of beta and the outcome, its last row ``b = y'Q̃X`` and ``y'Q̃y``. They are all
that is needed of the rows: with e_J the unit vector of the outcome,

    ``y_i - X_i beta = [I, Z_i] r_g``,  ``r_g = e_J - X_g (beta, 0)``,

so that the energy of the rows is ``sum_g r_g'F_g r_g = (-beta, 1)'A (-beta, 1)``. The log
determinant of A, and its inverse, are those of its part on beta, the outcome's row b left out.
An index b is also a block, or its local coefficients, and g, beside it, the border: global
coefficients and outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index

type Panelled = tuple[list[tuple[int, ...]], Array]
"""Shapes of arrays, and their coefficients side by side (degree, number)."""

PADDING = -3
"""Scale number where a block has fewer local coefficients than the largest one."""


class ErrorLaw(Protocol):
    """An error structure, as the density sees it."""

    def covariance(self, n_periods: int, values: Array) -> Array:
        """Covariance of one unit's errors on the whole time grid, at unit innovation variance.

        Parameters
        ----------
        values : ndarray (point, parameter)
            Of the noise's parameters, on their own scales.
        """


@dataclass(frozen=True, eq=False)
class Values:
    """Parameters at B points, on their own scales, in multiples of s.

    Parameters
    ----------
    tau : ndarray (B, scale)
        Prior scales of coefficients, fixed ones included.
    deviation : ndarray (B, q, q)
        Omega, the covariance of an owner's deviation.
    noise : ndarray (B, k)
        phi, the parameters of the errors but sigma.
    sigma : ndarray (B)
        Innovation standard deviation.
    lag : ndarray (B, column), optional
        Coefficients of the outcomes of other units, and of the period before.
    log_determinant : ndarray (B), optional
        What a free period has of the Jacobian of a lag.
    kept : ndarray of int (B), optional
        Rows of draws that are kept, -1 for none.
    processes : ndarray (B, parameter)
        Of what correlates the periods of processes; by default there are none.
    nuisance : ndarray (B, T, a), optional
        N, where it is not that of the problem.
    known : dict
        What was computed at these points and is needed again, as for draws after the factor: by
        the function that it comes from, or that changes it next, and the problem.
    """

    tau: Array
    deviation: Array
    noise: Array
    sigma: Array
    lag: Array | None = None
    processes: Array = field(default_factory=lambda: np.zeros((0, 0)))
    nuisance: Array | None = None
    log_determinant: Array | None = None
    kept: Index | None = None
    known: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, at: Any) -> Values:
        lag, nuisance, log_determinant, rows = (
            None if x is None else x[at]
            for x in (self.lag, self.nuisance, self.log_determinant, self.kept)
        )
        processes = self.processes[at] if len(self.processes) else self.processes
        return Values(
            self.tau[at],
            self.deviation[at],
            self.noise[at],
            self.sigma[at],
            lag,
            processes,
            nuisance,
            log_determinant,
            rows,
        )

    def __len__(self) -> int:
        return len(self.sigma)


@dataclass(frozen=True, eq=False)
class Moments:
    """Rows of a panel, summed up: all that the likelihood takes from them.

    Parameters
    ----------
    seen : ndarray of bool (P, T)
        Observed periods of each pattern.
    weights : ndarray (P, T)
        Precision weights; 1 where unseen.
    loadings : ndarray (H, T, q)
        What multiplies a unit's deviation in each period; zero where unseen. q = 0 without
        deviations.
    map1 : csr_array or PairedMap (G J (J + 1) / 2, H T (T + 1) / 2)
        Takes the lower triangles of ``Q̃`` to those of ``F``.
    n_columns : int
        K.
    n_outcomes : int
        m.
    """

    seen: npt.NDArray[np.bool_]
    weights: Array
    n_units: Array  # Units n of each type (H).
    pattern: Index  # Pattern of each type (H).
    loadings: Array  # D
    map1: Any
    n_columns: int
    n_outcomes: int

    @cached_property
    def map1_back(self) -> Any:
        """The transpose of `map1`."""
        return self.map1.T

    @property
    def n_periods(self) -> int:
        """T."""
        return int(self.seen.shape[1])

    @property
    def width(self) -> int:
        """J: periods, columns and outcomes of one group's normal equations."""
        return self.n_periods + self.n_columns + self.n_outcomes


@dataclass(frozen=True, eq=False)
class ClusterLayout:
    """What has a deviation, and where it enters: several units together, or each of a class.

    Parameters
    ----------
    loads : csr_array (O size, H T)
        Takes ``Q̃ D`` of the types to the transpose of ``a_o = sum_i D'Q̃ [I, Z_i]`` (q, size): on
        the normal equations of a group (size J), or on coefficients and outcomes of a block (n).
    counts : csr_array (O, H)
        Units of each owner in each type.
    place : ndarray of int (O)
        Group, or block, of each owner.
    n_places : int
        Groups, or blocks.
    number : ndarray of int (O)
        Where the deviation of each owner stands among all.
    """

    loads: Any
    counts: Any
    place: Index
    n_places: int
    number: Index

    @property
    def n_clusters(self) -> int:
        """O."""
        return int(self.counts.shape[0])

    @cached_property
    def by_place(self) -> Index:
        """Owners of each group or block (place, most), -1 where there are fewer."""
        sizes = np.bincount(self.place, minlength=self.n_places)
        out = np.full((self.n_places, int(sizes.max(initial=0))), -1)
        order = np.argsort(self.place, kind="stable")
        # Rank of each owner within its place: its number in the order, less where the place starts.
        inside = np.arange(order.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        out[self.place[order], inside] = order
        return out


@dataclass(frozen=True, eq=False)
class Arrowhead:
    """Coefficients of a problem: blocks of local ones that meet in the global ones only.

    Their normal equations A are bordered block diagonal: A_bb of the local coefficients of block b,
    zero between blocks, and the border g of global ones and outcomes, ``A_bg`` and ``A_gg``. Each
    block is kept with a border of its own (n, n), and ``A_gg`` is the sum of their corners.

    Parameters
    ----------
    map2 : csr_array (stored, G J (J + 1) / 2)
        Takes the lower triangles of ``F`` to the stored entries of A.
    stored : ndarray of int (stored)
        Where these lie in (block, n, n), n = locals + globals + m; lower triangles.
    local_scale : ndarray of int (block, local)
        Number of each local coefficient's scale; or -1 `FIXED`, its tau is 1; -2 `FLAT`, it has no
        prior; -3 `PADDING`, there is none.
    global_scale : ndarray of int (global)
        The same of global ones.
    n_outcomes : int
        m.
    group_loads : csr_array (G J, block n)
        ``X_g`` of every group: what coefficients and outcomes are in its normal equations.
    position_loads : csr_array (position, block n)
        What coefficients are in time effects, cells, slopes and paths of the border.
    n_values : int
        How many of the local ones, at their end, are values of processes.
    n_apart : int
        How many of these, the first, are of sets of processes that meet one another nowhere in A.
    n_joint : int
        Values of one such set: T times its processes.
    """

    map2: Any
    stored: Index
    local_scale: Index
    global_scale: Index
    n_outcomes: int
    group_loads: Any
    position_loads: Any
    n_values: int = 0
    n_apart: int = 0
    n_joint: int = 1

    @cached_property
    def map2_back(self) -> Any:
        """The transpose of `map2`."""
        return self.map2.T

    @property
    def n_blocks(self) -> int:
        """How many blocks there are."""
        return int(self.local_scale.shape[0])

    @property
    def n_local(self) -> int:
        """Local coefficients of the largest block."""
        return int(self.local_scale.shape[1])

    @property
    def n_global(self) -> int:
        """Global coefficients."""
        return self.global_scale.size

    @property
    def n_dense(self) -> int:
        """Global coefficients, and local ones of all blocks, padding included."""
        return self.n_global + self.n_blocks * self.n_local

    def parted(self, flat: Array) -> tuple[Array, Array]:
        """Numbers of all these (B, dense, ...): global ones, and (B, block, local, ...)."""
        local = flat[:, self.n_global : self.n_dense]
        shape = (len(flat), self.n_blocks, self.n_local, *flat.shape[2:])
        return flat[:, : self.n_global], local.reshape(shape)

    @property
    def n_border(self) -> int:
        """Global coefficients and outcomes."""
        return self.n_global + self.n_outcomes

    @property
    def size(self) -> int:
        """n: local and global coefficients of a block, and outcomes."""
        return self.n_local + self.n_border

    @property
    def n_proper(self) -> int:
        """Local coefficients that are no values of processes."""
        return self.n_local - self.n_values

    @property
    def values(self) -> slice:
        """Where values of processes stand in a block."""
        return slice(self.n_proper, self.n_local)

    @property
    def beside_values(self) -> Index:
        """Where all else stands, which processes meet: other local coefficients and the border."""
        return np.concatenate([np.arange(self.n_proper), np.arange(self.n_local, self.size)])

    @cached_property
    def parts(self) -> Sequence[tuple[tuple[int, ...], Index, Index]]:
        """Parts of A: shape, which stored entries they hold, and where.

        What processes meet, (block, rest, rest); their values on it, (block, value, rest); values
        of the first sets, each on itself, (block, set, joint, joint); of the last on the first,
        (block, last, first); and on one another, (block, last, last). Lower triangles of squares.
        """
        # A_b = [A_rr, A_rv; A_vr, A_vv], v values of processes and r all else, entry by entry.
        block, inside_block = np.divmod(self.stored, self.size**2)
        row, column = np.divmod(inside_block, self.size)
        number = np.empty(self.size, dtype=np.int64)
        beside = self.beside_values
        number[beside], number[self.values] = np.arange(beside.size), np.arange(self.n_values)
        value_row, value_column = (
            (self.n_proper <= entry) & (entry < self.n_local) for entry in (row, column)
        )
        # A border's row stands below values' columns: these are the rows of the second part.
        value, other = np.where(value_row, row, column), np.where(value_row, column, row)
        # A_vv = [D, C'; C, E], D block diagonal, a block for each of the first sets: lower
        # triangles, so that the last are rows of C.
        n, first, joint = beside.size, self.n_apart, self.n_joint
        last = self.n_values - first
        i, j = number[row], number[column]  # Among r, or among v.
        shapes = (
            (self.n_blocks, n, n), (self.n_blocks, self.n_values, n),
            (self.n_blocks, first // joint, joint, joint), (self.n_blocks, last, first),
            (self.n_blocks, last, last),
        )  # fmt: skip
        indices = (
            (block, i, j), (block, number[value], number[other]),
            (block, i // joint, i % joint, j % joint),
            (block, i - first, j), (block, i - first, j - first),
        )  # fmt: skip
        pairs = value_row & value_column
        out = []
        insides = (
            ~value_row & ~value_column,
            value_row ^ value_column,
            pairs & (i < first),
            pairs & (i >= first) & (j < first),
            pairs & (j >= first),
        )
        for inside, index, shape in zip(insides, indices, shapes, strict=True):
            flat = np.ravel_multi_index(tuple(x[inside] for x in index), shape)
            out.append((shape, np.flatnonzero(inside), flat))
        return out
