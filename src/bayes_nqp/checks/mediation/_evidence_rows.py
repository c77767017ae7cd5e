"""Functions shared by the checks of mediation: evidence, effects on mediators, residuals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array, hstack
from scipy.sparse.linalg import lsmr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import (
    NOT_APPLICABLE,
    Finding,
    Verdict,
    convergence_text,
    labels,
    worst_of,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import Fit, effects_on_mediator, error_draws
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.model.designs import Design, Noise

type Scale = Literal["effect", "slope", "sd", "periods", "correlation", "r_squared", "share"]

QUANTILES = "quantiles"
"""The attr of the evidence that holds them."""
CORRELATED = 0.3
"""Correlation of mediators' innovations beyond which single channels get the verdict caution."""
LEVELS = np.linspace(0.0, 1.0, 201)
"""Probabilities of the quantiles that evidence keeps: any interval in steps of 1 %."""


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One row of the evidence of a check of mediation.

    Parameters
    ----------
    value, lower, upper : float
        95 % equal-tailed interval; NaN if there is none.
    verdict : {"passed", "caution", "failed", "not applicable"}
        "not applicable" if the row is not tested.
    scale : str
        Unit of the value.
    quantiles : tuple of float
        Quantiles at the probabilities `LEVELS`, for intervals of any width; empty if there are
        none.
    """

    mediator: str
    quantity: str
    value: float
    lower: float
    upper: float
    verdict: Verdict
    scale: Scale = "effect"
    quantiles: tuple[float, ...] = ()


def drawn(
    mediator: str,
    quantity: str,
    draws: npt.ArrayLike,
    verdict: Verdict = NOT_APPLICABLE,
    scale: Scale = "effect",
    *,
    middle: Literal["mean", "median"] = "mean",
) -> EvidenceRow:
    """Reduce draws to a row of evidence.

    Parameters
    ----------
    middle : {"mean", "median"}, default "mean"
        Statistic used as the value; use the median for ratios, which have no mean.
    """
    flat = np.asarray(draws, dtype=np.float64).ravel()
    low, median, high = (float(x) for x in np.quantile(flat, (0.025, 0.5, 0.975)))
    value = float(flat.mean()) if middle == "mean" else median
    quantiles = tuple(np.quantile(flat, LEVELS).tolist())
    return EvidenceRow(mediator, quantity, value, low, high, verdict, scale, quantiles)


def finding_of(
    lines: Sequence[EvidenceRow],
    figure: Message,
    sentence: Message,
    fits: Sequence[Fit | xr.Dataset],
    *,
    verdict: Verdict | None = None,
    refit: Fit | xr.Dataset | None = None,
) -> Finding:
    """Return a finding with rows of evidence.

    Parameters
    ----------
    fits : sequence of Fit or Dataset
        Fits, or their effects, behind the rows; the diagnostics of the first one that did not
        converge are stored.
    verdict : str, optional
        The worst verdict of the rows by default.
    refit : Fit or Dataset, optional
        As in `Finding`.

    Returns
    -------
    Finding
        Its evidence is a DataFrame with one line per row, and the attrs ``gate`` and ``quantiles``,
        a list for each row.
    """
    names = [name for name in EvidenceRow.__slots__ if name != QUANTILES]
    table = pd.DataFrame([{name: getattr(x, name) for name in names} for x in lines])
    gates = [convergence_text(fit) for fit in fits]
    table.attrs = {
        v.GATE: next((gate for gate in gates if gate != v.PASSED), v.PASSED),
        QUANTILES: [list(x.quantiles) for x in lines],
        **labels(text for x in lines for text in (x.mediator, x.quantity)),
    }
    worst = worst_of(x.verdict for x in lines) if verdict is None else verdict
    return Finding(worst, figure, sentence, table, "channels", refit)


def effects_on(fit: Fit, mediator: str) -> xr.Dataset:
    """Return effects of cells on a mediator as an effects dataset, without unit-level effects."""
    every = group_time_effects(fit).drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    draws = effects_on_mediator(fit, mediator)[:, :, None]
    dims = (*v.SAMPLE_DIMS, v.PATH, v.CELL)
    return every.sel({v.PATH: [v.TOTAL]}).assign({v.EFFECT: (dims, draws)})


def plain(fit: Fit, **changes: Any) -> Design:
    """Return a design with the same mediators and other arguments, without correlated unit effects.

    Parameters
    ----------
    **changes
        Arguments to change, such as other mediators or another lag.
    """
    facts = fit.facts
    if facts.joined:
        changes["vary_by"] = None
    if changes.get("lag", facts.lag) and "b" in facts.moderated:
        # Slopes of earlier mediators take no moderator.
        paths = tuple(path for path in facts.moderated if path != "b")
        changes["moderates"] = paths or ("a", "direct")
        changes |= {} if paths else {"moderator": None}
    return fit.variant(**changes)


def left_over(model_frame: ModelFrame, values: Array) -> Array:
    """Remove unit and time effects from columns.

    Parameters
    ----------
    values : ndarray (row, column)
        Over all observations of the model frame.

    Returns
    -------
    ndarray (row, column)
        Over the observations that are kept.
    """
    return _residuals(_effects_of(model_frame), values[model_frame.kept])


def correlations(fit: Fit) -> tuple[Array, float]:
    """Return correlations of the mediators' innovations, at posterior means of their errors.

    Returns
    -------
    tuple of ndarray (mediator, mediator) and float
        Correlations, and the SD of Fisher's transform of one.
    """
    panel, model_frame, facts = fit.rows, fit.model_frame, fit.facts
    left = []
    for name in facts.mediators(panel):
        values = panel.mediators[:, panel.roles.mediators.index(name)]
        *parameters, _ = error_draws(fit, name).values()
        means = np.array([draws.mean() for draws in parameters])
        varying = facts.varying is not None
        left.append(innovations(model_frame, values, facts.noise, means, varying=varying))
    sd = 1.0 / np.sqrt(max(left[0].size - int(model_frame.codes.unit.max()) - 4, 1))
    return np.atleast_2d(np.corrcoef(np.stack(left))), sd


def innovations(
    model_frame: ModelFrame, values: Array, errors: Noise, parameters: Array, *, varying: bool,
    more: Array | None = None,
) -> Array:  # fmt: skip
    """Return the innovations of a column, net of its past, of effects and of group-time cells.

    Parameters
    ----------
    values : ndarray (row)
        Over all observations of the model frame.
    parameters : ndarray (parameter)
        Parameters of the errors, on their natural scales.
    varying : bool
        True if each unit has a separate effect.
    more : ndarray (row, column), optional
        Further regressors, over all observations of the model frame.

    Returns
    -------
    ndarray (row)
        Over the observations that are kept, in the column's units times one factor.
    """
    rows = np.flatnonzero(model_frame.kept)
    unit, time, cell = (
        model_frame.codes.unit[rows],
        model_frame.codes.time[rows],
        model_frame.cell_of_row[rows],
    )
    parts = [_effects_of(model_frame), _dummies(cell)]
    if varying:
        parts.append(_dummies(np.where(model_frame.codes.treated[rows], unit, -1)))
    if more is not None and more.size:
        parts.append(csr_array(more[rows] / np.maximum(np.abs(more).max(axis=0), 1e-300)))
    filtered = _filter(
        unit, time, errors.covariance(model_frame.codes.n_periods, parameters[None])[0]
    )
    columns = csr_array(filtered @ csr_array(hstack(parts)))
    return _residuals(columns, (filtered @ values[rows])[:, None])[:, 0]


def _effects_of(model_frame: ModelFrame) -> csr_array:
    """Return dummies of units, and of periods within each level of time effects."""
    rows = np.flatnonzero(model_frame.kept)
    unit, time = model_frame.codes.unit[rows], model_frame.codes.time[rows]
    return csr_array(
        hstack(
            [
                _dummies(unit),
                _dummies(model_frame.codes.level[unit] * model_frame.codes.n_periods + time),
            ]
        )
    )


def _dummies(codes: Index) -> csr_array:
    """Return one column for every code; none for -1."""
    rows = np.flatnonzero(codes >= 0)
    distinct, column = np.unique(codes[rows], return_inverse=True)
    return csr_array((np.ones(rows.size), (rows, column)), shape=(codes.size, distinct.size))


def _filter(unit: Index, time: Index, covariance: Array) -> csr_array:
    """Return the filter that whitens errors with a covariance on the time grid, including gaps.

    ``L^-1`` with ``LL' = V_oo``: each observation minus its prediction from the unit's earlier
    ones.
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
