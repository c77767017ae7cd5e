"""Draws of a fit's parameters and coefficients, independent of the names of its variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.inference.fitting._mediate import Mediated


OUTCOME = "outcome"
"""Name of the first equation, whatever the outcome's column is called."""


def equation_draws(fit: Fit | Mediated, name: str, equation: str = OUTCOME) -> Array | None:
    """Return draws of one term of an equation (chain, draw, ...), outcome units; None if absent.

    Parameters
    ----------
    name : str
        Name of the parameter or coefficients: "sigma", "cell_effect", "b", ….
    equation : str, default "outcome"
        "outcome", or a mediator.
    """
    posterior, full = fit.posterior, f"{equation}__{name}"
    if full not in posterior:
        return None
    return np.asarray(posterior[full].transpose(*v.SAMPLE_DIMS, ...).to_numpy())


def sigma_draws(fit: Fit | Mediated, equation: str = OUTCOME) -> Array:
    """Return draws of the SD of an equation's innovations (chain, draw), the equation's units.

    Parameters
    ----------
    equation : str, default "outcome"
        "outcome", or a mediator.
    """
    return cast("Array", equation_draws(fit, "sigma", equation))


def deviation_draws(fit: Fit) -> Array | None:
    """Return draws of the SD of effect deviations (chain, draw), outcome units; None if fixed."""
    scale = equation_draws(fit, "scale_deviation")
    return None if scale is None else fit.facts.deviations.sd(scale, fit.scale)


def mediator_slopes(fit: Fit) -> Array:
    """Return draws of mediators' slopes (chain, draw, stratum, mediator).

    They are those of untreated observations at the moderator's centre, in outcome units per unit of
    each mediator.
    """
    return cast("Array", equation_draws(fit, "b"))


def effects_on_mediator(fit: Fit | Mediated, name: str) -> Array:
    """Return draws of the effects of cells on a mediator (chain, draw, cell), its units.

    In models with spillovers these are the effects of own treatment, without cells that have only
    spillover effects.
    """
    draws = equation_draws(fit, "own_effect", name)
    draws = cast("Array", equation_draws(fit, "cell_effect", name) if draws is None else draws)
    more = fit.effects.sizes[v.CELL] - draws.shape[2]
    return np.pad(draws, ((0, 0), (0, 0), (0, more)))


def mediator_covariance(rows: Mediated) -> Array:
    """Return draws of the covariance of mediators' errors (chain, draw, mediator, mediator)."""
    return np.asarray(rows.posterior["mediator_covariance"].to_numpy())


def covariate_names(fit: Fit) -> tuple[str, ...]:
    """Return the names of covariates with slopes in the outcome's equation."""
    labels = fit.posterior.get(f"{OUTCOME}__slope_label", ())
    return tuple(str(name) for name in np.asarray(labels))


def covariate_slopes(fit: Fit, names: Sequence[str]) -> Array:
    """Return draws of the slopes of covariates of the outcome (chain, draw, covariate).

    Parameters
    ----------
    names : sequence of str
        Covariates; slopes are in outcome units per unit of each.
    """
    slopes = fit.posterior[f"{OUTCOME}__slope"]
    labels = slopes[str(slopes.dims[-1])].to_numpy().tolist()
    return np.asarray(slopes.to_numpy()[..., [labels.index(name) for name in names]])


def error_draws(fit: Fit, equation: str = OUTCOME) -> dict[str, Array]:
    """Return draws of the parameters of an equation's error structure, with sigma last.

    Parameters
    ----------
    equation : str, default "outcome"
        "outcome", or a mediator.

    Returns
    -------
    dict of str to ndarray (chain, draw)
        On their own scales: standard deviations in multiples of the equation's ``s``.
    """
    stated = next(e for e in fit.model_frame.equations if e.name == equation)
    return {
        p.name: fit.posterior[f"{equation}__{p.name}"].to_numpy()
        / (stated.scale if p.in_outcome_units else 1.0)
        for p in stated.problem.error_parameters
    }


def scalar_draws(fit: Fit) -> dict[str, Array]:
    """Return draws of all scalar parameters (chain, draw), named as in the diagnostics."""
    posterior = fit.posterior
    equations = {str(name).partition("__")[0] for name in posterior}
    prefix = f"{equations.pop()}__" if len(equations) == 1 else ""
    return {
        str(name).removeprefix(prefix).replace("__", " "): values.to_numpy()
        for name, values in posterior.items()
        if values.ndim == 2
    }
