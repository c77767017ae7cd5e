"""The specification of a Gaussian problem: blocks of coefficients over classes of units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian.path_laws import BorderLaw, PathLaw, Placement, placed
from bayes_nqp.numerics.linear_gaussian.types import ErrorLaw
from bayes_nqp.numerics.parameters import Parameter, ParameterSpace, Scale
from bayes_nqp.numerics.sufficient_statistics import AbsorbedGroup, AbsorbedLoadings, UnitClass


@dataclass(frozen=True, eq=False)
class Block:
    """Groups of units that share local coefficients.

    Its slots are, in order: the time effects of its levels (levels × periods), its cells, its
    sets of slopes of the varying columns (sets × columns), the paths of the border (paths ×
    periods), its processes (processes × periods).
    Coefficients map to slots: a local one to one slot, global ones by a dense matrix. Values of
    processes are not coefficients: they are integrated out before these.

    Parameters
    ----------
    n_levels, n_cells, n_slopes : int
        Levels of time effects, cells, and sets of slopes in the block.
    local_position, local_scale : ndarray of int (local)
        The slot of each local coefficient, and the number of its scale.
    columns : ndarray (position, global)
        Loadings of the global coefficients on slots.
    processes : tuple of int
        Processes of the block, by the number of their law.
    """

    n_levels: int
    n_cells: int
    n_slopes: int
    local_position: Index
    local_scale: Index
    columns: Array
    processes: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Group:
    """Units of one key, with the positions of their observations' coefficients.

    Parameters
    ----------
    level, slopes : int
        Level of time effects and set of slopes, within the block.
    cells : ndarray of int (T)
        Cell within the block in each period, -1 for none.
    processes : tuple of int
        Processes within the block that its observations load on.
    paths : tuple of int
        Paths of the border that its observations load on.
    """

    block: int
    level: int
    slopes: int
    cells: Index
    processes: tuple[int, ...] = ()
    paths: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Process:
    """A law of processes on the time grid, ``eta = L sum_k tau_k R_k z_k``, z standard normal.

    Parameters
    ----------
    loadings : sequence of ndarray (T, q_k)
        ``R_k``.
    scales : ndarray of int (k)
        Number of ``tau_k`` among the scales of the problem.
    law : PathLaw, optional
        Of L; without it L is the identity.
    """

    loadings: Sequence[Array]
    scales: Index
    law: PathLaw | None = None

    @property
    def size(self) -> int:
        """Return q, the number of standard normals of one draw."""
        return sum(part.shape[1] for part in self.loadings)

    def root(self, tau: Array, processes: Array) -> Array:
        """Return ``R = L [tau_1 R_1, tau_2 R_2, …]`` at points (B, T, q).

        Parameters
        ----------
        tau : ndarray (B, scale)
            All scales of the problem.
        processes : ndarray (B, parameter)
            Parameters of all processes.
        """
        # The scale of each of the q columns.
        scale = np.repeat(self.scales, [part.shape[1] for part in self.loadings])
        root = np.concatenate(self.loadings, axis=1) * tau[:, None, scale]
        if self.law is not None:
            # L from the left: eta = R z has the covariance R R'.
            root = self.law.root(root.shape[1], processes) @ root
        return np.asarray(root)


@dataclass(frozen=True, eq=False)
class Lag:
    """Spatial lag: outcomes of other units, subtracted from the outcome, ``y - delta W y`` (5).

    ``W y`` is a varying column. Its coefficient is not an unknown of the normal equations: it is a
    sampled parameter, and the density gains ``periods × tr(M log(I - delta W))``, where M subtracts
    the means of levels of time effects. This is the Jacobian of all contrasts free of these means
    if W links units of one level only, or if there is one level and rows of W sum to one. If links
    cross levels, it makes the score of delta unbiased (docs/spatial.md). Lagged outcomes are
    further columns, of one coefficient each (docs/spatial.md).

    Parameters
    ----------
    parameters : tuple of Parameter
        delta, and the parameters of lagged outcomes' coefficients; pure numbers.
    columns : tuple of int
        Positions of their global coefficients.
    log_determinant : callable
        From coefficients (B), one argument each, to ``tr(M log(I - delta W))`` (B).
    periods : int
        T less flat coefficients of a unit: free observations of each unit.
    ties : tuple of (int, int)
        Global coefficients of columns that become ``x - delta W x``, and those of the columns ``W
        x``.
    law : callable
        From parameters to coefficients (B, column): the same by default.
    """

    parameters: tuple[Parameter, ...]
    columns: tuple[int, ...]
    log_determinant: Callable[..., Array]
    periods: int
    ties: tuple[tuple[int, int], ...] = ()
    law: Callable[[Array], Array] = np.asarray

    @property
    def sources(self) -> Index:
        """Return global coefficients of subtracted columns: of outcomes, then of `ties`."""
        return np.array([*self.columns, *(near for _, near in self.ties)], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class UnitEffect:
    """An owner of several units, which have one effect deviation in common.

    Parameters
    ----------
    block : int
        The block of all of its units.
    classes : ndarray of int (entry)
        Classes of its units.
    counts : ndarray of int (entry)
        Its units in each of them.
    sums : sequence of ndarray (k,)
        Sums of the packed entries over these units, per class.
    """

    block: int
    classes: Index
    counts: Index
    sums: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Problem:
    """A conditionally Gaussian model of observations, by their sufficient statistics.

    Parameters
    ----------
    n_periods, n_columns : int
        Length of the time grid, number of varying columns (the outcome not counted).
    free : int
        Observations less flat coefficients of units; units with a difference of zero are left out.
    errors : ErrorLaw
        Errors of the observations of a unit.
    error_parameters : tuple of Parameter
        Of the errors, then sigma.
    scales : sequence of Scale
        Of coefficients, estimated or fixed.
    unit_effect_scale : Scale or None
        Of effect deviations; None for no deviations.
    global_scale : ndarray of int (global)
        Number of the scale of each global coefficient.
    groups : sequence of Group
        One for each key, in the order of `Rows.group`.
    classes : sequence of UnitClass
        Sums of units of one group with the same observed periods, weights and loadings.
    class_treated : sequence of ndarray (period,)
        Loadings of a deviation in each observed period: 1 if treated, or the exposure.
    unit_effects : sequence of UnitEffect
        Present if members contain several units; empty if each unit is a member.
    absorbed : sequence of AbsorbedGroup
        One for each group, instead of classes, if errors are independent and no single unit
        deviates.
    absorbed_unit_effects : AbsorbedLoadings, optional
        Members with several units, if groups are absorbed.
    processes : sequence of Process
        Laws of processes.
    process_parameters : tuple of Parameter
        Parameters of the correlation over time of processes.
    path_coefficients : tuple of int
        Global coefficients that load on paths of the border.
    border_laws : tuple of BorderLaw
        Correlation over time of such paths.
    lag : Lag, optional
        Outcomes of other units.
    series : ndarray (T, a - 1), optional
        Series on which every unit has a flat coefficient, in addition to its level.
    redraws : callable, optional
        Returns replicated series, (number, T, a - 1): draws of coefficients, but not the density,
        are given one of them each.
    """

    n_periods: int
    n_columns: int
    free: int
    errors: ErrorLaw
    error_parameters: tuple[Parameter, ...]
    scales: Sequence[Scale]
    unit_effect_scale: Scale | None
    global_scale: Index
    blocks: Sequence[Block]
    groups: Sequence[Group]
    classes: Sequence[UnitClass]
    class_treated: Sequence[Array]
    unit_effects: Sequence[UnitEffect] = ()
    absorbed: Sequence[AbsorbedGroup] = ()
    absorbed_unit_effects: AbsorbedLoadings | None = None
    processes: Sequence[Process] = ()
    process_parameters: tuple[Parameter, ...] = ()
    path_coefficients: tuple[int, ...] = ()
    border_laws: tuple[BorderLaw, ...] = ()
    lag: Lag | None = None
    series: Array | None = None
    redraws: Callable[[], Array] | None = None

    @cached_property
    def space(self) -> ParameterSpace:
        """Return sampled parameters: of scales, deviations, processes, errors, a lag, and sigma."""
        scales = [
            *self.scales,
            *([] if self.unit_effect_scale is None else [self.unit_effect_scale]),
        ]
        return ParameterSpace(
            (
                *(
                    Parameter(f"scale_{scale.name}", scale.prior, folds=True)
                    for scale in scales
                    if scale.estimated
                ),
                *self.process_parameters,
                *self.error_parameters[:-1],
                *(() if self.lag is None else self.lag.parameters),
                self.error_parameters[-1],
            )
        )

    @property
    def shares_deviations(self) -> bool:
        """Return True if members contain several units."""
        return bool(self.unit_effects) or self.absorbed_unit_effects is not None

    @property
    def spans_groups(self) -> bool:
        """Return True if a member has units in several groups."""
        if self.absorbed_unit_effects is not None:
            cluster = np.unique(self.absorbed_unit_effects.cluster, return_counts=True)[1]
            return bool((cluster > 1).any())
        return any(np.unique(self.class_group[m.classes]).size > 1 for m in self.unit_effects)

    @cached_property
    def placement(self) -> Placement:
        """Return the place of elimination of processes: one group's equations, or a block's."""
        # Groups of every owner: its deviation connects their normal equations before processes.
        of_unit_effects = [np.unique(self.class_group[m.classes]) for m in self.unit_effects]
        # Absorbed owners are assumed to connect all groups, which takes time but remains exact.
        if self.absorbed_unit_effects is not None and self.spans_groups:
            of_unit_effects = [np.arange(len(self.groups))]
        return placed(
            [block.processes for block in self.blocks],
            [(group.block, group.processes) for group in self.groups],
            of_unit_effects,
            alone=not self.spans_groups,
        )

    @property
    def units(self) -> Index:
        """Return the units that are summed up, in no order."""
        return np.concatenate(
            [*(c.units for c in self.classes), *(group.units for group in self.absorbed)]
        )

    @cached_property
    def class_group(self) -> Index:
        """Return the group of every class (class)."""
        return np.array([c.group for c in self.classes], dtype=np.int64)

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Return names of the sampled parameters, in order."""
        return self.space.names
