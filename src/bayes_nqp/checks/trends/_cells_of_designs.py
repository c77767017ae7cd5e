"""Effects of one design in the cells of another design."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy import sparse

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.checks.shared import cell_labels
from bayes_nqp.inference.fitting import cells_of_rows
from bayes_nqp.inference.model_frame import ModelFrame


def over_rows(
    effects_dataset: xr.Dataset, cells: xr.Dataset, model_frame: ModelFrame, other: ModelFrame
) -> xr.Dataset:
    """Average the effects of another design over the observations of each cell of a fit.

    If units respond before adoption, spillovers reach their neighbours earlier, in cells of other
    dates. The average uses observations that are treated, or receive spillovers, in both designs;
    in cells without any, it uses all observations.
    """
    (cell, cells_of_fit), (place, places) = cells_of_rows(model_frame), cells_of_rows(other)
    rows = np.flatnonzero(model_frame.kept & other.kept & (cell >= 0) & (place >= 0))
    i, j = cell[rows], place[rows]
    alike = cells_of_fit.role[i] == places.role[j]
    counted = alike | (np.bincount(i[alike], minlength=cells_of_fit.rows.size) == 0)[i]
    shares = sparse.csr_array(
        (model_frame.codes.weight[rows][counted], (i[counted], j[counted])),
        (cells_of_fit.rows.size, places.rows.size),
    )[~cells_of_fit.lead][:, ~places.lead]
    if shares.shape != (effects_dataset.sizes[v.CELL], cells.sizes[v.CELL]):
        return cells.assign_coords({v.IDENTIFIED: (v.CELL, np.zeros(cells.sizes[v.CELL], bool))})
    total = shares.sum(axis=1)
    identified = (total > 0.0) & (shares @ ~cells[v.IDENTIFIED].to_numpy() == 0.0)
    shares = sparse.diags_array(1.0 / np.where(total > 0.0, total, 1.0)) @ shares
    effect, labels = (
        cells[v.EFFECT],
        {k: x for k, x in effects_dataset.coords.items() if x.dims == (v.CELL,)},
    )
    flat = effect.to_numpy().reshape(-1, effect.sizes[v.CELL])
    values = (flat @ shares.T).reshape(*effect.shape[:-1], -1)
    out = cells.drop_dims([v.CELL, v.MEMBERSHIP], errors="ignore")
    out = out.assign({v.EFFECT: (effect.dims, values), **_membership(effects_dataset, cells)})
    out = out.assign_coords({**labels, v.IDENTIFIED: (v.CELL, identified)})
    # The whole effect on an untreated receiver is a spillover, also before its adoption.
    received = out[v.EFFECT].sel({v.PATH: v.RECEIVED}, drop=True)
    unchanged = (out[v.ROLE] != v.NEIGHBOUR) | (out[v.PATH] == v.RECEIVED)
    alone = received.where(out[v.PATH] == v.TOTAL, 0.0)
    out[v.EFFECT] = out[v.EFFECT].where(unchanged, alone).transpose(*effect.dims)
    return out


def _membership(effects_dataset: xr.Dataset, cells: xr.Dataset) -> dict[str, tuple[str, Index]]:
    """Return pairs of a cell of the fit and a unit-level effect of the design."""
    if v.MEMBERSHIP_CELL not in effects_dataset or v.MEMBER not in cells.coords:
        return {}
    place = {label: k for k, label in enumerate(cells[v.MEMBER].to_numpy())}
    labels = effects_dataset[v.MEMBER].to_numpy()[effects_dataset[v.MEMBERSHIP_MEMBER].to_numpy()]
    unit_effect = np.array([place.get(label, -1) for label in labels], dtype=np.int64)
    columns = {v.MEMBERSHIP_MEMBER: unit_effect}
    columns |= {x: effects_dataset[x].to_numpy() for x in (v.MEMBERSHIP_CELL, v.MEMBERSHIP_ROWS)}
    return {name: (v.MEMBERSHIP, column[unit_effect >= 0]) for name, column in columns.items()}


def aligned(effects: xr.Dataset, effects_dataset: xr.Dataset, name: str) -> Array:
    """Return draws (draw, path, cell or unit-level effect) of a design, in the order of the fit.

    Outcomes without the policy have no path.
    """
    stored = effects[name]
    if v.PATH in stored.dims:
        stored = stored.sel({v.PATH: effects_dataset[v.PATH]})
    values = stored.to_numpy()
    if v.CELL in stored.dims:
        rows, columns = cell_labels(effects_dataset), cell_labels(effects)
    else:
        rows, columns = (list(x[v.MEMBER].to_numpy()) for x in (effects_dataset, effects))
    place = {label: k for k, label in enumerate(columns)}
    order = [place.get(label, -1) for label in rows]
    return np.asarray(values.reshape(-1, *values.shape[2:])[..., order])
