"""Weights of cells, and the units of every average."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.effects.estimands._by import strata_labels


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
    role: str | Sequence[str] = v.TREATED,
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
    role : str or sequence of str, default "treated"
        Roles of the cells: "treated", "neighbour" or "after".
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
    counted = counted & np.isin(schema.roles(effects), role)
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
