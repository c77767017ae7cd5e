"""Short-run and long-run effects, and impulse responses, in dynamic spatial models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.fitting._lag_receivers import lag_effects_of
from bayes_nqp.inference.fitting._linked import lag_draws, linked_terms
from bayes_nqp.inference.fitting._linked_coefficients import linked_coefficients
from bayes_nqp.inference.fitting._over_periods import CHUNK, RUNS, DynamicReach
from bayes_nqp.inference.fitting._reported import equation_draws
from bayes_nqp.numerics.linear_gaussian import responses, series_length

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


def run_draws(fit: Fit) -> Array:
    """Draw effects on observations treated last, by run and path (chain, draw, run, path)."""
    reach, delta = lag_effects_of(fit.model_frame, fit.model_frame.equations[0]), lag_draws(fit)
    mean = equation_draws(fit, "cell_mean")
    assert isinstance(reach, DynamicReach)
    assert delta is not None
    assert mean is not None
    sample = mean.shape[:2]
    tau = np.zeros((*sample, reach.n_cells))
    tau[..., ~fit.model_frame.cells.lead] = mean
    theta = np.zeros((*sample, 0))
    if reach.events:
        theta = linked_coefficients(linked_terms(fit), reach.events)
    flat = (x.reshape(sample[0] * sample[1], x.shape[-1]) for x in (delta, tau, theta))
    return reach.runs(*flat).reshape(*sample, len(RUNS), 3)


def response_draws(fit: Fit, periods: int, *, lasting: bool) -> Array:
    """Draw mean responses to a unit's shock by horizon and path (chain, draw, horizon, path).

    The direct part is ``tr(G^h S^-1) / n``; the spillover part is the mean row sum less this.
    """
    delta = lag_draws(fit)
    assert delta is not None
    flat = delta.reshape(-1, 3)
    horizons = periods + 1
    size = series_length(flat, horizons)
    traces = _mean_traces(fit, size)
    parts = [
        responses(flat[k : k + CHUNK], horizons, size) @ np.stack([np.ones(size), traces]).T
        for k in range(0, len(flat), CHUNK)
    ]
    out = np.concatenate(parts)  # Rows of every power of W sum to one.
    if lasting:
        out = out.cumsum(axis=1)
    out = np.concatenate([out, out[..., :1] - out[..., 1:]], axis=2)
    return out.reshape(*delta.shape[:2], horizons, 3)


def _mean_traces(fit: Fit, size: int) -> Array:
    """Return ``tr(W^j) / n`` (power)."""
    linked = fit.model_frame.model.equations[0].linked
    assert linked is not None
    roots = np.linalg.eigvals(linked.links.toarray())
    return np.array([(roots**j).sum().real for j in range(size)]) / roots.size
