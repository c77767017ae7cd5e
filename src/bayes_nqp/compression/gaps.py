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
    load = np.empty(loads.shape[0])
    total = 0.0
    for i in range(ints[at + 5]):
        table = ints[ints[at + 6] + 7 * i : ints[at + 6] + 7 * i + 7]
        s = blocks[table[0]]
        y = s.shape[0] - 1
        one = sums[table[2], 0]
        n = table[4]
        total += 0.5 * table[3] * (sums[table[2], 1] - np.log(one))
        place = table[6]
        for a in range(n):
            load[a] = loads[ints[table[5] + a]]
        for c in range(columns):
            slot = y if c == ints[7] else table[1] + c
            for d in range(c + 1):
                value = 0.0
                for a in range(n):
                    row = 0.0
                    for b in range(n):
                        row += load[b] * floats[place + b]
                    value += load[a] * row
                    place += n
                s[slot, y if d == ints[7] else table[1] + d] -= value / one
    return total


@compiled
def _absorb_units(
    ints: Index, floats: Array, table: Index, w: Array, sums: Array, pairs: Array, mixed: Array
) -> None:
    """Add what unit effects of one stratum and cohort absorb, by periods and columns."""
    columns, at = ints[7] + 1, ints[21]
    line = np.empty(columns)
    for i in range(table[4]):
        c = ints[table[5] + i]
        row = ints[17] + 16 * c
        m, pattern = ints[row + 2], ints[row + 15]
        times = ints[ints[row + 5] : ints[row + 5] + m]
        weight = w[pattern]
        entry = ints[ints[at + 7] + c]
        inverse = 1.0 / sums[pattern, 0]
        factor = ints[row + 1] * inverse
        line[:] = 0.0
        for t in range(m):
            value = factor * weight[t]
            out = pairs[times[t]]
            for u in range(t + 1):
                out[times[u]] += value * weight[u]
            value = inverse * weight[t]
            for j in range(columns):
                line[j] += value * floats[entry + j]
            entry += columns
        for t in range(m):
            out = mixed[times[t]]
            for j in range(columns):
                out[j] += line[j] * weight[t]


@compiled
def _gather(
    ints: Index,
    floats: Array,
    c: int,
    count: float,
    entry: int,
    vectors: Array,
    along: Array,
    line: Array,
) -> None:
    """Add weighted rows of some units of a class, by periods and columns."""
    row, columns = ints[17] + 16 * c, ints[7] + 1
    m = ints[row + 2]
    times = ints[ints[row + 5] : ints[row + 5] + m]
    vector = vectors[c]
    for t in range(m):
        along[times[t]] += count * vector[t]
        for j in range(columns):
            line[j] += vector[t] * floats[entry + j]
        entry += columns


@compiled
def _absorb_members(
    ints: Index,
    floats: Array,
    cohort: int,
    ratio: float,
    vectors: Array,
    treated: Array,
    pairs: Array,
    mixed: Array,
    own: Array,
) -> float:
    """Add what deviations of one stratum and cohort absorb; half their log determinants."""
    at, columns, periods = ints[21], ints[7] + 1, ints[6]
    along = np.empty(periods)
    line = np.empty(columns)
    total = 0.0
    for i in range(ints[ints[at + 14] + 2 * cohort]):
        member = ints[ints[ints[at + 14] + 2 * cohort + 1] + i]
        row, entries = ints[18] + 5 * member, ints[ints[at + 10] + member]
        along[:] = 0.0
        line[:] = 0.0
        h = 0.0
        for e in range(ints[row + 1]):
            c = ints[ints[row + 2] + e]
            count = float(ints[ints[row + 3] + e])
            h += count * treated[c]
            _gather(ints, floats, c, count, ints[entries + e], vectors, along, line)
        total -= 0.5 * np.log1p(h / ratio)
        factor = 1.0 / (ratio + h)
        for t in range(periods):
            value = factor * along[t]
            out = pairs[t]
            for u in range(t + 1):
                out[u] += value * along[u]
            out = mixed[t]
            for j in range(columns):
                out[j] += value * line[j]
        for j in range(columns):
            value = factor * line[j]
            for k in range(j + 1):
                own[j, k] += value * line[k]
    return total


@compiled
def _spread(ints: Index, table: Index, pairs: Array, mixed: Array, own: Array, s: Array) -> None:
    """Take sums by periods and columns off the slots of one stratum and cohort."""
    periods, columns = ints[6], ints[7] + 1
    cells = ints[table[3] : table[3] + periods]
    y = s.shape[0] - 1
    fill_upper(pairs)
    for t in range(periods):
        line = s[table[1] + t]
        for u in range(t + 1):
            line[table[1] + u] -= pairs[t, u]
        if cells[t] >= 0:
            line = s[cells[t]]
            for u in range(periods):
                line[table[1] + u] -= pairs[t, u]
                if cells[u] >= 0:
                    line[cells[u]] -= pairs[t, u]
    for j in range(columns):
        line = s[y if j == ints[7] else table[2] + j]
        for t in range(periods):
            line[table[1] + t] -= mixed[t, j]
            if cells[t] >= 0:
                line[cells[t]] -= mixed[t, j]
        for k in range(j + 1):
            line[y if k == ints[7] else table[2] + k] -= own[j, k]


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
    rho: float,
    ratio: float,
    ints: Index,
    floats: Array,
    vectors: Array,
    treated: Array,
    blocks: Matrices,
) -> float:
    """Add the absorbed cross-products of slots to the lower triangles of all blocks.

    Parameters
    ----------
    rho : float
        Autocorrelation, in (-1, 1).
    ratio : float
        ``sigma^2`` over the variance of deviations, where there are any.
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
        Half the log determinants of all units' absorbed precisions, and of the deviations of
        members that lie in one stratum and cohort; no other members are absorbed.
    """
    terms, loads, parts = gap_values(ints, rho)
    w, sums = patterns(ints, loads[0], parts[0])
    _add_sums(ints, floats, terms[0], blocks)
    total = _absorb_columns(ints, floats, loads[0], sums, blocks)
    at = ints[21]
    for i in range(ints[at + 12]):
        c = ints[ints[at + 13] + i]
        pattern = ints[ints[17] + 16 * c + 15]
        treated[c] = _deviation(
            ints, floats, c, terms[0], w[pattern], 1.0 / sums[pattern, 0], vectors[c]
        )
    pairs = np.empty((ints[6], ints[6]))
    mixed = np.empty((ints[6], ints[7] + 1))
    own = np.empty((ints[7] + 1, ints[7] + 1))
    for g in range(ints[at + 8]):
        table = ints[ints[at + 9] + 6 * g : ints[at + 9] + 6 * g + 6]
        pairs[:] = 0.0
        mixed[:] = 0.0
        own[:] = 0.0
        _absorb_units(ints, floats, table, w, sums, pairs, mixed)
        if ints[2] == 2:
            total += _absorb_members(ints, floats, g, ratio, vectors, treated, pairs, mixed, own)
        _spread(ints, table, pairs, mixed, own, blocks[table[0]])
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
        _gather(ints, floats, c, count, ints[entries + e], vectors, along, line)
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
