"""The plain model, row by row: every coefficient a named variable, nothing compressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.planning import cell_names, node_names, row_layout
from bayes_nqp.rowmodel._density import state_density
from bayes_nqp.rowmodel._effects import report_slopes, state_effects
from bayes_nqp.rowmodel._names import Variables
from bayes_nqp.rowmodel._processes import paths_of_rows
from bayes_nqp.rowmodel._tables import padded, row_data, scale_variables, table
from bayes_nqp.terms import SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.planning import Equation, Plan, RowLayout


def row_model(plan: Plan, equations: Sequence[Equation]) -> pm.Model:
    """Write equations of a plan out as a PyMC model.

    Parameters
    ----------
    equations : sequence of Equation
        Those of the plan, or some of them.

    Returns
    -------
    Model
        Free variables ``…_over_s`` are in multiples of ``s`` and ``z_…`` are standard normal;
        the others are in outcome units.
    """
    layouts = [row_layout(plan, equation) for equation in equations]
    with pm.Model(coords=_coords(plan, layouts[0])) as model:
        for equation, layout in zip(equations, layouts, strict=True):
            model.add_coords(_own_coords(plan, equation))
            _state(plan, equation, layout)
    return model


def _state(plan: Plan, equation: Equation, layout: RowLayout) -> None:
    """Add one equation to the model in context."""
    names = Variables(equation.name)
    s = pm.Data(names("s"), np.float64(equation.scale))
    scales = scale_variables(names, equation.problem, s)
    alpha = pm.Flat(names("alpha_over_s"), dims="unit")
    pm.Deterministic(names("alpha"), alpha * s, dims="unit")
    time, cells, slopes = (
        table(names, plan, equation, place, scales, s) for place in ("time", "cells", "slopes")
    )
    shape = (len(plan.frame.level_names), plan.frame.n_periods)
    pm.Deterministic(names("time_effects"), time.reshape(shape) * s, dims=("time_level", "time"))
    report_slopes(names, plan, equation, slopes, s)
    deviation = state_effects(names, plan, equation, cells, slopes, scales, s)
    unit = np.unique(layout.unit, return_inverse=True)[1]
    mean = alpha[row_data("row_unit", unit)] + time[row_data("row_node", layout.node)]
    mean = mean + padded(cells)[row_data("row_cell", layout.cell)]
    if layout.entry_row.size:
        mean = mean + _columns(names, layout, slopes)
    series = equation.problem.series
    if series is not None and series.shape[1]:
        loadings = pm.Flat(names("loadings_over_s"), dims=("unit", names("series")))
        values = pm.Data(names("row_series"), series[equation.rows.time])
        mean = mean + (loadings[row_data("row_unit", unit)] * values).sum(axis=1)
    if equation.n_paths:
        paths = table(names, plan, equation, "paths", scales, s)
        mean = mean + paths_of_rows(names, equation, scales, paths, s)
    if deviation is not None:
        effect = padded(deviation)[row_data("row_member", layout.member)]
        mean = mean + effect * row_data("row_loading", layout.loading)
    state_density(names, equation, layout, mean, plan.facts.likelihood, s)


def _coords(plan: Plan, layout: RowLayout) -> dict[str, Any]:
    """Labels of what equations share: rows, units, periods, cells, members."""
    frame, cells = plan.frame, plan.cells
    return {
        # A unit without rows has no effect that anything could tell.
        "unit": plan.panel.unit_labels[np.unique(layout.unit)],
        "row": layout.rows,
        "cell": cell_names([*cells.strata.values()], cells.cohort, cells.time),
        "time_level": [name or "all" for name in frame.level_names],
        "time": plan.panel.time_labels[: frame.n_periods],
        "member": plan.effects.labels,
    }


def _own_coords(plan: Plan, equation: Equation) -> dict[str, Any]:
    """Labels of an equation's coefficients."""
    names, cells = Variables(equation.name), plan.cells
    nodes = node_names(plan.frame.level_names, plan.panel.time_labels)
    texts = np.array(cell_names([*cells.strata.values()], cells.cohort, cells.time), dtype=str)
    coords: dict[str, Any] = {}
    for part in equation.locals:
        labels = nodes[part.index] if part.place == "time" else texts[part.index]
        coords[names(f"{part.name}_label")] = labels
    for shared in equation.globals:
        labels = np.asarray(shared.labels, dtype=str)
        if shared.place == "time":
            labels = nodes[np.argmax(shared.columns != 0, axis=0)]
        coords[names(f"{shared.name}_label")] = labels
        if shared.display is not None:
            coords[names(f"z_{shared.name}_dim")] = np.arange(shared.columns.shape[1])
    if equation.problem.series is not None:
        coords[names("series")] = np.arange(equation.problem.series.shape[1])
    if equation.slopes:
        coords[names("stratum")] = list(plan.stratum_names)
    called = dict.fromkeys(
        slope.mediator for slope in equation.slopes if slope.kind is not SlopeKind.MODERATION
    )
    if called:
        coords["mediator"] = list(called)
    return coords


def _columns(names: Variables, layout: RowLayout, slopes: Any) -> Any:
    """What the varying columns add to each row."""
    value = pm.Data(names("entry_value"), layout.entry_value)
    terms = value * slopes[pm.Data(names("entry_slope"), layout.entry_slope)]
    where = pm.Data(names("entry_row"), layout.entry_row)
    return pt.zeros(layout.rows.size)[where].inc(terms)
