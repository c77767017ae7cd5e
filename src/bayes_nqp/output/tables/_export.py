"""Draws and summaries in files that any program reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.io import place, write_csv, write_parquet
from bayes_nqp._core.validation import door
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, text
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._summary import summary

_WHOLE = "overall"


@door
def export(fit: Fit, folder: str | Path, *, force: bool = False, rows: bool = True) -> Path:
    """Write a fit's draws as Parquet, its summaries as .csv, and the fit itself.

    Parameters
    ----------
    folder : str or Path
        Output folder, written completely or not at all:

        - ``effects.parquet``: chain, draw, path, cell, effect (outcome units), one row per draw;
        - ``cells.csv``: description of every cell;
        - ``deviations.parquet`` (chain, draw, path, member, deviation) and ``membership.csv``
          (cell, member, rows), if effects vary by member;
        - ``parameters.parquet``: chain, draw, and a column for every parameter and coefficient;
        - the attrs (``frame.attrs``) of these three Parquet files contain the ``gate``;
        - ``summary_effects.csv``: average effects overall, by factor, cohort and event time;
        - ``summary_parameters.csv``: the same of parameters and coefficients;
        - ``posterior.nc``: the fit, for `load` and for ArviZ.
    force : bool, default False
        If True, rename an existing folder before writing.
    rows : bool, default True
        If True, ``posterior.nc`` contains the panel's observations; use False for confidential
        data.

    Raises
    ------
    StudyError
        If `fit` is not a fit, or the folder exists or cannot be written.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> sorted(path.name for path in nqp.export(fit, f"{folder}/draws").iterdir())[:3]
    ['cells.csv', 'deviations.parquet', 'effects.parquet']
    """
    effects = group_time_effects(fit)
    with place(folder, force=force, name="folder") as ready:
        draft = ready.draft
        write_parquet(_judged(_long(effects[v.EFFECT]), fit), draft / "effects.parquet")
        write_csv(_cells(effects), draft / "cells.csv")
        if v.DEVIATION in effects:
            write_parquet(_judged(_long(effects[v.DEVIATION]), fit), draft / "deviations.parquet")
            write_csv(_membership(effects), draft / "membership.csv")
        columns = _columns(fit.posterior)
        write_parquet(_judged(_wide(columns), fit), draft / "parameters.parquet")
        write_csv(_of_effects(effects), draft / "summary_effects.csv")
        named = {name: values.assign_coords(gate=str(fit.gate)) for name, values in columns.items()}
        parameters = summary(named).rename(columns={"estimand": "parameter"})
        write_csv(parameters, draft / "summary_parameters.csv")
        fit.save(draft / "posterior.nc", rows=rows)
        ready.finish()
    return Path(folder)


def _judged(draws: pd.DataFrame, fit: Fit) -> pd.DataFrame:
    """Draws with the gate's verdict among the attrs that Parquet files keep."""
    draws.attrs[v.GATE] = str(fit.gate)
    return draws


def _long(draws: xr.DataArray) -> pd.DataFrame:
    """A row a draw and label; cells by their number."""
    order = draws.transpose(*v.SAMPLE_DIMS, ...)
    labels = {}
    for position, dim in enumerate(map(str, order.dims)):
        size = order.sizes[dim]
        labels_of_dim = (
            order[dim].to_numpy() if dim in order.coords and dim != v.CELL else np.arange(size)
        )
        shape = [1] * order.ndim
        shape[position] = size
        labels[dim] = np.broadcast_to(labels_of_dim.reshape(shape), order.shape).ravel()
    frame = pd.DataFrame(labels)
    frame[str(draws.name)] = order.to_numpy().ravel()
    return frame


def _cells(effects: xr.Dataset) -> pd.DataFrame:
    names = [str(name) for name, variable in effects.coords.items() if variable.dims == (v.CELL,)]
    names += [
        str(name) for name, variable in effects.data_vars.items() if variable.dims == (v.CELL,)
    ]
    columns = {name: effects[name].to_numpy() for name in names if name != v.CELL}
    return pd.DataFrame({v.CELL: np.arange(effects.sizes[v.CELL]), **columns})


def _membership(effects: xr.Dataset) -> pd.DataFrame:
    members = effects[v.MEMBER].to_numpy()[effects[v.MEMBERSHIP_MEMBER].to_numpy()]
    return pd.DataFrame(
        {
            v.CELL: effects[v.MEMBERSHIP_CELL].to_numpy(),
            v.MEMBER: members,
            v.ROWS: effects[v.MEMBERSHIP_ROWS].to_numpy(),
        }
    )


def _columns(posterior: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return every number of the posterior under a name that contains its labels."""
    columns = {}
    for name, variable in posterior.data_vars.items():
        dims = [str(dim) for dim in variable.dims if dim not in v.SAMPLE_DIMS]
        stacked = variable.transpose(*v.SAMPLE_DIMS, *dims)
        for place_ in np.ndindex(*(variable.sizes[dim] for dim in dims)):
            at = dict(zip(dims, place_, strict=True))
            labels = [
                text(variable[dim].to_numpy()[k]) if dim in variable.coords else str(k)
                for dim, k in at.items()
            ]
            key = f"{name}[{', '.join(labels)}]" if labels else str(name)
            columns[key] = stacked.isel(at).reset_coords(drop=True)
    return columns


def _wide(columns: dict[str, xr.DataArray]) -> pd.DataFrame:
    first = next(iter(columns.values()))
    chains, draws = first.sizes[v.CHAIN], first.sizes[v.DRAW]
    frame = {
        v.CHAIN: np.repeat(np.arange(chains), draws),
        v.DRAW: np.tile(np.arange(draws), chains),
    }
    return pd.DataFrame(
        frame | {name: values.to_numpy().ravel() for name, values in columns.items()}
    )


def _of_effects(effects: xr.Dataset) -> pd.DataFrame:
    wanted = [_WHOLE, *schema.factors(effects)]
    wanted += [name for name in (v.COHORT, v.EVENT_TIME, v.TIME) if name in effects.coords]
    tables = []
    for path in map(str, effects[v.PATH].to_numpy()):
        for name in wanted:
            table = summary(att(effects, None if name == _WHOLE else name, path=path))
            labels = table.pop(name) if name in table else pd.Series([_WHOLE])
            table.insert(0, "level", [text(label) for label in labels])
            table.insert(0, "by", name)
            table.insert(0, v.PATH, path)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)
