"""The model of single observations: every coefficient is a named variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.inference.model_frame import cell_names, cell_slopes, row_layout, time_effect_names
from bayes_nqp.inference.pymc_model._density import over_periods, state_density
from bayes_nqp.inference.pymc_model._names import Variables
from bayes_nqp.inference.pymc_model._tables import (
    padded,
    parameter,
    row_data,
    scale_variables,
    table,
)
from bayes_nqp.model.designs import Noise
from bayes_nqp.model.predictors import SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation, ModelFrame, RowLayout
    from bayes_nqp.numerics.linear_gaussian import PathLaw


def row_model(model_frame: ModelFrame, equations: Sequence[Equation]) -> pm.Model:
    """Build the PyMC model of equations of a model frame.

    Parameters
    ----------
    equations : sequence of Equation
        Some or all equations of the model frame.

    Returns
    -------
    Model
        Free variables ``…_over_s`` are in multiples of ``s`` and ``z_…`` are standard normal;
        the others are in outcome units.
    """
    layouts = [row_layout(model_frame, equation) for equation in equations]
    with pm.Model(coords=_coords(model_frame, layouts[0])) as model:
        for equation, layout in zip(equations, layouts, strict=True):
            model.add_coords(_own_coords(model_frame, equation))
            _state(model_frame, equation, layout)
    return model


def _state(model_frame: ModelFrame, equation: Equation, layout: RowLayout) -> None:
    """Add one equation to the model in context."""
    names = Variables(equation.name)
    s = pm.Data(names("s"), np.float64(equation.scale))
    scales = scale_variables(names, equation.problem, s)
    alpha = pm.Flat(names("alpha_over_s"), dims="unit")
    pm.Deterministic(names("alpha"), alpha * s, dims="unit")
    time, cells, slopes = (
        table(names, model_frame, equation, place, scales, s)
        for place in ("time", "cells", "slopes")
    )
    shape = (len(model_frame.codes.level_names), model_frame.codes.n_periods)
    pm.Deterministic(names("time_effects"), time.reshape(shape) * s, dims=("time_level", "time"))
    _report_slopes(names, model_frame, equation, slopes, s)
    deviation = _state_effects(names, model_frame, equation, cells, slopes, scales, s)
    unit = np.unique(layout.unit, return_inverse=True)[1]
    mean = alpha[row_data("row_unit", unit)] + time[row_data("row_node", layout.time_effect)]
    mean = mean + padded(cells)[row_data("row_cell", layout.cell)]
    if layout.entry_row.size:
        mean = mean + _columns(names, layout, slopes)
    series = equation.problem.series
    if series is not None and series.shape[1]:
        loadings = pm.Flat(names("loadings_over_s"), dims=("unit", names("series")))
        values = pm.Data(names("row_series"), series[equation.rows.time])
        mean = mean + (loadings[row_data("row_unit", unit)] * values).sum(axis=1)
    if equation.n_paths:
        paths = table(names, model_frame, equation, "paths", scales, s)
        mean = mean + _paths_of_rows(names, equation, scales, paths, s)
    if deviation is not None:
        effect = padded(deviation)[row_data("row_member", layout.unit_effect)]
        mean = mean + effect * row_data("row_loading", layout.loading)
    state_density(names, equation, layout, mean, model_frame.facts.likelihood, s)


def _coords(model_frame: ModelFrame, layout: RowLayout) -> dict[str, Any]:
    """Return labels common to all equations: observations, units, periods, cells, members."""
    frame, cells = model_frame.codes, model_frame.cells
    return {
        # A unit without observations has no identified effect.
        "unit": model_frame.panel.unit_labels[np.unique(layout.unit)],
        "row": layout.rows,
        "cell": cell_names([*cells.strata.values()], cells.cohort, cells.time),
        "time_level": [name or "all" for name in frame.level_names],
        "time": model_frame.panel.time_labels[: frame.n_periods],
        "member": model_frame.effects.labels,
    }


def _own_coords(model_frame: ModelFrame, equation: Equation) -> dict[str, Any]:
    """Return labels of an equation's coefficients."""
    names, cells = Variables(equation.name), model_frame.cells
    time_effects = time_effect_names(model_frame.codes.level_names, model_frame.panel.time_labels)
    texts = np.array(cell_names([*cells.strata.values()], cells.cohort, cells.time), dtype=str)
    coords: dict[str, Any] = {}
    for part in equation.locals:
        labels = time_effects[part.index] if part.place == "time" else texts[part.index]
        coords[names(f"{part.name}_label")] = labels
    for shared in equation.globals:
        labels = np.asarray(shared.labels, dtype=str)
        if shared.place == "time":
            labels = time_effects[np.argmax(shared.columns != 0, axis=0)]
        coords[names(f"{shared.name}_label")] = labels
        if shared.display is not None:
            coords[names(f"z_{shared.name}_dim")] = np.arange(shared.columns.shape[1])
    if equation.problem.series is not None:
        coords[names("series")] = np.arange(equation.problem.series.shape[1])
    if equation.slopes:
        coords[names("stratum")] = list(model_frame.stratum_names)
    called = dict.fromkeys(
        slope.mediator for slope in equation.slopes if slope.kind is not SlopeKind.MODERATION
    )
    if called:
        coords["mediator"] = list(called)
    return coords


def _columns(names: Variables, layout: RowLayout, slopes: Any) -> Any:
    """Return the contribution of the varying columns to each observation."""
    value = pm.Data(names("entry_value"), layout.entry_value)
    terms = value * slopes[pm.Data(names("entry_slope"), layout.entry_slope)]
    where = pm.Data(names("entry_row"), layout.entry_row)
    return pt.zeros(layout.rows.size)[where].inc(terms)


def _report_slopes(
    names: Variables, model_frame: ModelFrame, equation: Equation, slopes: Any, s: Any
) -> None:
    """Report slopes of mediators and of the moderator by stratum."""
    width = len(equation.rows.columns)
    by_stratum = slopes.reshape((model_frame.codes.stratum_levels.shape[0], width))
    first = width - len(equation.slopes)
    for kind in SlopeKind:
        which = [k for k, slope in enumerate(equation.slopes) if slope.kind is kind]
        if not which:
            continue
        size = np.array([equation.slopes[k].size for k in which])
        values = by_stratum[:, [first + k for k in which]] * s / size
        if kind is SlopeKind.MODERATION:
            pm.Deterministic(names(kind.draws), values[:, 0], dims=names("stratum"))
        else:
            pm.Deterministic(names(kind.draws), values, dims=(names("stratum"), "mediator"))


def _state_effects(
    names: Variables,
    model_frame: ModelFrame,
    equation: Equation,
    cells: Any,
    slopes: Any,
    scales: Mapping[str, Any],
    s: Any,
) -> Any:
    """Add deviations, and report effects of cells with the mean deviation of their observations.

    Parameters
    ----------
    cells : tensor (cell), multiples of ``s``
        Effects of cells, if these are not slopes.

    Returns
    -------
    tensor (member), multiples of ``s``, or None
        Deviations, if there are any.
    """
    if equation.dose is not None:
        cells = slopes[pm.Data(names("cell_slope"), cell_slopes(model_frame, equation))]
        s = s / equation.dose.size
    pm.Deterministic(names("cell_mean"), cells * s, dims="cell")
    cells = _at_moderators(names, model_frame, equation, cells, slopes)
    unit_effect_scale = equation.problem.unit_effect_scale
    if unit_effect_scale is None:
        pm.Deterministic(names("cell_effect"), cells * s, dims="cell")
        return None
    scale = scales[unit_effect_scale.name]
    deviation = model_frame.facts.deviations.variable(names("z_deviation"), scale)
    pm.Deterministic(names("deviation"), deviation * s, dims="member")
    member, cell = model_frame.effects.shares.nonzero()
    share = pt.as_tensor(model_frame.effects.shares.data)
    average = pt.zeros(model_frame.table.size)[cell].inc(share * deviation[member])  # S'u
    pm.Deterministic(names("cell_effect"), (cells + average) * s, dims="cell")
    return deviation


def _at_moderators(
    names: Variables, model_frame: ModelFrame, equation: Equation, cells: Any, slopes: Any
) -> Any:
    """Return effects of cells at the mean moderator of their observations, if there is one."""
    moderation, width = equation.slope(SlopeKind.MODERATION), len(equation.rows.columns)
    if moderation is None:
        return cells
    last = pm.Data(names("cell_moderation"), model_frame.table.stratum * width + width - 1)
    return cells + slopes[last] * (model_frame.effects.mean_of_cells / moderation.size)


def _paths_of_rows(
    names: Variables, equation: Equation, scales: Mapping[str, Any], border: Any, s: Any
) -> Any:
    """Return the contribution of processes to each observation, in multiples of s.

    It is ``L sum_k tau_k D_k z_k`` of the observation's paths.

    Parameters
    ----------
    border : tensor (path × period)
        Paths of the border without L, multiples of s.
    s : tensor
        The outcome's scale.
    """
    problem, rows = equation.problem, equation.rows
    values = [parameter(names, stated, s) for stated in problem.process_parameters]
    group, total = rows.group[rows.unit], pt.zeros(rows.unit.size)
    for number, block in enumerate(problem.blocks):
        for k, law in enumerate(block.processes):
            users = [
                g
                for g, member in enumerate(problem.groups)
                if member.block == number and k in member.processes
            ]
            process = problem.processes[law]
            z = pm.Normal(names(f"z_path_{number}_{k}"), shape=process.size)
            path, start = pt.zeros(problem.n_periods), 0
            for part, scale in zip(process.loadings, process.scales, strict=True):
                step = z[start : start + part.shape[1]]
                path = path + scales[problem.scales[scale].name] * (pt.as_tensor(part) @ step)
                start += part.shape[1]
            path = _correlated(path, process.law, problem.n_periods, values)
            at = np.flatnonzero(np.isin(group, users))
            total = total[at].inc(path[rows.time[at]])
    laws = {int(path): x.law for x in problem.border_laws for path in x.paths}
    for k in sorted({k for member in problem.groups for k in member.paths}):
        users = [g for g, member in enumerate(problem.groups) if k in member.paths]
        path = border[k * problem.n_periods + np.arange(problem.n_periods)]
        path = _correlated(path, laws.get(k), problem.n_periods, values)
        at = np.flatnonzero(np.isin(group, users))
        total = total[at].inc(path[rows.time[at]])
    return total


def _correlated(path: Any, law: PathLaw | None, n_periods: int, values: Sequence[Any]) -> Any:
    """Multiply a path (T) with the root of a law's correlation."""
    if law is None:
        return path
    assert isinstance(law.errors, Noise)
    covariance = over_periods(law.errors, n_periods, [values[k] for k in law.parameters])
    sd = pt.sqrt(covariance[np.arange(n_periods), np.arange(n_periods)])
    return pt.linalg.cholesky(covariance / (sd[:, None] * sd)) @ path
