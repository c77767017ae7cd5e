"""Residuals in a balanced panel, net of fixed effects, for spatial tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.inference.fitting import Fit, equation_draws, panel_of
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.model.predictors import DELTA, LAG, TIED
from bayes_nqp.space.checks._neighbour_weights import LEAST
from bayes_nqp.space.terms import SpatialLag


@dataclass(frozen=True, eq=False)
class Balanced:
    """Observations of the units observed in all periods.

    Parameters
    ----------
    units : ndarray of int (n)
        Codes of the units.
    outcome : ndarray (n, T), outcome units
        Outcome without transformation.
    columns : ndarray (n, T, k)
        Covariates, and a dummy of each treated cell, or the exposure by level of its slope.
    levels : ndarray (n, L)
        Dummies of the levels of time effects.
    matrix : sparse array (n, n)
        W of these units.
    """

    units: Index
    outcome: Array
    columns: Array
    levels: Array
    matrix: Any


def balanced(fit: Fit, weights: SpatialWeights) -> Balanced:
    """Return the units of a fit that are observed in all periods and have weights.

    Raises
    ------
    NotApplicable
        If fewer than ten units, or fewer than half of them, have all periods.
    """
    model_frame = fit.model_frame
    equation, frame = model_frame.equations[0], model_frame.codes
    rows, n_periods = equation.rows, frame.n_periods
    count = np.bincount(rows.unit, minlength=frame.n_units)
    labels = model_frame.panel.unit_labels
    count[~np.isin(labels.astype(str), np.asarray(weights.ids, dtype=str))] = 0
    units = np.flatnonzero(count == n_periods)
    if units.size < max(LEAST, 0.5 * (count > 0).sum()):
        raise NotApplicable(
            Message(
                "Only {} of {} units are observed in all periods, but the check compares "
"neighbours within periods.",
                units.size, int((count > 0).sum()),
            )
        )  # fmt: skip
    place = np.full(frame.n_units, -1, dtype=np.int64)
    place[units] = np.arange(units.size)
    inside = place[rows.unit] >= 0
    at = (place[rows.unit[inside]], rows.time[inside])
    outcome = np.zeros((units.size, n_periods))
    outcome[at] = model_frame.panel.outcome[model_frame.kept][inside]
    columns = [x[inside] for x in (*covariates_of(model_frame), *_treatment(model_frame))]
    table = np.zeros((units.size, n_periods, len(columns)))
    for k, values in enumerate(columns):
        table[(*at, k)] = values
    level = frame.level[units]
    levels = (level[:, None] == np.unique(level)).astype(np.float64)
    return Balanced(units, outcome, table, levels, weights.aligned(labels[units]).matrix)


def filtered(fit: Fit, rows: Balanced) -> tuple[Array, Array]:
    """Filter outcome and columns so that errors are independent, with delta at its posterior mean.

    With ``S = I - delta W`` of the design, a spatial lag of the outcome gives ``S y = X beta + e``.
    Spatial errors give ``S y = S X beta + e``.

    Returns
    -------
    tuple of ndarray (n, T) and ndarray (n, T, k)
        Unchanged if the design has neither.
    """
    term, delta = fit.facts.term(SpatialLag), equation_draws(fit, DELTA)
    if term is None or delta is None:
        return rows.outcome, rows.columns
    labels = panel_of(fit).unit_labels[rows.units]
    links = float(delta.mean()) * term.weights.aligned(labels).matrix

    def out(values: Array) -> Array:
        flat = values.reshape(len(values), -1)
        return np.asarray((flat - links @ flat).reshape(values.shape))

    return out(rows.outcome), out(rows.columns) if term.error else rows.columns


def covariates_of(model_frame: ModelFrame) -> list[Array]:
    """Return columns of the outcome's equation without an exposure and W y (kept observation).

    W y is endogenous, so least squares must not use it as a regressor.
    """
    equation = model_frame.equations[0]
    rows, dose = equation.rows, equation.dose
    inside = (
        range(0) if dose is None else range(dose.start, dose.start + model_frame.codes.n_periods)
    )
    return [
        x.at(rows.time)
        for k, x in enumerate(rows.columns)
        if x.name != LAG and not x.name.startswith(TIED) and k not in inside
    ]


def _treatment(model_frame: ModelFrame) -> list[Array]:
    """Return dummies of treated cells, or the columns of an exposure (kept observation)."""
    exposure, spec, frame = model_frame.exposure, model_frame.model.equations[0], model_frame.codes
    if exposure is None:
        cell = model_frame.cell_of_row[model_frame.kept]
        return [(cell == k).astype(np.float64) for k in np.unique(cell[cell >= 0])]
    unit, time = frame.unit[model_frame.kept], frame.time[model_frame.kept]
    # Observations at the reference lie on the same line as all others: they need no cells.
    factors = spec.strata
    places = [model_frame.panel.roles.strata.index(factor) for factor in factors]
    key = np.column_stack(
        [time * exposure.by_period, frame.stratum_levels[frame.stratum[unit]][:, places]]
    )
    levels = np.unique(key, axis=0, return_inverse=True)[1].ravel()
    values = exposure.values[model_frame.kept]
    return [np.where(levels == k, values, 0.0) for k in range(int(levels.max()) + 1)]
