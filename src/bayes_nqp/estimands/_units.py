"""How many units are behind an average, and whether they are the same throughout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands._by import (
    By,
    axes_of,
    entries_of,
    keeps_event_times,
    names_of,
    strata_labels,
)
from bayes_nqp.estimands._weights import kept_cells

ENOUGH = 5
"""Units below which a point of an event study says little about anybody else."""


def blocks_of(effects: xr.Dataset) -> npt.NDArray[np.intp]:
    """Number the stratum and cohort of every cell: its units are the same from period to period.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    """
    labels = strata_labels(effects)
    if schema.is_timed(effects):
        cohorts = effects[v.COHORT].to_numpy().astype(str)
        labels = np.char.add(np.char.add(labels, "\x1f"), cohorts)
    return np.unique(labels, return_inverse=True)[1]


def pieces_of(effects: xr.Dataset, balanced: int | None = None) -> pd.DataFrame:
    """List who is in every cell: members where they are told apart, else the cell as a whole.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    balanced : int, optional
        As in ``att``.

    Returns
    -------
    DataFrame
        A row a piece of an identified cell from adoption on: ``cell``, ``block``, ``member`` (−1
        for all), ``share`` of the cell's rows, ``units``.
    """
    cells = np.arange(effects.sizes[v.CELL])
    member, share = np.full(cells.size, -1), np.ones(cells.size)
    if effects.sizes.get(v.MEMBERSHIP):
        cells = effects[v.MEMBERSHIP_CELL].to_numpy()
        member = effects[v.MEMBERSHIP_MEMBER].to_numpy()
        rows = effects[v.MEMBERSHIP_ROWS].to_numpy().astype(np.float64)
        share = rows / np.bincount(cells, rows, effects.sizes[v.CELL])[cells]
    pieces = pd.DataFrame(
        {
            v.CELL: cells,
            "block": blocks_of(effects)[cells],
            v.MEMBER: member,
            "share": share,
            v.UNITS: effects[v.UNITS].to_numpy()[cells] * share,
        }
    )
    if schema.is_timed(effects):
        pieces[v.EVENT_TIME] = effects[v.EVENT_TIME].to_numpy()[cells]
    return pieces[kept_cells(effects, balanced)[cells]].reset_index(drop=True)


def units_behind(effects: xr.Dataset, by: By = None, balanced: int | None = None) -> xr.DataArray:
    """Count the treated units behind every average.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    by : str, sequence of str or mapping, optional
        As in ``att``.
    balanced : int, optional
        As in ``att``.

    Returns
    -------
    DataArray of int (...)
        The dims of ``att``. Of a stratum and cohort that is averaged over several periods, the
        units of the period in which most of them were observed; by event time this is exact.
    """
    names = names_of(by)
    entries = entries_of(effects, names)
    axes = axes_of(effects, names, entries)
    shape = tuple(len(axis.labels) for axis in axes)
    kept = kept_cells(effects, balanced, anticipated=keeps_event_times(names))
    counted = kept[entries.cell]
    cell = entries.cell[counted]
    group = np.zeros(cell.size, dtype=np.int64)
    if axes:
        group = np.ravel_multi_index(tuple(axis.codes[counted] for axis in axes), shape)
    units = effects[v.UNITS].to_numpy()[cell] * entries.share[counted]
    times = effects[v.TIME].to_numpy()[cell]
    frame = pd.DataFrame(
        {"group": group, "block": blocks_of(effects)[cell], v.TIME: times, v.UNITS: units}
    )
    # Cells of one stratum and cohort that differ in exposure hold other units in the same period.
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
    """Tell whether all event times from 0 on rest on the same units.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    by : str, optional
        A stratum factor: whether they do within each of its levels.
    balanced : int, optional
        As in ``att``.

    Returns
    -------
    bool
        By the cohorts within strata, the number of their units and, where they are told apart,
        the members.
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
