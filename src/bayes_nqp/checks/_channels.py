"""What checks of channels share: rows of evidence, effects on mediators, residuals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsmr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import labels
from bayes_nqp.checks._refit import gate_text
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, NOT_APPLICABLE, Verdict
from bayes_nqp.designs import Mediation
from bayes_nqp.effects import cell_effects

if TYPE_CHECKING:
    from bayes_nqp.designs import Noise
    from bayes_nqp.fitting import Fit
    from bayes_nqp.planning import Plan

__all__ = [
    "LEVELS",
    "QUANTILES",
    "Line",
    "certain",
    "drawn",
    "effects_on",
    "innovations",
    "left_over",
    "plain",
    "quantiles_of",
    "table_of",
    "worst_of",
]

Array = npt.NDArray[np.float64]
type Scale = Literal["effect", "sd", "periods", "correlation", "r_squared", "share"]

QUANTILES = "quantiles"
"""The attr of the evidence that holds them."""
LEVELS = np.linspace(0.0, 1.0, 201)
"""Probabilities of the quantiles that evidence keeps: any interval in steps of 1 %."""

_TOLD = 0.975


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the evidence on channels.

    Parameters
    ----------
    value, lower, upper : float
        95 % equal-tailed interval; NaN where there is none.
    verdict : {"holds", "in doubt", "fails", "not applicable"}
        "not applicable" where nothing is asked of the row.
    scale : str
        What the value is measured in.
    quantiles : tuple of float
        At the probabilities `LEVELS`, for intervals of any width; empty where there is none.
    """

    mediator: str
    quantity: str
    value: float
    lower: float
    upper: float
    verdict: Verdict
    scale: Scale = "effect"
    quantiles: tuple[float, ...] = ()


def quantiles_of(draws: npt.ArrayLike) -> tuple[float, ...]:
    """Take the quantiles that a picture needs of draws.

    Returns
    -------
    tuple of float
        At the probabilities `LEVELS`.
    """
    flat = np.asarray(draws, dtype=np.float64).ravel()
    return tuple(np.quantile(flat, LEVELS).tolist())


def drawn(
    mediator: str,
    quantity: str,
    draws: npt.ArrayLike,
    verdict: Verdict = NOT_APPLICABLE,
    scale: Scale = "effect",
) -> Line:
    """Reduce draws to a row of evidence."""
    flat = np.asarray(draws, dtype=np.float64).ravel()
    low, high = np.quantile(flat, (0.025, 0.975))
    return Line(
        mediator, quantity, float(flat.mean()), float(low), float(high), verdict, scale,
        quantiles_of(flat),
    )  # fmt: skip


def table_of(lines: Sequence[Line], fits: Sequence[Fit | xr.Dataset]) -> pd.DataFrame:
    """List rows of evidence.

    Parameters
    ----------
    fits : sequence of Fit or Dataset
        What they rest on, or its effects; the gate of the first that did not converge is kept.

    Returns
    -------
    DataFrame
        A row each, with the attrs ``gate`` and ``quantiles``, a list for each row.
    """
    names = [name for name in Line.__slots__ if name != QUANTILES]
    table = pd.DataFrame([{name: getattr(x, name) for name in names} for x in lines])
    gates = [gate_text(fit) for fit in fits]
    table.attrs = {
        v.GATE: next((gate for gate in gates if gate != v.PASSED), v.PASSED),
        QUANTILES: [list(x.quantiles) for x in lines],
        **labels(text for x in lines for text in (x.mediator, x.quantity)),
    }
    return table


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Take the worst of several verdicts.

    Parameters
    ----------
    verdicts : iterable of str
        Those that are "not applicable" do not count.
    """
    known = list(verdicts)
    return FAILS if FAILS in known else DOUBT if DOUBT in known else HOLDS


def certain(draws: npt.ArrayLike) -> int:
    """Tell the sign of a quantity.

    Returns
    -------
    int
        1 or -1 if it has that sign with a probability of 97.5 %; 0 otherwise.
    """
    positive = float((np.asarray(draws) > 0).mean())
    return int(positive >= _TOLD) - int(positive <= 1 - _TOLD)


def effects_on(fit: Fit, mediator: str) -> xr.Dataset:
    """Effects of cells on a mediator.

    Parameters
    ----------
    fit : Fit
        Of a `Mediation`.

    Returns
    -------
    Dataset
        Of the waist, the mediator's units, without deviations.
    """
    whole = cell_effects(fit).drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    effects = whole.sel({v.PATH: [v.TOTAL]})
    own = fit.posterior[f"{mediator}__cell_effect"].transpose(*v.SAMPLE_DIMS, v.CELL)
    dims = (*v.SAMPLE_DIMS, v.PATH, v.CELL)
    return effects.assign({v.EFFECT: (dims, own.to_numpy()[:, :, None])})


def plain(design: Mediation, *, lag: int | None = None) -> Mediation:
    """Take the same channels, no two effects of a unit with a correlation.

    Parameters
    ----------
    lag : int, optional
        The design's own by default.

    Returns
    -------
    Mediation
        Which may have any number of mediators and any lag.
    """
    lag = design.lag if lag is None else lag
    own, moderates = design.design, design.moderates
    if lag and "b" in moderates:
        # Slopes of earlier mediators take no moderator.
        moderates = tuple(one for one in moderates if one != "b")
        if not moderates:
            own, moderates = own.replace(moderator=None), ("a", "direct")
    return Mediation(own, design.mediators, design.interaction, lag, moderates=moderates)


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


def innovations(plan: Plan, values: Array, errors: Noise, parameters: Array, *, own: bool) -> Array:
    """Innovations of a column: what its past, its effects and its cells do not tell.

    Parameters
    ----------
    values : ndarray (row)
        Over all rows of the plan.
    parameters : ndarray (parameter)
        Of the errors, on their own scales.
    own : bool
        Whether each unit has its own effect.

    Returns
    -------
    ndarray (row)
        Over the rows that it keeps, in the column's units times one factor.
    """
    kept = np.flatnonzero(plan.kept)
    unit, time, cell = plan.frame.unit[kept], plan.frame.time[kept], plan.cell_of_row[kept]
    parts = [_effects_of(plan), _dummies(cell)]
    if own:
        parts.append(_dummies(np.where(plan.frame.treated[kept], unit, -1)))
    filtered = _filter(unit, time, errors.covariance(plan.frame.n_periods, parameters[None])[0])
    columns = csr_array(filtered @ csr_array(hstack(parts)))
    return _residuals(columns, (filtered @ values[kept])[:, None])[:, 0]


def _effects_of(plan: Plan) -> csr_array:
    """Columns of unit effects, and of time effects in each of their levels."""
    kept = np.flatnonzero(plan.kept)
    unit, time = plan.frame.unit[kept], plan.frame.time[kept]
    return csr_array(
        hstack([_dummies(unit), _dummies(plan.frame.level[unit] * plan.frame.n_periods + time)])
    )


def _dummies(codes: npt.NDArray[np.int64]) -> csr_array:
    """One column for every code; none for -1."""
    rows = np.flatnonzero(codes >= 0)
    found, column = np.unique(codes[rows], return_inverse=True)
    return csr_array((np.ones(rows.size), (rows, column)), shape=(codes.size, found.size))


def _filter(
    unit: npt.NDArray[np.int64], time: npt.NDArray[np.int64], covariance: Array
) -> csr_array:
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
