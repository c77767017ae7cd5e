"""Weights that leave units out of a fit, as `loo` has them, without importing ArviZ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Array
from bayes_nqp.diagnostics import effective_size
from bayes_nqp.fitting import Fit, log_likelihood
from bayes_nqp.sampling import smoothed


@dataclass(frozen=True, eq=False)
class LeftOutWeights:
    """Pareto-smoothed weights of draws, group by group.

    Parameters
    ----------
    log_weights : DataArray (chain, draw, group)
        Normalised.
    pareto_k, elpd : ndarray (group)
        Shape of their tails, and the log predictive density of what is left out.
    good_k : float
        Above it weights cannot stand in for a refit.
    """

    log_weights: xr.DataArray
    pareto_k: Array
    elpd: Array
    good_k: float


def left_out_weights(fit: Fit, by: str | None) -> LeftOutWeights:
    """Leave every unit out, or every group of a column.

    Raises
    ------
    StudyError
        As `log_likelihood`.
    """
    values = log_likelihood(fit, by)
    dim = next(str(name) for name in values.dims if name not in v.SAMPLE_DIMS)
    values = values.transpose(*v.SAMPLE_DIMS, dim)
    heights = values.to_numpy().reshape(-1, values.sizes[dim])
    efficiency = _efficiency(fit, values[v.DRAW])
    pairs = [smoothed(-column, efficiency) for column in heights.T]
    logs = np.stack([log for log, _ in pairs], axis=1)
    logs -= logsumexp(logs, axis=0)
    return LeftOutWeights(
        values.copy(data=logs.reshape(values.shape)),
        np.array([k for _, k in pairs]),
        np.asarray(logsumexp(logs + heights, axis=0)),
        min(0.7, 1.0 - 1.0 / float(np.log10(len(heights)))),
    )


def _efficiency(fit: Fit, at: xr.DataArray) -> float:
    """Effective share of the draws, averaged over parameters and coefficients."""
    shares = []
    for draws in fit.posterior.sel({v.DRAW: at}).data_vars.values():
        if set(v.SAMPLE_DIMS) <= set(draws.dims):
            columns = draws.transpose(*v.SAMPLE_DIMS, ...).to_numpy()
            columns = columns.reshape(*columns.shape[:2], -1)
            shares.append(effective_size(columns) / columns[:, :, 0].size)
    return float(np.nanmean(np.concatenate(shares))) if shares else 1.0
