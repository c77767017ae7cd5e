"""Posteriors of what tells spatial forms apart, and their marginal likelihoods."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import norm

from bayes_nqp.designs import Design
from bayes_nqp.fitting import (
    Fit,
    covariate_names,
    covariate_slopes,
    equation_draws,
    log_marginal,
    once,
    panel_of,
)
from bayes_nqp.terms import DELTA

__all__ = ["FORMS", "log_prior", "marginals", "posteriors"]

Array = npt.NDArray[np.float64]

FORMS: Final = ("SDM", "SAR", "SEM")
"""The spatial Durbin model, the plain lag and spatial errors."""


def posteriors(durbin: Fit) -> xr.Dataset:
    """Draws of theta and of the common factor, by column, outcome units."""
    delta = equation_draws(durbin, DELTA)
    assert delta is not None
    pairs = {}
    for name in ("level", "drift"):
        tau, theta = (equation_draws(durbin, f"{prefix}{name}") for prefix in ("", "linked_"))
        if tau is not None and theta is not None:
            label = durbin.facts.exposure or f"treatment, {name}"
            pairs[label] = tau, theta.reshape(tau.shape)
    for name in covariate_names(durbin):
        if f"W × {name}" in covariate_names(durbin):
            draws = covariate_slopes(durbin, [name, f"W × {name}"])
            pairs[name] = draws[..., 0], draws[..., 1]
    thetas = np.stack([theta for _, theta in pairs.values()], axis=-1)
    factor = np.stack([theta + delta * beta for beta, theta in pairs.values()], axis=-1)
    dims = ("chain", "draw", "column")
    return xr.Dataset(
        {"theta": (dims, thetas), "common_factor": (dims, factor)}, coords={"column": list(pairs)}
    )


def marginals(
    fit: Fit, durbin: Fit, designs: Mapping[str, Design], theta_sd: float
) -> dict[str, float]:
    """Log marginal likelihoods by form; none where the likelihood is an adjusted one."""
    panel, seed = panel_of(fit), int(fit.sampler.seed or 0)
    lag = durbin.plan.model.equations[0].lag
    if lag is None or lag.adjusted:
        return {}
    out = {}
    for form, design in designs.items():
        integrate = partial(log_marginal, design, panel, seed=seed)
        out[form] = once(fit, ("marginal", design, panel.digest), integrate).value
    out["SDM"] += log_prior(durbin, theta_sd)
    return out


def log_prior(durbin: Fit, sd: float) -> float:
    """What a proper prior of theta makes of a marginal likelihood under a density of one.

    ``log E[N(theta; 0, sd²)]`` over draws under the flat one, theta in multiples of ``s`` by
    within-unit sd of the column, as the density takes it.
    """
    equation, panel = durbin.plan.equations[0], panel_of(durbin)
    columns = durbin.plan.model.equations[0].columns
    if not columns:
        return 0.0
    log_density: Array = np.zeros(1)
    for name, values in columns.items():
        count = np.bincount(panel.unit_codes)
        means = np.bincount(panel.unit_codes, values) / count
        size = float((values - means[panel.unit_codes]).std())
        theta = covariate_slopes(durbin, [name])[..., 0] * size / equation.scale
        log_density = log_density + norm.logpdf(theta, scale=sd).ravel()
    return float(logsumexp(log_density) - np.log(log_density.size))
