"""The marginal log density of (scales, rho, sigma) with every linear coefficient integrated out.

Given the parameters the coefficients are Gaussian. With ``A`` the loadings of standardised
coefficients on slots and ``S`` the absorbed cross-products of slots at the parameters, their
precision is ``A'SA / sigma^2 + prior``. Blocks of strata meet only in the global
coefficients, so the factorisation is block by block (an arrowhead), and its cost grows
neither with rows nor with units.

The gradient is that of an expected log density: for a scale ``E z^2 - 1`` summed over its
coefficients; for what ``S`` depends on, the derivative of ``S`` against the second moment of
the residuals, class by class.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression import ar1, ar1_noise, iid
from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression._lapack import cholesky, inverse_from_cholesky, solve_lower
from bayes_nqp.compression.gap_slopes import deviation_slopes_by_gaps, slope_by_gaps
from bayes_nqp.compression.gaps import cross_products_by_gaps, fill_upper, member_loadings_by_gaps

__all__ = ["log_densities", "log_density"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
# Numba's own lists; it infers their types.
Matrices = Any

_iid_precision = iid.precision
_ar1_precision = ar1.precision
_ar1_noise_precision = ar1_noise.precision


@compiled
def scale_values(x: Array, ints: Index, floats: Array) -> Array:
    """Values of the coefficients' scales: sampled, or fixed at their prior."""
    n = ints[1]
    out = np.empty(n)
    for k in range(n):
        at = ints[ints[19] + k]
        out[k] = np.exp(x[at]) if at >= 0 else floats[ints[15] + k]
    return out


@compiled
def member_scale(x: Array, ints: Index, floats: Array) -> float:
    """Standard deviation of effect deviations: sampled, or fixed at its prior."""
    return float(np.exp(x[ints[20]]) if ints[4] == 1 else floats[ints[15] + ints[1]])


@compiled
def error_values(x: Array, ints: Index) -> Array:
    """Parameters of the error structure: autocorrelation, then the noise ratio."""
    out = np.zeros(2)
    at = ints[20] + ints[4]
    if ints[3] >= 1:
        out[0] = np.tanh(0.5 * x[at])
    if ints[3] == 2:
        out[1] = np.exp(x[at + 1])
    return out


@compiled
def log_prior(x: Array, ints: Index, floats: Array, grad: Array) -> float:
    """Log prior density with the Jacobians of the transforms; adds to the gradient."""
    base = ints[15]
    total = 0.0
    half_normal = 0.5 * np.log(2.0 / np.pi)
    for k in range(ints[1] + 1):
        at = ints[ints[19] + k] if k < ints[1] else (ints[20] if ints[4] == 1 else -1)
        if at >= 0:
            ratio = np.exp(x[at]) / floats[base + k]
            total += half_normal - np.log(floats[base + k]) - 0.5 * ratio * ratio + x[at]
            grad[at] += 1.0 - ratio * ratio
    base += ints[1] + 1
    if ints[3] >= 1:
        at = ints[20] + ints[4]
        a, b = floats[base], floats[base + 1]
        # log p and log(1 - p) for p = logistic(x), without overflow.
        down = np.log1p(np.exp(-abs(x[at])))
        log_p = -down if x[at] > 0 else x[at] - down
        log_q = -x[at] - down if x[at] > 0 else -down
        total += a * log_p + b * log_q
        grad[at] += a - (a + b) * np.exp(log_p)
    for k in range(2):
        # The noise ratio where there is one, then sigma.
        at = ints[20] + ints[4] + 1 if k == 0 else ints[0] - 1
        if k == 0 and ints[3] != 2:
            continue
        scale = floats[base + 3 - k]
        ratio = np.exp(x[at]) / scale
        total += half_normal - np.log(scale) - 0.5 * ratio * ratio + x[at]
        grad[at] += 1.0 - ratio * ratio
    return float(total)


@compiled
def class_row(ints: Index, c: int) -> Index:
    """The packed table's row of one class."""
    at = ints[17] + 16 * c
    return ints[at : at + 16]


@compiled
def absorb(
    ints: Index,
    floats: Array,
    row: Index,
    error: Array,
    q: Array,
    dq: Array,
    slopes: Array,
    work: Array,
) -> tuple[float, float, float]:
    """Absorb unit effects from the precision of one class.

    Parameters
    ----------
    ints, floats, row
        The packed problem, and the class's row of its table.
    error : ndarray (2,)
        Parameters of the error structure.
    q : ndarray (m, m)
        Filled: absorbed precision.
    dq : ndarray (2, m, m)
        Filled: slopes of the precision before absorption, one for each error parameter.
    slopes : ndarray (2,)
        Filled: slopes of its log determinant.
    work : ndarray (3, m)
        Filled: ``Q1``, loadings ``d`` of deviations, absorbed precision times ``d``.

    Returns
    -------
    tuple of three floats
        Log determinant of the precision, ``1'Q1``, and ``d'Qd`` after absorption.
    """
    m = row[2]
    weights = floats[row[11] : row[11] + m]
    times = ints[row[5] : row[5] + m]
    if ints[3] == 1:
        log_det, slopes[0] = _ar1_precision(times, error[0], q, dq[0])
    elif ints[3] == 2:
        log_det = _ar1_noise_precision(times, error[0], error[1], q, dq, slopes)
    else:
        log_det = _iid_precision(weights, q)
    total = 0.0
    for t in range(m):
        work[0, t] = q[t].sum()
        total += work[0, t]
        work[1, t] = floats[row[8] + t]
    for t in range(m):
        for u in range(m):
            q[t, u] -= work[0, t] * work[0, u] / total
    treated = 0.0
    for t in range(m):
        work[2, t] = 0.0
        for u in range(m):
            work[2, t] += q[t, u] * work[1, u]
    for t in range(m):
        treated += work[1, t] * work[2, t]
    return log_det, total, max(treated, 0.0)


@compiled
def add_class(ints: Index, floats: Array, row: Index, q: Array, s: Array) -> None:
    """Add one class's cross-products of slots at absorbed precision ``q`` to its block."""
    m, k, n = row[2], row[3], float(row[1])
    y = s.shape[0] - 1
    for t in range(m):
        lam_t, cell_t = ints[row[6] + t], ints[row[7] + t]
        for u in range(m):
            lam_u, cell_u = ints[row[6] + u], ints[row[7] + u]
            value = n * q[t, u]
            s[lam_t, lam_u] += value
            if cell_t >= 0:
                s[cell_t, lam_u] += value
                if cell_u >= 0:
                    s[cell_t, cell_u] += value
            if cell_u >= 0:
                s[lam_t, cell_u] += value
    # Entries come column by column: what a column has in common with periods is summed first.
    line = np.zeros(m)
    for p in range(k):
        column = ints[row[9] + p]
        position, total = ints[row[10] + p], floats[row[12] + p]
        for t in range(m):
            line[t] += q[position, t] * total
        if p + 1 < k and ints[row[9] + p + 1] == column:
            continue
        slot = y if column == ints[7] else row[4] + column
        for t in range(m):
            lam_t, cell_t = ints[row[6] + t], ints[row[7] + t]
            s[slot, lam_t] += line[t]
            s[lam_t, slot] += line[t]
            if cell_t >= 0:
                s[slot, cell_t] += line[t]
                s[cell_t, slot] += line[t]
            line[t] = 0.0
    if row[14] > 0:
        # Every column in every period: one product of pairs of columns by pairs of periods.
        columns = k // m
        pairs = columns * (columns + 1) // 2
        table = floats[row[14] : row[14] + pairs * m * m].reshape((pairs, m * m))
        values = np.dot(table, q.ravel())
        at = 0
        for c in range(columns):
            slot = y if c == ints[7] else row[4] + c
            for d in range(c + 1):
                other_slot = y if d == ints[7] else row[4] + d
                s[slot, other_slot] += values[at]
                if d < c:
                    s[other_slot, slot] += values[at]
                at += 1
        return
    for p in range(k):
        column = ints[row[9] + p]
        slot = y if column == ints[7] else row[4] + column
        position = ints[row[10] + p]
        for r in range(k):
            other = ints[row[9] + r]
            other_slot = y if other == ints[7] else row[4] + other
            s[slot, other_slot] += q[position, ints[row[10] + r]] * floats[row[13] + p * k + r]


@compiled
def member_loadings(ints: Index, floats: Array, member: int, vectors: Array, out: Array) -> None:
    """Fill the loadings of slots on one member's weighted residual, given class vectors."""
    if ints[21] > 0:
        member_loadings_by_gaps(ints, floats, member, vectors, out)
        return
    at = ints[18] + 5 * member
    out[:] = 0.0
    y = out.shape[0] - 1
    for e in range(ints[at + 1]):
        c = ints[ints[at + 2] + e]
        count = float(ints[ints[at + 3] + e])
        sums = ints[ints[at + 4] + e]
        row = class_row(ints, c)
        for t in range(row[2]):
            out[ints[row[6] + t]] += count * vectors[c, t]
            cell = ints[row[7] + t]
            if cell >= 0:
                out[cell] += count * vectors[c, t]
        for p in range(row[3]):
            column = ints[row[9] + p]
            slot = y if column == ints[7] else row[4] + column
            out[slot] += vectors[c, ints[row[10] + p]] * floats[sums + p]


@compiled
def member_total(ints: Index, member: int, values: Array) -> float:
    """Sum a value of classes over one member's units."""
    at = ints[18] + 5 * member
    total = 0.0
    for e in range(ints[at + 1]):
        total += float(ints[ints[at + 3] + e]) * values[ints[ints[at + 2] + e]]
    return total


@compiled
def take_square(loadings: Array, factor: float, s: Array) -> None:
    """Take a multiple of a vector's square off a matrix's lower triangle; most of it is zero."""
    places = np.flatnonzero(loadings)
    for i in range(places.shape[0]):
        value = factor * loadings[places[i]]
        line = s[places[i]]
        for j in range(i + 1):
            line[places[j]] -= value * loadings[places[j]]


@compiled
def cross_products(
    x: Array, ints: Index, floats: Array, vectors: Array, treated: Array
) -> tuple[float, Matrices]:
    """Absorbed cross-products of every block's slots, and the log determinants.

    Parameters
    ----------
    x : ndarray (parameter)
        Unconstrained parameters.
    ints, floats
        The packed problem.
    vectors : ndarray (class, m), treated : ndarray (class)
        Filled: absorbed precision times the loadings of deviations, and its quadratic form.

    Returns
    -------
    tuple
        The log density's part that depends on no coefficient; a list of matrices
        (slot + 1, slot + 1), the outcome last.
    """
    error = error_values(x, ints)
    slopes = np.zeros(2)
    sigma = np.exp(x[ints[0] - 1])
    mode = ints[2]
    ratio = 0.0
    if mode > 0:
        ratio = (sigma / member_scale(x, ints, floats)) ** 2
    blocks = [
        np.zeros((ints[ints[16] + 8 * b] + 1, ints[ints[16] + 8 * b] + 1)) for b in range(ints[9])
    ]
    total = 0.0
    by_gaps = ints[21] > 0
    if by_gaps:
        total += cross_products_by_gaps(error[0], ratio, ints, floats, vectors, treated, blocks)
    for c in range(0 if by_gaps else ints[10]):
        row = class_row(ints, c)
        m = row[2]
        q = np.empty((m, m))
        dq = np.empty((2, m, m))
        work = np.empty((3, m))
        log_det, one, h = absorb(ints, floats, row, error, q, dq, slopes, work)
        total += 0.5 * row[1] * (log_det - np.log(one))
        treated[c] = h
        vectors[c, :m] = work[2]
        if mode == 1 and h > 0.0:
            total -= 0.5 * row[1] * np.log1p(h / ratio)
            for t in range(m):
                for u in range(m):
                    q[t, u] -= work[2, t] * work[2, u] / (ratio + h)
        add_class(ints, floats, row, q, blocks[row[0]])
    if mode == 2:
        for e in range(ints[ints[21] + 15] if by_gaps else ints[11]):
            i = ints[ints[ints[21] + 16] + e] if by_gaps else e
            s = blocks[ints[ints[18] + 5 * i]]
            loadings = np.empty(s.shape[0])
            member_loadings(ints, floats, i, vectors, loadings)
            h = member_total(ints, i, treated)
            total -= 0.5 * np.log1p(h / ratio)
            take_square(loadings, 1.0 / (ratio + h), s)
    if mode == 2 or by_gaps:
        for s in blocks:
            fill_upper(s)
    total -= 0.5 * ints[5] * np.log(2.0 * np.pi * sigma * sigma)
    total += 0.5 * ints[12] * np.log(2.0 * np.pi)
    return total, blocks


@compiled
def local_slots(ints: Index, table: Index, values: Array) -> tuple[Index, Array]:
    """Slot and scale of each local coefficient of a block."""
    local = table[1]
    slot = ints[table[4] : table[4] + local]
    scale = np.ones(local)
    for i in range(local):
        k = ints[table[5] + i]
        if k >= 0:
            scale[i] = values[k]
    return slot, scale


@compiled
def factorise(
    x: Array, ints: Index, floats: Array, blocks: Matrices
) -> tuple[int, float, Matrices, Matrices, Matrices, Matrices, Array, Array, Array]:
    """Factorise the precision of the standardised coefficients, block by block.

    Parameters
    ----------
    x : ndarray (parameter)
        Unconstrained parameters.
    ints, floats
        The packed problem.
    blocks : list of ndarray (slot + 1, slot + 1)
        Cross-products from `cross_products`.

    Returns
    -------
    status : int
        0, or 1 where a precision is not positive definite.
    energy : float
        Minus twice the log density's part that depends on coefficients: quadratic form at
        the mode, plus the log determinant.
    scaled : list of ndarray (slot + 1, global)
        Loadings of the standardised global coefficients; the outcome's row is zero.
    lower, cross, right : lists of ndarray
        Cholesky factors of local precisions; ``L^-1`` times local-global precision; ``L^-1``
        times local right-hand sides.
    global_lower : ndarray (global, global)
        Cholesky factor of the global Schur complement.
    global_mean : ndarray (global)
        Conditional mean of the standardised global coefficients.
    energies : ndarray (2)
        ``y'Qy / sigma^2``, and the part of it that coefficients explain.
    """
    n_global = ints[8]
    precision = np.exp(-2.0 * x[ints[0] - 1])
    values = scale_values(x, ints, floats)
    global_scale = np.ones(n_global)
    schur = np.zeros((n_global, n_global))
    for j in range(n_global):
        k = ints[ints[14] + j]
        if k >= 0:
            global_scale[j] = values[k]
        if k != -2:
            schur[j, j] = 1.0
    rhs = np.zeros((n_global, 1))
    scaled = [np.empty((0, 0))] * 0
    lower = [np.empty((0, 0))] * 0
    cross = [np.empty((0, 0))] * 0
    right = [np.empty((0, 0))] * 0
    energies = np.zeros(2)
    log_det = 0.0
    status = 0
    for b in range(ints[9]):
        table = ints[ints[16] + 8 * b : ints[16] + 8 * b + 8]
        slots, local = table[0], table[1]
        s = blocks[b]
        at = table[6]
        # One row more, of zeros, stands for the outcome: no copy of a part of ``s`` is needed.
        loadings = np.zeros((slots + 1, n_global))
        for i in range(slots):
            for j in range(n_global):
                loadings[i, j] = floats[at + i * n_global + j] * global_scale[j]
        product = np.dot(s, loadings)
        schur += precision * np.dot(loadings.T, product)
        for j in range(n_global):
            rhs[j, 0] += precision * product[slots, j]
        energies[0] += precision * s[slots, slots]
        m = np.empty((local, local))
        half = np.empty((local, n_global))
        r = np.empty((local, 1))
        slot, scale = local_slots(ints, table, values)
        for i in range(local):
            factor = precision * scale[i]
            line = s[slot[i]]
            for j in range(i + 1):
                m[i, j] = factor * scale[j] * line[slot[j]]
            if ints[table[5] + i] != -2:
                m[i, i] += 1.0
            for j in range(n_global):
                half[i, j] = factor * product[slot[i], j]
            r[i, 0] = factor * line[slots]
        if local > 0:
            if cholesky(m) != 0:
                status = 1
            solve_lower(m, half, False)
            solve_lower(m, r, False)
            for i in range(local):
                log_det += 2.0 * np.log(m[i, i])
                energies[1] += r[i, 0] * r[i, 0]
            schur -= np.dot(half.T, half)
            rhs -= np.dot(half.T, r)
        scaled.append(loadings)
        lower.append(m)
        cross.append(half)
        right.append(r)
    if n_global > 0:
        if cholesky(schur) != 0:
            status = 1
        solve_lower(schur, rhs, False)
        for j in range(n_global):
            log_det += 2.0 * np.log(schur[j, j])
            energies[1] += rhs[j, 0] * rhs[j, 0]
        solve_lower(schur, rhs, True)
    energy = energies[0] - energies[1] + log_det
    return status, energy, scaled, lower, cross, right, schur, rhs[:, 0].copy(), energies


@compiled
def log_density(x: Array, ints: Index, floats: Array, grad: Array) -> float:
    """Marginal log posterior density of the unconstrained parameters, and its gradient.

    Parameters
    ----------
    x : ndarray (parameter)
        Logs of the estimated scales, of the deviations' scale, logit of ``(1 + rho) / 2``, log
        of sigma; in multiples of ``s``.
    ints, floats : ndarray
        The packed problem.
    grad : ndarray (parameter)
        Filled.

    Returns
    -------
    float
        Not finite where the density cannot be computed.
    """
    grad[:] = 0.0
    total = log_prior(x, ints, floats, grad)
    vectors = np.zeros((ints[10], ints[13]))
    treated = np.zeros(ints[10])
    part, blocks = cross_products(x, ints, floats, vectors, treated)
    status, energy, scaled, lower, cross, right, schur, mean, energies = factorise(
        x, ints, floats, blocks
    )
    total += part - 0.5 * energy
    if status != 0 or not np.isfinite(total):
        grad[:] = 0.0
        return -np.inf

    n_global = ints[8]
    covariance = inverse_from_cholesky(schur) if n_global > 0 else np.zeros((0, 0))
    values = scale_values(x, ints, floats)
    squares = np.zeros(ints[1])
    random = 0.0
    dimension = float(ints[12])
    for j in range(n_global):
        k = ints[ints[14] + j]
        if k != -2:
            second = mean[j] * mean[j] + covariance[j, j]
            random += second
            dimension += 1.0
            if k >= 0:
                squares[k] += second - 1.0
    need_slots = ints[2] > 0 or ints[3] >= 1
    slot_means = [np.empty(0)] * 0
    slot_covariances = [np.empty((0, 0))] * 0
    for b in range(ints[9]):
        table = ints[ints[16] + 8 * b : ints[16] + 8 * b + 8]
        local = table[1]
        back = cross[b].copy()
        r = right[b] - np.dot(cross[b], mean.reshape((n_global, 1)))
        inverse = np.zeros((0, 0))
        if local > 0:
            solve_lower(lower[b], back, True)
            solve_lower(lower[b], r, True)
            inverse = inverse_from_cholesky(lower[b])
        spread = np.dot(back, covariance)
        for i in range(local):
            k = ints[table[5] + i]
            if k != -2:
                second = r[i, 0] * r[i, 0] + inverse[i, i]
                for j in range(n_global):
                    second += spread[i, j] * back[i, j]
                random += second
                dimension += 1.0
                if k >= 0:
                    squares[k] += second - 1.0
        if need_slots:
            loadings = scaled[b].copy()
            slot_mean = np.dot(loadings, mean)
            slot, scale = local_slots(ints, table, values)
            for i in range(local):
                slot_mean[slot[i]] += scale[i] * r[i, 0]
                for j in range(n_global):
                    loadings[slot[i], j] -= scale[i] * back[i, j]
            slot_cov = np.dot(np.dot(loadings, covariance), loadings.T)
            for i in range(local):
                line = slot_cov[slot[i]]
                for j in range(local):
                    line[slot[j]] += scale[i] * scale[j] * inverse[i, j]
            slot_means.append(slot_mean)
            slot_covariances.append(slot_cov)
    for k in range(ints[1]):
        at = ints[ints[19] + k]
        if at >= 0:
            grad[at] += squares[k]
    sigma_at = ints[0] - 1
    grad[sigma_at] += energies[0] - energies[1] + dimension - random - ints[5]
    if need_slots:
        d_error, d_ratio = error_slopes(
            x, ints, floats, vectors, treated, slot_means, slot_covariances
        )
        grad[sigma_at] += 2.0 * d_ratio
        if ints[4] == 1:
            grad[ints[20]] -= 2.0 * d_ratio
        at = ints[20] + ints[4]
        if ints[3] >= 1:
            rho = error_values(x, ints)[0]
            grad[at] += d_error[0] * 0.5 * (1.0 - rho * rho)
        if ints[3] == 2:
            grad[at + 1] += d_error[1]
    return total


@compiled
def log_densities(xs: Array, ints: Index, floats: Array, out: Array) -> None:
    """Marginal log posterior density at many points, without gradients.

    Parameters
    ----------
    xs : ndarray (point, parameter)
        Unconstrained parameters, as in `log_density`.
    ints, floats : ndarray
        The packed problem.
    out : ndarray (point)
        Filled; minus infinity where the density cannot be computed.
    """
    vectors = np.zeros((ints[10], ints[13]))
    treated = np.zeros(ints[10])
    grad = np.zeros(xs.shape[1])
    for i in range(xs.shape[0]):
        part, blocks = cross_products(xs[i], ints, floats, vectors, treated)
        found = factorise(xs[i], ints, floats, blocks)
        value = log_prior(xs[i], ints, floats, grad) + part - 0.5 * found[1]
        out[i] = value if found[0] == 0 and np.isfinite(value) else -np.inf


@compiled
def residual_moment(
    ints: Index, floats: Array, row: Index, mean: Array, cov: Array, out: Array
) -> None:
    """Fill the posterior second moment of a class's residuals, summed over its units."""
    m, k, n = row[2], row[3], float(row[1])
    fit = np.zeros(m)
    for t in range(m):
        lam_t, cell_t = ints[row[6] + t], ints[row[7] + t]
        fit[t] = mean[lam_t] + (mean[cell_t] if cell_t >= 0 else 0.0)
    for t in range(m):
        lam_t, cell_t = ints[row[6] + t], ints[row[7] + t]
        for u in range(m):
            lam_u, cell_u = ints[row[6] + u], ints[row[7] + u]
            value = cov[lam_t, lam_u]
            if cell_t >= 0:
                value += cov[cell_t, lam_u]
                if cell_u >= 0:
                    value += cov[cell_t, cell_u]
            if cell_u >= 0:
                value += cov[lam_t, cell_u]
            out[t, u] = n * (value + fit[t] * fit[u])
    for p in range(k):
        column = ints[row[9] + p]
        is_y = column == ints[7]
        slot = row[4] + column
        position = ints[row[10] + p]
        coefficient = 1.0 if is_y else -mean[slot]
        total = floats[row[12] + p]
        for t in range(m):
            value = coefficient * fit[t]
            if not is_y:
                lam_t, cell_t = ints[row[6] + t], ints[row[7] + t]
                value -= cov[slot, lam_t]
                if cell_t >= 0:
                    value -= cov[slot, cell_t]
            out[position, t] -= total * value
            out[t, position] -= total * value
        for r in range(k):
            other = ints[row[9] + r]
            other_y = other == ints[7]
            other_slot = row[4] + other
            value = coefficient * (1.0 if other_y else -mean[other_slot])
            if not is_y and not other_y:
                value += cov[slot, other_slot]
            out[position, ints[row[10] + r]] += value * floats[row[13] + p * k + r]


@compiled
def error_slopes(
    x: Array,
    ints: Index,
    floats: Array,
    vectors: Array,
    treated: Array,
    means: Matrices,
    covariances: Matrices,
) -> tuple[Array, float]:
    """Slopes of the log density in error parameters, and in the log of ``sigma^2 / omega^2``."""
    error = error_values(x, ints)
    slopes = np.zeros(2)
    n_error = ints[3]
    sigma = np.exp(x[ints[0] - 1])
    precision = 1.0 / (sigma * sigma)
    mode = ints[2]
    ratio = 1.0
    if mode > 0:
        ratio = (sigma / member_scale(x, ints, floats)) ** 2
    d_error = np.zeros(2)
    d_ratio = 0.0
    d_vectors = np.zeros((n_error, vectors.shape[0], vectors.shape[1]))
    d_treated = np.zeros((n_error, treated.shape[0]))
    by_gaps = ints[21] > 0
    if by_gaps:
        d_error[0] = slope_by_gaps(error[0], precision, ints, floats, means, covariances)
        if mode == 2:
            deviation_slopes_by_gaps(error[0], ints, floats, d_vectors[0], d_treated[0])
    for c in range(0 if by_gaps else ints[10]):
        row = class_row(ints, c)
        m, n = row[2], float(row[1])
        h = treated[c]
        own = mode == 1 and h > 0.0
        if n_error == 0 and not own:
            continue
        moment = np.empty((m, m))
        residual_moment(ints, floats, row, means[row[0]], covariances[row[0]], moment)
        q = np.empty((m, m))
        dq = np.empty((2, m, m))
        work = np.empty((3, m))
        _, one, h = absorb(ints, floats, row, error, q, dq, slopes, work)
        if own:
            weighted = np.dot(moment, work[2])
            square = np.dot(work[2], weighted)
            below = ratio + h
            d_ratio += 0.5 * n * h / below - 0.5 * precision * ratio * square / (below * below)
            for t in range(m):
                for u in range(m):
                    moment[t, u] += (
                        work[1, t] * work[1, u] * square / below
                        - work[1, t] * weighted[u]
                        - weighted[t] * work[1, u]
                    ) / below
        if n_error == 0:
            continue
        # Residuals less their generalised mean, and the treated indicator likewise.
        weighted = np.dot(moment, work[0]) / one
        square = np.dot(work[0], weighted) / one
        centred = work[1] - np.dot(work[0], work[1]) / one
        band = 1 if n_error == 1 else m
        for e in range(n_error):
            image = np.dot(dq[e], centred)
            d_h = np.dot(centred, image)
            d_one = 0.0
            trace = 0.0
            for t in range(m):
                for u in range(max(0, t - band), min(m, t + band + 1)):
                    d_one += dq[e, t, u]
                    trace += dq[e, t, u] * (moment[t, u] - weighted[t] - weighted[u] + square)
            d_error[e] += 0.5 * n * (slopes[e] - d_one / one) - 0.5 * precision * trace
            if own:
                d_error[e] -= 0.5 * n * d_h / (ratio + h)
            if mode == 2:
                d_treated[e, c] = d_h
                shift = image.sum() / one
                for t in range(m):
                    d_vectors[e, c, t] = image[t] - work[0, t] * shift
    if mode == 2:
        for i in range(ints[11]):
            b = ints[ints[18] + 5 * i]
            size = means[b].shape[0] - 1
            a = np.empty(size + 1)
            da = np.empty(size + 1)
            member_loadings(ints, floats, i, vectors, a)
            h = member_total(ints, i, treated)
            below = ratio + h
            a_y, a[size] = a[size], 0.0
            image = np.dot(covariances[b], a)
            residual = a_y - np.dot(a, means[b])
            square = residual * residual + np.dot(a, image)
            d_ratio += 0.5 * h / below - 0.5 * precision * ratio * square / (below * below)
            for e in range(n_error):
                member_loadings(ints, floats, i, d_vectors[e], da)
                d_h = member_total(ints, i, d_treated[e])
                da_y, da[size] = da[size], 0.0
                d_residual = da_y - np.dot(da, means[b])
                mixed = residual * d_residual + np.dot(da, image)
                d_error[e] -= 0.5 * d_h / below
                d_error[e] += precision * (mixed / below - 0.5 * square * d_h / (below * below))
    return d_error, d_ratio
