"""The parts of a Gaussian problem. Symbols are those of docs/gaussian.md.

Units of one *type* share observed periods, weights, known variances and loadings of their
deviation. Units of one *group* have the same coefficients in every period. A *class* consists of a
group's units of one type. Groups of a *block*, such as a stratum, share local coefficients.
Observations load on *slots*: a time effect, a slope, a *cell*, a path. A cell is the effect of a
policy on some groups in some periods, such as on a cohort at an event time. Slots are sums of
coefficients. A *path* over time is either in the border, where its T values are global
coefficients, or a process, which is integrated
out before beta. An *owner* has a deviation: a single unit, or several together, such as the firms
of a city. B points, P patterns of observed periods, H types, G groups, T periods, K columns, m
outcomes (separate ones, with the same matrices), J = T + K + m. Outcomes and all quantities in
their units are in multiples of s. This is the outcome's standard deviation within units, net of
time effects, over untreated observations.

Unit i has the observations ``y_i = X_i beta + N alpha_i + D_i delta_i + e_i``. Here beta are the
coefficients of blocks, and alpha_i flat ones of the unit (N is (T, a); N = 1: its effect).
``delta_i ~ N(0, Omega)`` is the deviation of the unit or of its cluster. Errors are
``e_i ~ N(0, sigma² (w^-1/2 V(phi) w^-1/2)_oo + diag(v)_oo)``
on observed periods o. Here w are precision weights, and v known variances of the outcome in
multiples of s², 0 by default. Precisions are in multiples of ``1 / sigma²``: Q is
the inverse of ``(w^-1/2 V w^-1/2 + diag(v) / sigma²)_oo``, zero off o. ``Q̃`` is Q with alpha_i, or
delta_i too, integrated out, and ``Lambda = sigma² Omega^-1``.

Z_i (T, K + m) are the unit's columns and, last, its outcome. X_g (J, n) are the loadings of
periods, columns and outcome on the coefficients and the outcome of the group's block, so that ``X_i
beta = [I, Z_i] X_g (beta, 0)``. Normal equations are cross-products with the outcome as last row
and column: ``F_g = sum_i [I, Z_i]'Q̃ [I, Z_i]`` of a group's periods, columns and outcome (J, J),
and ``A = sum_g X_g'F_g X_g`` of beta and the outcome, its last row ``b = y'Q̃X`` and ``y'Q̃y``.
They are sufficient statistics: with e_J the unit vector of the outcome,

    ``y_i - X_i beta = [I, Z_i] r_g``,  ``r_g = e_J - X_g (beta, 0)``,

so that the energy of the residuals is ``sum_g r_g'F_g r_g = (-beta, 1)'A (-beta, 1)``. The log
determinant of A, and its inverse, are those of its part on beta, without the outcome's row b. An
index b is also a block, or its local coefficients; an index g next to it is the border: global
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
"""Shapes of arrays, and their coefficients in one table (degree, number)."""

PADDING = -3
"""Scale number of padding, if a block has fewer local coefficients than the largest one."""


class ErrorLaw(Protocol):
    """An error structure, as the density uses it."""

    def covariance(self, n_periods: int, values: Array) -> Array:
        """Return the covariance of one unit's errors on the time grid, at unit innovation variance.

        Parameters
        ----------
        values : ndarray (point, parameter)
            Of the noise's parameters, on their own scales.
        """

    def relative(self, values: Array, sigma: Array) -> Array:
        """Return the values that `covariance` takes: variances in multiples of ``sigma²``.

        Parameters
        ----------
        values : ndarray (point, parameter)
            Of the noise's parameters, on their own scales.
        sigma : ndarray (point)
            Innovation standard deviation.
        """

    def white(self, values: Array) -> Array | None:
        """Return the variance of white noise on top of first-order Markov errors (point).

        None if the remaining errors are not first-order Markov.
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
        phi, the parameters of the errors except sigma, as the covariance takes them.
    sigma : ndarray (B)
        Innovation standard deviation.
    lag : ndarray (B, column), optional
        Coefficients of the outcomes of other units, and of the period before.
    log_determinant : ndarray (B), optional
        The Jacobian of a lag per free period.
    kept : ndarray of int (B), optional
        Rows of draws that are kept, -1 for none.
    processes : ndarray (B, parameter)
        Parameters of the correlation over time of processes; none by default.
    nuisance : ndarray (B, T, a), optional
        N, if it is not that of the problem.
    known : dict
        Results at these points that are needed again, as for draws after the factor: by the
        function that computes them, or changes them next, and the problem.
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
    """Sufficient statistics of a panel: all that the likelihood uses.

    Parameters
    ----------
    seen : ndarray of bool (P, T)
        Observed periods of each pattern.
    weights : ndarray (P, T)
        Precision weights; 1 for unobserved periods.
    variances : ndarray (P, T)
        Known variances v of the outcome; 0 for unobserved periods.
    loadings : ndarray (H, T, q)
        Loadings of a unit's deviation in each period; zero if unobserved. q = 0 without deviations.
    map1 : csr_array or PairedMap (G J (J + 1) / 2, H T (T + 1) / 2)
        Maps the lower triangles of ``Q̃`` to those of ``F``.
    n_columns : int
        K.
    n_outcomes : int
        m.
    """

    seen: npt.NDArray[np.bool_]
    weights: Array
    variances: Array
    n_units: Array  # Units n of each type (H).
    pattern: Index  # Pattern of each type (H).
    loadings: Array  # D
    map1: Any
    n_columns: int
    n_outcomes: int

    @cached_property
    def has_variances(self) -> bool:
        """Return True if variances of the outcome are known, so that Q depends on sigma."""
        return bool(self.variances.any())

    @cached_property
    def map1_back(self) -> Any:
        """Return the transpose of `map1`."""
        return self.map1.T

    @property
    def n_periods(self) -> int:
        """Return T."""
        return int(self.seen.shape[1])

    @property
    def width(self) -> int:
        """Return J: periods, columns and outcomes of one group's normal equations."""
        return self.n_periods + self.n_columns + self.n_outcomes


@dataclass(frozen=True, eq=False)
class ClusterLayout:
    """Owners of deviations, several units together or each of a class, with their positions.

    Parameters
    ----------
    loads : csr_array (O size, H T)
        Maps ``Q̃ D`` of the types to the transpose of ``a_o = sum_i D'Q̃ [I, Z_i]`` (q, size): on
        the normal equations of a group (size J), or on coefficients and outcomes of a block (n).
    counts : csr_array (O, H)
        Units of each owner in each type.
    place : ndarray of int (O)
        Group, or block, of each owner.
    n_places : int
        Number of groups, or blocks.
    number : ndarray of int (O)
        Position of each owner's deviation among all.
    """

    loads: Any
    counts: Any
    place: Index
    n_places: int
    number: Index

    @property
    def n_clusters(self) -> int:
        """Return O."""
        return int(self.counts.shape[0])

    @cached_property
    def by_place(self) -> Index:
        """Return owners of each group or block (place, most), -1 for padding."""
        sizes = np.bincount(self.place, minlength=self.n_places)
        out = np.full((self.n_places, int(sizes.max(initial=0))), -1)
        order = np.argsort(self.place, kind="stable")
        # Rank of each owner within its place: its index in the order, less the start of the place.
        inside = np.arange(order.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        out[self.place[order], inside] = order
        return out


@dataclass(frozen=True, eq=False)
class Arrowhead:
    """Coefficients of a problem: blocks of local ones that are coupled only by the global ones.

    Their normal equations A are bordered block diagonal: A_bb of the local coefficients of block
    b, and zero between blocks. The border g of global ones and outcomes has ``A_bg`` and ``A_gg``.
    Each block is stored with its part of the border (n, n), and ``A_gg`` is the sum of their
    corners.

    Parameters
    ----------
    map2 : csr_array (stored, G J (J + 1) / 2)
        Maps the lower triangles of ``F`` to the stored entries of A.
    stored : ndarray of int (stored)
        Their positions in (block, n, n), n = locals + globals + m; lower triangles.
    local_scale : ndarray of int (block, local)
        Number of each local coefficient's scale; or -1 `FIXED`, its tau is 1; -2 `FLAT`, it has no
        prior; -3 `PADDING`, there is none.
    global_scale : ndarray of int (global)
        The same for global ones.
    n_outcomes : int
        m.
    group_loads : csr_array (G J, block n)
        ``X_g`` of every group: loadings of its normal equations on coefficients and outcomes.
    position_loads : csr_array (position, block n)
        Loadings of time effects, cells, slopes and paths of the border on coefficients.
    n_values : int
        Number of the last local coefficients that are values of processes.
    n_apart : int
        Number of these, from the first, in sets of processes that are not coupled in A.
    n_joint : int
        Number of values of one such set: T times its processes.
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
        """Return the transpose of `map2`."""
        return self.map2.T

    @property
    def n_blocks(self) -> int:
        """Return the number of blocks."""
        return int(self.local_scale.shape[0])

    @property
    def n_local(self) -> int:
        """Return the number of local coefficients of the largest block."""
        return int(self.local_scale.shape[1])

    @property
    def n_global(self) -> int:
        """Return the number of global coefficients."""
        return self.global_scale.size

    @property
    def n_dense(self) -> int:
        """Return the number of global coefficients, and local ones of all blocks with padding."""
        return self.n_global + self.n_blocks * self.n_local

    def parted(self, flat: Array) -> tuple[Array, Array]:
        """Split all these numbers (B, dense, ...) into global ones and (B, block, local, ...)."""
        local = flat[:, self.n_global : self.n_dense]
        shape = (len(flat), self.n_blocks, self.n_local, *flat.shape[2:])
        return flat[:, : self.n_global], local.reshape(shape)

    @property
    def n_border(self) -> int:
        """Return the number of global coefficients and outcomes."""
        return self.n_global + self.n_outcomes

    @property
    def size(self) -> int:
        """Return n: local and global coefficients of a block, and outcomes."""
        return self.n_local + self.n_border

    @property
    def n_proper(self) -> int:
        """Return the number of local coefficients that are not values of processes."""
        return self.n_local - self.n_values

    @property
    def values(self) -> slice:
        """Return the positions of values of processes in a block."""
        return slice(self.n_proper, self.n_local)

    @property
    def beside_values(self) -> Index:
        """Return the positions of local coefficients and border that processes are coupled with."""
        return np.concatenate([np.arange(self.n_proper), np.arange(self.n_local, self.size)])

    @cached_property
    def parts(self) -> Sequence[tuple[tuple[int, ...], Index, Index]]:
        """Return parts of A: their shapes, their stored entries, and the positions of these.

        Parts are the variables coupled with processes, (block, rest, rest); their cross terms with
        values of processes, (block, value, rest); values of the first sets, each with itself,
        (block, set, joint, joint); of the last with the first, (block, last, first); and with one
        another, (block, last, last). Squares are lower triangles.
        """
        # A_b = [A_rr, A_rv; A_vr, A_vv], v values of processes and r all others, entry by entry.
        block, inside_block = np.divmod(self.stored, self.size**2)
        row, column = np.divmod(inside_block, self.size)
        number = np.empty(self.size, dtype=np.int64)
        beside = self.beside_values
        number[beside], number[self.values] = np.arange(beside.size), np.arange(self.n_values)
        value_row, value_column = (
            (self.n_proper <= entry) & (entry < self.n_local) for entry in (row, column)
        )
        # A border's row is below values' columns: these are the rows of the second part.
        value, other = np.where(value_row, row, column), np.where(value_row, column, row)
        # A_vv = [D, C'; C, E], D block diagonal, a block for each of the first sets: lower
        # triangles, so that the last values are rows of C.
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
