"""What is left of columns once unit effects, time effects and a column's own past are taken off."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsmr

from bayes_nqp.arrays import Array, Index
from bayes_nqp.designs import Noise
from bayes_nqp.fitting import Fit, error_draws
from bayes_nqp.planning import Plan


def left_over(plan: Plan, values: Array) -> Array:
    """Take unit and time effects off columns.

    Parameters
    ----------
    values : ndarray (row, column)
        Over all rows of the plan.

    Returns
    -------
    ndarray (row, column)
        Over the rows that it keeps.
    """
    return _residuals(_effects_of(plan), values[plan.kept])


def correlations(fit: Fit) -> tuple[Array, float]:
    """Correlations of the innovations of mediators, at posterior means of their errors.

    Returns
    -------
    tuple of ndarray (mediator, mediator) and float
        And the sd of Fisher's transform of one.
    """
    panel, plan, facts = fit.rows, fit.plan, fit.facts
    left = []
    for name in facts.mediators(panel):
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        *parameters, _ = error_draws(fit, name).values()
        means = np.array([draws.mean() for draws in parameters])
        varying = facts.varying is not None
        left.append(innovations(plan, values, facts.noise, means, varying=varying))
    sd = 1.0 / np.sqrt(max(left[0].size - int(plan.frame.unit.max()) - 4, 1))
    return np.atleast_2d(np.corrcoef(np.stack(left))), sd


def innovations(
    plan: Plan, values: Array, errors: Noise, parameters: Array, *, varying: bool
) -> Array:
    """Innovations of a column: what its past, its effects and its cells do not tell.

    Parameters
    ----------
    values : ndarray (row)
        Over all rows of the plan.
    parameters : ndarray (parameter)
        Of the errors, on their own scales.
    varying : bool
        Whether each unit has its own effect.

    Returns
    -------
    ndarray (row)
        Over the rows that it keeps, in the column's units times one factor.
    """
    rows = np.flatnonzero(plan.kept)
    unit, time, cell = plan.frame.unit[rows], plan.frame.time[rows], plan.cell_of_row[rows]
    parts = [_effects_of(plan), _dummies(cell)]
    if varying:
        parts.append(_dummies(np.where(plan.frame.treated[rows], unit, -1)))
    filtered = _filter(unit, time, errors.covariance(plan.frame.n_periods, parameters[None])[0])
    columns = csr_array(filtered @ csr_array(hstack(parts)))
    return _residuals(columns, (filtered @ values[rows])[:, None])[:, 0]


def _effects_of(plan: Plan) -> csr_array:
    """Columns of unit effects, and of time effects in each of their levels."""
    rows = np.flatnonzero(plan.kept)
    unit, time = plan.frame.unit[rows], plan.frame.time[rows]
    return csr_array(
        hstack([_dummies(unit), _dummies(plan.frame.level[unit] * plan.frame.n_periods + time)])
    )


def _dummies(codes: Index) -> csr_array:
    """One column for every code; none for -1."""
    rows = np.flatnonzero(codes >= 0)
    distinct, column = np.unique(codes[rows], return_inverse=True)
    return csr_array((np.ones(rows.size), (rows, column)), shape=(codes.size, distinct.size))


def _filter(unit: Index, time: Index, covariance: Array) -> csr_array:
    """Turn errors with a covariance on the time grid, gaps and all, to independent ones.

    ``L^-1`` with ``LL' = V_oo``: each row less what the unit's earlier rows tell of it.
    """
    order = np.lexsort((time, unit))
    rows, columns, values = [], [], []
    whiteners: dict[bytes, Array] = {}
    for mine in np.split(order, np.flatnonzero(np.diff(unit[order])) + 1):
        seen = time[mine]
        white = whiteners.get(seen.tobytes())
        if white is None:
            white = np.linalg.inv(np.linalg.cholesky(covariance[np.ix_(seen, seen)]))
            whiteners[seen.tobytes()] = white
        low, high = np.tril_indices(mine.size)
        rows.append(mine[low])
        columns.append(mine[high])
        values.append(white[low, high])
    at = (np.concatenate(rows), np.concatenate(columns))
    out = csr_array((np.concatenate(values), at), shape=(unit.size, unit.size))
    out.eliminate_zeros()
    return out


def _residuals(columns: csr_array, values: Array) -> Array:
    out = np.empty_like(values)
    for k, column in enumerate(values.T):
        centred = column - column.mean()
        out[:, k] = centred - columns @ lsmr(columns, centred, atol=1e-11, btol=1e-11)[0]
    return out
