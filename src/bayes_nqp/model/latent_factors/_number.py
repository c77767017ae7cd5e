"""Series from several starts, redraws of series, and comparison of their number."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.latent_factors._least_squares import (
    RIDGE,
    STEPS,
    TINY,
    SeriesFit,
    gram_of,
    least_squares,
    with_level,
)
from bayes_nqp.model.latent_factors._net_rows import SPARE, NetRows

MOST: Final = 4
"""Most series among which a number is chosen."""
LEAST: Final = 15
"""Untreated units of a period beside one for each time effect and one for each series.

With fewer, errors of loadings attenuate late periods of series, for which redraws do not allow."""
BLOCKS: Final = 4
"""Parts of a unit's untreated periods, each of which is predicted from the others."""
REDRAWS: Final = 200
_RANDOM: Final = 3
"""Starts at random."""
_IMPUTED: Final = 30
"""Turns of imputation and principal components of one start."""
_TURNS: Final = 30
_SAME: Final = 1e-6
_LOOSE: Final = 1e-7
"""Cosine at which redraws have converged: one step more or less then changes nothing."""
_ROUGH: Final = 1e-5
_AUTOCORRELATIONS: Final = (0.0, 0.25, 0.5, 0.7, 0.85, 0.95)
_KEPT: Final = 8
"""Panels whose series are kept: they depend on untreated observations alone."""
_ROOM: Final = 4_000_000
"""Numbers that one batch of redraws holds."""


@lru_cache(_KEPT)
def series_of(rows: NetRows, number: int) -> SeriesFit:
    """Fit series from several starts, and keep the smallest sum of squares.

    Raises
    ------
    IdentificationError
        If least squares do not converge.
    """
    best = _fitted(rows, _starts(rows, number))
    if not best.converged[0]:
        raise IdentificationError(
            Message(
                "least squares of {} common factors did not converge in {} steps: "
                "untreated observations do not identify this number",
                number,
                STEPS,
            ),
            hint="fewer factors, or trends=nqp.DifferentialTrends()",
        )
    return best


def _fitted(rows: NetRows, starts: Array) -> SeriesFit:
    """Take the smallest sum of squares from several starts."""
    fit = least_squares(rows, np.repeat(rows.counts[None], len(starts), axis=0), starts)
    # Of starts that lead to the same sum of squares, one that has converged.
    same = fit.squares <= fit.squares.min() * (1.0 + _SAME)
    best = int(np.lexsort((~fit.converged, ~same))[0])
    return fit.take(slice(best, best + 1))


def _starts(rows: NetRows, number: int) -> Array:
    """Principal components of the fullest units, of all with gaps imputed, and random ones."""
    n_periods = rows.seen.shape[1]
    full = rows.number >= np.quantile(rows.number, 0.75)
    filled = rows.y
    for _ in range(_IMPUTED):
        left, size, right = np.linalg.svd(filled, full_matrices=False)
        fitted = (left[:, :number] * size[:number]) @ right[:number]
        filled = np.where(rows.seen, rows.y, fitted)
    components = [np.linalg.svd(x)[2][:number].T for x in (rows.y[full], filled)]
    drawn = np.random.default_rng(number).standard_normal((_RANDOM, n_periods, number))
    return np.concatenate([np.stack(components), drawn])


@lru_cache(_KEPT)
def redraws_of(rows: NetRows, number: int) -> Array:
    """Fit series under random weights of units, exponential (REDRAWS, T, k)."""
    fit = series_of(rows, number)
    rng = np.random.default_rng(REDRAWS)
    weights = rng.standard_gamma(rows.counts, size=(REDRAWS, rows.counts.size))
    width = fit.own.shape[2] * rows.counts.size * rows.seen.shape[1]
    width *= fit.series.shape[2] + rows.known.shape[1]
    batch = max(1, _ROOM // width)
    out = []
    for part in np.split(weights, range(batch, REDRAWS, batch)):
        start = (np.repeat(a, len(part), axis=0) for a in (fit.series, fit.time, fit.slopes))
        series, time, slopes = start
        out.append(least_squares(rows, part, series, _LOOSE, time, slopes))
    return np.concatenate([x.series for x in out])


@lru_cache(_KEPT)
def held_out_gains(rows: NetRows) -> Array:
    """Log predictive densities of held-out observations by 0, 1, .. series, relative to none.

    Each unit's untreated periods are cut into blocks. A block is predicted from the unit's other
    observations by series that are fitted without it and without one block of every other unit.
    Loadings have a common normal distribution. Errors have the variance and autocorrelation that
    predict best, for each number of series separately.

    Returns
    -------
    ndarray (number)
        Empty if too few units have enough periods for one series. Numbers above two that predict
        worse than a smaller one are not tried.
    """
    most = min(MOST, rows.seen.shape[1] - 2)
    left = rows.number - -(-rows.number // BLOCKS)
    enough = [bool((left >= k + 1 + SPARE).mean() >= 0.5) for k in range(most + 1)]
    most = most if all(enough) else enough.index(False) - 1
    if most < 1:
        return np.zeros(0)
    scored = (left >= most + 1 + SPARE)[:, None] & rows.seen
    # Contiguous blocks; in each fold another one of each unit.
    block = (rows.seen.cumsum(axis=1) - 1) * BLOCKS // np.maximum(rows.number, 1)[:, None]
    fold = np.where(scored, (block + np.arange(rows.number.size)[:, None]) % BLOCKS, -1)
    scores: list[float] = []
    for number in range(most + 1):
        if number > 2 and scores[-1] < max(scores):
            break
        full = _fitted(rows, _starts(rows, number)[:2])
        parts = sum(_predicted(rows, fold == f, full) for f in range(BLOCKS))
        energy, log_det, count = np.asarray(parts).T
        density = -0.5 * (count * np.log(np.maximum(energy, TINY) / count) + log_det)
        scores.append(float(density.max()))
    return np.array(scores) - scores[0]


def _predicted(rows: NetRows, out: Mask, full: SeriesFit) -> Array:
    """Quadratic form, log determinant and count of held-out observations (autocorrelation, 3).

    Let o be the periods that are kept and h those held out, with coefficients of precision P on N.
    Errors of ``D b + V_ho V_oo^-1 y_o``, ``D = N_h - V_ho V_oo^-1 N_o``, then have the covariance
    ``V_hh - V_ho V_oo^-1 V_oh + D (N_o' V_oo^-1 N_o + P)^-1 D'``.
    """
    training = rows.where(rows.seen & ~out)
    fit = least_squares(training, rows.counts[None], full.series, _ROUGH, full.time, full.slopes)
    n, (mean, precision) = with_level(fit.series)[0], _loading_law(training, fit)
    z = rows.y - (rows.known @ fit.time[0] + rows.x @ fit.slopes[0] + n[:, 1:] @ mean) * rows.seen
    units, t = np.flatnonzero(out.any(axis=1)), np.arange(rows.seen.shape[1])
    observed = np.concatenate([training.seen[units], out[units]], axis=1)
    table, which = np.unique(observed, axis=0, return_inverse=True)
    parts = np.zeros((len(_AUTOCORRELATIONS), 3))
    for number, pattern in enumerate(table):
        o, h = (np.flatnonzero(x) for x in np.split(pattern, 2))
        at = units[which.ravel() == number]
        f = rows.counts[at]
        for part, rho in zip(parts, _AUTOCORRELATIONS, strict=True):
            v = rho ** np.abs(t[:, None] - t)
            k = np.linalg.solve(v[np.ix_(o, o)], np.concatenate([n[o], v[np.ix_(o, h)]], axis=1))
            by_n, by_v = np.split(k, [n.shape[1]], axis=1)
            inverse = np.linalg.inv(n[o].T @ by_n + precision)
            d = n[h] - by_v.T @ n[o]
            error = z[at][:, h] - z[at][:, o] @ (by_v + by_n @ inverse @ d.T)
            spread = v[np.ix_(h, h)] - v[np.ix_(h, o)] @ by_v + d @ inverse @ d.T
            part += (
                f @ (error * np.linalg.solve(spread, error.T).T).sum(axis=1),
                f.sum() * np.linalg.slogdet(spread)[1],
                f.sum() * h.size,
            )
    return parts


def _loading_law(rows: NetRows, fit: SeriesFit) -> tuple[Array, Array]:
    """Estimate the normal distribution of loadings over units by expectation-maximisation.

    Returns
    -------
    tuple of ndarray (k) and ndarray (1 + k, 1 + k)
        Mean, and inverse covariance in multiples of the error variance, with a zero for flat
        levels.
    """
    k = fit.series.shape[2]
    _, gram = gram_of(rows, fit.series)
    units = rows.enough(k)
    f, loadings, gram = rows.counts[units], fit.own[0, units, 1:], gram[0, units]
    freedom = f @ (rows.number[units] - 1.0 - k) - fit.series[0].size - fit.time[0].size
    sigma = float(np.sqrt(max(fit.squares[0], TINY) / max(freedom, 1.0)))
    # Information on loadings with flat levels out; their least squares in multiples of sigma.
    cross = gram[:, 0, 1:]
    information = gram[:, 1:, 1:] - cross[:, :, None] * cross[:, None] / gram[:, :1, :1]
    loadings, share = loadings / sigma, f / f.sum()
    moment = np.einsum("ijk,ik->ij", information, loadings)
    information = information - RIDGE * np.eye(k)
    mean = np.median(loadings, axis=0)
    spread = np.quantile(loadings, 0.75, axis=0) - np.quantile(loadings, 0.25, axis=0)
    covariance = np.diag((spread / 1.35) ** 2)
    for _ in range(_TURNS if k else 0):
        variance = np.linalg.inv(information + np.linalg.inv(covariance + TINY * np.eye(k)))
        gain = np.einsum("ijk,ik->ij", variance, moment - information @ mean)
        mean = mean + share @ gain
        apart = gain - share @ gain
        covariance = np.einsum("i,ij,ik->jk", share, apart, apart)
        covariance += np.einsum("i,ijk->jk", share, variance)
    precision = np.zeros((1 + k, 1 + k))
    precision[1:, 1:] = np.linalg.inv(covariance + TINY * np.eye(k))
    return mean * sigma, precision
