"""Relative variances of errors in groups of units, from differences of untreated observations.

A difference ``d_it = y_it - y_i,t-1`` contains no unit effect. From it are taken the mean over the
units of a level of time effects, and the part explained by differences of covariates (least squares
over all). The mean square over a group is then the group's error variance times a factor from the
correlation over time, which is the same for all groups. Demeaning by m differences removes the
share 1 / m of each. With n differences of mean square q in a group and q̄ over all,
``s_g = (n q + k q̄) / (n + k)``, where k = 10: a conjugate prior worth as many differences. With
``p_g`` the group's share of the observations of units observed more than once,
``r_g = s_g / sum_k p_k s_k``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask

PRIOR = 10.0
"""Pseudo-observations of average size added to every group: small groups are like the others."""


def step_squares(
    unit: Index, time: Index, level: Index, untreated: Mask, outcome: Array,
    columns: Sequence[Array], counts: Array,
) -> tuple[Index, Array]:  # fmt: skip
    """Compute squared differences between untreated observations, net of common shocks.

    Parameters
    ----------
    unit, time, level : ndarray of int (row)
        Observations sorted by unit and time; levels of time effects.
    untreated : ndarray of bool (row)
        Observations without effects.
    columns : sequence of ndarray (row)
        Covariates.
    counts : ndarray (unit)
        Number of units that each entry represents.

    Returns
    -------
    tuple of ndarray of int (step) and ndarray (step), squared outcome units
        The unit of each difference, and its square, for one of the units that an entry represents.
    """
    later = 1 + np.flatnonzero((np.diff(unit) == 0) & (np.diff(time) == 1))
    later = later[untreated[later] & untreated[later - 1]]
    f = counts[unit[later]]
    _, cell = np.unique(np.stack([level[later], time[later]]), axis=1, return_inverse=True)
    size = np.bincount(cell, f)
    values = np.column_stack([outcome, *columns])
    step = values[later] - values[later - 1]
    for column in step.T:
        column -= (np.bincount(cell, f * column) / size)[cell]
    root = np.sqrt(f)[:, None]
    slopes = np.linalg.lstsq(root * step[:, 1:], root[:, 0] * step[:, 0])[0]
    error = step[:, 0] - step[:, 1:] @ slopes
    several = size[cell] > 1  # nothing is left of a difference that is its own mean
    square = error**2 * size[cell] / np.maximum(size[cell] - 1, 1)
    return unit[later][several], square[several]


def relative_variances(
    group: Index, unit: Index, time: Index, level: Index, untreated: Mask, outcome: Array,
    columns: Sequence[Array], counts: Array,
) -> Array:  # fmt: skip
    """Estimate ``r`` of every unit's errors from `step_squares` (unit).

    Its mean over observations is one. ``group`` (unit) is the group with a common error variance.
    """
    of_step, square = step_squares(unit, time, level, untreated, outcome, columns, counts)
    if not square.any():
        return np.ones(group.size)
    _, group = np.unique(group, return_inverse=True)
    f = counts[of_step]
    count = np.bincount(group[of_step], f, minlength=group.max() + 1)
    seen = np.bincount(unit, minlength=group.size)
    rows = np.bincount(group, counts * seen * (seen > 1), minlength=count.size)
    s = np.bincount(group[of_step], f * square, minlength=count.size)
    s = (s + PRIOR * (f @ square) / f.sum()) / (count + PRIOR)
    r = s / (rows / rows.sum() @ s)
    return np.asarray(r[group])
