"""Spatial weights and balanced observations used by the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable, PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Comparison
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import (
    SpatialWeights,
    crowded,
    located,
    locations_of,
    nearest,
    without_place,
)
from bayes_nqp.inference.fitting import Fit, equation_draws, panel_of
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.model.predictors import DELTA, LAG, TIED
from bayes_nqp.space.terms import Rings, SpatialLag

NEIGHBOURS = 5
"""Number of nearest units that are linked if no weights are given."""
LEAST = 10
"""Least number of units observed in all periods."""


def readable(panel: Panel) -> bool:
    """Return True if the panel has coordinates of its units.

    Raises
    ------
    NotApplicable
        If the coordinates are invalid.
    """
    if not located(panel):
        return False
    _read(locations_of, panel)
    return True


def _read[T](of: Callable[[Panel], T], panel: Panel) -> T:
    """Read coordinates from a panel.

    Raises
    ------
    NotApplicable
        If the coordinates are invalid.
    """
    try:
        return of(panel)
    except PanelError as error:
        amiss = Message("{} ({})", error.what, error.where) if error.where else error.what
        raise NotApplicable(
            Message("The coordinates of the units cannot be read: {}. Try: {}.", amiss, error.hint)
        ) from error


def placed(panel: Panel) -> Panel | None:
    """Return the observations of units with coordinates; None if the panel has no coordinates.

    Raises
    ------
    NotApplicable
        If coordinates are invalid, or are missing for more than half of the units or leave fewer
        than ten.
    """
    if not located(panel):
        return None
    gone = _read(without_place, panel)
    some = (~gone).sum() >= max(LEAST, 0.5 * gone.size)
    part = panel.where(~gone[panel.unit_codes]) if gone.any() and some else panel
    _read(locations_of, part)
    return part


def left_out(panel: Panel, ids: Iterable[str]) -> Message | None:
    """Name the units that the check omits because they have no coordinates."""
    gone = _others(panel, ids)
    if not gone.size:
        return None
    count = panel.unit_labels.size
    return Message(
        "The check omits {} of {} units, which have no coordinates: {}.",
        gone.size,
        count,
        shown(gone),
    )


def alone(panel: Panel, ids: Iterable[str]) -> Message | None:
    """Name the units that have no coordinates and are treated as having no neighbours."""
    gone = _others(panel, ids)
    if not gone.size:
        return None
    count = panel.unit_labels.size
    return Message(
        "{} of {} units have no coordinates and are treated as having no "
"neighbours: {}.",
        gone.size, count, shown(gone),
    )  # fmt: skip


def _others(panel: Panel, ids: Iterable[str]) -> npt.NDArray[np.str_]:
    """Return the units that are not in a list."""
    units = panel.unit_labels.astype(str)
    return np.asarray(units[~np.isin(units, [str(x) for x in ids])])


def weights_by(fit: Fit, weights: SpatialWeights | None) -> SpatialWeights:
    """Match weights to the units of a fit; the five nearest units if none are given.

    In that case units without coordinates are omitted.

    Raises
    ------
    NotApplicable
        If no weights are given and the panel has no usable coordinates.
    """
    if weights is not None:
        return weights.aligned(panel_of(fit).unit_labels)
    panel = placed(panel_of(fit))
    if panel is None:
        raise NotApplicable(
            Message(
                "The panel has no coordinates, so neighbours are unknown: give "
                "weights=nqp.spatial_weights.…."
            )
        )
    if crowded(panel):
        raise NotApplicable(
            Message(
                "Most units share the coordinates of another unit, such as firms in one "
                "city: give weights=nqp.spatial_weights.nearest(panel, city='…')."
            )
        )
    return nearest(panel, k=min(NEIGHBOURS, panel.unit_labels.size - 1))


def named(weights: SpatialWeights, fit: Fit | None = None) -> dict[str, str]:
    """Return attrs of the evidence that identify the weights and the fit tested."""
    names = {"weights": str(weights.name), "weights_digest": weights.digest}
    return names if fit is None else names | {"tested": fit.digest}


def chance_of_shift(against: Comparison, other: int = 1) -> float:
    """Return the shift of the average, in posterior SDs, explained by chance.

    It is half a posterior SD, or twice the shift explained by the larger SD of the other estimate.
    If both estimate the same effect and the first is efficient, the variance of their difference is
    the difference of their variances (Hausman 1978).

    Parameters
    ----------
    other : int, default 1
        Position of the estimate among the specifications.
    """
    first, second = float(against.sd[0]), float(against.sd[other])
    return max(0.5, 2.0 * float(np.sqrt(max(second**2 - first**2, 0.0))) / first)


def rings_of(fit: Fit) -> Rings:
    """Return the distance bands of the design.

    Raises
    ------
    NotApplicable
        If the design has none.
    """
    rings = fit.facts.term(Rings)
    if rings is None:
        raise NotApplicable(
            Message(
                "The design has no distance bands; state them with "
                "StaggeredDiD(spillovers=nqp.Rings(…))."
            )
        )
    return rings


def farther(rings: Rings, more: int) -> tuple[float, ...]:
    """Return the bounds with further bands, each as wide as the last one (km)."""
    km = rings.km
    step = km[-1] - (km[-2] if len(km) > 1 else 0.0)
    return (*km, *(km[-1] + step * k for k in range(1, more + 1)))


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
