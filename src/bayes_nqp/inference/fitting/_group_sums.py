"""Contributions of groups of units to average effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._effect_curves import effect_curves_of
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.fitting._linked import linked_terms
from bayes_nqp.inference.fitting._linked_coefficients import linked_coefficients
from bayes_nqp.model.predictors import SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.inference.fitting._unit_likelihood import LeftOut


def group_rows(fit: Fit, groups: LeftOut) -> Array:
    """Count the treated observations of each group by cell of an average (group, cell).

    Cells are those of the effects dataset; cells before adoption and unidentified cells have a
    count of zero.
    """
    model_frame, effects = fit.model_frame, fit.effects
    counted = effects[v.IDENTIFIED].to_numpy().astype(bool)
    if v.EVENT_TIME in effects.coords:
        counted = counted & (effects[v.EVENT_TIME].to_numpy() >= 0)
    real = ~model_frame.cells.lead
    place = np.where(real, np.cumsum(real) - 1, -1)
    rows = np.flatnonzero(model_frame.cell_of_row >= 0)
    table = _table(
        groups, model_frame.codes.unit[rows], place[model_frame.cell_of_row[rows]], counted.size
    )
    return np.asarray(table.toarray() * counted)


def effect_sums(fit: Fit, groups: LeftOut, rows: Array, draws: xr.DataArray) -> Array:
    """Sum the effects over the treated rows of each group (draw, group), outcome units.

    Parameters
    ----------
    rows : ndarray (group, cell)
        As `group_rows` counts them.
    draws : DataArray
        Labels of the draws that are wanted.

    Raises
    ------
    KeyError
        If members deviate, and the fit does not store by how much.
    """
    model_frame, equation = fit.model_frame, fit.model_frame.equations[0]
    posterior = fit.posterior.sel({v.DRAW: draws})
    # sum over cells of (observations of the group there) × effect, then terms of single ones.
    mean = _flat(posterior[f"{equation.name}__cell_mean"])
    cells = mean @ rows[:, : mean.shape[1]].T
    counted = ~model_frame.cells.lead & (model_frame.cells.event_time >= 0)
    received = _received_sums(fit, groups, counted)
    if received is not None:
        cells += _flat(received.sel({v.DRAW: draws}))
    effects = model_frame.effects
    inside = counted[effects.cell]
    unit = effects.unit[inside]
    for curve in effect_curves_of(fit):
        # Effects of cells are at the mean of f in the cell; stored deviations contain f.
        values = effects.net_of_cells(curve.of_rows)
        values -= curve.of_rows if v.DEVIATION in fit.effects else 0.0
        columns = [
            _table(groups, unit, np.zeros_like(unit), 1, x).toarray() for x in values[inside].T
        ]
        coefficients = xr.DataArray(
            curve.coefficients, dims=(*v.SAMPLE_DIMS, "function"),
            coords={v.DRAW: fit.posterior[v.DRAW]},
        )  # fmt: skip
        cells += _flat(coefficients.sel({v.DRAW: draws})) @ np.hstack(columns).T
    if equation.problem.unit_effect_scale is not None:
        stored = v.DEVIATION not in fit.effects
        deviation = (
            posterior[f"{equation.name}__deviation"]
            if stored
            else fit.effects[v.DEVIATION].sel({v.DRAW: draws}).isel({v.PATH: 0})
        )
        table = _table(groups, unit, effects.unit_effect[inside], effects.codes.size)
        return np.asarray(cells + _flat(deviation) @ table.T)
    if equation.slope(SlopeKind.MODERATION) is None:
        return np.asarray(cells)
    # Effects of cells are at the moderator's centre; deviations, if any, include the moderator.
    slope = np.nan_to_num(_flat(posterior[f"{equation.name}__moderation"]))
    # theta_s times the sum of z over the group's observations in stratum s.
    excess = _table(
        groups, unit, model_frame.codes.stratum[unit], slope.shape[1], effects.z[inside]
    )
    return np.asarray(cells + slope @ excess.T)


def _received_sums(
    fit: Fit, groups: LeftOut, counted: npt.NDArray[np.bool_]
) -> xr.DataArray | None:
    """Sum the spillover effects on treated observations of each group (chain, draw, group)."""
    model_frame = fit.model_frame
    reach = lag_effects_of(model_frame, model_frame.equations[0])
    if reach is None or reach.near is None:
        return None
    rows = np.flatnonzero(model_frame.cell_of_row >= 0)
    rows = rows[counted[model_frame.cell_of_row[rows]]]
    unit, time = model_frame.codes.unit[rows], model_frame.codes.time[rows]
    size = len(groups.labels)
    near = [np.bincount(groups.group[unit] + 1, x[unit, time], size + 1)[1:] for x in reach.near]
    # sum over observations of theta' (W D)_it, D the treatment of neighbours by event time.
    sums = linked_coefficients(linked_terms(fit), reach.events) @ np.stack(near)
    coords = {dim: fit.posterior[dim] for dim in v.SAMPLE_DIMS}
    return xr.DataArray(sums, dims=(*v.SAMPLE_DIMS, "group"), coords=coords)


def _table(
    groups: LeftOut, unit: Index, column: Index, size: int, value: Array | None = None
) -> csr_array:
    """Sums of rows by the group of their unit and by column (group, column)."""
    # One entry per observation; equal positions add up.
    group = groups.group[unit]
    inside = (group >= 0) & (column >= 0)
    numbers = np.ones(unit.size) if value is None else value
    shape = (groups.labels.size, size)
    return csr_array((numbers[inside], (group[inside], column[inside])), shape=shape)


def _flat(draws: xr.DataArray) -> Array:
    """Draws of labelled quantities (draw, label)."""
    values = draws.transpose(*v.SAMPLE_DIMS, ...).to_numpy()
    return values.reshape(-1, values.shape[-1])
