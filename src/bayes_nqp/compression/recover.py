"""Exact draws of the coefficients and effect deviations, given draws of the parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression._lapack import solve_lower
from bayes_nqp.compression.kernel import (
    class_row,
    cross_products,
    factorise,
    member_loadings,
    member_scale,
    member_total,
    scale_values,
)
from bayes_nqp.compression.problem import Packed
from bayes_nqp.compression.together import Mixed, error_count, noise_of_errors

__all__ = ["Coefficients", "recover"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Draws of what the kernel integrates out, in multiples of ``s``.

    Parameters
    ----------
    shared : ndarray (draw, global)
        Global coefficients, times their scale.
    local : ndarray (draw, local)
        Local coefficients of all blocks, times their scale.
    slots : ndarray (draw, slot)
        Slots of all blocks, one after another: time effects, cells, slopes.
    deviation : ndarray (draw, class) or (draw, member)
        Mean deviation of each class's units; or, where members hold several units, the
        deviation of each member. Empty without deviations.
    spread : ndarray (draw, class)
        Conditional sd of a single unit's deviation in each class; empty unless deviations are
        by unit, and so is the next.
    gain : ndarray (draw, packed entry)
        What each packed entry of a unit (class after class) adds to its deviation.
    """

    shared: Array
    local: Array
    slots: Array
    deviation: Array
    spread: Array
    gain: Array


@compiled
def _draw(
    xs: Array,
    ints: Index,
    floats: Array,
    noise: Array,
    errors: Array,
    shared: Array,
    local: Array,
    slots: Array,
    deviation: Array,
    spread: Array,
    gain: Array,
) -> int:
    """Fill one row of every output per row of ``xs``; count the failures."""
    n_global, mode = ints[8], ints[2]
    vectors = np.zeros((ints[10], ints[13]))
    treated = np.zeros(ints[10])
    failures = 0
    line = np.empty(noise.shape[1])
    for i in range(xs.shape[0]):
        x = xs[i]
        sigma = np.exp(x[ints[0] - 1])
        values = scale_values(x, ints, floats)
        _, blocks = cross_products(x, ints, floats, vectors, treated)
        status, _, scaled, lower, cross, right, schur, mean, _ = factorise(x, ints, floats, blocks)
        if status != 0:
            failures += 1
            shared[i] = np.nan
            local[i] = np.nan
            slots[i] = np.nan
            deviation[i] = np.nan
            continue
        line[:] = noise[i]
        if errors.shape[1] > 0:
            noise_of_errors(
                x, ints, floats, errors[i], noise[i], vectors, treated, blocks, scaled, lower,
                cross, schur, line,
            )  # fmt: skip
        z = line[:n_global].copy().reshape((n_global, 1))
        at = n_global
        if n_global > 0:
            solve_lower(schur, z, True)
        for j in range(n_global):
            z[j, 0] += mean[j]
            k = ints[ints[14] + j]
            shared[i, j] = z[j, 0] * (values[k] if k >= 0 else 1.0)
        slot_at = 0
        local_at = 0
        offsets = np.zeros(ints[9] + 1, np.int64)
        for b in range(ints[9]):
            table = ints[ints[16] + 8 * b : ints[16] + 8 * b + 8]
            n_slots, n_local = table[0], table[1]
            fitted = np.dot(scaled[b], z)[:n_slots, 0].copy()
            r = right[b] - np.dot(cross[b], z)
            for j in range(n_local):
                r[j, 0] += line[at + j]
            at += n_local
            if n_local > 0:
                solve_lower(lower[b], r, True)
            for j in range(n_local):
                k = ints[table[5] + j]
                value = r[j, 0] * (values[k] if k >= 0 else 1.0)
                local[i, local_at + j] = value
                fitted[ints[table[4] + j]] += value
            local_at += n_local
            slots[i, slot_at : slot_at + n_slots] = fitted
            offsets[b + 1] = slot_at + n_slots
            slot_at += n_slots
        if mode == 0:
            continue
        ratio = (sigma / member_scale(x, ints, floats)) ** 2
        gain_at = 0
        for c in range(ints[10] if mode == 1 else 0):
            row = class_row(ints, c)
            m, k_packed, n = row[2], row[3], float(row[1])
            h = treated[c]
            spread[i, c] = sigma / np.sqrt(ratio + h)
            base = offsets[row[0]]
            total = 0.0
            for t in range(m):
                cell = ints[row[7] + t]
                fit = slots[i, base + ints[row[6] + t]]
                if cell >= 0:
                    fit += slots[i, base + cell]
                total -= n * vectors[c, t] * fit
            for p in range(k_packed):
                column = ints[row[9] + p]
                weight = vectors[c, ints[row[10] + p]]
                if column != ints[7]:
                    weight *= -slots[i, base + row[4] + column]
                total += weight * floats[row[12] + p]
                gain[i, gain_at + p] = weight / (ratio + h)
            gain_at += k_packed
            deviation[i, c] = total / n / (ratio + h) + spread[i, c] / np.sqrt(n) * line[at + c]
        if mode == 2:
            for member in range(ints[11]):
                b = ints[ints[18] + 5 * member]
                size = offsets[b + 1] - offsets[b]
                a = np.empty(size + 1)
                member_loadings(ints, floats, member, vectors, a)
                h = member_total(ints, member, treated)
                residual = a[size] - np.dot(a[:size], slots[i, offsets[b] : offsets[b + 1]])
                deviation[i, member] = (
                    residual / (ratio + h) + sigma / np.sqrt(ratio + h) * line[at + member]
                )
    return failures


def sizes(packed: Packed) -> tuple[int, int, int, int, int]:
    """Count global, local, slots, deviations and packed entries.

    Parameters
    ----------
    packed : Packed

    Returns
    -------
    tuple of int
    """
    ints = packed.ints
    blocks = ints[ints[16] : ints[16] + 8 * ints[9]].reshape(-1, 8)
    classes = ints[ints[17] : ints[17] + 16 * ints[10]].reshape(-1, 16)
    deviations = {0: 0, 1: int(ints[10]), 2: int(ints[11])}[int(ints[2])]
    entries = int(classes[:, 3].sum()) if ints[2] == 1 else 0
    return int(ints[8]), int(blocks[:, 1].sum()), int(blocks[:, 0].sum()), deviations, entries


def recover(
    xs: Array, packed: Packed, generator: np.random.Generator | Mixed | None
) -> Coefficients:
    """Draw all coefficients given parameters.

    Parameters
    ----------
    xs : ndarray (draw, parameter)
        Unconstrained parameters.
    packed : Packed
        The problem.
    generator : Generator, Mixed or None
        None gives conditional means; with `Mixed` draws move with those of other equations, and
        have the same law.

    Returns
    -------
    Coefficients
    """
    n = xs.shape[0]
    n_global, n_local, n_slots, n_deviations, entries = sizes(packed)
    width = n_global + n_local + n_deviations
    errors = np.empty((n, 0))
    if isinstance(generator, Mixed) and packed.ints[2] == 2:
        noise = generator.errors(n, width)
    elif generator is not None:
        noise = generator.standard_normal((n, width))
    else:
        noise = np.zeros((n, width))
    if isinstance(generator, Mixed) and packed.ints[2] < 2:
        errors = generator.errors(n, error_count(packed))
    classes = int(packed.ints[10]) if packed.ints[2] == 1 else 0
    out = Coefficients(
        np.empty((n, n_global)), np.empty((n, n_local)), np.empty((n, n_slots)),
        np.empty((n, n_deviations)), np.empty((n, classes)), np.empty((n, entries)),
    )  # fmt: skip
    _draw(
        np.ascontiguousarray(xs), packed.ints, packed.floats, noise, errors, out.shared, out.local,
        out.slots, out.deviation, out.spread, out.gain,
    )  # fmt: skip
    return out
