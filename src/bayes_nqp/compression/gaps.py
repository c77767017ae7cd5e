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

__all__ = ["cross_products_by_gaps", "fill_upper"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
# Numba's own lists; it infers their types.
Matrices = Any


@compiled
def _gap_values(ints: Index, rho: float) -> tuple[Array, Array, Array]:
    """Values of the terms of ``Q`` and of ``w``, and ``c (1 - p)^2`` and ``log c`` by gap."""
    at = ints[21]
    n = ints[at]
    first = (1.0 - rho) * (1.0 + rho)
    terms = np.empty(1 + 3 * n)
    loads = np.empty(1 + 2 * n)
    parts = np.empty((n + 1, 2))
    terms[0] = first
    loads[0] = first
    for g in range(n):
        k = ints[ints[at + 1] + g]
        p = rho**k
        c = first / (1.0 - p * p) if k > 1 else 1.0
        terms[1 + 3 * g] = c
        terms[2 + 3 * g] = c * p
        terms[3 + 3 * g] = c * p * p
        loads[1 + 2 * g] = c * (1.0 - p)
        loads[2 + 2 * g] = -c * p * (1.0 - p)
        parts[g, 0] = c * (1.0 - p) * (1.0 - p)
        parts[g, 1] = np.log(c)
    parts[n, 0] = first
    parts[n, 1] = np.log(first)
    return terms, loads, parts


@compiled
def _patterns(
    ints: Index, loads: Array, parts: Array, w: Array, one: Array, log_det: Array
) -> None:
    """Fill ``Q1``, ``1'Q1`` and the log determinant of every pattern of observed periods."""
    at = ints[21]
    n = ints[at]
    for i in range(ints[at + 2]):
        m = ints[ints[at + 3] + 2 * i]
        steps = ints[ints[at + 3] + 2 * i + 1]
        total = parts[n, 0]
        log = parts[n, 1]
        w[i, 0] = loads[0]
        for t in range(1, m):
            g = ints[steps + t]
            w[i, t] = loads[1 + 2 * g]
            w[i, t - 1] += loads[2 + 2 * g]
            total += parts[g, 0]
            log += parts[g, 1]
        one[i] = total
        log_det[i] = log


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
    ints: Index, floats: Array, loads: Array, one: Array, log_det: Array, blocks: Matrices
) -> float:
    """Absorb unit effects from pairs of varying columns; add up the log determinants."""
    at, columns = ints[21], ints[7] + 1
    total = 0.0
    for i in range(ints[at + 5]):
        table = ints[ints[at + 6] + 7 * i : ints[at + 6] + 7 * i + 7]
        s = blocks[table[0]]
        y = s.shape[0] - 1
        pattern, n = table[2], table[4]
        total += 0.5 * table[3] * (log_det[pattern] - np.log(one[pattern]))
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
                s[slot, y if d == ints[7] else table[1] + d] -= value / one[pattern]
    return total


@compiled
def _absorb_class(
    ints: Index, floats: Array, row: Index, w: Array, inverse: float, slots: Index, s: Array
) -> None:
    """Absorb the unit effects of one class from its time effects and cells, with all else."""
    m, y = row[2], s.shape[0] - 1
    lam = ints[row[6] : row[6] + m]
    cell = ints[row[7] : row[7] + m]
    factor = row[1] * inverse
    for t in range(m):
        weight = factor * w[t]
        line = s[lam[t]]
        for u in range(t + 1):
            line[lam[u]] -= weight * w[u]
    treated = 0
    for t in range(m):
        if cell[t] >= 0:
            slots[treated] = t
            treated += 1
    for i in range(treated):
        t = slots[i]
        weight = factor * w[t]
        line = s[cell[t]]
        for u in range(m):
            line[lam[u]] -= weight * w[u]
        for j in range(treated):
            line[cell[slots[j]]] -= weight * w[slots[j]]
    # Entries come column by column.
    total = 0.0
    for p in range(row[3]):
        column = ints[row[9] + p]
        total += w[ints[row[10] + p]] * floats[row[12] + p]
        if p + 1 < row[3] and ints[row[9] + p + 1] == column:
            continue
        line = s[y if column == ints[7] else row[4] + column]
        total *= inverse
        for t in range(m):
            line[lam[t]] -= total * w[t]
        for i in range(treated):
            line[cell[slots[i]]] -= total * w[slots[i]]
        total = 0.0


@compiled
def _deviation(
    ints: Index, floats: Array, row: Index, terms: Array, w: Array, inverse: float, out: Array
) -> float:
    """Fill absorbed precision times the loadings of deviations; their quadratic form."""
    m = row[2]
    steps = ints[ints[ints[21] + 3] + 2 * row[15] + 1]
    load = floats[row[8] : row[8] + m]
    out[0] = terms[0] * load[0]
    shift = w[0] * load[0]
    for t in range(1, m):
        g = ints[steps + t]
        # c (d_t - p d_{t-1}), of which -p goes to the row before.
        c = terms[1 + 3 * g]
        p = terms[2 + 3 * g] / c
        value = c * (load[t] - p * load[t - 1])
        out[t] = value
        out[t - 1] -= p * value
        shift += w[t] * load[t]
    shift *= inverse
    h = 0.0
    for t in range(m):
        out[t] -= shift * w[t]
        h += load[t] * out[t]
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
    terms, loads, parts = _gap_values(ints, rho)
    patterns = ints[ints[21] + 2]
    w = np.empty((patterns, ints[13]))
    one = np.empty(patterns)
    log_det = np.empty(patterns)
    slots = np.empty(ints[13], np.int64)
    _patterns(ints, loads, parts, w, one, log_det)
    _add_sums(ints, floats, terms, blocks)
    total = _absorb_columns(ints, floats, loads, one, log_det, blocks)
    for c in range(ints[10]):
        at = ints[17] + 16 * c
        row = ints[at : at + 16]
        inverse = 1.0 / one[row[15]]
        _absorb_class(ints, floats, row, w[row[15]], inverse, slots, blocks[row[0]])
        if ints[2] == 2:
            load = floats[row[8] : row[8] + row[2]]
            if load.any():
                treated[c] = _deviation(ints, floats, row, terms, w[row[15]], inverse, vectors[c])
    return total


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
