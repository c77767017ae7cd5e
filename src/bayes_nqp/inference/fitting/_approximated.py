"""Draws of designs with approximated observations, with exact importance weights."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import xarray as xr

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._approximation import Observations, approximate
from bayes_nqp.inference.fitting._correction import Correction
from bayes_nqp.inference.fitting._draws import assembled_draws, cell_shares, unit_effects_stored
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.fitting._groups import Drawn, build_groups
from bayes_nqp.inference.fitting._parameters import constrain
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics
from bayes_nqp.numerics.linear_gaussian import Coefficients, DrawsWithDensity
from bayes_nqp.numerics.sampling import Importance, corrected_importance

_KEPT = 4_000_000
"""Numbers of coefficients that are kept with proposals: 32 MB."""


@dataclass(frozen=True, eq=False)
class _GivenDeviations:
    """Deviations that are already drawn (draw, member), multiples of ``s``."""

    deviation: Array

    def draw(self, draws: Coefficients, scale: float, stream: object) -> Array:
        """Return them in reported units."""
        return self.deviation * scale


def fit_approximated(
    model_frame: ModelFrame, sampler: Importance
) -> tuple[dict[str, xr.Dataset], ConvergenceDiagnostics]:
    """Draw a design with approximated observations.

    Parameters
    ----------
    sampler : Importance
        With a seed.

    Returns
    -------
    tuple of dict and ConvergenceDiagnostics
        As `build_groups` returns them; diagnostics are those of the corrected weights.
    """
    observations = Observations.of(model_frame)
    approximation = approximate(observations)
    equation = approximation.equation
    generator = np.random.default_rng(np.random.SeedSequence([_seed(sampler), 4]))
    keeper = DrawsWithDensity(equation.gaussian.for_many, 1, _KEPT, generator)
    correction = Correction(observations, approximation, generator, keeper)
    density = equation_density(equation, often=True, keeper=keeper)
    chains, chosen = corrected_importance(
        density, equation.problem.space, sampler, approximation.point, correction
    )
    x = chains.values["x"]
    facts = {**chains.facts, "approximation_rounds": float(approximation.rounds)}
    chains = replace(chains, facts=facts)
    draws, units = _recovered_inputs(model_frame, correction, chosen.ravel())
    stated_frame = replace(model_frame, equations=(equation,))
    recovered = assembled_draws(
        stated_frame, equation, draws, cell_shares(stated_frame, equation), None, units, None,
        None, None,
    )  # fmt: skip
    if correction.added:
        recovered = replace(recovered, added=np.concatenate(correction.added)[chosen.ravel()])
    drawn = Drawn(equation, chains, x, constrain(equation, x), recovered)
    return build_groups(stated_frame, [drawn])


def _recovered_inputs(
    model_frame: ModelFrame, correction: Correction, chosen: Index
) -> tuple[Coefficients, Any]:
    """Return the chosen draws, with deviations of single units by class and by member."""
    parts = correction.coefficients
    names = [each.name for each in fields(Coefficients)]
    draws = Coefficients(
        **{name: np.concatenate([getattr(part, name) for part in parts])[chosen] for name in names}
    )
    raw = model_frame.equations[0].problem
    if raw.unit_effect_scale is None or raw.shares_deviations:
        return draws, None
    deviation = np.concatenate(correction.deviation)[chosen]
    classes = correction.approximation.equation.problem.classes
    means = np.stack([deviation[:, c.units].mean(axis=1) for c in classes], axis=1)
    stored = unit_effects_stored(model_frame)
    units = _GivenDeviations(deviation[:, model_frame.effects.codes]) if stored else None
    return replace(draws, deviation=means), units


def _seed(sampler: Importance) -> int:
    assert sampler.seed is not None
    return sampler.seed
