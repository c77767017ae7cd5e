"""Weighted averages of cell effects: one linear map for every estimand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import sparse

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.draws import Draws
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._by import Axis, axes_of, entries_of, keeps_event_times, names_of
from bayes_nqp.effects.estimands._effects_of import evidence_of
from bayes_nqp.effects.estimands._weights import before_adoption, cell_weights, kept_cells
from bayes_nqp.inference.fitting import LINKED, RECEIVED, Fit, lag_unit_effects, meets
from bayes_nqp.inference.model_frame import ModelFrame

_ALL_OWN: Final = Message(
    "path='total': this model has no spillovers on treated units, so their total effect "
    "equals the direct effect"
)


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """The linear map from cells and unit-level random effects to groups.

    Parameters
    ----------
    axes : list of Axis
        Dimensions of the groups.
    cells : sparse array (group, cell)
        Weights that sum to one in every non-empty group.
    unit_effects : sparse array (group, member) or None
        Weights of the unit-level random effects, centred within cells.
    weight : array (group)
        Sum of the weights.
    rows : array (group)
        Number of observations averaged.
    left_out : int
        Number of excluded cells of the same role from adoption on.
    before : array of bool (group), optional
        True for groups before adoption.
    """

    axes: list[Axis]
    cells: sparse.csr_array
    unit_effects: sparse.csr_array | None
    weight: npt.NDArray[np.float64]
    rows: npt.NDArray[np.float64]
    left_out: int
    before: npt.NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the groups' dimensions."""
        return tuple(len(axis.labels) for axis in self.axes)

    def of_effects(self, effects: xr.Dataset, path: str) -> xr.DataArray:
        """Average the effects of one path.

        Parameters
        ----------
        effects : Dataset
            Group-time effects.
        path : str
            Path of the effect.

        Raises
        ------
        StudyError
            If there is no such path.
        """
        paths = effects[v.PATH].to_numpy()
        if path not in paths:
            apart = path == v.DIRECT and v.RECEIVED in paths
            raise StudyError(
                f"path={path!r} is not a path of these effects",
                hint=_ALL_OWN if apart else nearest(path, paths),
            )
        along = effects.isel({v.PATH: int(np.flatnonzero(paths == path)[0])})
        values = self.cells @ _columns(along[v.EFFECT])
        if self.unit_effects is not None:
            values = values + self.unit_effects @ _columns(along[v.DEVIATION])
        return self.labelled(values, effects)

    def of_draws(self, effects: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
        """Average a quantity of cells that varies by draw (chain, draw, cell).

        Parameters
        ----------
        effects : Dataset
            Group-time effects, for coordinates.
        values : DataArray (chain, draw, cell)
            Values to average.
        """
        return self.labelled(self.cells @ _columns(values), effects)

    def of_cells(self, values: npt.NDArray[np.float64]) -> xr.DataArray:
        """Average a quantity of cells that does not vary by draw.

        Parameters
        ----------
        values : array (cell)
            Values to average.
        """
        means = np.where(self.weight > 0, self.cells @ values, np.nan)
        return xr.DataArray(means.reshape(self.shape), dims=[axis.name for axis in self.axes])

    def labelled(self, values: npt.NDArray[np.float64], effects: xr.Dataset) -> xr.DataArray:
        """Label draws of the groups (group, chain × draw), which are NaN for empty groups."""
        values[self.weight == 0] = np.nan
        dims = [axis.name for axis in self.axes]
        sample = [effects.sizes[dim] for dim in v.SAMPLE_DIMS]
        coords: dict[str, object] = {dim: effects[dim].to_numpy() for dim in v.SAMPLE_DIMS}
        coords |= {axis.name: axis.labels for axis in self.axes}
        coords[v.ROWS] = (dims, self.rows.reshape(self.shape))
        coords[v.WEIGHT] = (dims, self.weight.reshape(self.shape))
        coords |= evidence_of(effects)
        if self.before is not None and self.before.any():
            coords[v.ANTICIPATED] = (dims, self.before.reshape(self.shape))
        if v.INDEX_DRAW in effects.coords:
            coords[v.INDEX_DRAW] = (v.DRAW, effects[v.INDEX_DRAW].to_numpy())
        draws = np.ascontiguousarray(values.T).reshape(*sample, *self.shape)
        return Draws(draws, dims=[*v.SAMPLE_DIMS, *dims], coords=coords)


def average_of(
    effects: xr.Dataset,
    by: By,
    weights: str,
    balanced: int | None,
    role: str | tuple[str, ...] = v.TREATED,
    *,
    anticipated: bool = False,
    window: tuple[int, int] | None = None,
) -> Average:
    """Build the map from cells to the groups defined by `by`.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    by : str, sequence of str, mapping, or None
        Grouping variables.
    weights : str
        Weights of cells.
    balanced : int or None
        Last event time of a balanced window.
    role : str or tuple of str, default "treated"
        Roles of the cells: "treated", "neighbour" or "after".
    anticipated : bool, default False
        If True, averages over several event times include cells before adoption.
    window : tuple of int, optional
        First and last event time; a window that begins before adoption includes cells before it.

    Raises
    ------
    StudyError
        If they are requested in a window that begins at adoption.
    """
    names = names_of(by)
    anticipated |= window is not None and window[0] < 0
    if anticipated and balanced is not None:
        raise StudyError(
            f"balanced={balanced!r} is a window that begins with adoption",
            hint="omit 'anticipated'",
        )
    entries = entries_of(effects, names)
    axes = axes_of(effects, names, entries)
    early, anticipated = before_adoption(effects), anticipated or keeps_event_times(names)
    counted = kept_cells(effects, balanced, role, anticipated=anticipated, window=window)
    in_play = counted[entries.cell]
    cell, share = entries.cell[in_play], entries.share[in_play]
    weight = cell_weights(effects, weights)[cell] * share
    shape = tuple(len(axis.labels) for axis in axes)
    group = np.zeros(len(cell), dtype=np.int64)
    if axes:
        group = np.ravel_multi_index(tuple(axis.codes[in_play] for axis in axes), shape)
    n_groups, n_cells = int(np.prod(shape)), effects.sizes[v.CELL]
    total = np.bincount(group, weight, n_groups)
    rows = np.bincount(group, effects[v.ROWS].to_numpy()[cell] * share, n_groups)
    part = np.divide(weight, total[group], out=np.zeros_like(weight), where=total[group] > 0)
    cells = _sparse(part, group, cell, (n_groups, n_cells))
    unit_effects = None
    if entries.unit_effect is not None:
        n_unit_effects = effects.sizes[v.MEMBER]
        shares = _sparse(
            entries.share, entries.cell, entries.unit_effect, (n_cells, n_unit_effects)
        )
        by_unit_effect = _sparse(
            part, group, entries.unit_effect[in_play], (n_groups, n_unit_effects)
        )
        unit_effects = (by_unit_effect - cells @ shares).tocsr()
    left_out = int((~counted & ~early & np.isin(schema.roles(effects), role)).sum())
    before = (total > 0) & (np.bincount(group, weight * ~early[cell], n_groups) == 0)
    return Average(axes, cells, unit_effects, total, rows, left_out, before)


def _sparse(
    values: npt.NDArray[np.float64],
    row: npt.NDArray[np.int64],
    column: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> sparse.csr_array:
    """Sum entries into a sparse matrix without stored zeros, so omitted NaN has no effect."""
    matrix = sparse.coo_array((values, (row, column)), shape=shape).tocsr()
    matrix.eliminate_zeros()
    return matrix


def _columns(draws: xr.DataArray) -> npt.NDArray[np.float64]:
    """Reshape (chain, draw, k) to (k, chain × draw)."""
    values = draws.transpose(*v.SAMPLE_DIMS, ...).to_numpy()
    return np.ascontiguousarray(values.reshape(-1, values.shape[-1]).T)


def linked(fit: object) -> bool:
    """Return True if units are linked, so that cells average units with different effects."""
    return isinstance(fit, Fit) and meets(fit, (LINKED, RECEIVED))


def of_linked(
    fit: Fit, effects: xr.Dataset, role: str, name: str, *, anticipated: bool
) -> tuple[Average, xr.Dataset]:
    """Return the effects on units, arranged like effects of cells."""
    values, units, count = lag_unit_effects(fit, role, anticipated=anticipated)
    axis = Axis(name, fit.model_frame.panel.unit_labels[units], np.arange(units.size))
    identity, rows = sparse.eye_array(units.size, format="csr"), count.astype(np.float64)
    bare = effects.drop_dims([v.CELL, v.MEMBER, v.MEMBERSHIP], errors="ignore")
    by_unit = bare.assign({v.EFFECT: ((*v.SAMPLE_DIMS, v.PATH, v.CELL), values)})
    return Average([axis], identity, None, rows, rows, 0), by_unit


def of_cells(fit: Fit, effects: xr.Dataset, role: str, name: str, *, anticipated: bool) -> Average:
    """Return the map from cells and unit-level random effects."""
    model_frame = fit.model_frame
    place = np.where(model_frame.cells.lead, -1, np.cumsum(~model_frame.cells.lead) - 1)
    rows = np.flatnonzero(model_frame.cell_of_row >= 0)
    cell = place[model_frame.cell_of_row[rows]]
    mask = kept_cells(effects, None, role, anticipated=anticipated)
    counted = (cell >= 0) & mask[cell]
    cell, unit = cell[counted], model_frame.codes.unit[rows[counted]]
    codes, owner = np.unique(unit, return_inverse=True)
    count = np.bincount(owner).astype(np.float64)
    shape = (codes.size, effects.sizes[v.CELL])
    matrix = sparse.csr_array((1.0 / count[owner], (owner, cell)), shape=shape)
    axis = Axis(name, model_frame.panel.unit_labels[codes], owner)
    deviates = role == v.TREATED and v.DEVIATION in effects
    unit_effects = _unit_effects(model_frame, effects, codes, matrix) if deviates else None
    return Average([axis], matrix, unit_effects, count, count, 0)


def _unit_effects(
    model_frame: ModelFrame,
    effects: xr.Dataset,
    units: npt.NDArray[np.int64],
    cells: sparse.csr_array,
) -> sparse.csr_array:
    """Return each unit's random effect less the mean of its cells (unit, member)."""
    cell, unit_effect = (effects[x].to_numpy() for x in (v.MEMBERSHIP_CELL, v.MEMBERSHIP_MEMBER))
    n_cells, n_unit_effects = effects.sizes[v.CELL], effects.sizes[v.MEMBER]
    rows = effects[v.MEMBERSHIP_ROWS].to_numpy().astype(np.float64)
    share = rows / np.bincount(cell, rows, n_cells)[cell]
    shares = sparse.csr_array((share, (cell, unit_effect)), shape=(n_cells, n_unit_effects))
    place = np.searchsorted(model_frame.effects.codes, model_frame.codes.unit_effect[units])
    at = (np.arange(units.size), place)
    return (sparse.csr_array((np.ones(units.size), at), shape=(units.size, n_unit_effects))
            - cells @ shares).tocsr()  # fmt: skip
