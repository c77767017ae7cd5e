"""Fits by observation: for models without sufficient statistics, and as independent tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting._draws import (
    Recovered,
    kept_unit_effects,
    leaning_of,
    slope_of,
    unit_effects_stored,
)
from bayes_nqp.inference.fitting._groups import Drawn, build_groups
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.pymc_model import Variables, equation_model
from bayes_nqp.model.predictors import Slope, SlopeKind
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics
from bayes_nqp.numerics.sampling import NUTS, Chains, Importance, sample_model

if TYPE_CHECKING:
    import xarray as xr

    from bayes_nqp.inference.model_frame import Equation, ModelFrame


ROWS_NOTE = Message(
    "all coefficients were sampled, without sufficient statistics; this is slow, and time"
    " grows with the number of observations"
)
"""Statistics of a fit."""


def fit_rows(
    model_frame: ModelFrame, sampler: NUTS, progress: bool
) -> tuple[dict[str, xr.Dataset], ConvergenceDiagnostics, bool]:
    """Sample the model of single observations, and label its draws like those of any other fit.

    It is far slower than the fit from sufficient statistics: unit effects, time effects, every
    coefficient and every deviation are sampled, and each evaluation passes over all observations.
    Equations share no variable, so that each is sampled separately.

    Parameters
    ----------
    sampler : NUTS
        With its seed.
    progress : bool
        If True, show a progress bar.

    Returns
    -------
    tuple
        The groups, the convergence diagnostics, and True if sampling was interrupted.

    Raises
    ------
    StudyError
        If the design, or its error structure, has no model of single observations.
    """
    if any(equation.problem.redraws is not None for equation in model_frame.equations):
        raise StudyError(
            "NUTS does not support estimated series: their uncertainty would be left out",
            hint=Message("{}, the default, supports it", Hint("sampler", Importance())),
        )
    drawn: list[Drawn] = []
    for number, equation in enumerate(model_frame.equations):
        names = [Variables(equation.name)(name) for name in kept_by(model_frame, equation)]
        model = equation_model(model_frame, equation)
        chains = sample_model(model, _numbered(sampler, number), names, progress=progress)
        drawn.append(drawn_of(model_frame, equation, chains))
        if chains.interrupted:
            # Later equations are drawn only as long as there are draws to pair them with.
            sampler = replace(sampler, draws=drawn[-1].x.shape[1])
    least = min(part.x.shape[1] for part in drawn)
    groups, gate = build_groups(model_frame, [part.cut(least) for part in drawn])
    return groups, gate, any(part.chains.interrupted for part in drawn)


def kept_by(model_frame: ModelFrame, equation: Equation) -> list[str]:
    """Return the names of the PyMC model's variables that a fit stores for an equation."""
    return [*_parameters(model_frame, equation), *_reported(model_frame, equation)]


def drawn_of(model_frame: ModelFrame, equation: Equation, chains: Chains) -> Drawn:
    """Label the chains of an equation's PyMC model.

    Parameters
    ----------
    chains : Chains
        With the variables of `kept_by`, named as in the PyMC model.
    """
    called = Variables(equation.name)
    values = {
        name: np.asarray(chains.values[called(name)], dtype=float)
        for name in kept_by(model_frame, equation)
    }
    parameters = {name: values[name] for name in _parameters(model_frame, equation)}
    recovered = _recovered(model_frame, equation, values)
    return Drawn(equation, chains, values["cell_effect"], parameters, recovered)


def _parameters(model_frame: ModelFrame, equation: Equation) -> list[str]:
    names = [parameter.name for parameter in model_frame.facts.likelihood.parameters]
    return [*equation.problem.parameter_names, *names]


def _numbered(sampler: NUTS, number: int) -> NUTS:
    """Return the sampler of one equation, with its own stream of random numbers."""
    if number == 0:
        return sampler
    seed = np.random.SeedSequence([sampler.seed or 0, number]).generate_state(1)[0] >> 1
    return replace(sampler, seed=int(seed))


def _terms(equation: Equation) -> list[str]:
    """Return the terms for which coefficients are reported unchanged."""
    return [part.name for part in equation.globals if part.reported]


def _reported(model_frame: ModelFrame, equation: Equation) -> list[str]:
    """Return the variables of the PyMC model that a fit stores, without parameters."""
    names = [*_terms(equation), *dict.fromkeys(slope.kind.draws for slope in equation.slopes)]
    few = unit_effects_stored(model_frame) or leaning_of(model_frame, equation) is not None
    few = few or lag_effects_of(model_frame, equation) is not None
    if equation.problem.unit_effect_scale is not None and few:
        names.append("deviation")
    return [*names, "cell_mean", "cell_effect"]


def _recovered(
    model_frame: ModelFrame, equation: Equation, values: Mapping[str, Array]
) -> Recovered:
    """Return draws of one equation, flat over chains, in the form of other fits."""
    draws = int(np.prod(values["cell_effect"].shape[:2]))
    flat = {name: a.reshape(draws, *a.shape[2:]) for name, a in values.items()}
    coefficients = {name: flat[name].reshape(draws, -1) for name in _terms(equation)}
    slopes = _slopes(equation, flat)
    deviation, tilt = flat.get("deviation"), None
    leaning = leaning_of(model_frame, equation)
    if deviation is not None and leaning is not None:
        tilt = np.asarray((leaning @ deviation.T).T)
    realised, reach = None, lag_effects_of(model_frame, equation)
    if reach is not None:
        realised = reach.of_draws(None, flat["cell_mean"], coefficients, deviation)
    theta = slope_of(slopes, SlopeKind.MODERATION)
    deviation = kept_unit_effects(model_frame, equation, deviation, theta, coefficients)
    return Recovered(
        flat["cell_mean"], flat["cell_effect"], coefficients, deviation, slopes, tilt,
        realised=realised,
    )  # fmt: skip


def _slopes(equation: Equation, flat: Mapping[str, Array]) -> dict[Slope, Array]:
    """Return slopes of mediators and the moderator in every stratum (draw, stratum)."""
    out = {}
    for kind in SlopeKind:
        slopes = [slope for slope in equation.slopes if slope.kind is kind]
        for k, slope in enumerate(slopes):
            values = flat[kind.draws]
            out[slope] = values if kind is SlopeKind.MODERATION else values[..., k]
    return out
