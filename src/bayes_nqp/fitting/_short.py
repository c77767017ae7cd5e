"""Effects by few proposals: where many refits are asked for an average each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.diagnostics import Gate, populations_gate, weights_gate, worst_of
from bayes_nqp.fitting._draws import recovered
from bayes_nqp.fitting._equations import equation_density, numbered
from bayes_nqp.fitting._known import KnownDraws
from bayes_nqp.fitting._parameters import point_at
from bayes_nqp.fitting._paths import paths_of
from bayes_nqp.fitting._waist import waist
from bayes_nqp.planning import plan_of
from bayes_nqp.sampling import LEAST_BRIEF, Chains, Importance, importance, refit_importance

if TYPE_CHECKING:
    from bayes_nqp.designs import Design
    from bayes_nqp.panel import Panel
    from bayes_nqp.planning import Equation

__all__ = ["SHORT", "short_effects"]

Array = npt.NDArray[np.float64]

SHORT: Final = (4, 250)
"""Chains and draws of a refit."""


def short_effects(
    design: Design, panel: Panel, *, seed: int = 0, stock: KnownDraws | None = None
) -> xr.Dataset:
    """Draw effects from their posterior by a few hundred evaluations of its density.

    The posterior is that of `fit`, with a fourth of its draws. Equations are drawn independently
    of one another.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
        With a Gaussian likelihood, its equations not joined by ``vary_by``.
    stock : KnownDraws, optional
        Draws of equations' parameters that are at hand, and where to begin with others, as
        `known_draws` gives them.

    Returns
    -------
    Dataset
        Of the waist, with 4 chains of 250 draws.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    """
    plan = plan_of(design, panel)
    draws, gates = [], {}
    for number, equation in enumerate(plan.equations):
        chains = _chains(equation, numbered(Importance(*SHORT[::-1], seed=seed), number), stock)
        facts = chains.facts
        gates[f"{equation.name}: "] = _gate(facts)
        generator = np.random.default_rng([seed, number, 1])
        x = _thinned(chains.values["x"])
        draws.append(recovered(plan, equation, x.reshape(-1, x.shape[2]), generator))
    paths = paths_of(plan, draws)
    effect = paths.effect.reshape(*SHORT, *paths.effect.shape[1:])
    deviation = paths.deviation
    if deviation is not None:
        deviation = deviation.reshape(*SHORT, *deviation.shape[1:])
    return waist(
        plan,
        effect,
        deviation,
        paths=paths.names,
        cells=paths.cells,
        gate=worst_of(gates if len(gates) > 1 else {"": next(iter(gates.values()))}),
        attrs={"target": "sample", "outcome": panel.roles.outcome},
    )


def _chains(equation: Equation, sampler: Importance, stock: KnownDraws | None) -> Chains:
    """Draws of an equation's parameters: those at hand, or by a few hundred evaluations."""
    density, space = equation_density(equation), equation.problem.space
    if stock is None:
        return importance(density, space, sampler)
    at_hand = stock.chains.get(equation.gaussian.digest)
    if at_hand is not None:
        return at_hand
    prefix = f"{equation.name}__"
    values = {k.removeprefix(prefix): x for k, x in stock.values.items() if k.startswith(prefix)}
    if not values:
        return importance(density, space, sampler)
    return refit_importance(density, space, sampler, point_at(equation, values))


def _gate(facts: Mapping[str, float]) -> Gate:
    """Whether a refit stands: with fewer effective weights than a fit, for averages alone."""
    draws = SHORT[0] * SHORT[1]
    if v.IMPORTANCE_ESS in facts:
        return weights_gate(facts, draws, least=LEAST_BRIEF)
    return populations_gate(facts, draws)


def _thinned(x: Array) -> Array:
    """Keep evenly spaced draws (chain, draw, parameter)."""
    if x.shape[:2] == SHORT:
        return x
    flat = x.reshape(-1, x.shape[2])
    places = np.linspace(0, len(flat) - 1, SHORT[0] * SHORT[1]).astype(np.int64)
    return flat[places].reshape(*SHORT, -1)
