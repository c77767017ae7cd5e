"""The plain model, row by row: every coefficient a named variable, nothing compressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.designs._layout import RowLayout, cell_names, cell_slopes, node_names, row_layout
from bayes_nqp.likelihoods import StudentT
from bayes_nqp.parameters import FLAT, Correlation, HalfNormal, Normal, Parameter, Scale
from bayes_nqp.terms.parts import GlobalPart, LocalPart

if TYPE_CHECKING:
    from bayes_nqp.compression import Problem
    from bayes_nqp.designs._plan import Equation, Plan
    from bayes_nqp.likelihoods import Likelihood
    from bayes_nqp.panel import Panel

__all__ = ["build_model", "error_parameters", "scale_variables"]

Index = npt.NDArray[np.int64]


def build_model(plan: Plan, panel: Panel, likelihood: Likelihood) -> pm.Model:
    """Write a plan's equation out as a PyMC model.

    Parameters
    ----------
    plan : Plan
    panel : Panel
    likelihood : Gaussian or StudentT

    Returns
    -------
    Model
        Free variables ``…_over_s`` are in multiples of ``s`` and ``z_…`` are standard normal;
        the others are in outcome units.
    """
    equation = plan.equations[0]
    layout = row_layout(plan, equation)
    with pm.Model(coords=_coords(plan, panel, equation, layout)) as model:
        s = pm.Data("s", np.float64(equation.scale))
        scales = scale_variables(equation.problem, s)
        alpha = pm.Flat("alpha_over_s", dims="unit")
        pm.Deterministic("alpha", alpha * s, dims="unit")
        time, cells, slopes = (
            _table(plan, equation, place, scales, s) for place in ("time", "cells", "slopes")
        )
        shape = (len(plan.frame.level_names), plan.frame.n_periods)
        pm.Deterministic("time_effects", time.reshape(shape) * s, dims=("time_level", "time"))
        deviation = _effects(plan, equation, layout, cells, slopes, scales, s)
        mean = alpha[_rows("row_unit", layout.unit)] + time[_rows("row_node", layout.node)]
        mean = mean + _padded(cells)[_rows("row_cell", layout.cell)]
        if layout.entry_row.size:
            mean = mean + _slopes(layout, slopes)
        if deviation is not None:
            own = _padded(deviation)[_rows("row_member", layout.member)]
            mean = mean + own * pm.Data("row_loading", layout.loading, dims="row")
        _likelihood(equation, layout, mean, likelihood, s)
    return model


def scale_variables(problem: Problem, s: Any) -> dict[str, Any]:
    """Add the scales' priors to the model in context.

    Parameters
    ----------
    problem : Problem
    s : tensor
        The outcome's scale.

    Returns
    -------
    dict of str to tensor or float
        Every scale, estimated or fixed, in multiples of ``s``; in the order of the problem's
        parameters.
    """
    scales = list(problem.scales)
    if problem.member_scale is not None:
        scales.append(problem.member_scale)
    out: dict[str, Any] = {}
    for scale in scales:
        if not scale.estimated:
            out[scale.name] = scale.prior
            continue
        out[scale.name] = pm.HalfNormal(f"scale_{scale.name}_over_s", sigma=scale.prior)
        pm.Deterministic(f"scale_{scale.name}", out[scale.name] * s)
    return out


def error_parameters(problem: Problem, s: Any) -> dict[str, Any]:
    """Add the priors of the errors' parameters to the model in context.

    Parameters
    ----------
    problem : Problem
    s : tensor
        The outcome's scale.

    Returns
    -------
    dict of str to tensor
        Every parameter on its own scale, ``sigma`` last and in multiples of ``s``.
    """
    return {p.name: _parameter(p, s) for p in problem.error_parameters}


def _parameter(parameter: Parameter, s: Any) -> Any:
    """Add one prior to the model in context; give the parameter in multiples of ``s``."""
    name, prior = parameter.name, parameter.prior
    if isinstance(prior, Correlation):
        half = pm.Beta(f"half_{name}", alpha=prior.a, beta=prior.b)
        return pm.Deterministic(name, 2.0 * half - 1.0)
    assert isinstance(prior, HalfNormal | Normal)
    distribution = pm.HalfNormal if isinstance(prior, HalfNormal) else pm.Normal
    if not parameter.in_outcome_units:
        return distribution(name, sigma=prior.scale)
    value = distribution(f"{name}_over_s", sigma=prior.scale)
    pm.Deterministic(name, value * s)
    return value


def _coords(plan: Plan, panel: Panel, equation: Equation, layout: RowLayout) -> dict[str, Any]:
    frame, cells = plan.frame, plan.cells
    names = np.array(cell_names([*cells.strata.values()], cells.cohort, cells.time), dtype=str)
    nodes = node_names(frame.level_names, panel.time_labels)
    coords: dict[str, Any] = {
        "unit": panel.unit_labels,
        "row": layout.rows,
        "cell": names,
        "time_level": [name or "all" for name in frame.level_names],
        "time": panel.time_labels[: frame.n_periods],
    }
    if equation.problem.member_scale is not None:
        coords["member"] = layout.members
    for part in equation.locals:
        labels = nodes[part.index] if part.place == "time" else names[part.index]
        coords[f"{part.name}_label"] = labels
    for shared in equation.globals:
        labels = np.asarray(shared.labels, dtype=str)
        if shared.place == "time":
            labels = nodes[np.argmax(shared.columns != 0, axis=0)]
        coords[f"{shared.name}_label"] = labels
        if shared.display is not None:
            coords[f"z_{shared.name}_dim"] = np.arange(shared.columns.shape[1])
    return coords


def _rows(name: str, index: Index) -> Any:
    return pm.Data(name, index, dims="row")


def _padded(values: Any) -> Any:
    """Append the zero that rows without a cell, or without a deviation, point at."""
    return pt.zeros(values.shape[0] + 1)[:-1].set(values)


def _table(plan: Plan, equation: Equation, place: str, scales: Mapping[str, Any], s: Any) -> Any:
    """Sum all parts that load on one place, in multiples of ``s``."""
    size = {
        "time": len(plan.frame.level_names) * plan.frame.n_periods,
        "cells": plan.table.size,
        "slopes": plan.frame.stratum_levels.shape[0] * len(equation.rows.columns),
    }[place]
    total = pt.zeros(size)
    for part in equation.globals:
        if part.place == place:
            values = _coefficients(part, f"z_{part.name}_dim", scales)
            columns = pm.Data(f"columns_{part.name}", part.columns)
            total = total + columns @ values
            if place != "time":
                _report(part, values, s)
    for local in equation.locals:
        if local.place == place:
            values = _coefficients(local, f"{local.name}_label", scales)
            total = total[pm.Data(f"index_{local.name}", local.index)].inc(values)
    return total


def _coefficients(part: GlobalPart | LocalPart, dim: str, scales: Mapping[str, Any]) -> Any:
    """Draw a part's coefficients: flat, or standard normal times their scale."""
    if isinstance(part, GlobalPart) and part.display is None:
        dim = f"{part.name}_label"
    if part.scale == FLAT:
        return pm.Flat(f"{part.name}_over_s", dims=dim)
    z = pm.Normal(f"z_{part.name}", dims=dim)
    return z * scales[part.scale.name] if isinstance(part.scale, Scale) else z


def _report(part: GlobalPart, values: Any, s: Any) -> None:
    """Give a part's coefficients, or the levels that they span, in outcome units."""
    if part.display is not None:
        values = pt.as_tensor(part.display) @ values
    if part.name in ("level", "drift"):
        pm.Deterministic(part.name, values[0] * s)
    else:
        pm.Deterministic(part.name, values * s, dims=f"{part.name}_label")


def _effects(
    plan: Plan,
    equation: Equation,
    layout: RowLayout,
    cells: Any,
    slopes: Any,
    scales: Mapping[str, Any],
    s: Any,
) -> Any:
    """Report the effects of cells, with the mean deviation of their rows; return deviations."""
    if equation.dose is not None:
        cells = slopes[pm.Data("cell_slope", cell_slopes(plan, equation))]
        s = s / equation.dose.size
    pm.Deterministic("cell_mean", cells * s, dims="cell")
    cells = _at_moderators(plan, equation, cells, slopes)
    member_scale = equation.problem.member_scale
    if member_scale is None:
        pm.Deterministic("cell_effect", cells * s, dims="cell")
        return None
    deviation = pm.Normal("z_deviation", dims="member") * scales[member_scale.name]
    pm.Deterministic("deviation", deviation * s, dims="member")
    cell, member, rows = layout.membership
    share = rows / plan.cells.rows[cell]
    average = pt.zeros(plan.table.size)[cell].inc(pt.as_tensor(share) * deviation[member])
    pm.Deterministic("cell_effect", (cells + average) * s, dims="cell")
    return deviation


def _at_moderators(plan: Plan, equation: Equation, cells: Any, slopes: Any) -> Any:
    """Effects of cells at the mean moderator of their rows, where there is one."""
    if not equation.slopes or equation.slopes[-1].kind != "z":
        return cells
    assert plan.moderator is not None
    size, width = plan.table.size, len(equation.rows.columns)
    inside = plan.kept & plan.frame.treated
    cell = plan.cell_of_row[inside]
    count = np.maximum(np.bincount(cell, minlength=size), 1)
    mean = np.bincount(cell, plan.moderator.values[inside] / plan.moderator.size, size) / count
    last = pm.Data("cell_moderation", plan.table.stratum * width + width - 1)
    return cells + slopes[last] * mean


def _slopes(layout: RowLayout, slopes: Any) -> Any:
    value = pm.Data("entry_value", layout.entry_value)
    terms = value * slopes[pm.Data("entry_slope", layout.entry_slope)]
    return pt.zeros(layout.rows.size)[pm.Data("entry_row", layout.entry_row)].inc(terms)


def _likelihood(
    equation: Equation, layout: RowLayout, mean: Any, likelihood: Likelihood, s: Any
) -> None:
    """Add the rows' density given the rows before, in multiples of ``s``."""
    parameters = error_parameters(equation.problem, s)
    sigma, rho, noise = parameters["sigma"], parameters.get("rho"), parameters.get("noise")
    y = pm.Data("y_over_s", equation.rows.outcome, dims="row")
    spread = sigma
    if noise is not None:
        # What is left without its noise is AR(1).
        mean = mean + pm.Normal("z_noise", dims="row") * noise * sigma
    if rho is not None:
        previous = _rows("row_previous", layout.previous)
        # A first row is one after an endless gap: it owes nothing to any other.
        power = pt.switch(layout.first, 0.0, rho ** _rows("row_gap", layout.gap))
        spread = sigma * pt.sqrt((1.0 - power**2) / (1.0 - rho**2))
        mean = mean + power * (y - mean)[previous]
    if equation.rows.weights is not None:
        spread = sigma / pt.sqrt(pm.Data("weights", equation.rows.weights, dims="row"))
    if not isinstance(likelihood, StudentT):
        pm.Normal("outcome_over_s", mean, spread, observed=y, dims="row")
        return
    nu: Any = likelihood.nu
    if nu is None:
        nu = pm.Deterministic("nu", 2.0 + pm.Gamma("nu_less_2", alpha=2.0, beta=0.1))
    unit_spread = pt.sqrt((nu - 2.0) / nu)
    pm.StudentT(
        "outcome_over_s", nu=nu, mu=mean, sigma=spread * unit_spread, observed=y, dims="row"
    )
