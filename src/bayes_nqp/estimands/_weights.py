"""Which cells count, and how much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands._by import strata_labels


def cell_weights(effects: xr.Dataset, weights: str) -> npt.NDArray[np.float64]:
    """Weigh the cells.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    weights : str
        "rows", "units", "equal", or a numeric coordinate of the cells.

    Raises
    ------
    StudyError
        If there is no such coordinate, or it is not made of finite numbers ≥ 0.
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
            f"weights={weights!r} is no numeric coordinate of the cells",
            hint=nearest(weights, [v.ROWS, v.UNITS, "equal", *numeric]),
        )
    values = effects[weights].to_numpy().astype(np.float64)
    counted = values[effects[v.IDENTIFIED].to_numpy()]
    if not np.isfinite(counted).all() or (counted < 0).any():
        raise StudyError(
            f"weights={weights!r} holds negative or missing numbers",
            hint="weights='rows', or correct the column",
        )
    return values


def before_adoption(effects: xr.Dataset) -> npt.NDArray[np.bool_]:
    """Mark treated units' cells before adoption: leads, and those of anticipation (cell)."""
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
) -> npt.NDArray[np.bool_]:
    """Mark the cells that an average may use.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    balanced : int or None
        Last event time of a balanced window that starts at 0.
    role : str, default "treated"
        Whose effects: those of treated units, or what their neighbours receive.
    anticipated : bool, default False
        Whether cells before adoption count, which a design with anticipation has.

    Returns
    -------
    array of bool (cell)
        Identified cells of the role; in a balanced window, of the cohorts (within strata) that are
        identified at every event time of it.

    Raises
    ------
    StudyError
        If nothing is left.
    """
    counted = np.asarray(effects[v.IDENTIFIED].to_numpy().astype(bool))
    counted = counted & np.asarray(schema.roles(effects) == role)
    if not counted.any():
        raise StudyError("no cell's effect is identified", hint="nqp.support(design, panel)")
    if not anticipated:
        counted = counted & ~before_adoption(effects)
        if not counted.any():
            raise StudyError(
                "every identified cell lies before adoption",
                hint="by='event_time', or anticipated=True",
            )
    if balanced is None:
        return counted
    if not _is_event_time(balanced):
        raise StudyError(
            f"balanced={balanced!r} is not an event time",
            hint="balanced=3 for the window from event time 0 to 3",
        )
    if not schema.is_timed(effects):
        raise StudyError(
            f"balanced={balanced!r}: these are effects of a continuous exposure, which nobody "
            "adopts",
            hint="leave out 'balanced'",
        )
    event_time = effects[v.EVENT_TIME].to_numpy()
    pairs = np.char.add(
        np.char.add(strata_labels(effects), "\x1f"), effects[v.COHORT].to_numpy().astype(str)
    )
    _, group = np.unique(pairs, return_inverse=True)
    # Beyond the last event time nothing is seen: a huge window allocates nothing.
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
