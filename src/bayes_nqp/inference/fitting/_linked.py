"""Coefficients of own treatment and of that of linked units, on average over treated rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._linked_coefficients import linked_coefficients
from bayes_nqp.inference.fitting._reported import equation_draws
from bayes_nqp.model.predictors import DELTA, OPPOSITE, SHARED, TREATED, LinkedTime
from bayes_nqp.numerics.linear_gaussian import coefficients_of

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


def lag_draws(fit: Fit) -> Array | None:
    """Draws of delta, tau and psi (chain, draw, 3); None without outcomes of the period before."""
    parts = [equation_draws(fit, name) for name in (DELTA, SHARED, OPPOSITE)]
    if parts[1] is None:
        return None
    draws = np.stack([part for part in parts if part is not None], axis=-1)
    return coefficients_of(draws.reshape(-1, 3)).reshape(draws.shape)


def linked_terms(fit: Fit) -> dict[str, Array]:
    """Draws of the terms of linked units' treatment (chain, draw, label), outcome units."""
    names = ("linked_level", "linked_drift", "linked_walk", "linked_each")
    draws = {name: equation_draws(fit, name) for name in names}
    return {name: values for name, values in draws.items() if values is not None}


def own_receivers(fit: Fit) -> tuple[str, ...]:
    """Factors by which units receive differently of linked units' treatment; none by default."""
    term = fit.facts.spatial_term
    return () if term is None else tuple(term.receivers)


def received_of_rows(fit: Fit) -> Array | None:
    """Return the posterior mean contribution of neighbours' treatment to observations (row).

    None if neighbours' treatment does not enter.
    """
    linked = fit.model_frame.model.equations[0].linked
    if linked is None or not linked.treated:
        return None
    theta = linked_coefficients(linked_terms(fit), list(linked.treated)).mean(axis=(0, 1))
    return np.asarray(theta @ np.stack(list(linked.treated.values())))


def treatment_coefficients(fit: Fit) -> xr.DataArray:
    """Draw the coefficients of treatment, tau and theta, averaged over treated observations.

    With a spatial lag of the outcome these are not effects, because they exclude feedback.

    Returns
    -------
    DataArray (chain, draw, term), outcome units
        "own", and "linked" if treatment of neighbours has coefficients: level, linear growth and
        walk at the event times of the observations. Levels of receivers are weighted by their
        amount of neighbours' treatment.
    """
    model_frame, linked = fit.model_frame, fit.model_frame.model.equations[0].linked
    rows = np.where(model_frame.cells.role == TREATED, model_frame.cells.rows, 0)
    tau = equation_draws(fit, "cell_mean")
    assert tau is not None
    terms = {"own": tau @ (rows / rows.sum())}
    if linked is not None and linked.treated:
        theta = linked_coefficients(linked_terms(fit), list(linked.treated))
        terms["linked"] = theta @ _shares(model_frame.table.event_time, rows, linked.treated)
    return xr.DataArray(
        np.stack(list(terms.values()), axis=-1), dims=(*v.SAMPLE_DIMS, "term"),
        coords={"term": list(terms), v.GATE: fit.effects[v.GATE].item()},
    )  # fmt: skip


def _shares(event_time: Index, rows: Index, treated: Mapping[LinkedTime, Array]) -> Array:
    """Return the weights of coefficients by the treated observations of event times (time)."""
    near = np.array([column.sum() for column in treated.values()])
    event = np.array([time.event for time in treated])
    of_event = np.array([rows[event_time == e].sum() for e in event]) / rows.sum()
    return np.asarray(of_event * near / [near[event == e].sum() for e in event])
