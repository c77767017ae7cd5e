"""Parts and classes to one problem: which coefficient loads where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs import EquationSpec
from bayes_nqp.gaussian import Block, Group, Member, Problem, Process
from bayes_nqp.moments import (
    Rows,
    UnitClass,
    absorb_levels,
    absorb_loadings,
    packed_rows,
    reduce_rows,
)
from bayes_nqp.parameters import FIXED, FLAT, HalfNormal, Parameter, Scale
from bayes_nqp.planning._frame import PlanFrame
from bayes_nqp.planning._plan import Dose, Equation, Plan
from bayes_nqp.planning._processes import with_processes
from bayes_nqp.terms import GlobalPart, LocalPart

__all__ = ["assemble"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def assemble(
    ground: Plan,
    equation: EquationSpec,
    rows: Rows,
    parts: Sequence[GlobalPart | LocalPart],
    *,
    block: Index,
    time_rows: Index,
    member_scale: Scale | None,
    members: bool,
    scale: float,
    dose: Dose | None = None,
) -> Equation:
    """Lay parts and classes out as one problem.

    Parameters
    ----------
    ground : Plan
        Rows and cells that all equations share.
    rows : Rows
        Those that enter the likelihood.
    time_rows : ndarray of int (stratum)
        Row of the time-effect table that each stratum uses.
    members : bool
        Whether members hold several units.
    scale : float
        ``s``, outcome units.
    dose : Dose, optional
        Where effects are slopes of an exposure: cells are then read off its columns.
    """
    frame, cells, errors, priors = ground.frame, ground.table, equation.noise, equation.priors
    cell_of_row = ground.cell_of_row[ground.kept]
    shared = tuple(p for p in parts if isinstance(p, GlobalPart))
    local = tuple(p for p in parts if isinstance(p, LocalPart))
    scales: list[Scale] = []
    global_scale = np.concatenate(
        [np.full(p.columns.shape[1], _number(p.scale, scales)) for p in shared]
        or [np.zeros(0, dtype=np.int64)]
    ).astype(np.int64)
    local_numbers = [_number(p.scale, scales) for p in local]
    n_columns, n_periods = len(rows.columns), frame.n_periods
    blocks, slots, inside, local_index = (
        [],
        np.zeros((cells.size, 2), int),
        np.full(cells.size, -1, dtype=np.int64),
        [np.zeros(p.index.size, dtype=np.int64) for p in local],
    )
    level_at, stratum_at, slope_slots = np.zeros((3, block.size), dtype=np.int64)
    offset = start = 0
    for b in range(int(block.max()) + 1):
        strata = np.flatnonzero(block == b)
        levels = np.unique(time_rows[strata])
        level_at[strata] = np.searchsorted(levels, time_rows[strata])
        stratum_at[strata] = np.arange(strata.size)
        here = np.flatnonzero(np.isin(cells.stratum, strata))
        base = levels.size * n_periods
        slots[here, 0], slots[here, 1] = b, base + np.arange(here.size)
        if dose is not None:
            column = dose.start + cells.time[here]
            slots[here, 1] = base + stratum_at[cells.stratum[here]] * n_columns + column
            here = here[:0]
        inside[here] = np.arange(here.size)
        slope_slots[strata] = start + base + here.size + stratum_at[strata] * n_columns
        local_slot, local_scale = [], []
        for j, part in enumerate(local):
            if part.place == "cells":
                mine = np.flatnonzero(np.isin(part.index, here))
                at = slots[part.index[mine], 1]
            else:
                mine = np.flatnonzero(np.isin(part.index // n_periods, levels))
                row = np.searchsorted(levels, part.index[mine] // n_periods)
                at = row * n_periods + part.index[mine] % n_periods
            local_index[j][mine] = offset + np.arange(mine.size)
            offset += mine.size
            local_slot.append(at)
            local_scale.append(np.full(mine.size, local_numbers[j]))
        columns = _block_columns(shared, levels, here, strata, n_periods, n_columns)
        start += len(columns)
        blocks.append(
            Block(
                levels.size, here.size, strata.size,
                np.concatenate([*local_slot, np.zeros(0, int)]).astype(np.int64),
                np.concatenate([*local_scale, np.zeros(0, int)]).astype(np.int64),
                columns,
            )
        )  # fmt: skip
    cell_at = np.where(cell_of_row >= 0, inside[cell_of_row], -1)
    groups = _groups(frame, rows, cell_at, block, level_at, stratum_at)
    laws = [
        Process(part.loadings, np.array([_number(scale, scales) for scale in part.scales]))
        for part in equation.processes
    ]
    blocks, groups = with_processes(equation.processes, rows, blocks, groups)
    absorbs = (members or member_scale is None) and errors.independent(n_periods, priors)
    absorbed = absorb_levels(rows, n_periods) if absorbs else []
    classes = [] if absorbs else reduce_rows(rows)
    problem = Problem(
        n_periods=n_periods,
        n_columns=n_columns,
        free=sum(c.free for c in classes) + sum(group.free for group in absorbed),
        errors=errors,
        error_parameters=(
            *errors.parameters(n_periods, priors),
            Parameter("sigma", HalfNormal(priors.sigma)),
        ),
        scales=scales,
        member_scale=member_scale,
        global_scale=global_scale,
        blocks=blocks,
        groups=groups,
        classes=classes,
        class_treated=[_loading(c, centred=dose is not None) for c in classes],
        members=_members(frame, rows, classes, block) if members else (),
        absorbed=absorbed,
        absorbed_members=(
            absorb_loadings(rows, _owner_of_units(frame, rows), n_periods)
            if absorbs and members
            else None
        ),
        processes=laws,
    )
    return Equation(
        equation.name, rows, problem, scale, shared, local,
        tuple(local_index), slots, slope_slots, dose=dose,
    )  # fmt: skip


def _groups(
    frame: PlanFrame, rows: Rows, cell_at: Index, block: Index, level_at: Index, slopes_at: Index
) -> list[Group]:
    """Coefficients of each group, as its rows have them.

    Parameters
    ----------
    cell_at : ndarray of int (row)
        Cell within the block.
    block, level_at, slopes_at : ndarray of int (stratum)
        Block; within it, level of time effects and set of slopes.
    """
    numbers, first = np.unique(rows.group, return_index=True)
    strata = frame.stratum[first[numbers >= 0]]
    cells = np.full((strata.size, frame.n_periods), -1, dtype=np.int64)
    used = rows.group[rows.unit] >= 0
    cells[rows.group[rows.unit[used]], rows.time[used]] = cell_at[used]
    return [
        Group(int(block[s]), int(level_at[s]), int(slopes_at[s]), row)
        for s, row in zip(strata, cells, strict=True)
    ]


def _loading(units: UnitClass, *, centred: bool) -> Array:
    """What multiplies deviations: unit effects absorb the mean of a dose, rounding does not."""
    if units.loading is None:
        return np.zeros(units.times.size)
    return units.loading - units.loading.mean() if centred else units.loading


def _number(scale: Scale | int, scales: list[Scale]) -> int:
    if isinstance(scale, int):
        assert scale in (FIXED, FLAT)
        return scale
    names = [s.name for s in scales]
    if scale.name not in names:
        scales.append(scale)
        return len(scales) - 1
    return names.index(scale.name)


def _block_columns(
    shared: Sequence[GlobalPart],
    levels: Index,
    cells: Index,
    strata: Index,
    n_periods: int,
    n_columns: int,
) -> Array:
    """Loadings of all global coefficients on the slots of one block."""
    time = (levels[:, None] * n_periods + np.arange(n_periods)).ravel()
    slopes = (strata[:, None] * n_columns + np.arange(n_columns)).ravel()
    size = time.size + cells.size + slopes.size
    place = {
        "time": (0, time),
        "cells": (time.size, cells),
        "slopes": (time.size + cells.size, slopes),
    }
    columns = []
    for part in shared:
        start, index = place[part.place]
        column = np.zeros((size, part.columns.shape[1]))
        column[start : start + index.size] = part.columns[index]
        columns.append(column)
    return np.concatenate(columns, axis=1) if columns else np.zeros((size, 0))


def _members(
    frame: PlanFrame, rows: Rows, classes: Sequence[UnitClass], block: Index
) -> list[Member]:
    """Treated members, with the sums of their units class by class."""
    entries: dict[int, list[tuple[int, int, Array]]] = {}
    for k, c in enumerate(classes):
        if c.loading is None or not c.loading.any():
            continue
        members, position = np.unique(frame.member[c.units], return_inverse=True)
        sums = np.zeros((members.size, c.sums.size))
        np.add.at(sums, position, packed_rows(rows, c.units, c))
        for m, n, total in zip(members, np.bincount(position), sums, strict=True):
            entries.setdefault(int(m), []).append((k, int(n), total))
    owners = []
    for m in sorted(entries):
        ks = np.array([k for k, _, _ in entries[m]], dtype=np.int64)
        ns = np.array([n for _, n, _ in entries[m]], dtype=np.int64)
        home = int(block[frame.stratum[classes[int(ks[0])].units[0]]])
        owners.append(Member(home, ks, ns, [total for _, _, total in entries[m]]))
    return owners


def _owner_of_units(frame: PlanFrame, rows: Rows) -> Index:
    """Member whose deviation a unit's rows have (unit); -1 of units without treated rows."""
    assert rows.loading is not None
    treated = np.bincount(rows.unit[rows.loading != 0.0], minlength=frame.n_units) > 0
    return np.where(treated, frame.member, -1)
