"""Units behind averages, and averages of the same units."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._average import Average, linked, of_cells, of_linked
from bayes_nqp.effects.estimands._by import (
    axes_of,
    entries_of,
    keeps_event_times,
    names_of,
    strata_labels,
)
from bayes_nqp.effects.estimands._weights import kept_cells
from bayes_nqp.inference.fitting import Fit


def blocks_of(effects: xr.Dataset) -> npt.NDArray[np.intp]:
    """Number the stratum and cohort of every cell, which contain the same units over time.

    If treatments end, the cohort is the first entry, so that no unit is counted for each spell.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    """
    labels = strata_labels(effects)
    if schema.is_timed(effects):
        cohorts = effects[v.COHORT].to_numpy().astype(str)
        if v.FIRST_SWITCH in effects.coords:
            times = effects[v.TIME].to_numpy()
            entry = np.unique(times, return_inverse=True)[1] - effects[v.FIRST_SWITCH].to_numpy()
            cohorts = entry.astype(str)
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


def units_of(
    fit: object, effects: xr.Dataset, role: str, name: str = v.UNIT, *, anticipated: bool = False
) -> tuple[Average, xr.Dataset]:
    """Return the map to unit-level means over observations, and the effects it averages.

    Parameters
    ----------
    fit : object
        A fit with its observations, which define the units of each cell.
    effects : Dataset
        Its group-time effects.
    role : {"treated", "neighbour"}
        Role of the cells included.
    name : str, default "unit"
        Name of the dimension.
    anticipated : bool, default False
        If True, observations before adoption are included.

    Returns
    -------
    tuple of Average and Dataset
        The map, and the effects of cells or, if units are linked, of units.

    Raises
    ------
    StudyError
        If ``fit`` is not a fit, or does not contain effects on single units.
    """
    if not isinstance(fit, Fit):
        raise StudyError(
            "by='unit' requires a fit with its observations",
            hint="nqp.spillover_effects(fit, by='unit')",
        )
    if v.VIA in effects:
        raise StudyError(
            "spillovers on single units through mediators of other units are not stored",
            hint="by='time', or another variable that distinguishes cells",
        )
    fit.rows.need_units(Message("by='unit'"))
    if linked(fit):
        return of_linked(fit, effects, role, name, anticipated=anticipated)
    return of_cells(fit, effects, role, name, anticipated=anticipated), effects
