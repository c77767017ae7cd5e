"""Estimates of a spatial model, as a column of their table has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import (
    att,
    long_run_effects,
    moderated_difference,
    spatial_dynamics,
    spillover_effects,
)
from bayes_nqp.inference.fitting import (
    Fit,
    covariate_names,
    covariate_slopes,
    equation_draws,
    error_draws,
    impacts,
    sigma_draws,
    treatment_coefficients,
)
from bayes_nqp.model.predictors import DELTA
from bayes_nqp.output.tables._kinds import Ask

type Lines = dict[str, pd.Series[Any]]

_MODERATED: Final = Message("Change with {} one standard deviation higher")
_COEFFICIENTS, _ERRORS, _POLICY, _EXPOSED, _IMPACTS = (
    Message("Coefficients"),
    Message("Errors"),
    Message("Effects of the policy"),
    Message("Effects of the exposure"),
    Message("Impacts of covariates"),
)
EFFECTS_BY_TREATMENT: Final = {
    v.DIRECT: Message("Direct effect (own treatment)"),
    v.RECEIVED: Message("Indirect effect (others' treatment)"),
    v.TOTAL: Message("Total"),
}
_DOSE: Final = {
    v.DIRECT: Message("Direct effect (own exposure)"),
    v.RECEIVED: Message("Indirect effect (others' exposure)"),
    v.TOTAL: Message("Total"),
}
_BEFORE: Final = {
    "tau": Message("Lagged outcome"),
    "psi": Message("W × lagged outcome"),
}
_RUNS: Final = {
    ("short", v.TOTAL): Message("Units treated in the last period: immediate"),
    ("actual", v.TOTAL): Message("Units treated in the last period: to date"),
    ("long", v.TOTAL): Message("Units treated in the last period: long run"),
    ("long", v.DIRECT): Message("Long run, direct effect (own treatment)"),
    ("long", v.RECEIVED): Message("Long run, indirect effect (others' treatment)"),
}
_LONG_SIDES: Final = {
    v.DIRECT: Message("{}, direct, long run"),
    v.INDIRECT: Message("{}, indirect, long run"),
    v.TOTAL: Message("{}, total, long run"),
}
_SIDES: Final = {
    v.DIRECT: Message("{}, direct"),
    v.INDIRECT: Message("{}, indirect"),
    v.TOTAL: Message("{}, total"),
}


def spatial_fits(fits: Mapping[str, Fit]) -> dict[str, Fit]:
    """Fits without channels, of which spatial models are tabulated; none if none is of space."""
    plain = {name: fit for name, fit in fits.items() if not fit.facts.channels}
    return plain if any(map(is_of_space, plain.values())) else {}


def is_of_space(fit: Fit) -> bool:
    """Return True if a model contains terms of neighbouring units."""
    return fit.facts.spatial_term is not None or fit.facts.reach != "none"


def estimates_of(fit: Fit, ask: Ask) -> Iterator[tuple[Message, Lines]]:
    """Estimates of a fit, heading by heading."""
    yield _COEFFICIENTS, _lines(_coefficients(fit, ask), ask)
    yield _ERRORS, _lines(_errors(fit, ask), ask)
    effects, adopted = fit.effects, fit.facts.adopted
    paths = {str(path) for path in effects[v.PATH].to_numpy()}
    policy = {
        ask.translate(label): att(effects, path=path, weights=ask.weights)
        for path, label in (EFFECTS_BY_TREATMENT if adopted else _DOSE).items()
        if path in paths
    }
    if v.RECEIVED in paths and adopted:
        policy[ask.translate("Spillover effect on untreated observations")] = spillover_effects(
            effects, None, ask.weights
        )
    if is_dynamic(fit):
        runs = long_run_effects(fit)
        policy |= {
            ask.translate(label): runs.sel({"run": run, v.PATH: path})
            for (run, path), label in _RUNS.items()
        }
    yield _POLICY if adopted else _EXPOSED, _lines(policy, ask)
    if fit.facts.moderator is not None:
        yield (
            _MODERATED.fill(ask.translate.name(fit.facts.moderator)),
            _lines(_moderated(fit, ask), ask),
        )
    names = [x for x in covariate_names(fit) if not x.startswith("W × ")]
    term = fit.facts.spatial_term
    if names and term is not None and term.form != "SEM":
        draws = {"short": (impacts(fit), _SIDES)}
        if term.dynamics:
            draws["long"] = impacts(fit, "long"), _LONG_SIDES
        sides = {
            ask.translate(label, name): values.sel({"covariate": name, v.PATH: path})
            for name in names
            for values, labels in draws.values()
            for path, label in labels.items()
        }
        yield _IMPACTS, _lines(sides, ask)


def _moderated(fit: Fit, ask: Ask) -> dict[str, xr.DataArray]:
    """Return the change of own and spillover effects per standard deviation of the moderator.

    Spillovers use the moderator of the sending units.
    """
    paths = (EFFECTS_BY_TREATMENT if fit.facts.adopted else _DOSE) if fit.facts.has("lag") else {}
    labels = paths or {v.TOTAL: EFFECTS_BY_TREATMENT[v.TOTAL]}
    # From one standard deviation below the mean to one above.
    return {
        ask.translate(label): 0.5
        * moderated_difference(fit, path=path, weights=ask.weights).reset_coords("index", drop=True)
        for path, label in labels.items()
    }


def _coefficients(fit: Fit, ask: Ask) -> dict[str, xr.DataArray]:
    """Coefficients of treatment, of covariates, of outcomes or errors of linked units."""
    translate, draws = ask.translate, {}
    term = treatment_coefficients(fit)
    labels = {"own": translate("Treatment"), "linked": translate("W × treatment")}
    if (dose := fit.facts.exposure) is not None:
        labels = {"own": translate.name(dose), "linked": f"W × {translate.name(dose)}"}
    for name in term["term"].to_numpy().tolist():
        draws[labels[name]] = term.sel(term=name, drop=True)
    for name in covariate_names(fit):
        draws[translate.name(name)] = _drawn(fit, covariate_slopes(fit, [name])[..., 0])
    delta = equation_draws(fit, DELTA)
    if delta is not None:
        draws["ρ" if fit.facts.reach == "lag" else "λ"] = _drawn(fit, delta)
    if is_dynamic(fit):
        coefficients = spatial_dynamics(fit)
        for name, label in _BEFORE.items():
            draws[translate(label)] = coefficients.sel(coefficient=name)
    return draws


def is_dynamic(fit: Fit) -> bool:
    """Return True if the model has a lagged outcome."""
    term = fit.facts.spatial_term
    return term is not None and term.dynamics


def _errors(fit: Fit, ask: Ask) -> dict[str, xr.DataArray]:
    """Parameters of the error structure, and the variance of innovations."""
    translate, values = ask.translate, error_draws(fit)
    parameters = fit.model_frame.equations[0].problem.error_parameters
    draws = {
        translate.name(parameter.meaning): _drawn(fit, values[parameter.name])
        for parameter in parameters[:-1]
    }
    return draws | {"σ²": _drawn(fit, sigma_draws(fit) ** 2)}


def _drawn(fit: Fit, values: np.ndarray) -> xr.DataArray:
    """Draws with the gate of their fit."""
    return xr.DataArray(values, dims=v.SAMPLE_DIMS, coords={v.GATE: fit.effects[v.GATE].item()})


def _lines(draws: Mapping[str, xr.DataArray], ask: Ask) -> Lines:
    return {label: ask.summary(values).iloc[0] for label, values in draws.items()}
