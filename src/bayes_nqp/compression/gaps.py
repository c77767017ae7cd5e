"""Cross-products of AR(1) errors from sums over all rows that are equally far apart.

With each row paired with the unit's previous one, ``k`` periods earlier, and ``p = rho^k``,
``c = (1 - rho^2) / (1 - p^2)``, the precision of a unit's errors is

    Q = (1 - rho^2) F + sum_k [c A_k - c p B_k + c p^2 C_k],

where ``F``, ``A_k``, ``B_k`` and ``C_k`` hold no parameter. So their cross-products are summed over
all units beforehand, however many patterns of observed periods there are (`gap_sums`).
Absorbing unit effects takes ``Q11'Q / 1'Q1`` off. ``w = Q1`` is as simple a sum of indicators of
rows, and ``1'Q1`` depends only on how often each gap occurs: what is left for single classes is
``w`` against time effects and cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled

__all__ = [
    "cross_products_by_gaps", "fill_upper", "gap_values", "member_loadings_by_gaps", "patterns",
]  # fmt: skip

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
# Numba's own lists; it infers their types.
Matrices = Any


@compiled
def gap_values(ints: Index, rho: float) -> tuple[Array, Array, Array]:
    """Compute what depends on ``rho`` alone.

    Parameters
    ----------
    ints : ndarray of int
        The packed problem.
    rho : float
        Autocorrelation, in (-1, 1).

    Returns
    -------
    terms : ndarray (2, 1 + 3 gap)
        Factors of ``F``, and of ``A``, ``B`` and ``C`` by gap; their derivatives.
    loads : ndarray (2, 1 + 2 gap)
        Factors of the indicators in ``w``: the first row's, and by gap those of the row after and
        of the row before it; their derivatives.
    parts : ndarray (2, gap + 1, 2)
        What each gap, and at last the first row, adds to ``1'Q1`` and to the log determinant;
        their derivatives.
    """
    at = ints[21]
    n = ints[at]
    first = (1.0 - rho) * (1.0 + rho)
    terms = np.empty((2, 1 + 3 * n))
    loads = np.empty((2, 1 + 2 * n))
    parts = np.empty((2, n + 1, 2))
    terms[0, 0] = loads[0, 0] = parts[0, n, 0] = first
    terms[1, 0] = loads[1, 0] = parts[1, n, 0] = -2.0 * rho
    parts[0, n, 1] = np.log(first)
    parts[1, n, 1] = -2.0 * rho / first
    for g in range(n):
        k = ints[ints[at + 1] + g]
        p = rho**k
        dp = k * rho ** (k - 1) if k > 1 else 1.0
        c, dc = 1.0, 0.0
        if k > 1:
            c = first / (1.0 - p * p)
            dc = 2.0 * (c * p * dp - rho) / (1.0 - p * p)
        terms[0, 1 + 3 * g] = c
        terms[1, 1 + 3 * g] = dc
        terms[0, 2 + 3 * g] = c * p
        terms[1, 2 + 3 * g] = dc * p + c * dp
        terms[0, 3 + 3 * g] = c * p * p
        terms[1, 3 + 3 * g] = (dc * p + 2.0 * c * dp) * p
        loads[0, 1 + 2 * g] = c * (1.0 - p)
        loads[1, 1 + 2 * g] = dc * (1.0 - p) - c * dp
        loads[0, 2 + 2 * g] = -c * p * (1.0 - p)
        loads[1, 2 + 2 * g] = -dc * p * (1.0 - p) - c * dp * (1.0 - 2.0 * p)
        parts[0, g, 0] = c * (1.0 - p) * (1.0 - p)
        parts[1, g, 0] = (dc * (1.0 - p) - 2.0 * c * dp) * (1.0 - p)
        parts[0, g, 1] = np.log(c)
        parts[1, g, 1] = dc / c
    return terms, loads, parts


@compiled
def patterns(ints: Index, loads: Array, parts: Array) -> tuple[Array, Array]:
    """Add the values of gaps up for every pattern of observed periods.

    Parameters
    ----------
    ints : ndarray of int
        The packed problem.
    loads : ndarray (1 + 2 gap), parts : ndarray (gap + 1, 2)
        From `gap_values`: values, or derivatives.

    Returns
    -------
    w : ndarray (pattern, m)
        ``Q1``.
    sums : ndarray (pattern, 2)
        ``1'Q1`` and the log determinant.
    """
    at = ints[21]
    n = ints[at]
    w = np.zeros((ints[at + 2], ints[13]))
    sums = np.empty((ints[at + 2], 2))
    for i in range(ints[at + 2]):
        m = ints[ints[at + 3] + 2 * i]
        steps = ints[ints[at + 3] + 2 * i + 1]
        one, log_det = parts[n, 0], parts[n, 1]
        w[i, 0] = loads[0]
        for t in range(1, m):
            g = ints[steps + t]
            w[i, t] = loads[1 + 2 * g]
            w[i, t - 1] += loads[2 + 2 * g]
            one += parts[g, 0]
            log_det += parts[g, 1]
        sums[i, 0] = one
        sums[i, 1] = log_det
    return w, sums


@compiled
def _add_sums(ints: Index, floats: Array, terms: Array, blocks: Matrices) -> None:
    """Add the sums of every term to the lower triangles of all blocks."""
    at = ints[ints[21] + 4]
    for term in range(terms.shape[0]):
        for b in range(ints[9]):
            flat = blocks[b].reshape(blocks[b].size)
            place, value = ints[at + 1], ints[at + 2]
            for e in range(ints[at]):
                flat[ints[place + e]] += terms[term] * floats[value + e]
            at += 3


@compiled
def _absorb_columns(
    ints: Index, floats: Array, loads: Array, sums: Array, blocks: Matrices
) -> float:
    """Absorb unit effects from pairs of varying columns; add up the log determinants."""
    at, columns = ints[21], ints[7] + 1
    total = 0.0
    for i in range(ints[at + 5]):
        table = ints[ints[at + 6] + 7 * i : ints[at + 6] + 7 * i + 7]
        s = blocks[table[0]]
        y = s.shape[0] - 1
        one = sums[table[2], 0]
        n = table[4]
        total += 0.5 * table[3] * (sums[table[2], 1] - np.log(one))
        place = table[6]
        for c in range(columns):
            slot = y if c == ints[7] else table[1] + c
            for d in range(c + 1):
                value = 0.0
                for a in range(n):
                    row = 0.0
                    for b in range(n):
                        row += loads[ints[table[5] + b]] * floats[place + b]
                    value += loads[ints[table[5] + a]] * row
                    place += n
                s[slot, y if d == ints[7] else table[1] + d] -= value / one
    return total


@compiled
def _absorb_times(
    ints: Index, floats: Array, table: Index, w: Array, sums: Array, s: Array
) -> None:
    """Absorb the unit effects of one stratum and cohort from time effects, with all else."""
    periods, columns, at = ints[6], ints[7] + 1, ints[21]
    pairs = np.zeros((periods, periods))
    mixed = np.zeros((columns, periods))
    line = np.empty(columns)
    for i in range(table[4]):
        c = ints[table[5] + i]
        row = ints[17] + 16 * c
        m, times, pattern = ints[row + 2], ints[row + 5], ints[row + 15]
        entries = ints[ints[at + 7] + c]
        inverse = 1.0 / sums[pattern, 0]
        factor = ints[row + 1] * inverse
        line[:] = 0.0
        for t in range(m):
            value = factor * w[pattern, t]
            out = pairs[ints[times + t]]
            for u in range(t + 1):
                out[ints[times + u]] += value * w[pattern, u]
            value = inverse * w[pattern, t]
            for j in range(columns):
                line[j] += value * floats[entries + t * columns + j]
        for j in range(columns):
            out = mixed[j]
            for t in range(m):
                out[ints[times + t]] += line[j] * w[pattern, t]
    fill_upper(pairs)
    for t in range(periods):
        cell = ints[table[3] + t]
        lam = table[1] + t
        for u in range(t + 1):
            s[lam, table[1] + u] -= pairs[t, u]
        if cell >= 0:
            for u in range(periods):
                s[cell, table[1] + u] -= pairs[t, u]
                if ints[table[3] + u] >= 0:
                    s[cell, ints[table[3] + u]] -= pairs[t, u]
        for j in range(columns):
            slot = s.shape[0] - 1 if j == ints[7] else table[2] + j
            s[slot, lam] -= mixed[j, t]
            if cell >= 0:
                s[slot, cell] -= mixed[j, t]


@compiled
def _deviation(
    ints: Index, floats: Array, c: int, terms: Array, w: Array, inverse: float, out: Array
) -> float:
    """Fill absorbed precision times the loadings of deviations; their quadratic form."""
    row = ints[17] + 16 * c
    m, load = ints[row + 2], ints[row + 8]
    steps = ints[ints[ints[21] + 3] + 2 * ints[row + 15] + 1]
    out[0] = terms[0] * floats[load]
    shift = w[0] * floats[load]
    for t in range(1, m):
        g = ints[steps + t]
        before, now = floats[load + t - 1], floats[load + t]
        out[t] = terms[1 + 3 * g] * now - terms[2 + 3 * g] * before
        out[t - 1] += terms[3 + 3 * g] * before - terms[2 + 3 * g] * now
        shift += w[t] * now
    shift *= inverse
    h = 0.0
    for t in range(m):
        out[t] -= shift * w[t]
        h += floats[load + t] * out[t]
    return max(h, 0.0)


@compiled
def cross_products_by_gaps(
    rho: float, ints: Index, floats: Array, vectors: Array, treated: Array, blocks: Matrices
) -> float:
    """Add the absorbed cross-products of slots to the lower triangles of all blocks.

    Parameters
    ----------
    rho : float
        Autocorrelation, in (-1, 1).
    ints, floats
        The packed problem, with the tables of `gap_sums`.
    vectors : ndarray (class, m), treated : ndarray (class)
        Filled where deviations are shared by several units: absorbed precision times their
        loadings, and its quadratic form.
    blocks : list of ndarray (slot + 1, slot + 1)
        Added to, the outcome last.

    Returns
    -------
    float
        Half the log determinants of all units' absorbed precisions.
    """
    terms, loads, parts = gap_values(ints, rho)
    w, sums = patterns(ints, loads[0], parts[0])
    _add_sums(ints, floats, terms[0], blocks)
    total = _absorb_columns(ints, floats, loads[0], sums, blocks)
    at = ints[21]
    for g in range(ints[at + 8]):
        table = ints[ints[at + 9] + 6 * g : ints[at + 9] + 6 * g + 6]
        _absorb_times(ints, floats, table, w, sums, blocks[table[0]])
    for i in range(ints[at + 12]):
        c = ints[ints[at + 13] + i]
        pattern = ints[ints[17] + 16 * c + 15]
        treated[c] = _deviation(
            ints, floats, c, terms[0], w[pattern], 1.0 / sums[pattern, 0], vectors[c]
        )
    return total


@compiled
def member_loadings_by_gaps(
    ints: Index, floats: Array, member: int, vectors: Array, out: Array
) -> None:
    """Fill the loadings of slots on one member's weighted residual, given class vectors.

    Parameters
    ----------
    ints, floats
        The packed problem, with the tables of `gap_sums`.
    member : int
    vectors : ndarray (class, m)
    out : ndarray (slot + 1)
        Filled, the outcome last.
    """
    at, columns, periods = ints[21], ints[7] + 1, ints[6]
    row = ints[18] + 5 * member
    entries = ints[ints[at + 10] + member]
    along = np.zeros(periods)
    line = np.zeros(columns)
    out[:] = 0.0
    n = ints[row + 1]
    for e in range(n):
        c = ints[ints[row + 2] + e]
        count = float(ints[ints[row + 3] + e])
        place = ints[entries + e]
        m, times = ints[ints[17] + 16 * c + 2], ints[ints[17] + 16 * c + 5]
        for t in range(m):
            value = vectors[c, t]
            along[ints[times + t]] += count * value
            for j in range(columns):
                line[j] += value * floats[place + t * columns + j]
        group = ints[ints[at + 11] + c]
        if e + 1 < n and ints[ints[at + 11] + ints[ints[row + 2] + e + 1]] == group:
            continue
        table = ints[at + 9] + 6 * group
        for t in range(periods):
            out[ints[table + 1] + t] += along[t]
            if ints[ints[table + 3] + t] >= 0:
                out[ints[ints[table + 3] + t]] += along[t]
        for j in range(columns - 1):
            out[ints[table + 2] + j] += line[j]
        out[out.shape[0] - 1] += line[columns - 1]
        along[:] = 0.0
        line[:] = 0.0


@compiled
def fill_upper(s: Array) -> None:
    """Copy the lower triangle of a matrix to its upper one.

    Parameters
    ----------
    s : ndarray (n, n)
        Changed in place.
    """
    for i in range(s.shape[0]):
        for j in range(i):
            s[j, i] = s[i, j]
