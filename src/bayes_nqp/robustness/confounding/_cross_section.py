"""Paths of a cross-section if an unmeasured cause moves a mediator and the outcome.

With the sd of errors ``sigma_y`` of the outcome given mediators and ``sigma_j`` of the mediator
given the others, ``b(rho) = b − (sigma_y / sigma_j) rho / √(1 − rho²)``, and slopes of other
mediators move by the coefficients of their errors in the regression of the confounded one's.
With one mediator the crossing is the correlation of its error with the error of the outcome in
the regression without it. An interaction is taken to be the same at every ``rho``.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array
from bayes_nqp.estimands import By, nde, nie
from bayes_nqp.fitting import Mediated, effects_on_mediator, mediator_covariance, sigma_draws
from bayes_nqp.robustness.confounding._curves import CONFOUNDED, ConfoundedPaths


def paths_of_rows(rows: Mediated, by: By, weights: str) -> ConfoundedPaths:
    """Average every path but the total, and what confounding adds to each."""
    value = _paths(rows.effects, by, weights)
    pull = [-_flat(_paths(shifted(rows, name), by, weights)) for name in rows.mediators]
    dims = [str(dim) for dim in value.dims[3:]]
    return ConfoundedPaths(
        rows.mediators,
        tuple(value[v.PATH].to_numpy().tolist()),
        _flat(value),
        np.stack(pull, axis=1),
        np.ones((pull[0].shape[0], len(rows.mediators))),
        {dim: value[dim].to_numpy() for dim in dims},
        rows.effects.assign_attrs(outcome=rows.outcome),
    )


def shifted(rows: Mediated, mediator: str) -> xr.Dataset:
    """What paths gain for each unit of strength, in the form of the waist."""
    place = rows.mediators.index(mediator)
    precision = np.linalg.inv(mediator_covariance(rows))
    # The row over minus its diagonal: the coefficients of the other errors in the regression of
    # this one, and −1 for its own slope.
    move = -precision[..., place, :] / precision[..., place, place, None]
    # sigma_y / sigma_j, with sigma_j² = 1 / P_jj the variance of its error given the others.
    size = sigma_draws(rows) * np.sqrt(precision[..., place, place])
    # (chain, draw, mediator, cell).
    a = np.stack([effects_on_mediator(rows, name) for name in rows.mediators], axis=2)
    # A path via a mediator is its slope times a; the direct one gains what all of these lose.
    via = (size[..., None] * move)[..., None] * a
    direct = -via.sum(axis=2, keepdims=True)
    effect = np.concatenate([np.zeros_like(direct), direct, via], axis=2)
    return rows.effects.assign({v.EFFECT: (rows.effects[v.EFFECT].dims, effect)})


def unexplained(rows: Mediated) -> xr.DataArray:
    """Product of the shares of variance that the two equations leave unexplained (confounded)."""
    shares = [
        np.mean((sigma_draws(rows) * sigma_draws(rows, name)) ** 2)
        / (rows.facts["outcome__variance"] * rows.facts[f"{name}__variance"])
        for name in rows.mediators
    ]
    return xr.DataArray(shares, dims=CONFOUNDED)


def _paths(effects: xr.Dataset, by: By, weights: str) -> xr.DataArray:
    """Average every path but the total (chain, draw, path, ...)."""
    via = nie(effects, by, weights).rename({v.MEDIATOR: v.PATH})
    direct = nde(effects, by, weights).expand_dims({v.PATH: [v.DIRECT]})
    every = xr.concat([via, direct], dim=v.PATH, coords="minimal", compat="override", join="outer",
                      combine_attrs="drop")  # fmt: skip
    labels = np.asarray([*via[v.PATH].to_numpy(), v.DIRECT], dtype=str)
    every = every.drop_vars([v.ROWS, v.WEIGHT]).assign_coords({v.PATH: labels})
    return every.transpose(*v.SAMPLE_DIMS, v.PATH, ...)


def _flat(paths: xr.DataArray) -> Array:
    """Draws of groups (draw, path, group)."""
    values = paths.to_numpy()
    return values.reshape(values.shape[0] * values.shape[1], values.shape[2], -1)
