"""Assembly of one Gaussian problem from parts of the predictor and classes of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._model_frame import Dose, Equation, ModelFrame
from bayes_nqp.inference.model_frame._positions import positions_of
from bayes_nqp.inference.model_frame._processes import (
    border_laws,
    border_paths,
    lag_of,
    law_of,
    on_paths,
    process_parameters,
    with_processes,
)
from bayes_nqp.model.designs import EquationSpec, Noise, parameters_of
from bayes_nqp.model.predictors import GlobalPart, LocalPart, ProcessPart, Slope, agreed
from bayes_nqp.numerics.linear_gaussian import Block, Group, Problem, Process, UnitEffect
from bayes_nqp.numerics.parameters import Parameter, Scale
from bayes_nqp.numerics.sufficient_statistics import (
    AbsorbedLoadings,
    Rows,
    UnitClass,
    absorb_levels,
    absorb_loadings,
    packed_rows,
    reduce_rows,
)


@dataclass(frozen=True, eq=False)
class BlockLayout:
    """Blocks of coefficients, with the positions of strata, cells and parts.

    Parameters
    ----------
    inside : ndarray of int (cell)
        Number of each cell within its block, -1 for a cell without its own slot.
    level_at, stratum_at : ndarray of int (stratum)
        Level of time effects and set of slopes of each stratum, within its block.
    slope_positions : ndarray of int (stratum)
        First slot of each stratum's slopes among those of all blocks.
    cell_positions : ndarray of int (cell, 2)
        Block of each cell, and its slot there.
    local_index : list of ndarray of int (coefficient)
        Position of each local part's coefficients among those of all blocks.
    """

    block: Index
    blocks: list[Block]
    inside: Index
    level_at: Index
    stratum_at: Index
    slope_positions: Index
    cell_positions: Index
    local_index: list[Index]


def assemble(
    ground: ModelFrame,
    equation: EquationSpec,
    rows: Rows,
    parts: Sequence[GlobalPart | LocalPart],
    *,
    block: Index,
    time_rows: Index,
    unit_effect_scale: Scale | None,
    unit_effects: bool,
    scale: float,
    slopes: tuple[Slope, ...],
    dose: Dose | None,
    errors: Noise | None = None,
) -> Equation:
    """Assemble parts and classes of units into one problem.

    ``block`` and ``time_rows`` give the block of each stratum and its row in the table of time
    effects; ``unit_effects`` is True if members contain several units. With a continuous exposure
    cells are computed from its columns. ``errors`` may replace the structure of the equation.
    """
    frame, priors = ground.codes, equation.priors
    errors = equation.noise if errors is None else errors
    n_periods = frame.n_periods
    own_parameters = parameters_of(errors, n_periods, priors)
    parts = agreed(parts)
    shared = (
        *(p for p in parts if isinstance(p, GlobalPart)),
        *border_paths(equation.processes, scale),
    )
    local = tuple(p for p in parts if isinstance(p, LocalPart))
    scales: list[Scale] = []
    global_scale = [np.full(p.columns.shape[1], _number(p.scale, scales)) for p in shared]
    numbers = [_number(p.scale, scales) for p in local]
    layout = _laid_out(ground, shared, local, numbers, block, time_rows, len(rows.columns), dose)
    of_laws = process_parameters(equation.processes)
    laws = [_process(part, scales, of_laws) for part in equation.processes if not part.border]
    blocks, groups = with_processes(
        equation.processes, rows, layout.blocks, _groups(ground, rows, layout)
    )
    absorbs = (unit_effects or unit_effect_scale is None) and errors.independent(n_periods, priors)
    absorbs = absorbs and equation.series is None and rows.variances is None
    absorbed = absorb_levels(rows, n_periods) if absorbs else []
    loadings = _absorbed_unit_effects(frame, rows) if absorbs and unit_effects else None
    classes = [] if absorbs else reduce_rows(rows)
    problem = Problem(
        n_periods=n_periods,
        n_columns=len(rows.columns),
        free=sum(c.free for c in classes) + sum(group.free for group in absorbed),
        errors=errors,
        error_parameters=(*own_parameters, Parameter("sigma", priors.scale("sigma"))),
        scales=scales,
        unit_effect_scale=unit_effect_scale,
        global_scale=np.concatenate([*global_scale, np.zeros(0)]).astype(np.int64),
        blocks=blocks,
        groups=groups,
        classes=classes,
        class_treated=[_loading(c, centred=dose is not None) for c in classes],
        unit_effects=_unit_effects(frame, rows, classes, block) if unit_effects else (),
        absorbed=absorbed,
        absorbed_unit_effects=loadings,
        processes=laws,
        process_parameters=of_laws,
        path_coefficients=on_paths(shared),
        border_laws=border_laws(equation.processes, shared, of_laws),
        lag=lag_of(equation.lag, shared),
        series=None if equation.series is None else equation.series.values,
        redraws=None if equation.series is None else equation.series.redraws,
    )
    return Equation(
        equation.name, rows, problem, scale, shared, local,
        tuple(layout.local_index),
        positions_of(frame, rows, problem, layout.cell_positions, layout.slope_positions), slopes,
        dose,
    )  # fmt: skip


def _absorbed_unit_effects(frame: PanelCodes, rows: Rows) -> AbsorbedLoadings:
    """Return the loadings of members' deviations; units without treated observations have none."""
    assert rows.loading is not None
    treated = np.bincount(rows.unit[rows.loading != 0.0], minlength=frame.n_units) > 0
    return absorb_loadings(rows, np.where(treated, frame.unit_effect, -1), frame.n_periods)


def _laid_out(
    ground: ModelFrame,
    shared: Sequence[GlobalPart],
    local: Sequence[LocalPart],
    numbers: Sequence[int],
    block: Index,
    time_rows: Index,
    n_columns: int,
    dose: Dose | None,
) -> BlockLayout:
    """Lay out coefficients block by block: time effects, cells, slopes.

    ``numbers`` are those of the scales of local parts; ``block`` and ``time_rows`` are by stratum.
    """
    cells, n_periods = ground.table, ground.codes.n_periods
    level_at, stratum_at, slope_positions = np.zeros((3, block.size), dtype=np.int64)
    layout = BlockLayout(
        block, [], np.full(cells.size, -1, dtype=np.int64), level_at, stratum_at, slope_positions,
        np.zeros((cells.size, 2), dtype=np.int64),
        [np.zeros(p.index.size, dtype=np.int64) for p in local],
    )  # fmt: skip
    first_local = first_position = 0
    for b in range(int(block.max()) + 1):
        strata = np.flatnonzero(block == b)
        levels = np.unique(time_rows[strata])
        layout.level_at[strata] = np.searchsorted(levels, time_rows[strata])
        layout.stratum_at[strata] = np.arange(strata.size)
        of_block = np.flatnonzero(np.isin(cells.stratum, strata))
        base = levels.size * n_periods
        positions = base + np.arange(of_block.size)
        if dose is not None:
            sets = layout.stratum_at[cells.stratum[of_block]]
            positions = base + sets * n_columns + dose.start + cells.time[of_block]
        layout.cell_positions[of_block] = np.stack([np.full(of_block.size, b), positions], axis=1)
        of_block = of_block if dose is None else of_block[:0]
        layout.inside[of_block] = np.arange(of_block.size)
        layout.slope_positions[strata] = (
            first_position + base + of_block.size + layout.stratum_at[strata] * n_columns
        )
        places = [_local_places(p, layout, of_block, levels, n_periods) for p in local]
        for index, (inside, _) in zip(layout.local_index, places, strict=True):
            index[inside] = first_local + np.arange(inside.size)
            first_local += inside.size
        sizes = [np.full(at.size, k) for k, (_, at) in zip(numbers, places, strict=True)]
        columns = _block_columns(shared, levels, of_block, strata, n_periods, n_columns)
        first_position += len(columns)
        position = np.concatenate([*(at for _, at in places), np.zeros(0)]).astype(np.int64)
        scale = np.concatenate([*sizes, np.zeros(0)]).astype(np.int64)
        n_cells = of_block.size
        layout.blocks.append(Block(levels.size, n_cells, strata.size, position, scale, columns))
    return layout


def _local_places(
    part: LocalPart, layout: BlockLayout, cells: Index, levels: Index, n_periods: int
) -> tuple[Index, Index]:
    """Return the coefficients of a local part within a block, and their slots there."""
    if part.place == "cells":
        inside = np.flatnonzero(np.isin(part.index, cells))
        return inside, layout.cell_positions[part.index[inside], 1]
    level, time = np.divmod(part.index, n_periods)
    inside = np.flatnonzero(np.isin(level, levels))
    return inside, np.searchsorted(levels, level[inside]) * n_periods + time[inside]


def _process(part: ProcessPart, scales: list[Scale], among: Sequence[Parameter]) -> Process:
    """Return a process, with the positions of its scales and parameters in the problem."""
    numbers = np.array([_number(scale, scales) for scale in part.scales])
    return Process(part.loadings, numbers, law_of(part, among))


def _groups(ground: ModelFrame, rows: Rows, layout: BlockLayout) -> list[Group]:
    """Return the coefficients of each group, from its observations."""
    frame = ground.codes
    cell_of_row = ground.cell_of_row[ground.kept]
    cell = np.where(cell_of_row >= 0, layout.inside[cell_of_row], -1)
    strata = frame.stratum[rows.first_units]
    cells = np.full((strata.size, frame.n_periods), -1, dtype=np.int64)
    repeated = rows.group[rows.unit] >= 0
    cells[rows.group[rows.unit[repeated]], rows.time[repeated]] = cell[repeated]
    return [
        Group(int(layout.block[s]), int(layout.level_at[s]), int(layout.stratum_at[s]), row)
        for s, row in zip(strata, cells, strict=True)
    ]


def _loading(units: UnitClass, *, centred: bool) -> Array:
    """Return the loadings of deviations, with the mean exposure removed to avoid rounding.

    Unit effects absorb this mean.
    """
    if units.loading is None:
        return np.zeros(units.times.size)
    return units.loading - units.loading.mean() if centred else units.loading


def _number(scale: Scale | int, scales: list[Scale]) -> int:
    if isinstance(scale, int):
        return scale
    names = [s.name for s in scales]
    if scale.name not in names:
        names.append(scale.name)
        scales.append(scale)
    return names.index(scale.name)


def _block_columns(
    shared: Sequence[GlobalPart],
    levels: Index,
    cells: Index,
    strata: Index,
    n_periods: int,
    n_columns: int,
) -> Array:
    """Return the loadings of all global coefficients on the slots of one block."""
    time = (levels[:, None] * n_periods + np.arange(n_periods)).ravel()
    slopes = (strata[:, None] * n_columns + np.arange(n_columns)).ravel()
    paths = max((p.columns.shape[0] for p in shared if p.place == "paths"), default=0)
    size = time.size + cells.size + slopes.size + paths
    place = {
        "time": (0, time),
        "cells": (time.size, cells),
        "slopes": (time.size + cells.size, slopes),
        "paths": (time.size + cells.size + slopes.size, np.arange(paths)),
    }
    columns = []
    for part in shared:
        start, index = place[part.place]
        column = np.zeros((size, part.columns.shape[1]))
        column[start : start + index.size] = part.columns[index]
        columns.append(column)
    return np.concatenate(columns, axis=1) if columns else np.zeros((size, 0))


def _unit_effects(
    frame: PanelCodes, rows: Rows, classes: Sequence[UnitClass], block: Index
) -> list[UnitEffect]:
    """Return treated members, with the sums of their units class by class."""
    entries: dict[int, list[tuple[int, float, Array]]] = {}
    for k, c in enumerate(classes):
        if c.loading is None or not c.loading.any():
            continue
        unit_effects, position = np.unique(frame.unit_effect[c.units], return_inverse=True)
        sums = np.zeros((unit_effects.size, c.sums.size))
        f = rows.count_of(c.units)
        np.add.at(sums, position, packed_rows(rows, c.units, c) * f[:, None])
        for m, n, total in zip(unit_effects, np.bincount(position, f), sums, strict=True):
            entries.setdefault(int(m), []).append((k, n, total))
    out = []
    for m in sorted(entries):
        ks = np.array([k for k, _, _ in entries[m]], dtype=np.int64)
        ns = np.array([n for _, n, _ in entries[m]])
        home = int(block[frame.stratum[classes[int(ks[0])].units[0]]])
        out.append(UnitEffect(home, ks, ns, [total for _, _, total in entries[m]]))
    return out
