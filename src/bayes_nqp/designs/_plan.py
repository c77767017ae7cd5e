"""A design's plan: equations, each a packed Gaussian problem and what its parts mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression import Packed, Problem, Rows
from bayes_nqp.designs._frame import DesignFrame
from bayes_nqp.terms.cells import CellTable
from bayes_nqp.terms.mediators import Slope
from bayes_nqp.terms.parts import GlobalPart, LocalPart

__all__ = ["CellInfo", "Equation", "Plan"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CellInfo:
    """Labels and sizes of the cells with effects, leads included.

    Parameters
    ----------
    strata : mapping of str to ndarray of str (cell)
        Level of every stratum factor.
    cohort, time : ndarray (cell)
        Labels.
    event_time : ndarray of int (cell)
    lead : ndarray of bool (cell)
    rows, units : ndarray of int (cell)
    observed : ndarray (cell), outcome units
        Mean outcome of the cell's rows.
    weight : ndarray (cell)
        Sum of the rows' weights; the number of rows without weights.
    mediators : mapping of str to ndarray (cell)
        Mean of each mediator in the cell's rows.
    """

    strata: Mapping[str, npt.NDArray[np.str_]]
    cohort: npt.NDArray[np.generic]
    time: npt.NDArray[np.generic]
    event_time: Index
    lead: npt.NDArray[np.bool_]
    rows: Index
    units: Index
    observed: Array
    weight: Array
    mediators: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Equation:
    """One equation of a plan.

    Parameters
    ----------
    name : str
        "outcome", or the mediator it explains.
    structure : tuple
        What a compiled model depends on; data are not part of it.
    rows : Rows
        That enter the likelihood, in multiples of ``scale``.
    problem : Problem
        In multiples of ``scale``.
    packed : Packed
        The same, as compiled code reads it.
    scale : float
        ``s``, outcome units.
    globals, locals : tuple of parts
        In the order of their coefficients.
    local_index : tuple of ndarray of int (coefficient)
        For each local part, the position of its coefficients among all blocks' local ones.
    cell_slots : ndarray of int (cell, 2)
        Block of each cell, and its slot there.
    slopes : tuple of Slope
        The last varying columns of ``rows``, whose slopes vary by stratum: mediators, and then
        the moderator.
    """

    name: str
    structure: tuple[object, ...]
    rows: Rows
    problem: Problem
    packed: Packed
    scale: float
    globals: tuple[GlobalPart, ...]
    locals: tuple[LocalPart, ...]
    local_index: tuple[Index, ...]
    cell_slots: Index
    slopes: tuple[Slope, ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """What a design makes of a panel.

    Parameters
    ----------
    equations : tuple of Equation
    frame : DesignFrame
        Codes of the panel's rows; those not kept included.
    kept : ndarray of bool (row)
        Rows that enter the likelihood.
    cells : CellInfo
    cell_of_row : ndarray of int (row)
        Cell of each row, -1 where it has none.
    table : CellTable
    notes : tuple of str
        What was dropped, and why.
    """

    equations: tuple[Equation, ...]
    frame: DesignFrame
    kept: npt.NDArray[np.bool_]
    cells: CellInfo
    cell_of_row: Index
    table: CellTable
    notes: tuple[str, ...] = ()

    @property
    def stratum_names(self) -> tuple[str, ...]:
        """Labels of the combinations of strata; one without a name where there are none."""
        labels = list(self.table.names.values())
        return tuple(
            " × ".join(str(names[k]) for names, k in zip(labels, row, strict=True))
            for row in self.frame.stratum_levels
        )
