"""Weights of cells, and the units of every average."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._by import (
    axes_of,
    entries_of,
    keeps_event_times,
    names_of,
    strata_labels,
)


def cell_weights(effects: xr.Dataset, weights: str) -> npt.NDArray[np.float64]:
    """Return the weights of cells.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    weights : str
        "rows", "units", "equal", or a numeric coordinate of the cells.

    Raises
    ------
    StudyError
        If the coordinate does not exist, or contains values other than finite numbers ≥ 0.
    """
    if weights == "equal":
        return np.ones(effects.sizes[v.CELL])
    numeric = [
        str(name)
        for name, values in effects.variables.items()
        if values.dims == (v.CELL,) and values.dtype.kind in "iuf" and name != v.CELL
    ]
    if weights not in numeric:
        raise StudyError(
            f"weights={weights!r} is not a numeric coordinate of the cells",
            hint=nearest(weights, dict.fromkeys([v.ROWS, v.UNITS, "equal", *numeric])),
        )
    values = effects[weights].to_numpy().astype(np.float64)
    counted = values[effects[v.IDENTIFIED].to_numpy()]
    if not np.isfinite(counted).all() or (counted < 0).any():
        raise StudyError(
            f"weights={weights!r} contains negative or missing numbers",
            hint="weights='rows', or correct the column",
        )
    return values


def before_adoption(effects: xr.Dataset) -> npt.NDArray[np.bool_]:
    """Mark cells of treated units before adoption: leads and anticipation effects (cell)."""
    if not schema.is_timed(effects):
        return np.zeros(effects.sizes[v.CELL], dtype=bool)
    early = effects[v.EVENT_TIME].to_numpy() < 0
    return np.asarray(early & (schema.roles(effects) == v.TREATED))


def _is_event_time(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= 0)


def kept_cells(
    effects: xr.Dataset,
    balanced: int | None,
    role: str = v.TREATED,
    *,
    anticipated: bool = False,
    window: Sequence[int] | None = None,
) -> npt.NDArray[np.bool_]:
    """Mark the cells that enter an average.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    balanced : int or None
        Last event time of a balanced window that starts at 0.
    role : str, default "treated"
        Effects on treated units, or spillover effects on their neighbours.
    anticipated : bool, default False
        If True, cells before adoption are included, in models with anticipation.
    window : sequence of two int, optional
        First and last event time of the cells.

    Returns
    -------
    array of bool (cell)
        Identified cells of the role; in a balanced window, cells of the cohorts (within strata)
        that are identified at every event time of the window.

    Raises
    ------
    StudyError
        If no cell remains.
    """
    counted = np.asarray(effects[v.IDENTIFIED].to_numpy().astype(bool))
    counted = counted & np.asarray(schema.roles(effects) == role)
    if not counted.any():
        raise StudyError(
            "no group-time effect is identified", hint="nqp.identification(design, panel)"
        )
    if not anticipated:
        counted = counted & ~before_adoption(effects)
        if not counted.any():
            raise StudyError(
                "all identified cells are before adoption",
                hint="by='event_time', or anticipated=True",
            )
    counted = counted if balanced is None else _balanced(effects, counted, balanced)
    return counted if window is None else _between(effects, counted, window)


def _between(
    effects: xr.Dataset, counted: npt.NDArray[np.bool_], window: Sequence[int]
) -> npt.NDArray[np.bool_]:
    """Mark cells at the event times of a window."""
    if not schema.is_timed(effects):
        raise StudyError(
            f"window={window!r}: a continuous exposure has no adoption date", hint="omit 'window'"
        )
    event_time = effects[v.EVENT_TIME].to_numpy()
    inside = counted & (event_time >= window[0]) & (event_time <= window[1])
    if not inside.any():
        estimated = event_time[counted]
        raise StudyError(
            f"window={tuple(window)!r}: no treated observation has an identified effect at these "
            "event times",
            hint=f"event times from {estimated.min()} to {estimated.max()}",
        )
    return inside


def window_of(window: Sequence[int] | None) -> tuple[int, int] | None:
    """Return the first and last event time of a window.

    Raises
    ------
    StudyError
        If these are not two numbers in increasing order.
    """
    if window is None:
        return None
    ends = tuple(window)
    if len(ends) != 2 or ends[0] > ends[1]:
        raise StudyError(
            f"window={window!r} is not a first and a last event time",
            hint="window=(0, 3) for event times 0 to 3",
        )
    return int(ends[0]), int(ends[1])


def _balanced(
    effects: xr.Dataset, counted: npt.NDArray[np.bool_], balanced: int
) -> npt.NDArray[np.bool_]:
    """Mark cells of cohorts, within strata, identified at event times 0 to `balanced`."""
    if not _is_event_time(balanced):
        raise StudyError(
            f"balanced={balanced!r} is not an event time",
            hint="balanced=3 for the window from event time 0 to 3",
        )
    if not schema.is_timed(effects):
        raise StudyError(
            f"balanced={balanced!r}: a continuous exposure has no adoption date",
            hint="omit 'balanced'",
        )
    event_time = effects[v.EVENT_TIME].to_numpy()
    pairs = np.char.add(
        np.char.add(strata_labels(effects), "\x1f"), effects[v.COHORT].to_numpy().astype(str)
    )
    _, group = np.unique(pairs, return_inverse=True)
    # No cell is beyond the last event time: a huge window allocates no memory.
    last = min(balanced, int(event_time.max(initial=0)) + 1)
    window = counted & (event_time >= 0) & (event_time <= last)
    seen = np.zeros((group.max() + 1, last + 1), dtype=bool)
    seen[group[window], event_time[window]] = True
    counted = window & seen.all(axis=1)[group]
    if not counted.any():
        longest = int(event_time[effects[v.IDENTIFIED].to_numpy()].max())
        raise StudyError(
            f"balanced={balanced}: no cohort is identified at every event time from 0 on",
            hint=f"a shorter window; the last identified event time is {longest}",
        )
    return counted


ENOUGH = 5
"""Minimum number of units at an event time for a representative estimate."""


def blocks_of(effects: xr.Dataset) -> npt.NDArray[np.intp]:
    """Number the stratum and cohort of every cell, which contain the same units over time.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    """
    labels = strata_labels(effects)
    if schema.is_timed(effects):
        cohorts = effects[v.COHORT].to_numpy().astype(str)
        labels = np.char.add(np.char.add(labels, "\x1f"), cohorts)
    return np.unique(labels, return_inverse=True)[1]


def pieces_of(effects: xr.Dataset, balanced: int | None = None) -> pd.DataFrame:
    """List the pieces of every cell: its units if effects vary by unit, or the whole cell.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    balanced : int, optional
        See `att`.

    Returns
    -------
    DataFrame
        One row for each piece of an identified cell from adoption on: ``cell``, ``block``,
        ``member`` (−1 for the whole cell), ``share`` of the cell's observations, ``units``.
    """
    cells = np.arange(effects.sizes[v.CELL])
    unit_effect, share = np.full(cells.size, -1), np.ones(cells.size)
    if effects.sizes.get(v.MEMBERSHIP):
        cells = effects[v.MEMBERSHIP_CELL].to_numpy()
        unit_effect = effects[v.MEMBERSHIP_MEMBER].to_numpy()
        rows = effects[v.MEMBERSHIP_ROWS].to_numpy().astype(np.float64)
        share = rows / np.bincount(cells, rows, effects.sizes[v.CELL])[cells]
    pieces = pd.DataFrame(
        {
            v.CELL: cells,
            "block": blocks_of(effects)[cells],
            v.MEMBER: unit_effect,
            "share": share,
            v.UNITS: effects[v.UNITS].to_numpy()[cells] * share,
        }
    )
    if schema.is_timed(effects):
        pieces[v.EVENT_TIME] = effects[v.EVENT_TIME].to_numpy()[cells]
    return pieces[kept_cells(effects, balanced)[cells]].reset_index(drop=True)


def units_behind(effects: xr.Dataset, by: By = None, balanced: int | None = None) -> xr.DataArray:
    """Count the treated units of every average.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    by : str, sequence of str or mapping, optional
        See `att`.
    balanced : int, optional
        See `att`.

    Returns
    -------
    DataArray of int (...)
        Counts with the dims of ``att``. For a stratum and cohort averaged over several periods,
        this is the largest number of units observed in one period; by event time it is exact.
    """
    names = names_of(by)
    entries = entries_of(effects, names)
    axes = axes_of(effects, names, entries)
    shape = tuple(len(axis.labels) for axis in axes)
    mask = kept_cells(effects, balanced, anticipated=keeps_event_times(names))
    counted = mask[entries.cell]
    cell = entries.cell[counted]
    group = np.zeros(cell.size, dtype=np.int64)
    if axes:
        group = np.ravel_multi_index(tuple(axis.codes[counted] for axis in axes), shape)
    units = effects[v.UNITS].to_numpy()[cell] * entries.share[counted]
    times = effects[v.TIME].to_numpy()[cell]
    frame = pd.DataFrame(
        {"group": group, "block": blocks_of(effects)[cell], v.TIME: times, v.UNITS: units}
    )
    # Cells of one stratum and cohort with different exposure contain different units in a period.
    by_period = frame.groupby(["group", "block", v.TIME])[v.UNITS].sum()
    most = by_period.groupby(level=["group", "block"]).max().groupby(level="group").sum()
    counts = np.zeros(int(np.prod(shape)), dtype=np.int64)
    counts[most.index.to_numpy()] = np.rint(most.to_numpy()).astype(np.int64)
    return xr.DataArray(
        counts.reshape(shape),
        dims=[axis.name for axis in axes],
        coords={axis.name: axis.labels for axis in axes},
        name=v.UNITS,
    )


def same_units(effects: xr.Dataset, by: str | None = None, balanced: int | None = None) -> bool:
    """Return True if all event times from 0 on are averages over the same units.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    by : str, optional
        A stratum factor, to compare units within each of its levels.
    balanced : int, optional
        See `att`.

    Returns
    -------
    bool
        True if the cohorts within strata, the numbers of their units and, if effects vary by unit,
        the units are the same.
    """
    pieces = pieces_of(effects, balanced)
    group = np.zeros(len(pieces), dtype=np.int64)
    if by is not None:
        group = np.unique(effects[by].to_numpy(), return_inverse=True)[1][pieces[v.CELL]]
    pieces = pieces.assign(group=group)
    times = pieces.groupby("group")[v.EVENT_TIME].nunique()
    seen = pieces.groupby(["group", "block", v.MEMBER])[v.EVENT_TIME].nunique()
    if (seen < times.reindex(seen.index.get_level_values("group")).to_numpy()).any():
        return False
    units = pieces.groupby(["group", v.EVENT_TIME])[v.UNITS].sum().round()
    return bool((units.groupby(level="group").nunique() == 1).all())
