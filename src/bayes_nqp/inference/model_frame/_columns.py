"""Varying columns of an equation: covariates in levels, and baseline values by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest
from bayes_nqp.data.panel import first_values
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._model_frame import ModelFrame
from bayes_nqp.model.designs import EquationSpec
from bayes_nqp.numerics.parameters import Scale
from bayes_nqp.numerics.sufficient_statistics import VaryingColumn

_ROUNDING = 1e-11
"""Spread of a column, relative to its largest value, that rounding may leave of unit means."""


@dataclass(frozen=True, slots=True)
class Covariate:
    """A column with one slope, scaled to unit spread.

    Parameters
    ----------
    column : VaryingColumn
        Its values in the kept observations, divided by ``size``.
    size : float
        Divisor.
    scale : Scale, optional
        Prior scale of its slope, for the column in its own units; flat by default.
    """

    column: VaryingColumn
    size: float
    scale: Scale | None = None


def varying_columns(ground: ModelFrame, equation: EquationSpec) -> list[Covariate]:
    """Return covariates of the kept observations."""
    panel, frame, sample = ground.panel, ground.codes, ground.kept
    out = []
    for name in equation.covariates:
        if name not in panel.roles.covariates:
            raise StudyError(
                f"'covariates' names {name!r}, which is not a covariate of the panel",
                hint=nearest(name, panel.roles.covariates),
            )
        x = panel.covariates[:, panel.roles.covariates.index(name)][sample]
        x, size = within(frame.unit[sample], x, frame.counts)
        out.append(Covariate(VaryingColumn(name, x), size))
    baseline = {name: first_values(panel, name, "baseline") for name in equation.baseline}
    for name, of_unit in {**baseline, **equation.unit_columns}.items():
        x = of_unit - np.average(of_unit, weights=frame.counts)
        size = float(np.sqrt(np.average(x * x, weights=frame.counts)))
        if size == 0:
            raise PanelError(
                f"'baseline' column {name!r} is the same for all units", hint="omit it"
            )
        x = x[frame.unit[sample]] / size
        for t in np.unique(frame.time[sample])[1:]:
            column = VaryingColumn(f"{name} × {panel.time_labels[t]}", x, int(t))
            out.append(Covariate(column, size, equation.scales.get(name)))
    for name, values in equation.columns.items():
        x, size = within(frame.unit[sample], values[sample], frame.counts)
        out.append(Covariate(VaryingColumn(name, x), size, equation.scales.get(name)))
    effects = ground.effects
    for curve in equation.curves:
        values = effects.net_of_cells(curve.of_units[effects.unit])
        every = np.zeros((frame.unit.size, curve.size))
        every[effects.rows] = values
        for k, name in enumerate(curve.labels):
            x, size = within(frame.unit[sample], every[sample, k], frame.counts)
            out.append(Covariate(VaryingColumn(name, x), size, equation.scales.get(name)))
    return out


def net_of_units(unit: Index, x: Array, n_units: int) -> Array:
    """Return a column less the means of its units."""
    count = np.maximum(np.bincount(unit, minlength=n_units), 1)
    return np.asarray(x - (np.bincount(unit, x, minlength=n_units) / count)[unit])


def within(unit: Index, x: Array, counts: Array) -> tuple[Array, float]:
    """Demean a column by unit and scale it to unit spread; return the column and its divisor."""
    largest = float(np.abs(x).max(initial=0.0))
    x = net_of_units(unit, x, counts.size)
    size = float(np.sqrt(np.average(x * x, weights=counts[unit]))) if x.size else 0.0
    return (x / size, size) if size > _ROUNDING * largest else (np.zeros_like(x), 1.0)


def centred(frame: PanelCodes, outcome: Array, sample: Mask, *, common: bool) -> Array:
    """Return the outcome less unit and period means, which avoids rounding.

    Flat effects absorb both.
    """
    unit = frame.unit[sample]
    y = net_of_units(unit, outcome[sample], frame.n_units)
    level = np.zeros_like(frame.level) if common else frame.level
    time_effect = level[unit] * frame.n_periods + frame.time[sample]
    size = len(frame.level_names) * frame.n_periods
    f = frame.weight[sample]
    total = np.bincount(time_effect, f, minlength=size)
    mean = np.bincount(time_effect, f * y, minlength=size) / np.where(total > 0, total, 1.0)
    return np.asarray(y - mean[time_effect])
