"""The model frame: equations, each with its Gaussian problem and the meaning of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._effects import EffectMap
from bayes_nqp.inference.model_frame._positions import Positions
from bayes_nqp.model.designs import DoseSpec, Facts, ModelSpec
from bayes_nqp.model.predictors import (
    LEAD,
    CellTable,
    GlobalPart,
    LocalPart,
    Slope,
    SlopeKind,
)
from bayes_nqp.numerics.linear_gaussian import (
    PADDING,
    ErrorSums,
    FixedErrorSums,
    GaussianProblem,
    Problem,
    error_sums,
    gaussian_problem,
)
from bayes_nqp.numerics.sufficient_statistics import Rows, UnitClass, reduce_rows


@dataclass(frozen=True, eq=False)
class CellInfo:
    """Labels and sizes of cells, leads included.

    Parameters
    ----------
    strata : mapping of str to ndarray of str (cell)
        Level of every stratum factor.
    cohort, time : ndarray (cell)
        Labels.
    observed : ndarray (cell), outcome units
        Mean outcome of the cell's observations.
    weight : ndarray (cell)
        Sum of the observations' weights; their number if there are no weights.
    role : ndarray of int (cell)
        `TREATED`, `LEAD`, `NEIGHBOUR` or `AFTER`.
    rows : ndarray of int (cell)
        Number of observations, one for each of the cell's units.
    labels : mapping of str to ndarray (cell)
        Further coordinates.
    mediators : mapping of str to ndarray (cell)
        Mean of each mediator over the cell's observations.
    """

    strata: Mapping[str, npt.NDArray[np.str_]]
    cohort: npt.NDArray[np.generic]
    time: npt.NDArray[np.generic]
    event_time: Index
    role: Index
    rows: Index
    observed: Array
    weight: Array
    labels: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    mediators: Mapping[str, Array] = field(default_factory=dict)

    @property
    def lead(self) -> Mask:
        """Return True for cells before treatment (cell), which are not reported as effects."""
        return np.asarray(self.role == LEAD)


@dataclass(frozen=True, eq=False)
class Moderator:
    """A moderator of effects or slopes, by observation.

    Parameters
    ----------
    values : ndarray (row), the moderator's units
        Centred values; NaN in untreated observations without a value.
    centre, size : float, the moderator's units
        Mean and SD over the treated observations.
    """

    name: str
    values: Array
    centre: float
    size: float


@dataclass(frozen=True, slots=True)
class Dose:
    """Columns of a continuous exposure in an equation with effects as slopes.

    Parameters
    ----------
    start : int
        The varying column of the exposure in the first period; those of all others follow.
    size : float
        Divisor of effects in multiples of ``s``: the divisor of the columns, in the units of
        exposure for which effects are reported.
    """

    start: int
    size: float


@dataclass(frozen=True, eq=False)
class Exposure(DoseSpec):
    """A continuous exposure over the kept observations.

    Parameters
    ----------
    size : float, exposure's units
        Its standard deviation within units and net of time effects.
    unit : float, exposure's units
        Increase of exposure for which effects are reported.
    label : str
        The same in words.
    """

    size: float
    unit: float
    label: str


@dataclass(frozen=True, eq=False)
class Equation:
    """One equation of a model frame.

    Parameters
    ----------
    name : str
        "outcome", or the mediator that it explains.
    rows : Rows
        Observations of the likelihood, in multiples of ``scale``.
    problem : Problem
        In multiples of ``scale``.
    scale : float
        ``s``, outcome units.
    globals, locals : tuple of parts
        In the order of their coefficients.
    local_index : tuple of ndarray of int (coefficient)
        For each local part, the position of its coefficients among all blocks' local ones.
    positions : Positions
        Positions of time effects, cells and slopes among the slots of all blocks.
    slopes : tuple of Slope
        The last varying columns of ``rows``, with slopes by stratum: mediators, and then the
        moderator of the treatment effect.
    dose : Dose, optional
        Present if effects are slopes of an exposure.
    restated : callable, optional
        Returns the same equation for other observations, such as Gaussian approximations.
    """

    name: str
    rows: Rows
    problem: Problem
    scale: float
    globals: tuple[GlobalPart, ...]
    locals: tuple[LocalPart, ...]
    local_index: tuple[Index, ...]
    positions: Positions
    slopes: tuple[Slope, ...] = ()
    dose: Dose | None = None
    restated: Callable[..., Equation] | None = None

    @cached_property
    def gaussian(self) -> GaussianProblem:
        """Return the problem as moments and maps."""
        return gaussian_problem(self.problem)

    @cached_property
    def error_sums(self) -> ErrorSums | FixedErrorSums | None:
        """Return the errors' part of the normal equations; None if members have several units."""
        if self.problem.shares_deviations:
            return None
        return error_sums(self.problem, self.gaussian.arrowhead)

    @cached_property
    def unit_classes(self) -> Sequence[UnitClass]:
        """Return units with the same periods and weights, for computations on single units."""
        return self.problem.classes or reduce_rows(self.rows)

    def slope(self, kind: SlopeKind) -> Slope | None:
        """Return the first slope of a kind, None without one."""
        return next((slope for slope in self.slopes if slope.kind is kind), None)

    @property
    def n_positions(self) -> int:
        """Return the number of time effects, cells and slopes of all blocks."""
        return sum(block.columns.shape[0] for block in self.problem.blocks)

    @property
    def n_paths(self) -> int:
        """Return the number of values of processes, by group and period, among the slots."""
        return self.positions.paths.size

    @cached_property
    def local_places(self) -> Mask:
        """Return True for entries (block, local) that are coefficients, not padding."""
        return np.asarray(self.gaussian.arrowhead.local_scale > PADDING)

    @property
    def effect_scale(self) -> float:
        """Return the factor from effects in multiples of ``s`` to reported units."""
        return self.scale if self.dose is None else self.scale / self.dose.size


@dataclass(frozen=True, eq=False)
class ModelFrame:
    """The model frame of a model and its panel.

    Parameters
    ----------
    model : ModelSpec
        The model.
    frame : PanelCodes
        Codes of the panel's observations, including dropped ones.
    kept : ndarray of bool (row)
        Observations that enter the likelihood.
    cell_of_row : ndarray of int (row)
        Cell of each observation, -1 for none.
    notes : tuple of str
        Dropped observations and cells, with the reason.
    exposure : Exposure, optional
        Present if effects are per unit of exposure; cells then have no cohort.
    """

    model: ModelSpec
    codes: PanelCodes
    kept: Mask
    cells: CellInfo
    cell_of_row: Index
    table: CellTable
    notes: tuple[str, ...] = ()
    moderator: Moderator | None = None
    exposure: Exposure | None = None
    equations: tuple[Equation, ...] = ()

    @property
    def facts(self) -> Facts:
        """Return the properties and assumptions of the design."""
        return self.model.facts

    @property
    def panel(self) -> Panel:
        """Return the observations that all equations use."""
        return self.model.panel

    @cached_property
    def effects(self) -> EffectMap:
        """Return the maps to effects of cells and members, common to all equations."""
        frame = self.codes
        rows = np.flatnonzero(self.kept & frame.treated & (self.cell_of_row >= 0))
        unit = frame.unit[rows]
        codes, unit_effect = np.unique(frame.unit_effect[unit], return_inverse=True)
        first = np.zeros(int(frame.unit_effect.max()) + 1, dtype=np.int64)
        first[frame.unit_effect[::-1]] = frame.stratum[::-1]
        return EffectMap(
            rows, self.cell_of_row[rows], unit, unit_effect,
            None if self.moderator is None else self.moderator.values[rows],
            codes, frame.unit_effect_labels[codes], frame.weight[rows], self.cells.rows,
            self.table.stratum, first[codes],
        )  # fmt: skip

    @property
    def stratum_names(self) -> tuple[str, ...]:
        """Return labels of the combinations of strata; a single empty label without strata."""
        labels = list(self.table.names.values())
        return tuple(
            " × ".join(str(names[k]) for names, k in zip(labels, row, strict=True))
            for row in self.codes.stratum_levels
        )
