"""Parts and classes to one problem: which coefficient loads where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bayes_nqp.designs._frame import DesignFrame
from bayes_nqp.designs._plan import Dose, Equation
from bayes_nqp.designs.noise import Noise
from bayes_nqp.gaussian import Block, Member, Problem
from bayes_nqp.moments import Rows, UnitClass, packed_rows
from bayes_nqp.parameters import FIXED, FLAT, HalfNormal, Parameter, Scale
from bayes_nqp.priors import Priors
from bayes_nqp.terms.cells import CellTable
from bayes_nqp.terms.parts import GlobalPart, LocalPart

__all__ = ["assemble", "block_of_strata", "free_times"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def block_of_strata(frame: DesignFrame, *, local_time: bool, members: bool) -> Index:
    """Group the strata that share local time effects, or members.

    Parameters
    ----------
    frame : DesignFrame
    local_time : bool
        Whether time effects belong to blocks.
    members : bool
        Whether members hold several units.

    Returns
    -------
    ndarray of int (stratum)
        Number of each stratum's block.
    """
    n = int(frame.stratum_levels.shape[0])
    links: list[tuple[Index, Index]] = []
    if local_time:
        links.append((frame.stratum, frame.level + n))
    if members:
        treated = frame.cohort >= 0
        links.append((frame.stratum[treated], frame.member[treated] + n + len(frame.level_names)))
    if not links:
        return np.arange(n)
    a = np.concatenate([x for x, _ in links])
    b = np.concatenate([y for _, y in links])
    size = int(b.max()) + 1
    graph = coo_matrix((np.ones(a.size, dtype=np.int8), (a, b)), shape=(size, size))
    component = connected_components(graph, directed=False)[1][:n]
    return np.unique(component, return_inverse=True)[1].astype(np.int64)


def free_times(
    classes: Sequence[UnitClass], level_of_stratum: Index, n_levels: int, n_periods: int
) -> tuple[Index, Index]:
    """Level × period of the time effects that rows hold, and of those to estimate.

    One reference is left out for every set of periods that units connect.

    Parameters
    ----------
    classes : sequence of UnitClass
    level_of_stratum : ndarray of int (stratum)
    n_levels, n_periods : int

    Returns
    -------
    tuple of ndarray of int
        All, and those without the references.
    """
    a, b = [], []
    for c in classes:
        nodes = level_of_stratum[c.stratum] * n_periods + c.times
        a.append(np.full(nodes.size, nodes[0]))
        b.append(nodes)
    first, second = np.concatenate(a), np.concatenate(b)
    size = n_levels * n_periods
    graph = coo_matrix((np.ones(first.size, dtype=np.int8), (first, second)), shape=(size, size))
    component = connected_components(graph, directed=False)[1]
    seen = np.unique(second)
    _, reference = np.unique(component[seen], return_index=True)
    return seen, np.delete(seen, reference)


def assemble(
    name: str,
    frame: DesignFrame,
    rows: Rows,
    classes: Sequence[UnitClass],
    cells: CellTable,
    parts: Sequence[GlobalPart | LocalPart],
    *,
    block: Index,
    time_rows: Index,
    errors: Noise,
    member_scale: Scale | None,
    members: bool,
    priors: Priors,
    scale: float,
    dose: Dose | None = None,
) -> Equation:
    """Lay parts and classes out as one problem.

    Parameters
    ----------
    name : str
        Of the equation.
    frame : DesignFrame
    rows : Rows
        Those that enter the likelihood.
    classes : sequence of UnitClass
        Their moments.
    cells : CellTable
    parts : sequence of parts
    block : ndarray of int (stratum)
    time_rows : ndarray of int (stratum)
        Row of the time-effect table that each stratum uses.
    errors : Noise
    member_scale : Scale or None
    members : bool
        Whether members hold several units.
    priors : Priors
    scale : float
        ``s``, outcome units.
    dose : Dose, optional
        Where effects are slopes of an exposure: cells are then read off its columns.

    Returns
    -------
    Equation
    """
    shared = tuple(p for p in parts if isinstance(p, GlobalPart))
    local = tuple(p for p in parts if isinstance(p, LocalPart))
    scales: list[Scale] = []
    global_scale = np.concatenate(
        [np.full(p.columns.shape[1], _number(p.scale, scales)) for p in shared]
        or [np.zeros(0, dtype=np.int64)]
    ).astype(np.int64)
    local_numbers = [_number(p.scale, scales) for p in local]
    n_columns, n_periods = len(rows.columns), frame.n_periods
    blocks, slots, local_index, level_at, stratum_at = (
        [],
        np.zeros((cells.size, 2), int),
        [np.zeros(p.index.size, dtype=np.int64) for p in local],
        np.zeros(block.size, dtype=np.int64),
        np.zeros(block.size, dtype=np.int64),
    )
    offset = 0
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
        blocks.append(
            Block(
                levels.size, here.size, strata,
                np.concatenate([*local_slot, np.zeros(0, int)]).astype(np.int64),
                np.concatenate([*local_scale, np.zeros(0, int)]).astype(np.int64),
                columns,
            )
        )  # fmt: skip
    class_stratum = np.array([c.stratum for c in classes], dtype=np.int64)
    lookup = _cell_lookup(frame, cells)
    class_cells, class_treated = [], []
    for c in classes:
        found = lookup[c.stratum, c.cohort + 1, c.times]
        if dose is not None:
            found = np.full(found.size, -1)
        class_cells.append(
            np.where(found >= 0, slots[found, 1] - _base(blocks, slots, found, n_periods), -1)
        )
        class_treated.append(_loading(c))
    problem = Problem(
        n_periods=n_periods,
        n_columns=n_columns,
        free=int(sum(c.units.size * (c.times.size - 1) for c in classes)),
        errors=errors,
        error_parameters=(
            *errors.parameters(n_periods, priors),
            Parameter("sigma", HalfNormal(priors.sigma)),
        ),
        scales=scales,
        member_scale=member_scale,
        global_scale=global_scale,
        blocks=blocks,
        classes=classes,
        class_block=block[class_stratum],
        class_level=level_at[class_stratum],
        class_stratum=stratum_at[class_stratum],
        class_cells=class_cells,
        class_treated=class_treated,
        members=_members(frame, rows, classes, block) if members else (),
    )
    return Equation(
        name, rows, problem, scale, shared, local,
        tuple(local_index), slots, dose=dose,
    )  # fmt: skip


def _loading(one: UnitClass) -> Array:
    """What multiplies deviations: unit effects absorb their mean, rounding does not."""
    if one.loading is None:
        return ((one.cohort >= 0) & (one.times >= one.cohort)).astype(np.float64)
    return one.loading - one.loading.mean()


def _number(scale: Scale | int, scales: list[Scale]) -> int:
    if isinstance(scale, int):
        assert scale in (FIXED, FLAT)
        return scale
    names = [s.name for s in scales]
    if scale.name not in names:
        scales.append(scale)
        return len(scales) - 1
    return names.index(scale.name)


def _base(blocks: Sequence[Block], slots: Index, found: Index, n_periods: int) -> Index:
    levels = np.array([b.n_levels for b in blocks], dtype=np.int64)
    return np.asarray(levels[slots[found, 0]] * n_periods)


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


def _cell_lookup(frame: DesignFrame, cells: CellTable) -> Index:
    lookup = np.full(
        (frame.stratum_levels.shape[0], int(frame.cohort.max(initial=-1)) + 2, frame.n_periods),
        -1, dtype=np.int64,
    )  # fmt: skip
    lookup[cells.stratum, cells.cohort + 1, cells.time] = np.arange(cells.size)
    return lookup


def _members(
    frame: DesignFrame, rows: Rows, classes: Sequence[UnitClass], block: Index
) -> list[Member]:
    """Treated members, with the sums of their units class by class."""
    entries: dict[int, list[tuple[int, int, Array]]] = {}
    for k, c in enumerate(classes):
        if c.cohort < 0 or c.times[-1] < c.cohort:
            continue
        members, position = np.unique(frame.member[c.units], return_inverse=True)
        sums = np.zeros((members.size, c.sums.size))
        np.add.at(sums, position, packed_rows(rows, c.units, c))
        for m, n, total in zip(members, np.bincount(position), sums, strict=True):
            entries.setdefault(int(m), []).append((k, int(n), total))
    found = []
    for m in sorted(entries):
        ks = np.array([k for k, _, _ in entries[m]], dtype=np.int64)
        ns = np.array([n for _, n, _ in entries[m]], dtype=np.int64)
        home = int(block[classes[int(ks[0])].stratum])
        found.append(Member(home, ks, ns, [total for _, _, total in entries[m]]))
    return found
