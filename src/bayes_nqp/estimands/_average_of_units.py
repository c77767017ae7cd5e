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
from bayes_nqp.fitting import Fit
from bayes_nqp.planning import Plan, members_of

__all__ = ["average_of_units"]


def average_of_units(fit: object, effects: xr.Dataset, role: str, name: str = v.UNIT) -> Average:
    """The map from cells, and members, to the means over each unit's rows.

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

    Raises
    ------
    StudyError
        If it is no fit, or its outcomes follow those of linked units, so that cells do not say what
        single units have.
    """
    if not isinstance(fit, Fit):
        raise StudyError("by='unit' needs a fit with its rows", hint="nqp.received(fit, by='unit')")
    if fit.facts.has("lag"):
        raise StudyError(
            "effects under a spatial lag are averages of cells, which differ between their units",
            hint="by='time', by='event_time' or a stratum factor",
        )
    plan = fit.plan
    place = np.where(plan.cells.lead, -1, np.cumsum(~plan.cells.lead) - 1)
    rows = np.flatnonzero(plan.cell_of_row >= 0)
    cell = place[plan.cell_of_row[rows]]
    counted = (cell >= 0) & kept_cells(effects, None, role)[cell]
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
    place = np.searchsorted(members_of(plan)[0], plan.frame.member[units])
    at = (np.arange(units.size), place)
    return (sparse.csr_array((np.ones(units.size), at), shape=(units.size, n_members))
            - cells @ shares).tocsr()  # fmt: skip
