"""Noise of coefficients, such that draws of several equations move together.

Given its parameters an equation's coefficients are drawn as ``V (X'Qy + X'Qe + f)``: ``e`` are
errors drawn anew and ``f`` is N(0, prior precision). Its own law is the same for any such pair.
Where the errors of two equations are correlated, drawing their ``e`` with that correlation, and
each its own ``f``, gives their draws the covariance that their estimation errors have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression._lapack import cholesky, solve_lower
from bayes_nqp.compression.kernel import (
    absorb,
    class_row,
    error_values,
    member_scale,
    scale_values,
)
from bayes_nqp.compression.problem import Packed

__all__ = ["Mixed", "error_count", "noise_of_errors"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
# Numba's own lists; it infers their types.
Matrices = Any


@dataclass(frozen=True, eq=False)
class Mixed:
    """Random numbers of one equation, of which those of errors are shared with others.

    Parameters
    ----------
    own : Generator
        What it shares with none.
    streams : sequence of Generator
        Of errors; each is as it is for every equation that shares it.
    weights : ndarray (draw, stream)
        Squares add up to one in every draw.
    """

    own: np.random.Generator
    streams: Sequence[np.random.Generator]
    weights: Array

    def spawn(self, starts: Sequence[int], size: int) -> list[Mixed]:
        """Split into independent parts, each for some of the draws.

        Parameters
        ----------
        starts : sequence of int
            First draw of each part.
        size : int
            Draws of a part.

        Returns
        -------
        list of Mixed
        """
        parts = [stream.spawn(len(starts)) for stream in (self.own, *self.streams)]
        return [
            Mixed(own, streams, self.weights[start : start + size])
            for start, own, *streams in zip(starts, *parts, strict=True)
        ]

    def standard_normal(self, size: tuple[int, ...]) -> Array:
        """Draw what no other equation has.

        Parameters
        ----------
        size : tuple of int

        Returns
        -------
        ndarray
        """
        return self.own.standard_normal(size)

    def errors(self, draws: int, width: int) -> Array:
        """Draw standardised errors.

        Parameters
        ----------
        draws, width : int

        Returns
        -------
        ndarray (draw, width)
        """
        out = np.zeros((draws, width))
        for weight, stream in zip(self.weights[:draws].T, self.streams, strict=True):
            out += weight[:, None] * stream.standard_normal((draws, width))
        return out


def error_count(packed: Packed) -> int:
    """Count the standardised errors of a draw: one a class and period, and a slope and stratum.

    Parameters
    ----------
    packed : Packed

    Returns
    -------
    int
    """
    ints = packed.ints
    blocks = ints[ints[16] : ints[16] + 8 * ints[9]].reshape(-1, 8)
    classes = ints[ints[17] : ints[17] + 16 * ints[10]].reshape(-1, 16)
    return int(classes[:, 2].sum() + (blocks[:, 0] - blocks[:, 3]).sum())


@compiled
def _weighted(ints: Index, floats: Array, row: Index, error: Array, e: Array, out: Array) -> None:
    """Fill a class's ``Q e`` for errors ``e`` drawn anew, unit effects absorbed.

    With ``W'W`` the precision, ``W`` lower triangular, it is ``W' (I - P) z`` of standardised
    innovations ``z``, ``P`` the projection on ``W1``.
    """
    m = row[2]
    times = ints[row[5] : row[5] + m]
    one = np.ones((m, 1))
    rest = np.empty((m, 1))
    for t in range(m):
        rest[t, 0] = e[t]
    if ints[3] == 2:
        # The factor of the covariance is the inverse of W.
        lower = np.empty((m, m))
        below = 1.0 - error[0] * error[0]
        for t in range(m):
            for u in range(m):
                lower[t, u] = error[0] ** abs(times[t] - times[u]) / below
            lower[t, t] += error[1] * error[1]
        if cholesky(lower) != 0:
            out[:] = np.nan
            return
        solve_lower(lower, one, False)
        rest -= one * (np.sum(one * rest) / np.sum(one * one))
        solve_lower(lower, rest, True)
        for t in range(m):
            out[t] = rest[t, 0]
        return
    size = np.empty(m)
    power = np.zeros(m)
    for t in range(m):
        size[t] = np.sqrt(floats[row[11] + t])
        if ints[3] == 1:
            first = (1.0 - error[0]) * (1.0 + error[0])
            size[t] = np.sqrt(first)
            if t > 0:
                power[t] = error[0] ** (times[t] - times[t - 1])
                size[t] = np.sqrt(first / (1.0 - power[t] * power[t]))
        one[t, 0] = size[t] * (1.0 - power[t])
    rest -= one * (np.sum(one * rest) / np.sum(one * one))
    for t in range(m):
        out[t] = size[t] * rest[t, 0]
        if t + 1 < m:
            out[t] -= size[t + 1] * power[t + 1] * rest[t + 1, 0]


@compiled
def _own_slopes(
    x: Array, ints: Index, floats: Array, vectors: Array, treated: Array, blocks: Matrices
) -> Matrices:
    """Factors of what slopes' precisions owe to differences of units within their classes."""
    columns, mode = ints[7], ints[2]
    error = error_values(x, ints)
    slopes = np.zeros(2)
    ratio = 0.0
    if mode > 0:
        ratio = (np.exp(x[ints[0] - 1]) / member_scale(x, ints, floats)) ** 2
    left = [np.empty((0, 0))] * 0
    for b in range(ints[9]):
        table = ints[ints[16] + 8 * b : ints[16] + 8 * b + 8]
        left.append(blocks[b][table[3] : table[0], table[3] : table[0]].copy())
    for c in range(ints[10]):
        row = class_row(ints, c)
        m = row[2]
        q = np.empty((m, m))
        dq = np.empty((2, m, m))
        work = np.empty((3, m))
        absorb(ints, floats, row, error, q, dq, slopes, work)
        if mode == 1 and treated[c] > 0.0:
            for t in range(m):
                for u in range(m):
                    q[t, u] -= vectors[c, t] * vectors[c, u] / (ratio + treated[c])
        base = row[4] - ints[ints[16] + 8 * row[0] + 3]
        sums = np.zeros((columns, m))
        for p in range(row[3]):
            if ints[row[9] + p] < columns:
                sums[ints[row[9] + p], ints[row[10] + p]] = floats[row[12] + p]
        between = np.dot(np.dot(sums, q), sums.T) / row[1]
        for i in range(columns):
            for j in range(columns):
                left[row[0]][base + i, base + j] -= between[i, j]
    for b in range(ints[9]):
        a = left[b]
        for j in range(a.shape[0]):
            whole = blocks[b][ints[ints[16] + 8 * b + 3] + j, ints[ints[16] + 8 * b + 3] + j]
            for i in range(j):
                a[i, j] = 0.0
            for k in range(j):
                for i in range(j, a.shape[0]):
                    a[i, j] -= a[i, k] * a[j, k]
            # Classes of single units leave nothing.
            pivot = np.sqrt(a[j, j]) if a[j, j] > 1e-10 * whole else 0.0
            for i in range(j, a.shape[0]):
                a[i, j] = a[i, j] / pivot if pivot > 0.0 else 0.0
    return left


@compiled
def noise_of_errors(
    x: Array,
    ints: Index,
    floats: Array,
    errors: Array,
    own: Array,
    vectors: Array,
    treated: Array,
    blocks: Matrices,
    scaled: Matrices,
    lower: Matrices,
    cross: Matrices,
    schur: Array,
    out: Array,
) -> None:
    """Turn drawn errors and prior noise to the standard normal numbers that `recover` takes.

    Parameters
    ----------
    x, ints, floats
        Unconstrained parameters, and the packed problem, whose deviations are by unit.
    errors : ndarray (error)
        Standard normal: classes by periods, then blocks by slopes.
    own : ndarray (coefficient)
        Standard normal, one a coefficient and class: its prior's.
    vectors, treated, blocks
        From `cross_products`.
    scaled, lower, cross, schur
        From `factorise`.
    out : ndarray (coefficient)
        Filled: standard normal again.
    """
    n_global, mode, sigma = ints[8], ints[2], np.exp(x[ints[0] - 1])
    error = error_values(x, ints)
    values = scale_values(x, ints, floats)
    ratio = 0.0
    if mode > 0:
        ratio = (sigma / member_scale(x, ints, floats)) ** 2
    n_local = 0
    for b in range(ints[9]):
        n_local += ints[ints[16] + 8 * b + 1]
    right = [np.zeros(ints[ints[16] + 8 * b] + 1) for b in range(ints[9])]
    at = 0
    for c in range(ints[10]):
        row = class_row(ints, c)
        m, root = row[2], np.sqrt(float(row[1]))
        g = np.empty(m)
        _weighted(ints, floats, row, error, errors[at : at + m], g)
        at += m
        if mode == 1:
            place = n_global + n_local + c
            out[place] = own[place]
            if treated[c] > 0.0:
                total = np.sqrt(ratio) * own[place]
                for t in range(m):
                    total += floats[row[8] + t] * g[t]
                out[place] = total / np.sqrt(ratio + treated[c])
                for t in range(m):
                    g[t] -= vectors[c, t] * total / (ratio + treated[c])
        for t in range(m):
            right[row[0]][ints[row[6] + t]] += root * g[t]
            if ints[row[7] + t] >= 0:
                right[row[0]][ints[row[7] + t]] += root * g[t]
        for p in range(row[3]):
            column = ints[row[9] + p]
            if column != ints[7]:
                share = floats[row[12] + p] / root
                right[row[0]][row[4] + column] += share * g[ints[row[10] + p]]
    if ints[7] > 0:
        within = _own_slopes(x, ints, floats, vectors, treated, blocks)
        for b in range(ints[9]):
            first = ints[ints[16] + 8 * b + 3]
            for i in range(within[b].shape[0]):
                for j in range(i + 1):
                    right[b][first + i] += within[b][i, j] * errors[at + j]
            at += within[b].shape[0]
    whole = np.zeros((n_global, 1))
    place = n_global
    for b in range(ints[9]):
        table = ints[ints[16] + 8 * b : ints[16] + 8 * b + 8]
        local = np.empty((table[1], 1))
        for i in range(table[1]):
            k = ints[table[5] + i]
            scale = values[k] if k >= 0 else 1.0
            local[i, 0] = right[b][ints[table[4] + i]] * scale / sigma
            if k != -2:
                local[i, 0] += own[place + i]
        if table[1] > 0:
            solve_lower(lower[b], local, False)
            whole -= np.dot(cross[b].T, local)
        for i in range(table[1]):
            out[place + i] = local[i, 0]
        place += table[1]
        for s in range(table[0]):
            for j in range(n_global):
                whole[j, 0] += scaled[b][s, j] * right[b][s] / sigma
    for j in range(n_global):
        if ints[ints[14] + j] != -2:
            whole[j, 0] += own[j]
    if n_global > 0:
        solve_lower(schur, whole, False)
    for j in range(n_global):
        out[j] = whole[j, 0]
