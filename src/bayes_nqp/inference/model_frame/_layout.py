"""Index arrays from each observation of an equation to its coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.model_frame._model_frame import Equation, ModelFrame


@dataclass(frozen=True, eq=False)
class RowLayout:
    """Index arrays of the observations in the likelihood, sorted by unit and time.

    Parameters
    ----------
    rows : ndarray of int (row)
        Positions among the panel's observations.
    time_effect : ndarray of int (row)
        Time effect: level × period.
    cell : ndarray of int (row)
        Cell of the observation's effect; the number of cells if it has none, or if effects are
        slopes.
    unit_effect : ndarray of int (row)
        Member of a treated observation's deviation; the number of members if it has none.
    previous : ndarray of int (row)
        The unit's previous observation; the observation itself if it is the first.
    gap : ndarray of int (row)
        Periods since then; 0 for first observations.
    entry_row, entry_slope : ndarray of int (entry)
        Observation and slope (stratum × column) of each entry of the varying columns that is not
        zero by design.
    entry_value : ndarray (entry)
        Its value.
    loading : ndarray (row)
        Multiplier of the deviation: 1 for treated observations, or the exposure; 0 for none.
    """

    rows: Index
    unit: Index
    time_effect: Index
    cell: Index
    unit_effect: Index
    previous: Index
    gap: Index
    entry_row: Index
    entry_slope: Index
    entry_value: Array
    loading: Array

    @property
    def first(self) -> Mask:
        """Return True for the first observation of each unit (row)."""
        return np.asarray(self.gap == 0)


def row_layout(model_frame: ModelFrame, equation: Equation) -> RowLayout:
    """Build the index arrays of an equation's observations.

    Raises
    ------
    StudyError
        If outcomes of other units are part of the equation, so that observations are not separable.
    PanelError
        If units are summed up.
    """
    if equation.problem.lag is not None:
        raise StudyError(
            "a spatial lag has no model of single observations",
            hint="use the default, sampler=nqp.Importance()",
        )
    model_frame.panel.need_units(Message("the model of single observations"))
    frame = model_frame.codes
    rows = np.flatnonzero(model_frame.kept)
    unit, time = equation.rows.unit, equation.rows.time
    n_cells = model_frame.table.size
    cell = model_frame.cell_of_row[rows]
    effect = cell if equation.dose is None else np.full_like(cell, -1)
    loading = frame.treated[rows].astype(np.float64)
    if equation.rows.loading is not None:
        loading = equation.rows.loading
    effects = model_frame.effects
    unit_effect = np.full(frame.unit.size, effects.codes.size, dtype=np.int64)
    unit_effect[effects.rows] = effects.unit_effect
    later = np.append(False, unit[1:] == unit[:-1])
    order = np.arange(rows.size)
    previous = np.where(later, order - 1, order)
    return RowLayout(
        rows, unit, frame.level[unit] * frame.n_periods + time,
        np.where(effect >= 0, effect, n_cells), unit_effect[rows],
        previous, np.where(later, time - time[previous], 0),
        *_entries(equation, frame.stratum[unit]), loading,
    )  # fmt: skip


def _entries(equation: Equation, stratum: Index) -> tuple[Index, Index, Array]:
    """Return entries of the varying columns; one active in a single period has no others."""
    columns, none = equation.rows.columns, np.zeros(0, dtype=np.int64)
    active = [column.active(equation.rows.time) for column in columns]
    slopes = [stratum[at] * len(columns) + k for k, at in enumerate(active)]
    values = [column.values[at] for column, at in zip(columns, active, strict=True)]
    return (
        np.concatenate([none, *active]),
        np.concatenate([none, *slopes]),
        np.concatenate([np.zeros(0), *values]),
    )


def cell_slopes(model_frame: ModelFrame, equation: Equation) -> Index:
    """Return the positions of cells' effects among the slopes, if effects are slopes.

    Parameters
    ----------
    equation : Equation
        With a continuous exposure.

    Returns
    -------
    ndarray of int (cell)
        Stratum × column.
    """
    assert equation.dose is not None
    width = len(equation.rows.columns)
    return np.asarray(
        model_frame.table.stratum * width + equation.dose.start + model_frame.table.time
    )


def cell_names(
    strata: Sequence[npt.NDArray[np.str_]],
    cohort: npt.NDArray[np.generic],
    time: npt.NDArray[np.generic],
) -> list[str]:
    """Return readable names of cells: strata, cohort and time.

    Parameters
    ----------
    strata : sequence of ndarray of str (cell)
        Levels of each factor.
    cohort, time : ndarray (cell)
        Labels.
    """
    parts = [*(s.tolist() for s in strata), _texts(cohort), _texts(time)]
    return [" · ".join(row) for row in zip(*parts, strict=True)]


def time_effect_names(
    levels: Sequence[str], times: npt.NDArray[np.generic]
) -> npt.NDArray[np.str_]:
    """Return names of time effects: level and period."""
    return np.array(
        [f"{level} · {t}" if level else t for level in levels for t in _texts(times)], dtype=str
    )


def _texts(labels: npt.NDArray[np.generic]) -> list[str]:
    return [
        str(int(x)) if isinstance(x, float) and x.is_integer() else str(x) for x in labels.tolist()
    ]
