"""A plan: equations, each a Gaussian problem and what its parts mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    NEIGHBOUR,
    TREATED,
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
        Mean outcome of the cell's rows.
    weight : ndarray (cell)
        Sum of the rows' weights; the number of rows without weights.
    role : ndarray of int (cell)
        `TREATED`, `LEAD` or `NEIGHBOUR`.
    rows : ndarray of int (cell)
        How many, one of each of the cell's units.
    labels : mapping of str to ndarray (cell)
        Further coordinates.
    mediators : mapping of str to ndarray (cell)
        Mean of each mediator in the cell's rows.
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
        """Cells before treatment (cell), whose effects are not reported as effects."""
        return ~np.isin(self.role, (TREATED, NEIGHBOUR))


@dataclass(frozen=True, eq=False)
class Moderator:
    """What shifts effects or slopes, row by row.

    Parameters
    ----------
    values : ndarray (row), the moderator's units
        Less the centre; NaN in untreated rows that lack it.
    centre, size : float, the moderator's units
        Mean and sd of the treated rows.
    """

    name: str
    values: Array
    centre: float
    size: float


@dataclass(frozen=True, slots=True)
class Dose:
    """Where effects are slopes of an exposure: how its columns stand in the rows.

    Parameters
    ----------
    start : int
        The varying column of the exposure in the first period; those of all others follow.
    size : float
        What effects in multiples of ``s`` are divided by: what the columns were divided by, in
        the units of exposure that effects are stated for.
    """

    start: int
    size: float


@dataclass(frozen=True, eq=False)
class Exposure(DoseSpec):
    """A continuous exposure as it is in the rows that are kept.

    Parameters
    ----------
    size : float, exposure's units
        Its standard deviation within units and net of time effects.
    unit : float, exposure's units
        By how much more of it effects are.
    label : str
        The same in words.
    """

    size: float
    unit: float
    label: str


@dataclass(frozen=True, eq=False)
class Equation:
    """One equation of a plan.

    Parameters
    ----------
    name : str
        "outcome", or the mediator it explains.
    rows : Rows
        That enter the likelihood, in multiples of ``scale``.
    problem : Problem
        In multiples of ``scale``.
    scale : float
        ``s``, outcome units.
    globals, locals : tuple of parts
        In the order of their coefficients.
    local_index : tuple of ndarray of int (coefficient)
        For each local part, the position of its coefficients among all blocks' local ones.
    positions : Positions
        Where time effects, cells and slopes stand among the slots of all blocks.
    slopes : tuple of Slope
        The last varying columns of ``rows``, whose slopes vary by stratum: mediators, and then
        the moderator of the treatment effect.
    dose : Dose, optional
        Where effects are slopes of an exposure.
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

    @cached_property
    def gaussian(self) -> GaussianProblem:
        """The problem as moments and maps."""
        return gaussian_problem(self.problem)

    @cached_property
    def error_sums(self) -> ErrorSums | FixedErrorSums | None:
        """How errors enter the normal equations; None where owners hold several units."""
        if self.problem.shares_deviations:
            return None
        return error_sums(self.problem, self.gaussian.arrowhead)

    @cached_property
    def unit_classes(self) -> Sequence[UnitClass]:
        """Units with the same periods and weights, for what looks at single units."""
        return self.problem.classes or reduce_rows(self.rows)

    def slope(self, kind: SlopeKind) -> Slope | None:
        """The first slope of a kind, None without one."""
        return next((slope for slope in self.slopes if slope.kind is kind), None)

    @property
    def n_positions(self) -> int:
        """Time effects, cells and slopes of all blocks."""
        return sum(block.columns.shape[0] for block in self.problem.blocks)

    @property
    def n_paths(self) -> int:
        """Values of processes among the slots of draws: of every group and period, or none."""
        return self.positions.paths.size

    @cached_property
    def local_places(self) -> Mask:
        """Which of (block, local) are coefficients and no padding."""
        return np.asarray(self.gaussian.arrowhead.local_scale > PADDING)

    @property
    def effect_scale(self) -> float:
        """From effects in multiples of ``s`` to the units in which they are reported."""
        return self.scale if self.dose is None else self.scale / self.dose.size


@dataclass(frozen=True, eq=False)
class ModelFrame:
    """What a model of a panel comes to.

    Parameters
    ----------
    model : ModelSpec
        What was planned.
    frame : PanelCodes
        Codes of the panel's rows; those not kept included.
    kept : ndarray of bool (row)
        Rows that enter the likelihood.
    cell_of_row : ndarray of int (row)
        Cell of each row, -1 where it has none.
    notes : tuple of str
        What was dropped, and why.
    exposure : Exposure, optional
        Where effects are per unit of it, and cells have no cohort.
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
        """What the design can do and what it assumes."""
        return self.model.facts

    @property
    def panel(self) -> Panel:
        """The rows that all equations use."""
        return self.model.panel

    @cached_property
    def effects(self) -> EffectMap:
        """What adds up to effects of cells and members; the same for all equations."""
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
        """Labels of the combinations of strata; one without a name where there are none."""
        labels = list(self.table.names.values())
        return tuple(
            " × ".join(str(names[k]) for names, k in zip(labels, row, strict=True))
            for row in self.codes.stratum_levels
        )
