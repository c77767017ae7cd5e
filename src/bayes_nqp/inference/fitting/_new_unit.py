"""Effects along paths on a new unit, with unknown unit-level deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.fitting._cell_draws import CellDraws
from bayes_nqp.inference.fitting._needs import LINKED, meets
from bayes_nqp.inference.fitting._paths import lagged
from bayes_nqp.model.predictors import SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


def new_unit_effects(fit: Fit, generator: np.random.Generator | None) -> Array:
    """Draw the effects of cells on a new unit, or their mean over all such units.

    A new unit has its own deviation in every equation. Its moderator, if any, and the untreated
    level of its mediators are the means of the cell's observations. If the effect on a mediator and
    its slope both vary by unit, the two deviations are drawn jointly, with their correlation. Over
    all units, the mean of the product is ``E[a] E[b] + cov(a, b)``.

    Parameters
    ----------
    fit : Fit
        A fit with its observations.
    generator : Generator, optional
        Random numbers of the deviations; None for the mean over all units.

    Returns
    -------
    ndarray (chain, draw, path, cell), outcome units
        Paths add up in every draw.

    Raises
    ------
    StudyError
        If the model contains variables of neighbouring units.
    """
    if meets(fit, (LINKED,)):
        raise StudyError(
            "in models with spatial weights effects refer to the observed units and their weights, "
            "not to a superpopulation",
            hint="target='sample'",
        )
    draws = CellDraws(fit)
    size = (int(np.prod(draws.shape)), 1)

    def deviates() -> Array:
        return np.zeros(size) if generator is None else generator.standard_normal(size)

    if not fit.facts.channels:
        effect = _effect(draws, "outcome", np.zeros(size))
        if generator is not None:
            effect = effect + _deviation(draws, fit, generator)
        total = draws.chains(effect[:, None])
        return _with_received(fit, total) if v.RECEIVED in fit.effects[v.PATH] else total
    names = [str(name) for name in fit.effects[v.PATH].to_numpy()[2:]]
    direct = _effect(draws, "outcome", deviates())
    indirect = []
    for name in names:
        normal, covariance = deviates(), np.zeros(size)
        effect = lagged(draws.model_frame, _effect(draws, name, normal), draws.lag)
        # b at the mean moderator, z = z_bar.
        slope = draws.slope(SlopeKind.MEDIATOR, name)
        slope = slope + draws.slope(SlopeKind.SHIFT, name) * draws.mean_moderator
        if draws.has("corr_ab"):
            # The slope's deviation is correlated with that of the effect on the mediator.
            r, scale = (draws.flat(x)[:, None] for x in ("corr_ab", "scale_b"))
            slope = slope + scale * (r * normal + np.sqrt(1 - r**2) * deviates())
            if generator is None:
                covariance = _covariance(draws, name)
        if draws.has(SlopeKind.INTERACTION.draws):
            d = draws.slope(SlopeKind.INTERACTION, name)
            rows_effect = lagged(draws.model_frame, draws.cells("cell_effect", name), draws.lag)
            direct += d * (_untreated(draws, name) - rows_effect)
            slope = slope + d
        indirect.append(effect * slope + covariance)
    return draws.chains(np.stack([direct + sum(indirect), direct, *indirect], axis=1))


def _with_received(fit: Fit, total: Array) -> Array:
    """Add spillover effects, which have no deviations; untreated cells have no other effect."""
    received = fit.effects[v.EFFECT].sel({v.PATH: v.RECEIVED}).to_numpy()[:, :, None]
    total = np.where(schema.roles(fit.effects) == v.NEIGHBOUR, received, total)
    parts = {v.TOTAL: total, v.DIRECT: total - received, v.RECEIVED: received}
    return np.concatenate([parts[str(name)] for name in fit.effects[v.PATH].to_numpy()], axis=2)


def path_covariance_draws(fit: Fit) -> Array:
    """Draw the covariance of a and b across units, if both vary by unit.

    Returns
    -------
    ndarray (chain, draw), outcome units
        Mean of products less the product of means.
    """
    draws = CellDraws(fit)
    return _covariance(draws, str(fit.effects[v.PATH].to_numpy()[-1])).reshape(draws.shape)


def _covariance(draws: CellDraws, mediator: str) -> Array:
    """Compute ``r omega_a omega_b`` (draw, 1)."""
    r, scale = (draws.flat(x)[:, None] for x in ("corr_ab", "scale_b"))
    return np.asarray(r * scale * _spread(draws, mediator))


def _effect(draws: CellDraws, equation: str, normal: Array) -> Array:
    """Return an equation's effect at the mean moderator of a cell, with a deviation."""
    mean, theta = draws.cells("cell_mean", equation), draws.theta(equation)
    return draws.model_frame.effects.of_cells(mean, theta, _spread(draws, equation) * normal)


def _deviation(draws: CellDraws, fit: Fit, generator: np.random.Generator) -> Array:
    """Draw the deviation of a new unit (draw, 1), without mediators."""
    scale = np.broadcast_to(_spread(draws, "outcome"), (int(np.prod(draws.shape)), 1))[:, 0]
    unit = draws.model_frame.equations[0].effect_scale
    return fit.facts.deviations.draw(generator, scale, 1, unit)


def _spread(draws: CellDraws, name: str) -> Array | float:
    """Return the SD of units' deviations in an equation; the fixed value if it is not estimated."""
    equation = next(e for e in draws.model_frame.equations if e.name == name)
    if draws.has("scale_deviation", name):
        unit = equation.effect_scale / equation.scale
        return draws.flat("scale_deviation", name)[:, None] * unit
    scale = equation.problem.unit_effect_scale
    return 0.0 if scale is None else scale.fixed * equation.effect_scale


def _untreated(draws: CellDraws, name: str) -> Array:
    """Return the centred level of a mediator over a cell's observations."""
    slopes = draws.model_frame.equations[0].slopes
    centre = next(
        s.centre for s in slopes if s.mediator == name and s.kind is SlopeKind.INTERACTION
    )
    return np.asarray(draws.model_frame.cells.mediators[name] - centre)
