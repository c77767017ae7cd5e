"""Members with treated rows, and the moderators of these rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.planning._plan import Equation, Plan

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def members_of(plan: Plan) -> tuple[Index, npt.NDArray[np.str_]]:
    """Members with treated rows: their codes and labels."""
    frame = plan.frame
    rows = plan.kept & frame.treated
    codes = np.unique(frame.member[frame.unit[rows]])
    return codes, frame.member_labels[codes]


def moderator_means(plan: Plan, equation: Equation) -> tuple[Array, Array] | None:
    """Mean moderator of the treated rows of every cell and member, less its centre.

    Returns
    -------
    tuple of ndarray (cell) and ndarray (member), or None
        In the moderator's units; zero in leads. None where there is no moderator.
    """
    if not equation.slopes or equation.slopes[-1].kind != "z":
        return None
    frame = plan.frame
    codes, _ = members_of(plan)
    rows = np.flatnonzero((plan.kept & frame.treated) & (plan.cell_of_row >= 0))
    assert plan.moderator is not None
    values = plan.moderator.values[rows]
    owner = np.searchsorted(codes, frame.member[frame.unit[rows]])
    means = [
        np.bincount(at, values, size) / np.maximum(np.bincount(at, minlength=size), 1)
        for at, size in ((plan.cell_of_row[rows], plan.table.size), (owner, codes.size))
    ]
    return means[0], means[1]


def stratum_of_members(plan: Plan) -> Index:
    """Stratum of every treated member; that of its first unit."""
    frame = plan.frame
    codes, _ = members_of(plan)
    first = np.zeros(int(frame.member.max()) + 1, dtype=np.int64)
    first[frame.member[::-1]] = frame.stratum[::-1]
    return np.asarray(first[codes])


def moderated_rows(plan: Plan) -> tuple[Index, Index, Array]:
    """Treated rows with their cells and moderators.

    Parameters
    ----------
    plan : Plan
        With a moderator.

    Returns
    -------
    tuple of ndarray of int (row), ndarray of int (row) and ndarray (row)
        Places of rows in the panel; cells; the moderator's units, less its centre.
    """
    assert plan.moderator is not None
    rows = np.flatnonzero(plan.kept & plan.frame.treated & (plan.cell_of_row >= 0))
    return rows, plan.cell_of_row[rows], plan.moderator.values[rows]
