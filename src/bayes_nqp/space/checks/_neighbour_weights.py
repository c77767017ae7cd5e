"""Which weights a check goes by, and the rows that they join."""

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
"""Nearest units that are linked, either way, where no weights are given."""
LEAST = 10
"""Units with all periods that a statistic of neighbours asks for."""


def readable(panel: Panel) -> bool:
    """Whether the panel tells where its units are.

    Raises
    ------
    NotApplicable
        If what it tells cannot be right.
    """
    if not located(panel):
        return False
    _read(locations_of, panel)
    return True


def _read[T](of: Callable[[Panel], T], panel: Panel) -> T:
    """What a panel tells of places.

    Raises
    ------
    NotApplicable
        If it cannot be right.
    """
    try:
        return of(panel)
    except PanelError as error:
        amiss = Message("{} ({})", error.what, error.where) if error.where else error.what
        raise NotApplicable(
            Message("Where units are cannot be read: {}. Try: {}.", amiss, error.hint)
        ) from error


def placed(panel: Panel) -> Panel | None:
    """The units that have coordinates; None where there are none to read.

    Raises
    ------
    NotApplicable
        If coordinates cannot be right, or fewer than ten units, or half of them, have any.
    """
    if not located(panel):
        return None
    gone = _read(without_place, panel)
    some = (~gone).sum() >= max(LEAST, 0.5 * gone.size)
    part = panel.where(~gone[panel.unit_codes]) if gone.any() and some else panel
    _read(locations_of, part)
    return part


def left_out(panel: Panel, ids: Iterable[str]) -> Message | None:
    """Say which units have no coordinates, and are not among those that were looked at."""
    gone = _others(panel, ids)
    if not gone.size:
        return None
    count = panel.unit_labels.size
    return Message(
        "Left out are {} of {} units, without coordinates: {}.", gone.size, count, shown(gone)
    )


def alone(panel: Panel, ids: Iterable[str]) -> Message | None:
    """Say which units have no coordinates, and are taken as near nobody."""
    gone = _others(panel, ids)
    if not gone.size:
        return None
    count = panel.unit_labels.size
    return Message(
        "{} of {} units have no coordinates, and count as near nobody: {}.",
        gone.size, count, shown(gone),
    )  # fmt: skip


def _others(panel: Panel, ids: Iterable[str]) -> npt.NDArray[np.str_]:
    """Units that are not among some."""
    units = panel.unit_labels.astype(str)
    return np.asarray(units[~np.isin(units, [str(x) for x in ids])])


def weights_by(fit: Fit, weights: SpatialWeights | None) -> SpatialWeights:
    """Match weights to the units of a fit; those of the five nearest where none are given.

    Units without coordinates are then not among them: what is asked of the others is as valid.

    Raises
    ------
    NotApplicable
        If none are given, and the panel does not tell where its units are.
    """
    if weights is not None:
        return weights.aligned(panel_of(fit).unit_labels)
    panel = placed(panel_of(fit))
    if panel is None:
        raise NotApplicable(
            Message("Who is near whom is not known: give weights=nqp.spatial_weights.….")
        )
    if crowded(panel):
        raise NotApplicable(
            Message(
                "Most units share a place, as firms of one city do: give "
                "weights=nqp.spatial_weights.nearest(panel, city='…')."
            )
        )
    return nearest(panel, k=min(NEIGHBOURS, panel.unit_labels.size - 1))


def named(weights: SpatialWeights, fit: Fit | None = None) -> dict[str, str]:
    """Name weights, and the fit that was tested, in the attrs of evidence, to find them again."""
    names = {"weights": str(weights.name), "weights_digest": weights.digest}
    return names if fit is None else names | {"tested": fit.digest}


def chance_of_shift(against: Comparison, other: int = 1) -> float:
    """Posterior sds by which the average may move where one more thing is estimated.

    Half of one, or twice what the larger sd of the other estimate explains: where both estimate the
    same, and the first is efficient, the variance of their difference is that of their variances
    (Hausman 1978).

    Parameters
    ----------
    other : int, default 1
        Place of the estimate among the specifications.
    """
    first, second = float(against.sd[0]), float(against.sd[other])
    return max(0.5, 2.0 * float(np.sqrt(max(second**2 - first**2, 0.0))) / first)


def rings_of(fit: Fit) -> Rings:
    """Rings of the design.

    Raises
    ------
    NotApplicable
        If it has none.
    """
    rings = fit.facts.term(Rings)
    if rings is None:
        raise NotApplicable(
            Message("The design has no rings: StaggeredDiD(spillovers=nqp.Rings(…)).")
        )
    return rings


def farther(rings: Rings, more: int) -> tuple[float, ...]:
    """Bounds with rings beyond the last one, each as wide as it, km."""
    km = rings.km
    step = km[-1] - (km[-2] if len(km) > 1 else 0.0)
    return (*km, *(km[-1] + step * k for k in range(1, more + 1)))


@dataclass(frozen=True, eq=False)
class Balanced:
    """Rows of the units that have all periods.

    Parameters
    ----------
    units : ndarray of int (n)
        Codes of the units.
    outcome : ndarray (n, T), outcome units
        As it is.
    columns : ndarray (n, T, k)
        Covariates, and a dummy of each treated cell, or the exposure by what its slope varies by.
    levels : ndarray (n, L)
        A dummy of each level of time effects.
    matrix : sparse array (n, n)
        W of these units.
    """

    units: Index
    outcome: Array
    columns: Array
    levels: Array
    matrix: Any


def balanced(fit: Fit, weights: SpatialWeights) -> Balanced:
    """Take the units of a fit that have all periods, of those that weights have.

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
                "Only {} of {} units have all periods: neighbours are compared period by period.",
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
    """Outcome and columns whose errors follow no linked units', delta at its posterior mean.

    With ``S = I - delta W`` of the design, ``S y = X beta + e`` where outcomes follow those of
    linked units, and ``S y = S X beta + e`` where errors do.

    Returns
    -------
    tuple of ndarray (n, T) and ndarray (n, T, k)
        As they are where nothing follows linked units.
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
    """Columns of the outcome's equation but for an exposure and outcomes of linked units, by row.

    Least squares would take W y, which follows y, for one more cause (row that is kept).
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
    """A dummy of each treated cell; of an exposure, what has a slope (row that is kept)."""
    exposure, spec, frame = model_frame.exposure, model_frame.model.equations[0], model_frame.codes
    if exposure is None:
        cell = model_frame.cell_of_row[model_frame.kept]
        return [(cell == k).astype(np.float64) for k in np.unique(cell[cell >= 0])]
    unit, time = frame.unit[model_frame.kept], frame.time[model_frame.kept]
    # Rows at the reference are on the same line as all others: they are no cells of their own.
    factors = spec.strata
    places = [model_frame.panel.roles.strata.index(factor) for factor in factors]
    key = np.column_stack(
        [time * exposure.by_period, frame.stratum_levels[frame.stratum[unit]][:, places]]
    )
    levels = np.unique(key, axis=0, return_inverse=True)[1].ravel()
    values = exposure.values[model_frame.kept]
    return [np.where(levels == k, values, 0.0) for k in range(int(levels.max()) + 1)]
