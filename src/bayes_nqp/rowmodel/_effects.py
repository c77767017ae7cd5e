"""Effects of cells, deviations from them, and slopes of mediators, in outcome units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.rowmodel._layout import RowLayout, cell_slopes
from bayes_nqp.rowmodel._names import SLOPE_NAMES, Names

if TYPE_CHECKING:
    from bayes_nqp.planning import Equation, Plan


def report_slopes(names: Names, plan: Plan, equation: Equation, slopes: Any, s: Any) -> None:
    """Report slopes of mediators and of the moderator by stratum."""
    width = len(equation.rows.columns)
    by_stratum = slopes.reshape((plan.frame.stratum_levels.shape[0], width))
    first = width - len(equation.slopes)
    for kind, called in SLOPE_NAMES.items():
        which = [k for k, slope in enumerate(equation.slopes) if slope.kind == kind]
        if not which:
            continue
        size = np.array([equation.slopes[k].size for k in which])
        values = by_stratum[:, [first + k for k in which]] * s / size
        if kind == "z":
            pm.Deterministic(names(called), values[:, 0], dims=names("stratum"))
        else:
            pm.Deterministic(names(called), values, dims=(names("stratum"), "mediator"))


def state_effects(
    names: Names,
    plan: Plan,
    equation: Equation,
    layout: RowLayout,
    cells: Any,
    slopes: Any,
    scales: Mapping[str, Any],
    s: Any,
) -> Any:
    """State deviations, and report the effects of cells with the mean deviation of their rows.

    Parameters
    ----------
    cells : tensor (cell), multiples of ``s``
        Effects of cells, where these are no slopes.

    Returns
    -------
    tensor (member), multiples of ``s``, or None
        Deviations, where there are any.
    """
    if equation.dose is not None:
        cells = slopes[pm.Data(names("cell_slope"), cell_slopes(plan, equation))]
        s = s / equation.dose.size
    pm.Deterministic(names("cell_mean"), cells * s, dims="cell")
    cells = _at_moderators(names, plan, equation, cells, slopes)
    member_scale = equation.problem.member_scale
    if member_scale is None:
        pm.Deterministic(names("cell_effect"), cells * s, dims="cell")
        return None
    scale = scales[member_scale.name]
    deviation = plan.facts.deviations.variable(names("z_deviation"), scale)
    pm.Deterministic(names("deviation"), deviation * s, dims="member")
    cell, member, rows = layout.membership
    share = pt.as_tensor(rows / plan.cells.rows[cell])
    average = pt.zeros(plan.table.size)[cell].inc(share * deviation[member])
    pm.Deterministic(names("cell_effect"), (cells + average) * s, dims="cell")
    return deviation


def _at_moderators(names: Names, plan: Plan, equation: Equation, cells: Any, slopes: Any) -> Any:
    """Effects of cells at the mean moderator of their rows, where there is one."""
    if not equation.slopes or equation.slopes[-1].kind != "z":
        return cells
    assert plan.moderator is not None
    size, width = plan.table.size, len(equation.rows.columns)
    inside = plan.kept & plan.frame.treated & (plan.cell_of_row >= 0)
    cell = plan.cell_of_row[inside]
    count = np.maximum(np.bincount(cell, minlength=size), 1)
    mean = np.bincount(cell, plan.moderator.values[inside] / plan.moderator.size, size) / count
    last = pm.Data(names("cell_moderation"), plan.table.stratum * width + width - 1)
    return cells + slopes[last] * mean
