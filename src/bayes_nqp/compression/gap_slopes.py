"""Slopes in the autocorrelation of what `gaps` computes.

The log density depends on cross-products ``S`` of slots only through ``tr(S M)``, ``M`` the
posterior second moment of residuals' loadings on slots: its slope is that of ``S`` against ``M``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression.gaps import gap_values, patterns

__all__ = ["deviation_slopes_by_gaps", "slope_by_gaps"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
# Numba's own lists; it infers their types.
Matrices = Any


@compiled
def _second_moment(mean: Array, covariance: Array) -> Array:
    """Second moment of the loadings with which slots, the outcome last, make residuals."""
    loading = mean.copy()
    loading[loading.shape[0] - 1] = -1.0
    return covariance + np.outer(loading, loading)


@compiled
def _sums_slope(ints: Index, floats: Array, terms: Array, moments: Matrices) -> float:
    at = ints[ints[21] + 4]
    total = 0.0
    for term in range(terms.shape[0]):
        for b in range(ints[9]):
            flat = moments[b].reshape(moments[b].size)
            size = moments[b].shape[0]
            value = 0.0
            for e in range(ints[at]):
                place = ints[ints[at + 1] + e]
                times = 1.0 if place // size == place % size else 2.0
                value += times * floats[ints[at + 2] + e] * flat[place]
            total += terms[term] * value
            at += 3
    return total


@compiled
def _columns_slope(
    ints: Index, floats: Array, loads: Array, sums: Array, d_sums: Array, moments: Matrices
) -> tuple[float, float]:
    """Slopes of half the log determinants, and of pairs of columns against their moments."""
    at, columns = ints[21], ints[7] + 1
    log_det, total = 0.0, 0.0
    for i in range(ints[at + 5]):
        table = ints[ints[at + 6] + 7 * i : ints[at + 6] + 7 * i + 7]
        moment = moments[table[0]]
        y = moment.shape[0] - 1
        n, place = table[4], table[6]
        one = sums[table[2], 0]
        d_one = d_sums[table[2], 0] / one
        log_det += 0.5 * table[3] * (d_sums[table[2], 1] - d_one)
        for c in range(columns):
            slot = y if c == ints[7] else table[1] + c
            for d in range(c + 1):
                value = 0.0
                for a in range(n):
                    left = ints[table[5] + a]
                    for b in range(n):
                        right = ints[table[5] + b]
                        value += floats[place] * (
                            loads[1, left] * loads[0, right]
                            + loads[0, left] * loads[1, right]
                            - loads[0, left] * loads[0, right] * d_one
                        )
                        place += 1
                other = y if d == ints[7] else table[1] + d
                total += (1.0 if c == d else 2.0) * moment[slot, other] * value / one
    return log_det, total


@compiled
def _times_slope(
    ints: Index,
    floats: Array,
    table: Index,
    w: Array,
    dw: Array,
    sums: Array,
    d_sums: Array,
    moment: Array,
) -> float:
    """Slope of what one stratum and cohort absorb from time effects, against their moments."""
    periods, columns, at = ints[6], ints[7] + 1, ints[21]
    y = moment.shape[0] - 1
    pairs = np.empty((periods, periods))
    mixed = np.empty((columns, periods))
    for t in range(periods):
        lam, cell = table[1] + t, ints[table[3] + t]
        for u in range(periods):
            other, other_cell = table[1] + u, ints[table[3] + u]
            value = moment[lam, other]
            if cell >= 0:
                value += moment[cell, other]
                if other_cell >= 0:
                    value += moment[cell, other_cell]
            if other_cell >= 0:
                value += moment[lam, other_cell]
            pairs[t, u] = value
        for j in range(columns):
            slot = y if j == ints[7] else table[2] + j
            mixed[j, t] = moment[slot, lam] + (moment[slot, cell] if cell >= 0 else 0.0)
    total = 0.0
    for i in range(table[4]):
        c = ints[table[5] + i]
        row = ints[17] + 16 * c
        m, times, pattern = ints[row + 2], ints[row + 5], ints[row + 15]
        entries = ints[ints[at + 7] + c]
        one = sums[pattern, 0]
        d_one = d_sums[pattern, 0] / one
        value = 0.0
        for t in range(m):
            line = pairs[ints[times + t]]
            image = 0.0
            for u in range(m):
                image += line[ints[times + u]] * w[pattern, u]
            value += (2.0 * dw[pattern, t] - w[pattern, t] * d_one) * image
        value *= ints[row + 1]
        for j in range(columns):
            a, da, b, db = 0.0, 0.0, 0.0, 0.0
            for t in range(m):
                entry = floats[entries + t * columns + j]
                a += w[pattern, t] * entry
                da += dw[pattern, t] * entry
                b += w[pattern, t] * mixed[j, ints[times + t]]
                db += dw[pattern, t] * mixed[j, ints[times + t]]
            value += 2.0 * (da * b + a * db - a * b * d_one)
        total += value / one
    return total


@compiled
def slope_by_gaps(
    rho: float, precision: float, ints: Index, floats: Array, means: Matrices, covariances: Matrices
) -> float:
    """Slope of the log density in the autocorrelation, deviations left out.

    Parameters
    ----------
    rho : float
    precision : float
        ``1 / sigma^2``.
    ints, floats
        The packed problem, with the tables of `gap_sums`.
    means, covariances : lists of ndarrays (slot + 1) and (slot + 1, slot + 1)
        Posterior moments of slots; zero for the outcome.

    Returns
    -------
    float
    """
    terms, loads, parts = gap_values(ints, rho)
    w, sums = patterns(ints, loads[0], parts[0])
    dw, d_sums = patterns(ints, loads[1], parts[1])
    moments = [_second_moment(means[b], covariances[b]) for b in range(ints[9])]
    total = _sums_slope(ints, floats, terms[1], moments)
    log_det, columns = _columns_slope(ints, floats, loads, sums, d_sums, moments)
    total -= columns
    at = ints[21]
    for g in range(ints[at + 8]):
        table = ints[ints[at + 9] + 6 * g : ints[at + 9] + 6 * g + 6]
        total -= _times_slope(ints, floats, table, w, dw, sums, d_sums, moments[table[0]])
    return log_det - 0.5 * precision * total


@compiled
def deviation_slopes_by_gaps(
    rho: float, ints: Index, floats: Array, d_vectors: Array, d_treated: Array
) -> None:
    """Fill the slopes in the autocorrelation of the class vectors of deviations.

    Parameters
    ----------
    rho : float
    ints, floats
        The packed problem, with the tables of `gap_sums`.
    d_vectors : ndarray (class, m), d_treated : ndarray (class)
        Filled: derivatives of absorbed precision times the loadings of deviations, and of its
        quadratic form.
    """
    terms, loads, parts = gap_values(ints, rho)
    w, sums = patterns(ints, loads[0], parts[0])
    dw, d_sums = patterns(ints, loads[1], parts[1])
    at = ints[21]
    for i in range(ints[at + 12]):
        c = ints[ints[at + 13] + i]
        row = ints[17] + 16 * c
        m, load, pattern = ints[row + 2], ints[row + 8], ints[row + 15]
        steps = ints[ints[at + 3] + 2 * pattern + 1]
        out = d_vectors[c]
        out[0] = terms[1, 0] * floats[load]
        a = w[pattern, 0] * floats[load]
        da = dw[pattern, 0] * floats[load]
        for t in range(1, m):
            g = ints[steps + t]
            before, now = floats[load + t - 1], floats[load + t]
            out[t] = terms[1, 1 + 3 * g] * now - terms[1, 2 + 3 * g] * before
            out[t - 1] += terms[1, 3 + 3 * g] * before - terms[1, 2 + 3 * g] * now
            a += w[pattern, t] * now
            da += dw[pattern, t] * now
        one = sums[pattern, 0]
        shift, d_shift = a / one, (da - a * d_sums[pattern, 0] / one) / one
        h = 0.0
        for t in range(m):
            out[t] -= dw[pattern, t] * shift + w[pattern, t] * d_shift
            h += floats[load + t] * out[t]
        d_treated[c] = h
