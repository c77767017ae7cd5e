"""Two equations that share effects of units: their log density with every coefficient out.

Given the parameters, a mediator's equation and the outcome's are linear and Gaussian, the
mediator being data in the second. A unit adds three effects of its own: that on the mediator,
the slope of the mediator, and the direct one. They are integrated out unit by unit; cells,
time effects and slopes of the two equations then meet in one matrix of slots.

A unit's entries are, in order: periods and varying columns of the mediator's equation, the
same of the outcome's, and one column for both outcomes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression._lapack import cholesky, solve_lower
from bayes_nqp.compression.kernel import (
    absorb,
    class_row,
    error_values,
    log_prior,
    member_scale,
    scale_values,
)

__all__ = ["draw_joint", "joint_densities"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@compiled
def unit_columns(row: Index, ints: Index, entries: Array, out: Array) -> None:
    """Lay the packed entries of a unit out by period and column, the outcome last."""
    out[:] = 0.0
    for p in range(row[3]):
        out[ints[row[10] + p], ints[row[9] + p]] = entries[p]


@compiled
def unit_loadings(
    m: int,
    c_m: int,
    c_y: int,
    columns_m: Array,
    columns_y: Array,
    q_m: Array,
    q_y: Array,
    treated: Array,
    root: Array,
    v: Array,
    w: Array,
) -> None:
    """Loadings of a unit's entries on its three standardised effects, and their precision.

    Parameters
    ----------
    m, c_m, c_y : int
        Its periods, and the varying columns of each equation.
    columns_m, columns_y : ndarray (m, column)
        Those, and the outcome after the last.
    q_m, q_y : ndarray (m, m)
        Absorbed precisions.
    treated : ndarray (m,)
    root : ndarray (3, 3)
        Lower root of the prior covariance of effect, slope and direct effect.
    v : ndarray (3, entry)
        Filled: root' times loadings.
    w : ndarray (3, 3)
        Filled: lower root of the precision.
    """
    end = 2 * m + c_m + c_y
    start = m + c_m
    v[:] = 0.0
    work = np.zeros((3, m))
    for t in range(m):
        for u in range(m):
            work[0, t] += q_m[t, u] * treated[u]
            work[1, t] += q_y[t, u] * columns_y[u, c_y - 1]
            work[2, t] += q_y[t, u] * treated[u]
    h = np.zeros((3, 3))
    for t in range(m):
        h[0, 0] += work[0, t] * treated[t]
        h[1, 1] += work[1, t] * columns_y[t, c_y - 1]
        h[1, 2] += work[1, t] * treated[t]
        h[2, 2] += work[2, t] * treated[t]
    h[2, 1] = h[1, 2]
    raw = np.zeros((3, end + 1))
    for t in range(m):
        raw[0, t] = work[0, t]
        raw[1, start + t] = work[1, t]
        raw[2, start + t] = work[2, t]
        for c in range(c_m):
            raw[0, m + c] += work[0, t] * columns_m[t, c]
        for k in range(1, 3):
            for c in range(c_y):
                raw[k, start + m + c] += work[k, t] * columns_y[t, c]
        raw[0, end] += work[0, t] * columns_m[t, c_m]
        raw[1, end] += work[1, t] * columns_y[t, c_y]
        raw[2, end] += work[2, t] * columns_y[t, c_y]
    for i in range(3):
        for k in range(i, 3):
            if root[k, i] != 0.0:
                for e in range(end + 1):
                    v[i, e] += root[k, i] * raw[k, e]
    for i in range(3):
        for j in range(3):
            total = 1.0 if i == j else 0.0
            for k in range(i, 3):
                for n in range(j, 3):
                    total += root[k, i] * h[k, n] * root[n, j]
            w[i, j] = total
    for j in range(3):
        for i in range(j, 3):
            total = w[i, j]
            for k in range(j):
                total -= w[i, k] * w[j, k]
            w[i, j] = np.sqrt(max(total, 1e-300)) if i == j else total / w[j, j]
    w[0, 1] = 0.0
    w[0, 2] = 0.0
    w[1, 2] = 0.0


@compiled
def forward(w: Array, v: Array) -> None:
    """Solve with the lower root of a unit's precision, in place."""
    for e in range(v.shape[1]):
        for i in range(3):
            total = v[i, e]
            for k in range(i):
                total -= w[i, k] * v[k, e]
            v[i, e] = total / w[i, i]


@compiled
def root_of(x: Array, ints_m: Index, floats_m: Array, ints_y: Index, floats_y: Array) -> Array:
    """Lower root of the prior covariance of a unit's effect, slope and direct effect."""
    n_m = ints_m[0]
    omega_a = member_scale(x[:n_m], ints_m, floats_m)
    omega_u = member_scale(x[n_m : n_m + ints_y[0]], ints_y, floats_y)
    omega_b = np.exp(x[n_m + ints_y[0]])
    r = np.tanh(0.5 * x[n_m + ints_y[0] + 1])
    root = np.zeros((3, 3))
    root[0, 0] = omega_a
    root[1, 0] = r * omega_b
    root[1, 1] = np.sqrt((1.0 - r) * (1.0 + r)) * omega_b
    root[2, 2] = omega_u
    return root


@compiled
def absorbed(x: Array, ints: Index, floats: Array, c: int, q: Array) -> tuple[float, float]:
    """Absorbed precision of one class under one equation, over the innovations' variance."""
    row = class_row(ints, c)
    m = row[2]
    dq, work, slopes = np.empty((2, m, m)), np.empty((3, m)), np.zeros(2)
    error = error_values(x, ints)
    precision = np.exp(-2.0 * x[ints[0] - 1])
    log_det, one, _ = absorb(ints, floats, row, error, q, dq, slopes, work)
    for t in range(m):
        for u in range(m):
            q[t, u] *= precision
    return log_det, one


@compiled
def slots_of(
    row: Index, ints: Index, block_start: int, m: int, columns: int, base: int, slots: Index
) -> None:
    """Fill the two slots of each period, and the one of each column, from ``base`` on."""
    for t in range(m):
        slots[base + t, 0] = block_start + ints[row[6] + t]
        cell = ints[row[7] + t]
        slots[base + t, 1] = block_start + cell if cell >= 0 else -1
    for c in range(columns):
        slots[base + m + c, 0] = block_start + row[4] + c
        slots[base + m + c, 1] = -1


@compiled
def block_starts(ints: Index) -> Index:
    """Where each block's slots begin; the number of all slots last."""
    out = np.zeros(ints[9] + 1, np.int64)
    for b in range(ints[9]):
        out[b + 1] = out[b] + ints[ints[16] + 8 * b]
    return out


@compiled
def add_unit(
    k: Array, m: int, c_m: int, c_y: int, columns_m: Array, columns_y: Array,
    q_m: Array, q_y: Array, v: Array,
) -> None:  # fmt: skip
    """Add a unit's cross-products of entries, its own effects integrated out, to ``k``.

    Only the lower part is filled, and period by period entries once for the whole class.
    """
    start, end = m + c_m, 2 * m + c_m + c_y
    for t in range(m):
        for u in range(m):
            for c in range(c_m + 1):
                at = m + c if c < c_m else end
                k[at, t] += q_m[t, u] * columns_m[u, c]
            for c in range(c_y + 1):
                at = start + m + c if c < c_y else end
                k[at, start + t] += q_y[t, u] * columns_y[u, c]
    for c in range(c_m + 1):
        at = m + c if c < c_m else end
        for t in range(m):
            total = 0.0
            for u in range(m):
                total += q_m[t, u] * columns_m[u, c]
            for d in range(c + 1):
                k[at, m + d if d < c_m else end] += total * columns_m[t, d]
    for c in range(c_y + 1):
        at = start + m + c if c < c_y else end
        for t in range(m):
            total = 0.0
            for u in range(m):
                total += q_y[t, u] * columns_y[u, c]
            for d in range(c + 1):
                k[at, start + m + d if d < c_y else end] += total * columns_y[t, d]
    for i in range(end + 1):
        for j in range(i + 1):
            k[i, j] -= v[0, i] * v[0, j] + v[1, i] * v[1, j] + v[2, i] * v[2, j]


@compiled
def scatter(k: Array, slots: Index, s: Array) -> None:
    """Add the entries' cross-products (lower part) to those of slots (both parts)."""
    for i in range(slots.shape[0]):
        for j in range(slots.shape[0]):
            value = k[i, j] if j <= i else k[j, i]
            for a in range(2):
                for b in range(2):
                    if slots[i, a] >= 0 and slots[j, b] >= 0:
                        s[slots[i, a], slots[j, b]] += value


@compiled
def slot_products(
    x: Array, ints_m: Index, floats_m: Array, ints_y: Index, floats_y: Array,
    entries_m: Array, entries_y: Array,
) -> tuple[float, Array]:  # fmt: skip
    """Cross-products of all slots, the outcomes' column last, and the log determinants."""
    n_m = ints_m[0]
    x_m, x_y = x[:n_m].copy(), x[n_m : n_m + ints_y[0]].copy()
    root = root_of(x, ints_m, floats_m, ints_y, floats_y)
    starts_m, starts_y = block_starts(ints_m), block_starts(ints_y)
    size = starts_m[-1] + starts_y[-1]
    s = np.zeros((size + 1, size + 1))
    c_m, c_y = ints_m[7], ints_y[7]
    total, at_m, at_y = 0.0, 0, 0
    w = np.zeros((3, 3))
    for c in range(ints_m[10]):
        row_m, row_y = class_row(ints_m, c), class_row(ints_y, c)
        m, n = row_m[2], row_m[1]
        q_m, q_y = np.empty((m, m)), np.empty((m, m))
        log_m, one_m = absorbed(x_m, ints_m, floats_m, c, q_m)
        log_y, one_y = absorbed(x_y, ints_y, floats_y, c, q_y)
        total += 0.5 * n * (log_m - np.log(one_m) + log_y - np.log(one_y))
        treated = floats_m[row_m[8] : row_m[8] + m]
        entries = 2 * m + c_m + c_y + 1
        k = np.zeros((entries, entries))
        v = np.zeros((3, entries))
        columns_m, columns_y = np.zeros((m, c_m + 1)), np.zeros((m, c_y + 1))
        for _ in range(n):
            unit_columns(row_m, ints_m, entries_m[at_m : at_m + row_m[3]], columns_m)
            unit_columns(row_y, ints_y, entries_y[at_y : at_y + row_y[3]], columns_y)
            at_m += row_m[3]
            at_y += row_y[3]
            unit_loadings(m, c_m, c_y, columns_m, columns_y, q_m, q_y, treated, root, v, w)
            forward(w, v)
            total -= np.log(w[0, 0]) + np.log(w[1, 1]) + np.log(w[2, 2])
            add_unit(k, m, c_m, c_y, columns_m, columns_y, q_m, q_y, v)
        start = m + c_m
        for t in range(m):
            for u in range(t + 1):
                k[t, u] += n * q_m[t, u]
                k[start + t, start + u] += n * q_y[t, u]
        slots = np.full((entries, 2), -1, np.int64)
        slots_of(row_m, ints_m, starts_m[row_m[0]], m, c_m, 0, slots)
        slots_of(row_y, ints_y, starts_m[-1] + starts_y[row_y[0]], m, c_y, start, slots)
        slots[entries - 1, 0] = size
        scatter(k, slots, s)
    log_2pi = np.log(2.0 * np.pi)
    total -= 0.5 * ints_m[5] * (log_2pi + 2.0 * x_m[n_m - 1])
    total -= 0.5 * ints_y[5] * (log_2pi + 2.0 * x_y[ints_y[0] - 1])
    total += 0.5 * (ints_m[12] + ints_y[12]) * log_2pi
    return total, s


@compiled
def coefficient_scales(
    x: Array, ints_m: Index, floats_m: Array, ints_y: Index, floats_y: Array, number: Index
) -> Array:
    """Scale of every coefficient; the outcome equation's are numbered after the other's."""
    n_m = ints_m[0]
    first = scale_values(x[:n_m].copy(), ints_m, floats_m)
    second = scale_values(x[n_m : n_m + ints_y[0]].copy(), ints_y, floats_y)
    out = np.ones(number.size)
    for j in range(number.size):
        if number[j] >= 0:
            k = number[j]
            out[j] = first[k] if k < first.size else second[k - first.size]
    return out


@compiled
def system(
    s: Array, slot: Index, coefficient: Index, loading: Array, scale: Array, number: Index
) -> tuple[Array, Array]:
    """Precision and right-hand side of the standardised coefficients.

    ``loading[e]`` is what ``coefficient[e]`` adds to ``slot[e]``, unscaled.
    """
    size, p = s.shape[0] - 1, scale.size
    half = np.zeros((p, size + 1))
    for e in range(slot.size):
        factor = loading[e] * scale[coefficient[e]]
        half[coefficient[e]] += factor * s[slot[e]]
    precision = np.zeros((p, p))
    turned = half.T.copy()
    flipped = np.zeros((p, p))
    for e in range(slot.size):
        factor = loading[e] * scale[coefficient[e]]
        flipped[coefficient[e]] += factor * turned[slot[e]]
    for i in range(p):
        for j in range(p):
            precision[i, j] = 0.5 * (flipped[i, j] + flipped[j, i])
        if number[i] != -2:
            precision[i, i] += 1.0
    right = np.zeros((p, 1))
    right[:, 0] = half[:, size]
    return precision, right


@compiled
def joint_densities(
    xs: Array, ints_m: Index, floats_m: Array, ints_y: Index, floats_y: Array,
    entries_m: Array, entries_y: Array, slot: Index, coefficient: Index, loading: Array,
    number: Index, slope_prior: float, out: Array,
) -> None:  # fmt: skip
    """Marginal log posterior density at many points.

    Parameters
    ----------
    xs : ndarray (point, parameter)
        Parameters of the mediator's equation, those of the outcome's, log of the slopes'
        standard deviation, logit of half of one plus the correlation.
    ints_m, floats_m, ints_y, floats_y : ndarray
        The packed equations.
    entries_m, entries_y : ndarray
        Packed entries of units, class after class.
    slot, coefficient, loading : ndarray
        Which coefficient adds what to which slot.
    number : ndarray (coefficient)
        Of the coefficients' scales.
    slope_prior : float
        Half-normal scale of the slopes' standard deviation.
    out : ndarray (point)
        Filled; minus infinity where the density cannot be computed.
    """
    n_m, n_y = ints_m[0], ints_y[0]
    gradient_m, gradient_y = np.zeros(n_m), np.zeros(n_y)
    for i in range(xs.shape[0]):
        x = xs[i]
        total = log_prior(x[:n_m].copy(), ints_m, floats_m, gradient_m)
        total += log_prior(x[n_m : n_m + n_y].copy(), ints_y, floats_y, gradient_y)
        ratio = np.exp(x[n_m + n_y]) / slope_prior
        total += 0.5 * np.log(2.0 / np.pi) - np.log(slope_prior) - 0.5 * ratio * ratio
        total += x[n_m + n_y]
        z = abs(x[n_m + n_y + 1])
        # Beta(2, 2) of (1 + r) / 2, on the logit.
        total += np.log(6.0) - 2.0 * z - 4.0 * np.log1p(np.exp(-z))
        part, s = slot_products(x, ints_m, floats_m, ints_y, floats_y, entries_m, entries_y)
        scale = coefficient_scales(x, ints_m, floats_m, ints_y, floats_y, number)
        precision, right = system(s, slot, coefficient, loading, scale, number)
        out[i] = -np.inf
        if cholesky(precision) != 0:
            continue
        solve_lower(precision, right, False)
        energy = s[s.shape[0] - 1, s.shape[0] - 1]
        for j in range(right.shape[0]):
            energy += 2.0 * np.log(precision[j, j]) - right[j, 0] * right[j, 0]
        value = total + part - 0.5 * energy
        if np.isfinite(value):
            out[i] = value


@compiled
def draw_joint(
    xs: Array, ints_m: Index, floats_m: Array, ints_y: Index, floats_y: Array,
    entries_m: Array, entries_y: Array, slot: Index, coefficient: Index, loading: Array,
    number: Index, noise: Array, coefficients: Array, slots: Array, own: Array,
) -> None:  # fmt: skip
    """Draw coefficients and the units' own effects given parameters.

    Parameters
    ----------
    xs, ints_m, floats_m, ints_y, floats_y, entries_m, entries_y, slot, coefficient, loading, number
        As in `joint_densities`.
    noise : ndarray (draw, coefficient + 3 × unit)
        Standard normal; zeros give conditional means.
    coefficients : ndarray (draw, coefficient)
        Filled: coefficients times their scales.
    slots : ndarray (draw, slot)
        Filled: slots of both equations.
    own : ndarray (draw, unit, 3)
        Filled: effect on the mediator, slope, direct effect; units class after class.
    """
    p = number.size
    c_m, c_y = ints_m[7], ints_y[7]
    n_m = ints_m[0]
    starts_m, starts_y = block_starts(ints_m), block_starts(ints_y)
    for i in range(xs.shape[0]):
        x = xs[i]
        _, s = slot_products(x, ints_m, floats_m, ints_y, floats_y, entries_m, entries_y)
        scale = coefficient_scales(x, ints_m, floats_m, ints_y, floats_y, number)
        precision, right = system(s, slot, coefficient, loading, scale, number)
        if cholesky(precision) != 0:
            coefficients[i] = np.nan
            slots[i] = np.nan
            own[i] = np.nan
            continue
        solve_lower(precision, right, False)
        for j in range(p):
            right[j, 0] += noise[i, j]
        solve_lower(precision, right, True)
        for j in range(p):
            coefficients[i, j] = right[j, 0] * scale[j]
        slots[i] = 0.0
        for e in range(slot.size):
            slots[i, slot[e]] += loading[e] * coefficients[i, coefficient[e]]
        root = root_of(x, ints_m, floats_m, ints_y, floats_y)
        x_m, x_y = x[:n_m].copy(), x[n_m : n_m + ints_y[0]].copy()
        at_m, at_y, unit = 0, 0, 0
        w = np.zeros((3, 3))
        for c in range(ints_m[10]):
            row_m, row_y = class_row(ints_m, c), class_row(ints_y, c)
            m = row_m[2]
            q_m, q_y = np.empty((m, m)), np.empty((m, m))
            absorbed(x_m, ints_m, floats_m, c, q_m)
            absorbed(x_y, ints_y, floats_y, c, q_y)
            treated = floats_m[row_m[8] : row_m[8] + m]
            entries = 2 * m + c_m + c_y + 1
            v = np.zeros((3, entries))
            columns_m, columns_y = np.zeros((m, c_m + 1)), np.zeros((m, c_y + 1))
            places = np.full((entries, 2), -1, np.int64)
            slots_of(row_m, ints_m, starts_m[row_m[0]], m, c_m, 0, places)
            slots_of(row_y, ints_y, starts_m[-1] + starts_y[row_y[0]], m, c_y, m + c_m, places)
            fit = np.zeros(entries)
            for e in range(entries - 1):
                for a in range(2):
                    if places[e, a] >= 0:
                        fit[e] -= slots[i, places[e, a]]
            fit[entries - 1] = 1.0
            for _ in range(row_m[1]):
                unit_columns(row_m, ints_m, entries_m[at_m : at_m + row_m[3]], columns_m)
                unit_columns(row_y, ints_y, entries_y[at_y : at_y + row_y[3]], columns_y)
                at_m += row_m[3]
                at_y += row_y[3]
                unit_loadings(m, c_m, c_y, columns_m, columns_y, q_m, q_y, treated, root, v, w)
                forward(w, v)
                z = np.zeros(3)
                for a in range(3):
                    z[a] = np.dot(v[a], fit) + noise[i, p + 3 * unit + a]
                for a in range(2, -1, -1):
                    for b in range(a + 1, 3):
                        z[a] -= w[b, a] * z[b]
                    z[a] /= w[a, a]
                for a in range(3):
                    total = 0.0
                    for b in range(a + 1):
                        total += root[a, b] * z[b]
                    own[i, unit, a] = total
                unit += 1
