"""Where time effects, effects of cells and slopes stand among the slots of all blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from bayes_nqp.planning import Equation, Plan


Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SlotPlaces:
    """Slots of an equation by what they are; one past the last where there is none.

    Paths are those of processes, group × period.
    """

    time: Index
    cells: Index
    slopes: Index
    paths: Index


def slot_places(plan: Plan, equation: Equation) -> SlotPlaces:
    """Find the slots of an equation."""
    frame, problem, rows = plan.frame, equation.problem, equation.rows
    periods, columns = frame.n_periods, len(rows.columns)
    starts = np.cumsum([0, *(b.columns.shape[0] for b in problem.blocks)])
    # Blocks one after another, then paths of groups (group, T); one past these for none.
    none = int(starts[-1]) + equation.n_paths
    time = np.full(len(frame.level_names) * periods, none, dtype=np.int64)
    cells = starts[equation.cell_slots[:, 0]] + equation.cell_slots[:, 1]
    numbers, first = np.unique(rows.group, return_index=True)
    for group, unit in zip(problem.groups, first[numbers >= 0], strict=True):
        level, slot = int(frame.level[unit]), starts[group.block] + group.level * periods
        time[level * periods : (level + 1) * periods] = slot + np.arange(periods)
    # K slots in a row for each set of slopes (stratum).
    slopes = equation.slope_slots[:, None] + np.arange(columns)
    paths = starts[-1] + np.arange(equation.n_paths)
    return SlotPlaces(time, cells.astype(np.int64), slopes.ravel(), paths)
