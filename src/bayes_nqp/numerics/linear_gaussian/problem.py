"""A Gaussian problem: moments and maps for computations in batches of points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Protocol

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.linear_gaussian.class_sums import ClassLayout, PermutedPanels, class_layout
from bayes_nqp.numerics.linear_gaussian.equations import NoiseEquations
from bayes_nqp.numerics.linear_gaussian.group_cells import GroupCells
from bayes_nqp.numerics.linear_gaussian.linear_part import LinearPart, Reduced
from bayes_nqp.numerics.linear_gaussian.pairs import PairedMap
from bayes_nqp.numerics.linear_gaussian.path_laws import (
    BorderLaw,
    OwnPaths,
    PathLaw,
    Placement,
    Turn,
)
from bayes_nqp.numerics.linear_gaussian.problem_spec import Lag, Process
from bayes_nqp.numerics.linear_gaussian.types import (
    Arrowhead,
    ClusterLayout,
    ErrorLaw,
    Moments,
    Panelled,
    Values,
)
from bayes_nqp.numerics.parameters import ParameterSpace, Prior


class Deviation(Protocol):
    """The covariance of an owner's deviation, with q columns."""

    @property
    def n_parameters(self) -> int:
        """Return the number of parameters."""

    def covariance(self, values: Array) -> Array:
        """Return the covariance at parameter values (B, k), on their own scales: (B, q, q)."""


@dataclass(frozen=True, slots=True)
class IsotropicDeviation:
    """Deviations of one standard deviation, estimated or fixed.

    Parameters
    ----------
    n_columns : int, default 1
        q.
    fixed : float, optional
        The standard deviation, in multiples of ``s``, if it is not estimated.
    """

    n_columns: int = 1
    fixed: float | None = None

    @property
    def n_parameters(self) -> int:
        """Return one if it is estimated."""
        return int(self.fixed is None)

    def covariance(self, values: Array) -> Array:
        """Return ``omega² I``."""
        omega = values[:, 0] if self.fixed is None else np.full(len(values), self.fixed)
        return np.asarray((omega**2)[:, None, None] * np.eye(self.n_columns))


@dataclass(frozen=True, eq=False)
class GaussianProblem(LinearPart):
    """A conditionally Gaussian model of observations, by their sufficient statistics.

    Parameters
    ----------
    space : ParameterSpace
        Estimated scales, parameters of the deviation, of processes, of the noise, delta of a lag
        if there is one, and sigma, in this order.
    noise : ErrorLaw
        V.
    deviation : Deviation or None
        Omega; None without deviations.
    nuisance : ndarray (T, a)
        N, loadings of flat unit coefficients: a column of ones, and series that units load on.
    moments : Moments
        Sufficient statistics of the observations.
    arrowhead : Arrowhead
        The coefficients.
    tau : ndarray (scale)
        Values of fixed scales, NaN for estimated ones.
    n_free : int, or ndarray of int (B)
        Observations less flat unit coefficients.
    by_group, by_block : ClusterLayout or None
        Owners of several units, inside one group or across the groups of a block; both None
        if every unit is an owner.
    by_class : ClusterLayout or None
        The classes of units, if every unit is an owner.
    reduces : callable or None
        Builds the layout without unshared cells, if these are eliminated first.
    separates : callable or None
        Builds the layout of all coefficients but unshared cells, if `separated` is faster.
    cells : GroupCells or None
        Unshared cells that are no coefficients of `arrowhead`.
    processes : sequence of Process
        Laws of processes on the time grid.
    placement : Placement or None
        Place of their elimination; None without processes.
    n_process_parameters : int
        Number of parameters of the correlation over time of processes.
    path_coefficients : tuple of int
        Global coefficients that load on paths of the border.
    border_laws : tuple of BorderLaw
        Correlation over time of such paths.
    lag : Lag or None
        Spatial lag of the outcome, with a sampled coefficient.
    fixed : NoiseEquations or None
        Equations that are the same at every point, if the noise has no parameter; then there are no
        types.
    redraws : callable or None
        Returns N with replicated series (number, T, a), for draws.
    on_nodes : bool
        If True, functions of the noise are interpolated, if it has one parameter.
    often : bool
        If True, hundreds of points are expected, so that all of A is interpolated if possible.
    node_panels : dict
        Panels of nodes that points have fallen into so far (`interpolation`).
    unit_panels : dict
        The same for units' precision before their own deviations are integrated out.
    kept : dict
        Cached results for problems that are used often, by the function that computes them.
    permuted : PermutedPanels or None
        Nodes of points with one permutation each (`permuted_problems`).
    """

    space: ParameterSpace
    noise: ErrorLaw
    deviation: Deviation | None
    nuisance: Array
    moments: Moments
    arrowhead: Arrowhead
    tau: Array
    n_free: Any
    by_group: ClusterLayout | None = None
    by_block: ClusterLayout | None = None
    by_class: ClusterLayout | None = None
    reduces: Callable[[], Reduced] | None = None
    separates: Callable[[], GroupCells] | None = None
    cells: GroupCells | None = None
    processes: Sequence[Process] = ()
    placement: Placement | None = None
    n_process_parameters: int = 0
    path_coefficients: tuple[int, ...] = ()
    border_laws: tuple[BorderLaw, ...] = ()
    lag: Lag | None = None
    fixed: NoiseEquations | None = None
    redraws: Callable[[], Array] | None = None
    on_nodes: bool = False
    often: bool = False
    node_panels: dict[int, Panelled | None] = field(default_factory=dict)
    unit_panels: dict[int, Panelled | None] = field(default_factory=dict)
    kept: dict[Any, Any] = field(default_factory=dict)
    permuted: PermutedPanels | None = None

    @cached_property
    def reduced(self) -> Reduced | None:
        """Return the layout with unshared cells eliminated first, which gradients do not use."""
        return None if self.reduces is None else self.reduces()

    @cached_property
    def separated(self) -> GaussianProblem | None:
        """Return the problem with unshared cells apart from other coefficients, if it is faster.

        It has the same density and gradient.
        """
        if self.separates is None:
            return None
        cells = self.separates()
        apart = {"arrowhead": cells.arrowhead, "cells": cells}
        return self.bare(reduces=None, separates=None, **apart)

    @property
    def n_squares(self) -> int:
        """Return the count of entries of F of groups with separated cells."""
        return 0 if self.cells is None else self.cells.n_squares

    @property
    def for_density(self) -> GaussianProblem:
        """Return the problem for densities and draws: `separated`, where `reduced` is impossible.

        Without processes, draws are kept with the density (`DrawsWithDensity`), for which cells are
        coefficients.
        """
        if self.reduced is not None or self.placement is None:
            return self
        return self.separated or self

    @property
    def deviates_by_unit(self) -> bool:
        """Return True if each unit has its own deviation, so that types integrate it out."""
        return self.by_class is not None

    @cached_property
    def class_layout(self) -> ClassLayout | None:
        """Return positions of classes of units with deviations, if nodes have their reductions."""
        if self.permuted is not None:
            return self.permuted.layout
        if self.by_class is None or not self.on_nodes or isinstance(self.moments.map1, PairedMap):
            return None
        return class_layout(self.moments, self.by_class)

    @property
    def for_many(self) -> GaussianProblem:
        """Return the same problem for hundreds of points; nodes are those of one parameter."""
        return self._often or self

    @cached_property
    def _often(self) -> GaussianProblem | None:
        # A problem never stores itself, which would keep its data until garbage is collected.
        single = self.of_noise.stop - self.of_noise.start == 1
        on_noise = single and self.fixed is None and not self.moments.has_variances
        return self.bare(often=True) if on_noise else None

    def bare(self, **changes: Any) -> GaussianProblem:
        """Return the same problem without cached results."""
        return replace(self, kept={}, **changes)

    def noise_parameter(self, values: Values) -> Array:
        """Return the one parameter of the noise on its unconstrained scale (B, 1)."""
        return np.asarray(self.noise_prior.unconstrain(values.noise))

    @property
    def noise_prior(self) -> Prior:
        """Return the prior of the noise's parameter."""
        # The last parameter is sigma; a lag's parameters precede it, and the errors' precede these.
        return self.space.parameters[-2 - self.n_lags].prior

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of all inputs of draws of parameters, except the equation's name."""
        m, head = self.moments, self.arrowhead
        laws = self.placement and (self.placement.shared, self.placement.by_group.tolist())
        of_paths = [(x.errors, x.parameters.tolist()) for x in self.path_laws]
        some = [*([laws] if laws else []), *of_paths]
        law = (self.space, self.noise, self.deviation, self.n_free, *some)
        seal = sha256(repr(law).encode("utf-8"))
        arrays = [
            self.nuisance, self.tau, m.seen, m.weights, m.n_units, m.pattern, m.loadings,
            *([m.variances] if m.has_variances else []),
            head.stored, head.local_scale, head.global_scale,
        ]  # fmt: skip
        if self.fixed is not None:
            arrays += self.fixed.arrays
        if self.lag is not None:
            points = np.tile(np.linspace(-0.5, 0.5, 5)[:, None], self.n_lags)
            arrays.append(self.lag.log_determinant(*self.lag.law(points).T))
        for process in self.processes:
            arrays += [*process.loadings, process.scales]
        arrays += [x.coefficients for x in self.border_laws]
        sparse = [head.map2]
        if isinstance(m.map1, PairedMap):
            arrays += m.map1.parts
        else:
            sparse.append(m.map1)
        for clusters in (self.by_class, self.by_group, self.by_block):
            if clusters is not None:
                sparse += [clusters.loads, clusters.counts]
                arrays.append(clusters.place)
        arrays += [part for a in sparse for part in (a.indptr, a.indices, a.data)]
        for array in arrays:
            seal.update(np.ascontiguousarray(array))
        return seal.hexdigest()

    @property
    def path_laws(self) -> list[PathLaw]:
        """Return the correlation over time of processes, and of paths of the border."""
        inner = [process.law for process in self.processes if process.law is not None]
        return [*inner, *(border.law for border in self.border_laws)]

    def turns(self, values: Values) -> list[Turn]:
        """Return the map from global coefficients to values of their paths: L of `path_laws`."""
        return [
            (x.law.root(self.moments.n_periods, values.processes), x.coefficients)
            for x in self.border_laws
        ]

    @property
    def width(self) -> int:
        """Return J."""
        return self.moments.width

    @property
    def n_periods(self) -> int:
        """Return T."""
        return self.moments.n_periods

    @cached_property
    def own_paths(self) -> OwnPaths:
        """Return processes that are eliminated from the normal equations of a single group."""
        none = np.zeros(0, dtype=np.int64)
        laws = none if self.placement is None else self.placement.by_group
        groups = np.flatnonzero(laws >= 0)
        return OwnPaths(
            groups, [(law,) for law in laws[groups].tolist()], np.arange(self.n_periods)
        )

    @property
    def shared_paths(self) -> Sequence[tuple[int, ...]]:
        """Return laws of the processes that are eliminated from every block."""
        return () if self.placement is None else self.placement.shared

    @property
    def n_unit_numbers(self) -> int:
        """Return the count of a draw's numbers for deviations of single units."""
        if self.by_class is None:
            return 0
        # Spread, weights of K columns and the outcome, responses of T periods: 1 + J of each class.
        m = self.moments
        return self.by_class.n_clusters * (1 + m.width)

    @property
    def n_process_numbers(self) -> int:
        """Return the count of a draw's standard normal numbers for all processes."""
        if self.placement is None:
            return 0
        # z of each process, padded to q: of processes of single groups, and of those of blocks.
        q = max(process.size for process in self.processes)
        return q * (self.own_paths.groups.size + self.arrowhead.n_blocks * self.placement.most)

    @property
    def n_deviations(self) -> int:
        """Return the number of owners of deviations; if each unit is one, of classes of units."""
        return sum(
            o.n_clusters for o in (self.by_class, self.by_group, self.by_block) if o is not None
        )

    @property
    def of_noise(self) -> slice:
        """Return the positions of the noise's parameters."""
        deviations = 0 if self.deviation is None else self.deviation.n_parameters
        start = int(np.isnan(self.tau).sum()) + deviations + self.n_process_parameters
        return slice(start, len(self.space) - 1 - self.n_lags)

    @property
    def n_lags(self) -> int:
        """Return the number of parameters of a lag."""
        return 0 if self.lag is None else len(self.lag.parameters)

    def values(self, points: Array) -> Values:
        """Return parameters on their own scales, grouped by their role.

        Parameters
        ----------
        points : ndarray (B, parameter)
            Unconstrained.
        """
        # In the order tau, omega, processes, errors, delta, sigma.
        constrained = self.space.constrain(points)
        estimated = np.isnan(self.tau)
        n_scales = int(estimated.sum())
        tau = np.tile(self.tau, (len(points), 1))
        tau[:, estimated] = constrained[:, :n_scales]
        remainder, lag, log_determinant = constrained[:, n_scales:-1], None, None
        if self.lag is not None:
            remainder, lag = np.split(remainder, [-self.n_lags], axis=1)
            lag = self.lag.law(lag)
            with np.errstate(all="ignore"):  # For points without a density.
                log_determinant = self.lag.log_determinant(*lag.T)
        covariance = np.zeros((len(points), 0, 0))  # Omega: q = 0 without deviations.
        if self.deviation is not None:
            covariance = self.deviation.covariance(remainder)
            remainder = remainder[:, self.deviation.n_parameters :]
        processes, noise = np.split(remainder, [self.n_process_parameters], axis=1)
        sigma = constrained[:, -1]
        noise = self.noise.relative(noise, sigma)
        return Values(
            tau, covariance, noise, sigma, lag, processes, log_determinant=log_determinant
        )
