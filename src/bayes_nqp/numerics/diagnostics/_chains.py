"""Mixing of chains: rank-normalised split R-hat, and effective sizes of bulk and tails.

The statistics are those of Vehtari et al. (2021) as in ArviZ (compared in tests), for all columns
at once: importing ArviZ takes as long as a complete first summary.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from bayes_nqp._core.arrays import Array

_BLOCK = 64
"""Columns processed at a time, which keeps spectra small relative to the draws."""


def effective_size(draws: Array, *, tail: bool = False) -> Array:
    """Estimate the effective sample size of each column.

    Parameters
    ----------
    draws : ndarray (chain, draw, quantity)
        Draws of one or several chains.
    tail : bool, default False
        If True, return the smaller one of the 5 % and 95 % quantiles, instead of the bulk.

    Returns
    -------
    ndarray (quantity)
        All draws if a quantity does not vary; NaN if a draw is missing, or chains have fewer than
        four draws.
    """
    return _of_columns(_tail_size if tail else _bulk_size, draws, least_chains=1)


def split_rhat(draws: Array) -> Array:
    """Compute rank-normalised split R-hat of each column: the larger of bulk and folded draws.

    Parameters
    ----------
    draws : ndarray (chain, draw, quantity)
        Draws of several chains.

    Returns
    -------
    ndarray (quantity)
        NaN if a quantity does not vary or is missing, or for a single chain.
    """
    return _of_columns(_rank_rhat, draws, least_chains=2)


def _of_columns(statistic: Callable[[Array], Array], draws: Array, least_chains: int) -> Array:
    chains, length, columns = draws.shape
    values = np.full(columns, np.nan)
    if chains < least_chains or length < 4:
        return values
    complete = np.flatnonzero(~np.isnan(draws).any(axis=(0, 1)))
    for start in range(0, len(complete), _BLOCK):
        block = complete[start : start + _BLOCK]
        values[block] = statistic(draws[:, :, block].astype(np.float64))
    return values


def _bulk_size(draws: Array) -> Array:
    return _size(_normal_scores(_halves(draws)))


def _tail_size(draws: Array) -> Array:
    ends = np.quantile(draws, (0.05, 0.95), axis=(0, 1))
    low, high = (_size(_halves((draws <= end).astype(np.float64))) for end in ends)
    return np.minimum(low, high)


def _rank_rhat(draws: Array) -> Array:
    halves = _halves(draws)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.maximum(_rhat(_normal_scores(halves)), _rhat(_normal_scores(folded)))


def _halves(draws: Array) -> Array:
    """Split chains into first and last halves, as separate chains (2C, n // 2, q)."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws: Array) -> Array:
    """Return normal scores of the ranks r among all S draws, averages of ties (Blom).

    They are Phi^-1((r - 3/8) / (S + 1/4)).
    """
    pooled = draws.reshape(-1, draws.shape[-1])
    order = np.argsort(pooled, axis=0)
    ascending = np.take_along_axis(pooled, order, axis=0)
    place = np.arange(len(pooled))[:, None]
    # Runs of equal draws: from the last position with a rise before it to the next with one after.
    rises = ascending[1:] != ascending[:-1]
    edge = np.ones((1, pooled.shape[1]), dtype=bool)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, rises]), place, 0), axis=0)
    ends = np.where(np.concatenate([rises, edge]), place, len(pooled))
    last = np.minimum.accumulate(ends[::-1], axis=0)[::-1]
    ranks = np.empty_like(pooled)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=0)
    return np.asarray(ndtri((ranks - 0.375) / (len(pooled) + 0.25))).reshape(draws.shape)


def _rhat(chains: Array) -> Array:
    """Return R-hat, ((B / W + n - 1) / n)^1/2.

    B is n Var(means of chains), W the mean of their variances.
    """
    n = chains.shape[1]
    between = n * chains.mean(axis=1).var(axis=0, ddof=1)
    within = chains.var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((between / within + n - 1.0) / n))


def _size(chains: Array) -> Array:
    """Return S / tau, with autocorrelations summed by Geyer's monotone sequence.

    tau = -1 + 2 sum of pairs of autocorrelations.
    """
    count, n, _ = chains.shape
    total = count * n
    # Autocovariances gamma_t, means over chains, by the spectrum of padded chains.
    padded = 1 << (2 * n - 1).bit_length()
    centred = chains - chains.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, padded, axis=1)) ** 2
    gamma = np.fft.irfft(spectrum.mean(axis=0), padded, axis=0)[:n] / n
    within = gamma[0] * n / (n - 1.0)
    variance = gamma[0] + (chains.mean(axis=1).var(axis=0, ddof=1) if count > 1 else 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = 1.0 - (within - gamma) / variance
    rho[0] = 1.0
    # P_k = rho_2k + rho_2k+1 up to the first that is not positive, made monotone.
    pairs = 1 + max((n - 3) // 2, 0)
    even = rho[: 2 * pairs : 2]
    sums = even + rho[1 : 2 * pairs : 2]
    stop = np.where((sums <= 0.0).any(axis=0), (sums <= 0.0).argmax(axis=0), pairs - 1)
    falling = np.minimum.accumulate(sums, axis=0)
    initial = np.where(np.arange(pairs)[:, None] < stop, falling, 0.0).sum(axis=0)
    at_stop = np.take_along_axis(even, stop[None], axis=0)[0]
    tau = np.maximum(2.0 * initial - 1.0 + np.maximum(at_stop, 0.0), 1.0 / np.log10(total))
    constant = np.ptp(chains, axis=(0, 1)) < np.finfo(float).resolution
    return np.asarray(np.where(constant, total, total / tau))
