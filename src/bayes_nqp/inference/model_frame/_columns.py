"""Varying columns of an equation: covariates in levels, and baseline values by period."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._model_frame import ModelFrame
from bayes_nqp.model.designs import EquationSpec
from bayes_nqp.numerics.sufficient_statistics import VaryingColumn

_ROUNDING = 1e-11
"""Spread of a column, relative to its largest value, that rounding may leave of unit means."""


def varying_columns(
    ground: ModelFrame, equation: EquationSpec
) -> tuple[list[VaryingColumn], list[float]]:
    """Return covariates of the kept observations, scaled to unit spread, and their divisors."""
    panel, frame, sample = ground.panel, ground.codes, ground.kept
    columns, sizes = [], []
    for name in equation.covariates:
        if name not in panel.roles.covariates:
            raise StudyError(
                f"'covariates' names {name!r}, which is not a covariate of the panel",
                hint=nearest(name, panel.roles.covariates),
            )
        x = panel.covariates[:, panel.roles.covariates.index(name)][sample]
        x, size = within(frame.unit[sample], x, frame.counts)
        columns.append(VaryingColumn(name, x))
        sizes.append(size)
    for name in equation.baseline:
        x, size = _baseline(panel, frame, name)
        values = x[frame.unit[sample]]
        for t in np.unique(frame.time[sample])[1:]:
            columns.append(VaryingColumn(f"{name} × {panel.time_labels[t]}", values, int(t)))
            sizes.append(size)
    for name, values in equation.columns.items():
        x, size = within(frame.unit[sample], values[sample], frame.counts)
        columns.append(VaryingColumn(name, x))
        sizes.append(size)
    return columns, sizes


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


def _baseline(panel: Panel, frame: PanelCodes, name: str) -> tuple[Array, float]:
    if name not in panel.frame.columns:
        raise StudyError(
            f"'baseline' names the column {name!r}, which the panel does not have",
            hint=nearest(name, panel.frame.columns),
        )
    column = panel.frame[name]
    if column.dtype.kind not in "iufb":
        raise PanelError(
            f"'baseline' column {name!r} is not numeric",
            where=f"values such as {shown(column.drop_duplicates().head(3))}",
            hint="encode it as numbers",
        )
    first = np.searchsorted(frame.unit, np.arange(frame.n_units))
    x = column.to_numpy(dtype=float, na_value=np.nan)[first]
    if np.isnan(x).any():
        raise PanelError(
            f"'baseline' column {name!r} is missing in the first observation of "
            f"{int(np.isnan(x).sum())} units",
            where=shown(panel.unit_labels[np.isnan(x)]),
            hint="fill it in, or drop these units",
        )
    x = x - np.average(x, weights=frame.counts)
    size = float(np.sqrt(np.average(x * x, weights=frame.counts)))
    if size == 0:
        raise PanelError(f"'baseline' column {name!r} is the same for all units", hint="omit it")
    return x / size, size
