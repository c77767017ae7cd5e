"""Observations of a simulated panel: strata, cohorts, unit and time effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError


@dataclass(frozen=True, eq=False)
class Assignment:
    """The units of a simulated panel.

    Parameters
    ----------
    units : ndarray of str (unit)
        Labels.
    stratum : ndarray of int (unit)
        Number of the combination of levels.
    cohort : ndarray of int (unit)
        First treated period, 0 if never treated.
    levels : mapping of str to ndarray of str (stratum)
        Level of every factor in every combination.
    """

    units: npt.NDArray[np.str_]
    stratum: Index
    cohort: Index
    levels: Mapping[str, npt.NDArray[np.str_]]


def layout(
    units: int,
    strata: Mapping[str, Sequence[str]],
    cohorts: Sequence[int],
    never: float,
    sizes: Mapping[int, int] | None = None,
) -> Assignment:
    """Assign units to strata in turn, and to cohorts in turn within each stratum.

    Parameters
    ----------
    units : int
        Number of units.
    strata : mapping of str to sequence of str
        Levels of every factor.
    cohorts : sequence of int
        First treated periods.
    never : float
        Share of never-treated units in every stratum, rounded to units.
    sizes : mapping of int to int, optional
        Number of units of each cohort, assigned to strata in turn; replaces ``never``.

    Raises
    ------
    StudyError
        If there are fewer units than in ``sizes``.
    """
    # Sorted like levels of panels, so cells have the same order as in a model.
    combinations = list(product(*(sorted(levels) for levels in strata.values())))
    stratum = np.arange(units) % len(combinations)
    cohort, dealt = np.zeros(units, dtype=np.int64), 0
    if sizes is not None:
        queue = np.repeat(list(sizes), list(sizes.values()))
        if queue.size > units or min(sizes.values()) < 1:
            raise StudyError(
                f"'cohorts' is {dict(sizes)!r}, but there are {units} units",
                hint="at least 1 unit for each first treated period, at most all units in total",
            )
        cohort[: queue.size] = queue
        return _labelled(stratum, cohort, combinations, strata)
    for s in range(len(combinations)):
        members = np.flatnonzero(stratum == s)
        treated = members[round(never * members.size) :]
        # Each stratum continues after the last cohort of the previous one, for equal cohort sizes.
        turn = (dealt + np.arange(treated.size)) % len(cohorts)
        cohort[treated] = np.asarray(cohorts, dtype=np.int64)[turn]
        dealt += treated.size
    return _labelled(stratum, cohort, combinations, strata)


def _labelled(
    stratum: Index,
    cohort: Index,
    combinations: Sequence[Sequence[str]],
    strata: Mapping[str, Sequence[str]],
) -> Assignment:
    width, units = len(str(stratum.size)), stratum.size
    labels = np.array([f"u{k + 1:0{width}d}" for k in range(units)], dtype=str)
    levels = {
        name: np.array([combination[f] for combination in combinations], dtype=str)
        for f, name in enumerate(strata)
    }
    return Assignment(labels, stratum.astype(np.int64), cohort, levels)


_UNIT_SD, _TIME_SD = 2.0, 0.5


def rows_of(
    who: Assignment, periods: int, missing: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List observations and treated cells, sorted by stratum, cohort and time.

    Parameters
    ----------
    missing : float
        Share of observations missing at random, except each unit's first one.

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
    """Number the cells of treated observations, sorted by stratum, cohort and time.

    Parameters
    ----------
    code, time : ndarray of int (row)
        Number of the unit; period, on the scale of the cohorts.

    Returns
    -------
    ndarray of int (row)
        Number of the cell, or -1 if untreated.
    DataFrame
        One row for each cell: levels of the strata, cohort, time, event_time.
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
    """Number the cells of exposed observations, sorted by stratum and time.

    Parameters
    ----------
    code, time : ndarray of int (row)
        Number of the unit; period.
    dose : ndarray (row)
        Exposure; observations with a non-zero value are exposed.

    Returns
    -------
    ndarray of int (row)
        Number of the cell, or -1 if not exposed.
    DataFrame
        See `cells_of`; without cohorts, all at event time 0.
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
    """Draw unit effects, and a random walk of time effects in each stratum.

    Parameters
    ----------
    sigma : float
        Standard deviation of innovations, the scale of both.
    first, second : Generator
        Generators of unit effects and of time effects.
    """
    unit = _UNIT_SD * sigma * first.standard_normal((who.units.size, 1))
    strata = int(who.stratum.max()) + 1
    walk = np.cumsum(_TIME_SD * sigma * second.standard_normal((strata, periods)), axis=1)
    return np.asarray(unit + walk[who.stratum])
