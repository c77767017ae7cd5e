"""Classes of units with the same stratum, calendar and observed periods: what support reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp.arrays import Index
from bayes_nqp.moments import distinct_rows
from bayes_nqp.planning._frame import PlanFrame


@dataclass(frozen=True, eq=False)
class ClassTable:
    """One row a class of units.

    Parameters
    ----------
    class_of : ndarray of int (unit)
        Class of each unit.
    stratum, level, key, cohort : ndarray of int (class)
        As in the frame.
    seen : ndarray of bool (class, period)
        Observed periods.
    role : ndarray of int (class, period)
        Roles of its rows.
    """

    class_of: Index
    stratum: Index
    level: Index
    key: Index
    cohort: Index
    seen: npt.NDArray[np.bool_]
    role: Index


def class_table(frame: PlanFrame) -> ClassTable:
    """Sum a frame's units up."""
    shape = (frame.n_units, frame.n_periods)
    seen, role = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    seen[frame.unit, frame.time], role[frame.unit, frame.time] = 1, frame.role
    _, class_of = distinct_rows(np.column_stack([frame.stratum, frame.key, seen]))
    first = np.unique(class_of, return_index=True)[1]
    return ClassTable(
        class_of, frame.stratum[first], frame.level[first], frame.key[first],
        frame.cohort[first], seen[first] > 0, role[first],
    )  # fmt: skip
