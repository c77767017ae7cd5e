"""Effects along paths on a new unit, whose deviations are not known."""

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

    A new unit has a deviation of its own in every equation. Its moderator, where there is one, and
    the untreated level of its mediators are the means of the cell's rows. Where the effect on a
    mediator and its slope vary by unit, both deviations are drawn together, with their
    correlation; over all units, the mean of the product is ``E[a] E[b] + cov(a, b)``.

    Parameters
    ----------
    fit : Fit
        With its rows.
    generator : Generator, optional
        Of deviations; None for the mean over all units.

    Returns
    -------
    ndarray (chain, draw, path, cell), outcome units
        Adding up, draw by draw.

    Raises
    ------
    StudyError
        Where something of linked units is in the model.
    """
    if meets(fit, (LINKED,)):
        raise StudyError(
            "where linked units matter effects are those of the units at hand and their links, and "
            "no superpopulation's",
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
            # The slope's deviation moves with that of the effect on the mediator.
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
    """Add what is received, which deviates for nobody: it is all of an untreated cell's effect."""
    received = fit.effects[v.EFFECT].sel({v.PATH: v.RECEIVED}).to_numpy()[:, :, None]
    total = np.where(schema.roles(fit.effects) == v.NEIGHBOUR, received, total)
    parts = {v.TOTAL: total, v.DIRECT: total - received, v.RECEIVED: received}
    return np.concatenate([parts[str(name)] for name in fit.effects[v.PATH].to_numpy()], axis=2)


def path_covariance_draws(fit: Fit) -> Array:
    """Covariance of both legs across units, where these vary together (chain, draw).

    Returns
    -------
    ndarray (chain, draw), outcome units
        What the mean of products has beyond the product of means.
    """
    draws = CellDraws(fit)
    return _covariance(draws, str(fit.effects[v.PATH].to_numpy()[-1])).reshape(draws.shape)


def _covariance(draws: CellDraws, mediator: str) -> Array:
    """``r omega_a omega_b`` (draw, 1)."""
    r, scale = (draws.flat(x)[:, None] for x in ("corr_ab", "scale_b"))
    return np.asarray(r * scale * _spread(draws, mediator))


def _effect(draws: CellDraws, equation: str, normal: Array) -> Array:
    """Effect of an equation at the mean moderator of a cell's rows, with a deviation."""
    mean, theta = draws.cells("cell_mean", equation), draws.theta(equation)
    return draws.model_frame.effects.of_cells(mean, theta, _spread(draws, equation) * normal)


def _deviation(draws: CellDraws, fit: Fit, generator: np.random.Generator) -> Array:
    """Draw the deviation of a new unit (draw, 1), without channels."""
    scale = np.broadcast_to(_spread(draws, "outcome"), (int(np.prod(draws.shape)), 1))[:, 0]
    unit = draws.model_frame.equations[0].effect_scale
    return fit.facts.deviations.draw(generator, scale, 1, unit)


def _spread(draws: CellDraws, name: str) -> Array | float:
    """Sd of units' deviations in an equation; that of its prior where it is held fixed."""
    equation = next(e for e in draws.model_frame.equations if e.name == name)
    if draws.has("scale_deviation", name):
        unit = equation.effect_scale / equation.scale
        return draws.flat("scale_deviation", name)[:, None] * unit
    scale = equation.problem.unit_effect_scale
    return 0.0 if scale is None else scale.fixed * equation.effect_scale


def _untreated(draws: CellDraws, name: str) -> Array:
    """Level of a mediator in a cell's rows, less its centre."""
    slopes = draws.model_frame.equations[0].slopes
    centre = next(
        s.centre for s in slopes if s.mediator == name and s.kind is SlopeKind.INTERACTION
    )
    return np.asarray(draws.model_frame.cells.mediators[name] - centre)
