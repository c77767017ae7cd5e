"""Parameters of an equation: conversion between unconstrained points and labelled values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.inference.model_frame import Equation


def parameter_units(equation: Equation) -> Array:
    """Return the factors from parameters in multiples of ``s`` to stored parameters.

    Returns
    -------
    ndarray (parameter), outcome units
        1 for correlations and ratios.
    """
    space = equation.problem.space
    return np.array([equation.scale if p.in_outcome_units else 1.0 for p in space.parameters])


def natural(equation: Equation, x: Array) -> dict[str, Array]:
    """Transform unconstrained parameters to their own scales, in multiples of ``s``.

    Parameters
    ----------
    x : ndarray (..., parameter)
        Unconstrained.
    """
    space = equation.problem.space
    values = space.constrain(x)
    return {name: values[..., k] for k, name in enumerate(space.names)}


def constrain(equation: Equation, x: Array) -> dict[str, Array]:
    """Transform unconstrained parameters to their own scales, in stored units.

    Parameters
    ----------
    x : ndarray (..., parameter)
        Unconstrained.
    """
    units = parameter_units(equation)
    return {
        name: values * unit
        for (name, values), unit in zip(natural(equation, x).items(), units, strict=True)
    }


def unconstrained(equation: Equation, posterior: xr.Dataset | Mapping[str, xr.DataArray]) -> Array:
    """Compute the unconstrained points of stored draws: the inverse of `constrain`.

    Parameters
    ----------
    posterior : Dataset
        With every parameter of the equation.

    Returns
    -------
    ndarray (chain, draw, parameter)
        A scale stored as zero is set to the smallest positive value.
    """
    space = equation.problem.space
    values = np.stack(
        [
            posterior[f"{equation.name}__{name}"].transpose(*v.SAMPLE_DIMS).to_numpy()
            for name in space.names
        ],
        axis=-1,
    )
    # Stored values are in outcome units, sampled ones in multiples of s.
    return space.unconstrain(values / parameter_units(equation))


def point_at(equation: Equation, values: Mapping[str, float]) -> Array:
    """Return the unconstrained point of some parameters, with the others at typical values.

    Parameters
    ----------
    values : mapping of str to float, outcome units
        By name.
    """
    space, units = equation.problem.space, parameter_units(equation)
    point = space.typical
    for k, name in enumerate(space.names):
        point[k] = values.get(name, point[k] * units[k]) / units[k]
    return np.asarray(space.unconstrain(point[None])[0])
