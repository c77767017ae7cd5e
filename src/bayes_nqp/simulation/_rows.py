"""Rows of a simulated panel, and what they hold without errors and policy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array, Index
from bayes_nqp.simulation._layout import Assignment

_UNIT_SD, _TIME_SD = 2.0, 0.5


def rows_of(
    who: Assignment, periods: int, missing: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the rows, and the cells of the treated ones, sorted by stratum, cohort and time.

    Parameters
    ----------
    missing : float
        Share of rows left out at random, never a unit's first.

    Returns
    -------
    tuple of DataFrame
        Rows: unit with its number, time, cohort, levels of the strata, number of the cell or -1.
        Cells: levels of the strata, cohort, time, event_time.
    """
    units = who.units.size
    code, time = np.repeat(np.arange(units), periods), np.tile(np.arange(1, periods + 1), units)
    observed = (rng.random(code.size) >= missing) | (time == 1)
    code, time = code[observed], time[observed]
    cohort, stratum = who.cohort[code], who.stratum[code]
    frame = pd.DataFrame(
        {
            "code": code,
            v.UNIT: who.units[code],
            v.TIME: time,
            v.COHORT: np.where(cohort > 0, cohort, np.nan),
            **{name: labels[stratum] for name, labels in who.levels.items()},
        }
    )
    frame["cell"], cells = cells_of(who, code, time)
    return frame, cells


def cells_of(who: Assignment, code: Index, time: Index) -> tuple[Index, pd.DataFrame]:
    """Number the cells of the treated rows, sorted by stratum, cohort and time.

    Parameters
    ----------
    code, time : ndarray of int (row)
        Number of the unit; period, on the scale of the cohorts.

    Returns
    -------
    ndarray of int (row)
        Number of the cell, or -1 where untreated.
    DataFrame
        One row a cell: levels of the strata, cohort, time, event_time.
    """
    cohort = who.cohort[code]
    on = (cohort > 0) & (time >= cohort)
    key = np.stack([who.stratum[code[on]], cohort[on], time[on]], axis=1)
    table, number = np.unique(key, axis=0, return_inverse=True)
    cell = np.full(code.size, -1)
    cell[on] = number.ravel()
    cells = pd.DataFrame({name: labels[table[:, 0]] for name, labels in who.levels.items()})
    cells[v.COHORT], cells[v.TIME] = table[:, 1], table[:, 2]
    cells[v.EVENT_TIME] = table[:, 2] - table[:, 1]
    return cell, cells


def exposed_cells_of(
    who: Assignment, code: Index, time: Index, dose: Array
) -> tuple[Index, pd.DataFrame]:
    """Number the cells of the exposed rows, sorted by stratum and time.

    Parameters
    ----------
    code, time : ndarray of int (row)
        Number of the unit; period.
    dose : ndarray (row)
        Exposure; rows at another one than 0 are exposed.

    Returns
    -------
    ndarray of int (row)
        Number of the cell, or -1 where not exposed.
    DataFrame
        As of `cells_of`; without cohorts, all at event time 0.
    """
    on = dose != 0.0
    key = np.stack([who.stratum[code[on]], time[on]], axis=1)
    table, number = np.unique(key, axis=0, return_inverse=True)
    cell = np.full(code.size, -1)
    cell[on] = number.ravel()
    cells = pd.DataFrame({name: labels[table[:, 0]] for name, labels in who.levels.items()})
    cells[v.COHORT], cells[v.TIME], cells[v.EVENT_TIME] = np.nan, table[:, 1], 0
    return cell, cells


def background(
    who: Assignment,
    periods: int,
    sigma: float,
    first: np.random.Generator,
    second: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Unit effects, and a random walk of time effects in each stratum.

    Parameters
    ----------
    sigma : float
        Standard deviation of innovations, on which both are scaled.
    first, second : Generator
        Of unit effects, and of time effects.
    """
    unit = _UNIT_SD * sigma * first.standard_normal((who.units.size, 1))
    strata = int(who.stratum.max()) + 1
    walk = np.cumsum(_TIME_SD * sigma * second.standard_normal((strata, periods)), axis=1)
    return np.asarray(unit + walk[who.stratum])
