"""Draws of moderated effects and of both paths of a mediation (a and b), by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._cell_draws import CellDraws
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.fitting._mediate import Mediated
from bayes_nqp.inference.fitting._paths import lagged
from bayes_nqp.inference.fitting._reported import effects_on_mediator, equation_draws
from bayes_nqp.model.predictors import DELTA, SlopeKind

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


def moderator_rows(fit: Fit) -> tuple[Index, Array]:
    """Return the cells of the treated observations, and their moderators.

    Parameters
    ----------
    fit : Fit
        A fit with observations of a design with a moderator.

    Returns
    -------
    tuple of ndarray of int (row), ndarray (row)
        Positions among the cells with effects; moderator's units.
    """
    model_frame = fit.model_frame
    assert model_frame.moderator is not None
    place = np.cumsum(~model_frame.cells.lead) - 1
    effects = model_frame.effects
    return place[effects.cell], effects.z + model_frame.moderator.centre


def moderation_draws(fit: Fit) -> Array:
    """Draw the coefficients of cells' effects in powers of the centred moderator.

    Parameters
    ----------
    fit : Fit
        A fit with observations of a design with a moderator.

    Returns
    -------
    ndarray (chain, draw, path, cell, power), outcome units over powers of the moderator's
        Constant, linear, quadratic.
    """
    draws, effects = CellDraws(fit), fit.effects
    if (linked := _through_links(fit, draws)) is not None:
        return linked
    names = [str(name) for name in effects[v.PATH].to_numpy()]
    parts = {
        name: _of_path(draws, effects, name) for name in names if name != v.TOTAL or len(names) < 2
    }
    if len(names) > 1:
        parts[v.TOTAL] = tuple(sum(part) for part in zip(*parts.values(), strict=True))
    curves = [np.stack(parts[name]) for name in names]
    return np.moveaxis(draws.chains(np.moveaxis(np.stack(curves), 2, 0)), 3, -1)


def _through_links(fit: Fit, draws: CellDraws) -> Array | None:
    """Return the same in models with a spatial lag; None in all others.

    Effects are linear in the moderator of treated observations. The constant is the effect less the
    contribution of the observed moderator. The slope is the contribution of one unit of the
    moderator in all treated observations.
    """
    reach, delta = (
        lag_effects_of(fit.model_frame, fit.model_frame.equations[0]),
        equation_draws(fit, DELTA),
    )
    theta = draws.theta("outcome")
    if reach is None or reach.shift is None or delta is None or theta is None:
        return None
    tau, linked = np.zeros((len(theta), reach.n_cells)), np.zeros((len(theta), len(reach.events)))
    seen, line = (
        reach.effects(delta.ravel(), tau, linked, None, (theta, shift))
        for shift in (reach.shift, reach.shift.ones)
    )
    estimated = np.append(draws.real, np.ones(seen.shape[2] - reach.n_cells, dtype=bool))
    effects = fit.effects[v.EFFECT].to_numpy()
    seen, line = (x[..., estimated].reshape(effects.shape) for x in (seen, line))
    return np.stack([effects - seen, line, np.zeros_like(line)], axis=-1)


def _of_path(draws: CellDraws, effects: xr.Dataset, name: str) -> tuple[Array, Array, Array]:
    """Return the coefficients of one path (draw, cell): constant, linear, quadratic."""
    mean = draws.mean_moderator
    if name in (v.TOTAL, v.DIRECT):
        theta = draws.moderation("outcome")
        values = effects[v.EFFECT].sel({v.PATH: name}).to_numpy()
        level = np.zeros_like(theta)
        level[:, draws.real] = values.reshape(len(theta), -1)
        # Effects are at the mean moderator of the cell: effect(z) = effect + theta (z - z-bar).
        return level - theta * mean, theta, np.zeros_like(theta)
    theta = draws.moderation(name)
    level = draws.cells("cell_effect", name) - theta * mean
    # Slope b + d + m z of treated observations.
    b, m = (
        draws.slope(SlopeKind.MEDIATOR, name) + draws.slope(SlopeKind.INTERACTION, name),
        draws.slope(SlopeKind.SHIFT, name),
    )
    level, theta = (lagged(draws.model_frame, x, draws.lag) for x in (level, theta))
    return level * b, theta * b + level * m, theta * m  # (a + theta z)(b + m z)


def path_coefficient_draws(fit: Fit | Mediated) -> xr.Dataset:
    """Draw the coefficients a and b of every mediator, by cell.

    Parameters
    ----------
    fit : Fit or Mediated
        A mediation model; with its observations if a moderator shifts slopes of mediators.

    Returns
    -------
    Dataset
        ``a``, mediator units, and ``b``, outcome units per mediator unit (chain, draw, mediator,
        cell).
    """
    effects, posterior = fit.effects, fit.posterior
    slope = posterior["outcome__b"]
    if "outcome__d" in posterior:
        slope = slope + posterior["outcome__d"]
    stratum = _stratum_of(effects, slope["outcome__stratum"].to_numpy())
    names = [str(name) for name in posterior[v.MEDIATOR].to_numpy()]
    lag = 0 if isinstance(fit, Mediated) else fit.facts.lag
    first = [_earlier(effects, effects_on_mediator(fit, n), lag) for n in names]
    second = [slope.sel({v.MEDIATOR: n}).to_numpy()[..., stratum] for n in names]
    if "outcome__b_moderation" in posterior and not isinstance(fit, Mediated):
        draws = CellDraws(fit)
        shifts = [draws.slope(SlopeKind.SHIFT, n) * draws.mean_moderator for n in names]
        # At the mean moderator of the cell's observations: b + m z-bar.
        second = [b + draws.chains(shift) for b, shift in zip(second, shifts, strict=True)]
    dims = (*v.SAMPLE_DIMS, v.MEDIATOR, v.CELL)
    path_coefficients = {
        path: (dims, np.stack(x, axis=2)) for path, x in (("a", first), ("b", second))
    }
    scalar = {name: effects.coords[name].item() for name in v.EVIDENCE if name in effects.coords}
    return xr.Dataset(path_coefficients, coords={v.MEDIATOR: names, **scalar})


def _stratum_of(effects: xr.Dataset, names: npt.NDArray[np.str_]) -> Index:
    """Find every cell's stratum among the strata of the slopes."""
    columns = [effects[factor].to_numpy() for factor in schema.factors(effects)]
    if not columns:
        return np.zeros(effects.sizes[v.CELL], dtype=np.int64)
    place = {str(name): k for k, name in enumerate(names)}
    labels = [" × ".join(map(str, levels)) for levels in zip(*columns, strict=True)]
    return np.asarray([place[label] for label in labels], dtype=np.int64)


def _earlier(effects: xr.Dataset, values: Array, lag: int) -> Array:
    """Return the effect some periods earlier; zero if that is before treatment."""
    if lag == 0:
        return values
    columns = [effects[factor].to_numpy() for factor in schema.factors(effects)]
    columns.append(effects[v.COHORT].to_numpy())
    groups = list(zip(*(column.tolist() for column in columns), strict=True))
    event_time = effects[v.EVENT_TIME].to_numpy().tolist()
    where = {key: k for k, key in enumerate(zip(groups, event_time, strict=True))}
    before = [where.get((g, e - lag), -1) for g, e in zip(groups, event_time, strict=True)]
    return np.where(np.asarray(before) >= 0, values[..., before], 0.0)
