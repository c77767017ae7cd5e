"""Densities of the priors at the top of a fit, draw by draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp.inference.fitting._parameters import parameter_units
from bayes_nqp.numerics.parameters import FIXED

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


_TOP = ("level", "drift", "strata_")
"""Coefficients with fixed priors that are not part of the pooling."""


def log_priors(fit: Fit) -> dict[str, xr.DataArray]:
    """Compute log densities of the top-level priors, up to constants.

    Returns
    -------
    dict of str to DataArray (chain, draw)
        By the parameter of the prior.
    """
    equation, posterior = fit.model_frame.equations[0], fit.posterior
    prefix = f"{equation.name}__"
    coords = {dim: posterior[dim].to_numpy() for dim in v.SAMPLE_DIMS}

    def labelled(values: npt.NDArray[np.float64]) -> xr.DataArray:
        return xr.DataArray(values, dims=v.SAMPLE_DIMS, coords=coords)

    kernels: dict[str, xr.DataArray] = {}
    for part in equation.globals:
        if part.scale != FIXED or not part.name.startswith(_TOP):
            continue
        values = posterior[prefix + part.name].to_numpy() / fit.scale
        z = values.reshape(*values.shape[:2], -1)
        if part.display is not None:
            z = z @ np.linalg.pinv(part.display).T
        kernels[part.name] = labelled(-0.5 * (z**2).sum(axis=2))
    units = parameter_units(equation)
    for parameter, unit in zip(equation.problem.space.parameters, units, strict=True):
        values = posterior[prefix + parameter.name].to_numpy() / unit
        kernels[parameter.name] = labelled(parameter.prior.log_kernel(values))
    for parameter in fit.facts.likelihood.parameters:
        values = posterior[prefix + parameter.name].to_numpy()
        kernels[parameter.name] = labelled(parameter.prior.log_kernel(values))
    return kernels


def parameter_draws(fit: Fit) -> dict[str, xr.DataArray]:
    """Draws of the parameters that have such priors, by name (chain, draw)."""
    equation = fit.model_frame.equations[0]
    likelihood = (parameter.name for parameter in fit.facts.likelihood.parameters)
    names = ("level", "drift", *likelihood, *equation.problem.space.names)
    draws = {str(k).removeprefix(f"{equation.name}__"): x for k, x in fit.posterior.items()}
    return {k: x for k, x in draws.items() if k in names or k.startswith("scale_")}
