"""Where time effects, effects of cells and slopes stand among the slots of all blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bayes_nqp.designs._plan import Equation, Plan

__all__ = ["SlotPlaces", "slot_places"]

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SlotPlaces:
    """Slots of an equation by what they are; one past the last where there is none.

    Parameters
    ----------
    time : ndarray of int (level × period)
    cells : ndarray of int (cell)
    slopes : ndarray of int (stratum × column)
    """

    time: Index
    cells: Index
    slopes: Index


def slot_places(plan: Plan, equation: Equation) -> SlotPlaces:
    """Find the slots of an equation.

    Parameters
    ----------
    plan : Plan
    equation : Equation

    Returns
    -------
    SlotPlaces
    """
    frame, problem = plan.frame, equation.problem
    periods, columns = frame.n_periods, len(equation.rows.columns)
    starts = np.cumsum([0, *(b.columns.shape[0] for b in problem.blocks)])
    none = int(starts[-1])
    time = np.full(len(frame.level_names) * periods, none, dtype=np.int64)
    slopes = np.full(frame.stratum_levels.shape[0] * columns, none, dtype=np.int64)
    cells = starts[equation.cell_slots[:, 0]] + equation.cell_slots[:, 1]
    for k, c in enumerate(problem.classes):
        b = int(problem.class_block[k])
        block, level = problem.blocks[b], int(frame.level[c.units[0]])
        at = starts[b] + problem.class_level[k] * periods
        time[level * periods : (level + 1) * periods] = at + np.arange(periods)
        at = starts[b] + block.n_levels * periods + block.n_cells
        at += problem.class_stratum[k] * columns
        slopes[c.stratum * columns : (c.stratum + 1) * columns] = at + np.arange(columns)
    return SlotPlaces(time, cells.astype(np.int64), slopes)
