"""Effects of cells, deviations from them, and slopes of mediators, in outcome units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.planning import cell_slopes
from bayes_nqp.rowmodel._names import Variables
from bayes_nqp.terms import SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.planning import Equation, Plan


def report_slopes(names: Variables, plan: Plan, equation: Equation, slopes: Any, s: Any) -> None:
    """Report slopes of mediators and of the moderator by stratum."""
    width = len(equation.rows.columns)
    by_stratum = slopes.reshape((plan.frame.stratum_levels.shape[0], width))
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


def state_effects(
    names: Variables,
    plan: Plan,
    equation: Equation,
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
    member, cell = plan.effects.shares.nonzero()
    share = pt.as_tensor(plan.effects.shares.data)
    average = pt.zeros(plan.table.size)[cell].inc(share * deviation[member])  # S'u
    pm.Deterministic(names("cell_effect"), (cells + average) * s, dims="cell")
    return deviation


def _at_moderators(
    names: Variables, plan: Plan, equation: Equation, cells: Any, slopes: Any
) -> Any:
    """Effects of cells at the mean moderator of their rows, where there is one."""
    moderation, width = equation.slope(SlopeKind.MODERATION), len(equation.rows.columns)
    if moderation is None:
        return cells
    last = pm.Data(names("cell_moderation"), plan.table.stratum * width + width - 1)
    return cells + slopes[last] * (plan.effects.mean_of_cells / moderation.size)
