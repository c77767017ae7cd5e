"""Positions of time effects, effects of cells and slopes among the slots of all blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.numerics.linear_gaussian import Problem
from bayes_nqp.numerics.sufficient_statistics import Rows


@dataclass(frozen=True, eq=False)
class Positions:
    """Slots of an equation by their meaning: blocks one after another, and then paths.

    Parameters
    ----------
    time : ndarray of int (level × period)
        One past the last slot if there is none.
    cells : ndarray of int (cell)
        Slots of effects; for an exposure, slots of its slopes.
    slopes : ndarray of int (stratum, column)
        Slots of the varying columns.
    paths : ndarray of int (group × period)
        Slots of processes; empty without any.
    """

    time: Index
    cells: Index
    slopes: Index
    paths: Index


def positions_of(
    frame: PanelCodes, rows: Rows, problem: Problem, cell_positions: Index, slope_positions: Index
) -> Positions:
    """Find the slots of an equation.

    ``cell_positions`` (cell, 2) are the block of each cell, and its slot there; ``slope_positions``
    (stratum) the first slot of each stratum's slopes among those of all blocks.
    """
    periods = frame.n_periods
    starts = np.cumsum([0, *(b.columns.shape[0] for b in problem.blocks)])
    drawn = bool(problem.processes or problem.path_coefficients)
    paths = starts[-1] + np.arange(len(problem.groups) * periods * drawn)
    time = np.full(len(frame.level_names) * periods, starts[-1] + paths.size, dtype=np.int64)
    for group, unit in zip(problem.groups, rows.first_units, strict=True):
        level, position = int(frame.level[unit]), starts[group.block] + group.level * periods
        time[level * periods : (level + 1) * periods] = position + np.arange(periods)
    return Positions(
        time, starts[cell_positions[:, 0]] + cell_positions[:, 1],
        slope_positions[:, None] + np.arange(problem.n_columns), paths,
    )  # fmt: skip
