"""Coefficients of an equation: their priors, and their sums by position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.model.predictors import GlobalPart, LocalPart
from bayes_nqp.numerics.parameters import FLAT, Parameter, Scale

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation, ModelFrame
    from bayes_nqp.inference.pymc_model._names import Variables
    from bayes_nqp.model.predictors import Place
    from bayes_nqp.numerics.linear_gaussian import Problem


def row_data(name: str, values: npt.NDArray[Any]) -> Any:
    """Register data of the observations, once for all equations."""
    model = pm.modelcontext(None)
    if name in model.named_vars:
        return model[name]
    return pm.Data(name, values, dims="row")


def padded(values: Any) -> Any:
    """Append the zero to which observations without a cell, or without a deviation, point."""
    return pt.zeros(values.shape[0] + 1)[:-1].set(values)


def parameter(names: Variables, stated: Parameter, s: Any) -> Any:
    """Add one prior to the model in context; return the parameter in multiples of ``s``."""
    name = names(stated.name)
    if not stated.in_outcome_units:
        return stated.prior.variable(name)
    value = stated.prior.variable(f"{name}_over_s")
    pm.Deterministic(name, value * s)
    return value


def scale_variables(names: Variables, problem: Problem, s: Any) -> dict[str, Any]:
    """Add the scales' priors to the model in context.

    Parameters
    ----------
    s : tensor
        The outcome's scale.

    Returns
    -------
    dict of str to tensor or float
        Every scale, estimated or fixed, in multiples of ``s``; in the order of the problem's
        parameters.
    """
    scales = list(problem.scales)
    if problem.unit_effect_scale is not None:
        scales.append(problem.unit_effect_scale)
    out: dict[str, Any] = {}
    for scale in scales:
        if not scale.estimated:
            out[scale.name] = scale.fixed
        else:
            stated = Parameter(f"scale_{scale.name}", scale.prior)
            out[scale.name] = parameter(names, stated, s)
    return out


def table(
    names: Variables,
    model_frame: ModelFrame,
    equation: Equation,
    place: Place,
    scales: Mapping[str, Any],
    s: Any,
) -> Any:
    """Add the coefficients that load on one table, and sum them up by position."""
    size = {
        "time": len(model_frame.codes.level_names) * model_frame.codes.n_periods,
        "cells": model_frame.table.size,
        "slopes": model_frame.codes.stratum_levels.shape[0] * len(equation.rows.columns),
        "paths": max(
            (p.columns.shape[0] for p in equation.globals if p.place == "paths"), default=0
        ),
    }[place]
    total = pt.zeros(size)
    for part in equation.globals:
        if part.place == place:
            values = _coefficients(names, part, f"z_{part.name}_dim", scales)
            total = total + pm.Data(names(f"columns_{part.name}"), part.columns) @ values
            if part.reported:
                _report(names, part, values, s)
    for local in equation.locals:
        if local.place == place:
            values = _coefficients(names, local, f"{local.name}_label", scales)
            total = total[pm.Data(names(f"index_{local.name}"), local.index)].inc(values)
    return total


def _coefficients(
    names: Variables, part: GlobalPart | LocalPart, dim: str, scales: Mapping[str, Any]
) -> Any:
    """Assign a prior to a part's coefficients: flat, or standard normal times their scale."""
    if isinstance(part, GlobalPart) and part.display is None:
        dim = f"{part.name}_label"
    if part.scale == FLAT:
        return pm.Flat(names(f"{part.name}_over_s"), dims=names(dim))
    z = pm.Normal(names(f"z_{part.name}"), dims=names(dim))
    return z * scales[part.scale.name] if isinstance(part.scale, Scale) else z


def _report(names: Variables, part: GlobalPart, values: Any, s: Any) -> None:
    """Report a part's coefficients, or the levels that they span, in outcome units."""
    if part.display is not None:
        values = pt.as_tensor(np.asarray(part.display)) @ values
    if part.name in ("level", "drift"):
        pm.Deterministic(names(part.name), values[0] * s)
    else:
        pm.Deterministic(names(part.name), values * s, dims=names(f"{part.name}_label"))
