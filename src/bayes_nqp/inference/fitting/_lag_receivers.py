"""Whom the treatment of units reaches under the lag of an equation, and in which cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.inference.fitting._lag_effects import LagEffects, Shift
from bayes_nqp.inference.fitting._over_periods import DynamicReach
from bayes_nqp.inference.model_frame import CellInfo, Equation, ModelFrame
from bayes_nqp.model.designs import LinkedSpec
from bayes_nqp.model.predictors import NEIGHBOUR


def lag_effects_of(model_frame: ModelFrame, equation: Equation) -> LagEffects | None:
    """Whom treatment reaches through the links of an equation; None where it has none."""
    frame, spec = model_frame.codes, model_frame.model.equations[0]
    # Spatial errors do not transmit effects.
    linked, alone = spec.linked, spec.lag is None or spec.lag.ties is not None
    if linked is None or equation.name != spec.name or (alone and not linked.treated):
        return None
    treated, cell, cells = (
        calendar_cells(model_frame) if model_frame.exposure is None else dose_cells(model_frame)
    )
    # Groups: units with equal cells and equal treated cells in every period.
    pairs = np.concatenate([cell, treated], axis=1)
    _, first, group = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    treated = treated[first]
    event = np.where(treated >= 0, model_frame.table.event_time[treated], np.iinfo(np.int64).min)
    levels = list(dict.fromkeys(time.level for time in linked.treated)) or [""]
    column = np.full((len(levels), *treated.shape), -1, dtype=np.int64)
    for k, time in enumerate(linked.treated):
        column[levels.index(time.level), event == time.event] = k
    codes = model_frame.effects.codes
    unit_effect = np.searchsorted(codes, frame.unit_effect)
    unit_effect[~np.isin(frame.unit_effect, codes)] = -1
    kind = DynamicReach if spec.lag is not None and spec.lag.before is not None else LagEffects
    return kind(
        linked.links, cells, group.ravel(), cell[first], treated, column, unit_effect,
        tuple(linked.treated), model_frame.table.size,
        tuple(linked.onto(level) for level in levels),
        near=near_of(model_frame, linked, treated[group.ravel()]) if alone else None,
        shift=_shift(model_frame, treated[group.ravel()] >= 0),
    )  # fmt: skip


def _shift(model_frame: ModelFrame, inside: Mask) -> Shift | None:
    """The moderator in rows with treatment (unit, T); None without one."""
    frame, moderator = model_frame.codes, model_frame.moderator
    if moderator is None:
        return None
    values = np.zeros(inside.shape)
    values[frame.unit, frame.time] = moderator.values
    return Shift(np.where(inside, values, 0.0), inside, frame.stratum)


def near_of(model_frame: ModelFrame, linked: LinkedSpec, treated: Index) -> Array:
    """Return the treatment of neighbours by event time, observed or not (event, unit, T).

    For an exposure, neighbours have one more unit of it, if it has a slope.
    """
    if model_frame.exposure is not None:
        on = (treated >= 0).astype(np.float64)
        return np.stack([linked.onto(time.level) @ on for time in linked.treated])
    near = np.zeros((len(linked.treated), *treated.shape))
    near[:, model_frame.codes.unit, model_frame.codes.time] = np.stack(
        list(linked.treated.values())
    )
    return near


def calendar_cells(
    model_frame: ModelFrame, reached: Mask | None = None
) -> tuple[Index, Index, CellInfo]:
    """Return the cells of own treatment effects of observations, and the cells that contain them.

    Parameters
    ----------
    reached : ndarray of bool (unit, T), optional
        Untreated observations without a cell of the plan that have a cell: by default all.

    Returns
    -------
    tuple of ndarray of int (unit, T), ndarray of int (unit, T) and CellInfo
        -1 for none; the plan's cells, and then those of untreated observations.
    """
    frame = model_frame.codes
    treated = np.full((frame.n_units, frame.n_periods), -1, dtype=np.int64)
    rows = np.flatnonzero(frame.treated)
    treated[frame.unit[rows], frame.time[rows]] = model_frame.cell_of_row[rows]
    exposed = np.full(treated.shape, -1, dtype=np.int64)
    rows = np.flatnonzero(
        (model_frame.table.role == NEIGHBOUR)[model_frame.cell_of_row]
        & (model_frame.cell_of_row >= 0)
    )
    exposed[frame.unit[rows], frame.time[rows]] = model_frame.cell_of_row[rows]
    bare = (exposed < 0) if reached is None else (exposed < 0) & reached
    near, row_cells = _untreated(model_frame, bare)
    cell = np.where(
        row_cells >= 0, row_cells + model_frame.table.size, np.maximum(treated, exposed)
    )
    return treated, cell, _joined(model_frame.cells, near)


def dose_cells(model_frame: ModelFrame) -> tuple[Index, Index, CellInfo]:
    """The same of an exposure: everyone has one more of it, in strata in which it has a slope."""
    frame, table = model_frame.codes, model_frame.table
    cell = np.full((frame.n_units, frame.n_periods), -1, dtype=np.int64)
    cell[frame.unit, frame.time] = model_frame.cell_of_row
    of_stratum = np.full((frame.stratum_levels.shape[0], frame.n_periods), -1, dtype=np.int64)
    of_stratum[table.stratum, table.time] = np.arange(table.size)
    if model_frame.exposure is not None and not model_frame.exposure.by_period:
        # If no observation of a stratum is exposed, it takes the slope of any other period.
        of_stratum = np.where(of_stratum < 0, of_stratum.max(axis=1, keepdims=True), of_stratum)
    return of_stratum[frame.stratum], cell, model_frame.cells


def _untreated(model_frame: ModelFrame, inside: Mask) -> tuple[CellInfo, Index]:
    """Cells of untreated rows, stratum by period, from the first treated period on.

    Parameters
    ----------
    inside : ndarray of bool (unit, T)
        Rows that count.

    Returns
    -------
    tuple of CellInfo and ndarray of int (unit, T)
        Event time counts from that period; -1 of rows in no such cell.
    """
    frame, panel = model_frame.codes, model_frame.panel
    first = int(frame.time[frame.treated].min())
    bare = ~frame.treated & (frame.time >= first) & inside[frame.unit, frame.time]
    rows = np.flatnonzero(bare)
    number = frame.stratum[frame.unit[rows]] * frame.n_periods + frame.time[rows]  # (stratum, T)
    numbers, cell, count = np.unique(number, return_inverse=True, return_counts=True)
    stratum, time = np.divmod(numbers, frame.n_periods)
    table = np.full((frame.n_units, frame.n_periods), -1, dtype=np.int64)
    table[frame.unit[rows], frame.time[rows]] = cell
    labels, factors = np.asarray(panel.time_labels), panel.roles.strata
    info = CellInfo(
        strata={f: panel.levels[f][frame.stratum_levels[stratum, k]]
                for k, f in enumerate(factors)},
        cohort=np.full(numbers.size, labels[first]).astype(model_frame.cells.cohort.dtype),
        time=labels[time],
        event_time=time - first,
        role=np.full(numbers.size, NEIGHBOUR),
        rows=count,
        observed=np.bincount(cell, panel.outcome[rows], minlength=numbers.size) / count,
        weight=count.astype(np.float64),
    )  # fmt: skip
    return info, table


def _joined(first: CellInfo, second: CellInfo) -> CellInfo:
    """Cells of both, one after another."""
    names = ("cohort", "time", "event_time", "role", "rows", "observed", "weight")
    ends: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names
    }
    labels = {
        name: np.concatenate([x, np.full(second.rows.size, -1 if x.dtype.kind == "i" else "")])
        for name, x in first.labels.items()
    }
    return CellInfo(
        strata={f: np.concatenate([first.strata[f], second.strata[f]]) for f in first.strata},
        labels=labels, **ends,
    )  # fmt: skip
