"""Weighted averages of cell effects, one linear map for every estimand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import sparse

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands._by import (
    Axis,
    By,
    axes_of,
    entries_of,
    keeps_event_times,
    names_of,
)
from bayes_nqp.estimands._gates import evidence_of
from bayes_nqp.estimands._weights import before_adoption, cell_weights, kept_cells


@dataclass(frozen=True, slots=True, eq=False)
class Average:
    """The linear map from cells, and members, to groups.

    Parameters
    ----------
    axes : list of Axis
        Dimensions of the groups.
    cells : sparse array (group, cell)
        Weights that sum to one in every group that is not empty.
    members : sparse array (group, member) or None
        Weights of the deviations, those of their cells' means taken off.
    weight : array (group)
        Sum of the weights.
    rows : array (group)
        Rows averaged over.
    left_out : int
        Cells of the same role, from adoption on, that do not count.
    before : array of bool (group), optional
        Which groups lie before adoption.
    """

    axes: list[Axis]
    cells: sparse.csr_array
    members: sparse.csr_array | None
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
            Of the waist.
        path : str
            Which path.

        Raises
        ------
        StudyError
            If there is no such path.
        """
        paths = effects[v.PATH].to_numpy()
        if path not in paths:
            raise StudyError(
                f"path={path!r} is not a path of these effects", hint=nearest(path, paths)
            )
        along = effects.isel({v.PATH: int(np.flatnonzero(paths == path)[0])})
        values = self.cells @ _columns(along[v.EFFECT])
        if self.members is not None:
            values = values + self.members @ _columns(along[v.DEVIATION])
        return self._labelled(values, effects)

    def of_cells(self, values: npt.NDArray[np.float64]) -> xr.DataArray:
        """Average a number per cell that does not vary by draw.

        Parameters
        ----------
        values : array (cell)
            What to average.
        """
        means = np.where(self.weight > 0, self.cells @ values, np.nan)
        return xr.DataArray(means.reshape(self.shape), dims=[axis.name for axis in self.axes])

    def _labelled(self, values: npt.NDArray[np.float64], effects: xr.Dataset) -> xr.DataArray:
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
        return xr.DataArray(draws, dims=[*v.SAMPLE_DIMS, *dims], coords=coords)


def average_of(
    effects: xr.Dataset,
    by: By,
    weights: str,
    balanced: int | None,
    role: str = v.TREATED,
    *,
    anticipated: bool = False,
) -> Average:
    """Build the map from cells to the groups that `by` keeps apart.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    by : str, sequence of str, mapping, or None
        What to keep apart.
    weights : str
        How cells count.
    balanced : int or None
        Last event time of a balanced window.
    role : str, default "treated"
        Whose effects: those of treated units, or what their neighbours receive.
    anticipated : bool, default False
        Whether cells before adoption count, where they are averaged with others.

    Raises
    ------
    StudyError
        If they are to count in a window that begins at adoption.
    """
    names = names_of(by)
    if anticipated and balanced is not None:
        raise StudyError(
            f"balanced={balanced!r} is a window from adoption on", hint="leave out 'anticipated'"
        )
    entries = entries_of(effects, names)
    axes = axes_of(effects, names, entries)
    early, anticipated = before_adoption(effects), anticipated or keeps_event_times(names)
    counted = kept_cells(effects, balanced, role, anticipated=anticipated)
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
    members = None
    if entries.member is not None:
        n_members = effects.sizes[v.MEMBER]
        shares = _sparse(entries.share, entries.cell, entries.member, (n_cells, n_members))
        by_member = _sparse(part, group, entries.member[in_play], (n_groups, n_members))
        members = (by_member - cells @ shares).tocsr()
    left_out = int((~counted & ~early & (schema.roles(effects) == role)).sum())
    before = (total > 0) & (np.bincount(group, weight * ~early[cell], n_groups) == 0)
    return Average(axes, cells, members, total, rows, left_out, before)


def _sparse(
    values: npt.NDArray[np.float64],
    row: npt.NDArray[np.int64],
    column: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> sparse.csr_array:
    """Sum into a sparse matrix that stores no zeros, so that NaN in what it skips stays out."""
    matrix = sparse.coo_array((values, (row, column)), shape=shape).tocsr()
    matrix.eliminate_zeros()
    return matrix


def _columns(draws: xr.DataArray) -> npt.NDArray[np.float64]:
    """Reshape (chain, draw, k) to (k, chain × draw)."""
    values = draws.transpose(*v.SAMPLE_DIMS, ...).to_numpy()
    return np.ascontiguousarray(values.reshape(-1, values.shape[-1]).T)
