"""Averages over the rows of single units, whether or not effects vary by unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import sparse

from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._average import Average
from bayes_nqp.estimands._by import Axis
from bayes_nqp.estimands._weights import kept_cells
from bayes_nqp.fitting import LINKED, RECEIVED, Fit, meets, realised_units
from bayes_nqp.planning import Plan


def linked(fit: object) -> bool:
    """Whether a fit's units are linked, so that cells hold averages of units that differ."""
    return isinstance(fit, Fit) and meets(fit, (LINKED, RECEIVED))


def units_of(
    fit: object, effects: xr.Dataset, role: str, name: str = v.UNIT, *, anticipated: bool = False
) -> tuple[Average, xr.Dataset]:
    """The map to the means over each unit's rows, and the effects that it takes.

    Parameters
    ----------
    fit : object
        A fit with its rows, which say who is in which cell.
    effects : Dataset
        Its waist.
    role : {"treated", "neighbour"}
        Which cells count.
    name : str, default "unit"
        Of the dimension.
    anticipated : bool, default False
        Whether rows before adoption count.

    Returns
    -------
    tuple of Average and Dataset
        The effects of cells; where units are linked, those of units.

    Raises
    ------
    StudyError
        If it is no fit, or does not hold what single units have.
    """
    if not isinstance(fit, Fit):
        raise StudyError("by='unit' needs a fit with its rows", hint="nqp.received(fit, by='unit')")
    if linked(fit):
        return _of_linked(fit, effects, role, name, anticipated=anticipated)
    return _of_cells(fit, effects, role, name, anticipated=anticipated), effects


def _of_linked(
    fit: Fit, effects: xr.Dataset, role: str, name: str, *, anticipated: bool
) -> tuple[Average, xr.Dataset]:
    """Effects on units, each in the place of a cell."""
    values, units, count = realised_units(fit, role, anticipated=anticipated)
    axis = Axis(name, fit.plan.panel.unit_labels[units], np.arange(units.size))
    identity, rows = sparse.eye_array(units.size, format="csr"), count.astype(np.float64)
    bare = effects.drop_dims([v.CELL, v.MEMBER, v.MEMBERSHIP], errors="ignore")
    by_unit = bare.assign({v.EFFECT: ((*v.SAMPLE_DIMS, v.PATH, v.CELL), values)})
    return Average([axis], identity, None, rows, rows, 0), by_unit


def _of_cells(fit: Fit, effects: xr.Dataset, role: str, name: str, *, anticipated: bool) -> Average:
    """The map from cells, and members."""
    plan = fit.plan
    place = np.where(plan.cells.lead, -1, np.cumsum(~plan.cells.lead) - 1)
    rows = np.flatnonzero(plan.cell_of_row >= 0)
    cell = place[plan.cell_of_row[rows]]
    kept = kept_cells(effects, None, role, anticipated=anticipated)
    counted = (cell >= 0) & kept[cell]
    cell, unit = cell[counted], plan.frame.unit[rows[counted]]
    codes, owner = np.unique(unit, return_inverse=True)
    count = np.bincount(owner).astype(np.float64)
    shape = (codes.size, effects.sizes[v.CELL])
    matrix = sparse.csr_array((1.0 / count[owner], (owner, cell)), shape=shape)
    axis = Axis(name, plan.panel.unit_labels[codes], owner)
    deviates = role == v.TREATED and v.DEVIATION in effects
    members = _members(plan, effects, codes, matrix) if deviates else None
    return Average([axis], matrix, members, count, count, 0)


def _members(
    plan: Plan, effects: xr.Dataset, units: npt.NDArray[np.int64], cells: sparse.csr_array
) -> sparse.csr_array:
    """Each unit's member, less the mean deviation of its cells (unit, member)."""
    cell, member = (effects[x].to_numpy() for x in (v.MEMBERSHIP_CELL, v.MEMBERSHIP_MEMBER))
    n_cells, n_members = effects.sizes[v.CELL], effects.sizes[v.MEMBER]
    rows = effects[v.MEMBERSHIP_ROWS].to_numpy().astype(np.float64)
    share = rows / np.bincount(cell, rows, n_cells)[cell]
    shares = sparse.csr_array((share, (cell, member)), shape=(n_cells, n_members))
    place = np.searchsorted(plan.effects.codes, plan.frame.member[units])
    at = (np.arange(units.size), place)
    return (sparse.csr_array((np.ones(units.size), at), shape=(units.size, n_members))
            - cells @ shares).tocsr()  # fmt: skip
