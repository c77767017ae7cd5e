"""Bias of mediator slopes from unmeasured confounding, with autocorrelated errors.

Let ``rho`` be the correlation of the outcome's innovations with those of one mediator, given the
innovations of the others. Slopes are estimated by generalised least squares after removing unit
effects and flat unit x treated effects. Their bias is then a ratio of expected quadratic forms. The
formula is exact except for the small share that cells and time effects absorb of numerator and
denominator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BarycentricInterpolator

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian import Problem
from bayes_nqp.numerics.sufficient_statistics import Rows

_NODES = 20
_SWEEPS = 500


@dataclass(frozen=True, eq=False)
class TreatmentPattern:
    """Units of one stratum with the same observed and the same treated periods."""

    stratum: int
    times: Index
    treated: npt.NDArray[np.bool_]
    units: int


@dataclass(frozen=True, eq=False)
class Bias:
    """The effect of confounding of one mediator on the slopes of all mediators.

    Slopes are overestimated by ``slope * strength(rho, curvature)``.

    Parameters
    ----------
    curvature : ndarray (draw)
        ``g² m``: the part of the outcome's innovations correlated with the confounded mediator.
    """

    slope: Array
    curvature: Array


def patterns_of(problem: Problem, stratum: Index) -> list[TreatmentPattern]:
    """Group the units of an equation by the pattern that remains after absorption."""
    units: dict[tuple[int, bytes, bytes], int] = {}
    patterns: dict[tuple[int, bytes, bytes], TreatmentPattern] = {}
    for like, marks in zip(problem.classes, problem.class_treated, strict=True):
        treated = np.asarray(marks, dtype=bool)
        of_units = int(stratum[like.units[0]])
        key = (of_units, like.times.tobytes(), treated.tobytes())
        units[key] = units.get(key, 0) + round(like.n)
        patterns[key] = TreatmentPattern(of_units, like.times, treated, units[key])
    return list(patterns.values())


def absorbed(times: Index, treated: npt.NDArray[np.bool_], phi: Array) -> tuple[Array, int]:
    """Return the AR(1) precision (unit innovations) net of unit and treatment effects.

    Returns
    -------
    tuple of ndarray (k, m, m) and int
        The precision and the residual degrees of freedom.
    """
    # V_tu = phi^|t-u| / (1 - phi²); with x = [1, d], Q̃ = V^-1 - V^-1 x (x'V^-1 x)^-1 x'V^-1.
    gap = np.abs(times[:, None] - times)
    covariance = phi[:, None, None] ** gap / (1 - phi[:, None, None] ** 2)
    precision = np.linalg.inv(covariance)
    columns = [np.ones(times.size)]
    if 0 < treated.sum() < times.size:
        columns.append(treated.astype(float))
    x = np.stack(columns, axis=1)
    px = precision @ x
    net = precision - px @ np.linalg.solve(x.T @ px, np.swapaxes(px, 1, 2))
    return np.asarray(net), times.size - len(columns)


def _lag_sums(patterns: Sequence[TreatmentPattern], strata: int, phi: Array) -> tuple[Array, int]:
    """Return sums of the absorbed precision over pairs by lag (draw, stratum, lag).

    The sums are smooth in ``phi``: a polynomial through a few points reproduces them to rounding
    error.
    """
    # Chebyshev nodes over the range of phi.
    low, high = float(phi.min()), float(phi.max())
    middle, half = (low + high) / 2, max((high - low) / 2, 1e-3)
    nodes = middle + half * np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
    nodes = np.clip(nodes, -0.9999, 0.9999)
    longest = max(int(np.ptp(pattern.times)) for pattern in patterns)
    sums, free = np.zeros((nodes.size, strata, longest + 1)), 0
    for pattern in patterns:
        precision, rank = absorbed(pattern.times, pattern.treated, nodes)
        gap = np.abs(pattern.times[:, None] - pattern.times).ravel()
        flat = precision.reshape(nodes.size, -1)
        # tr(Q̃ C) = sum_lag c(lag) sum_(|t-u| = lag) Q̃_tu for a C that depends only on lags.
        for lag in np.unique(gap):
            sums[:, pattern.stratum, lag] += pattern.units * flat[:, gap == lag].sum(axis=1)
        free += pattern.units * rank
    return np.asarray(BarycentricInterpolator(nodes, sums, rng=0)(phi)), free


def _trace(sums: Array, a: Array, b: Array) -> Array:
    """Return the trace of absorbed precision times AR(1) cross-covariance (draw, stratum)."""
    # With the same innovations cov(x_t, y_u) is a^(t - u) / (1 - a b) where t >= u, b^(u - t) /
    # (1 - a b) where not; Q̃ is symmetric, so that the mean of both counts.
    lag = np.arange(sums.shape[2])
    kernel = (a[:, None] ** lag + b[:, None] ** lag) / 2 / (1 - a * b)[:, None]
    return np.asarray(np.einsum("dsl,dl->ds", sums, kernel))


def bias_of(
    patterns: Sequence[TreatmentPattern],
    confounded: int,
    *,
    phi_outcome: Array,
    phi_mediators: Array,
    sigma_outcome: Array,
    sigma_mediators: Array,
    correlation: Array,
    strata: int,
    common: bool = False,
) -> Bias:
    """Compute the bias of all slopes if one mediator is confounded, draw by draw.

    With ``H_kl = S_kl tr(Q C_kl)`` over mediators and ``h = s_j tr(Q C_yj)`` at the confounded one,
    S the covariance of innovations and ``s_j`` the SD of the mediator's innovations given the
    others, the bias is ``rho sigma_y H⁻¹ h``. With one mediator, ``H⁻¹ h = g / sigma_j``.

    Parameters
    ----------
    confounded : int
        Number of the mediator.
    phi_outcome : ndarray (draw)
        Autoregressive coefficients; zero for independent errors.
    sigma_outcome : ndarray (draw), outcome units
        SD of innovations, given mediators.
    correlation : ndarray (mediator, mediator)
        Correlations of mediators' innovations.
    common : bool, default False
        If True, one slope applies to all strata.
    """
    sums, free = _lag_sums(patterns, strata, phi_outcome)
    if common:
        sums = np.broadcast_to(sums.sum(axis=1, keepdims=True), sums.shape)
    draws, mediators = phi_mediators.shape
    # H_kl = S_kl tr(Q̃ C_kl), the expected cross-products of mediators (draw, stratum, k, l).
    gram = np.empty((draws, strata, mediators, mediators))
    for k in range(mediators):
        for m in range(mediators):
            size = correlation[k, m] * sigma_mediators[:, k] * sigma_mediators[:, m]
            trace = _trace(sums, phi_mediators[:, k], phi_mediators[:, m])
            gram[:, :, k, m] = size[:, None] * trace
    # s_j = sigma_j / sqrt((R^-1)_jj), the innovation SD given the other innovations.
    precision = np.linalg.inv(correlation)
    sd = sigma_mediators[:, confounded] / np.sqrt(precision[confounded, confounded])
    pull = np.zeros((draws, strata, mediators))
    pull[:, :, confounded] = sd[:, None] * _trace(sums, phi_outcome, phi_mediators[:, confounded])
    slope = np.linalg.solve(gram, pull[..., None])[..., 0]  # H^-1 h
    # h'H^-1 h over the residual degrees of freedom: the part of innovations explained by slopes.
    energy = (slope * pull).sum(axis=2)
    curvature = (energy[:, 0] if common else energy.sum(axis=1)) / free
    return Bias(slope * sigma_outcome[:, None, None], curvature)


def correlation_of(
    rows: Rows, treated: npt.NDArray[np.bool_], patterns: Sequence[TreatmentPattern], phi: Array
) -> Array:
    """Estimate the correlation of mediators' innovations, net of effects and covariates.

    Unit x treated and group x time means are removed from mediators and covariates. Cross-products
    of the residuals use the absorbed precision at the mean ``phi``, with covariates projected out.
    They are divided by their expectation for innovations of unit variance.

    Parameters
    ----------
    rows : Rows
        Observations of the outcome equation; the last columns are the mediators.
    patterns : sequence of TreatmentPattern
        Patterns of the same observations.
    phi : ndarray (mediator)
        Autoregressive coefficients.
    """
    mediators, middle = phi.size, phi.mean(keepdims=True)
    if mediators == 1:
        return np.ones((1, 1))
    gram = _gram(rows, treated, _swept(rows, treated), middle)
    size = gram.shape[0] - mediators
    # G_mm - G_mx G_xx^- G_xm: mediators net of covariates.
    net = gram[size:, size:]
    if size:
        net = net - gram[size:, :size] @ np.linalg.pinv(gram[:size, :size]) @ gram[:size, size:]
    sums, _ = _lag_sums([replace(pattern, stratum=0) for pattern in patterns], 1, middle)
    size_of = [[_trace(sums, phi[[k]], phi[[m]]).item() for m in range(mediators)]
               for k in range(mediators)]  # fmt: skip
    # E G_km = S_km tr(Q̃ C_km): the innovations' covariance S by division.
    covariance = net / np.array(size_of)
    sd = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(sd, sd))


def _gram(rows: Rows, treated: npt.NDArray[np.bool_], columns: Array, phi: Array) -> Array:
    """Return cross-products ``sum_i f_i X_i'Q̃ X_i`` of columns."""
    gram = np.zeros((columns.shape[1],) * 2)
    starts = np.searchsorted(rows.unit, np.arange(len(rows.key) + 1))
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for unit in np.flatnonzero(np.diff(starts) > 1):
        place = slice(starts[unit], starts[unit + 1])
        key = (rows.time[place].tobytes(), treated[place].tobytes())
        groups.setdefault(key, []).append(int(unit))
    for units in groups.values():
        place = slice(starts[units[0]], starts[units[0] + 1])
        precision = absorbed(rows.time[place], treated[place], phi)[0][0]
        values = columns[starts[units][:, None] + np.arange(place.stop - place.start)]
        weighted = np.einsum("ab,ibl->ial", precision, values)
        weighted *= rows.count_of(np.array(units))[:, None, None]
        gram += np.tensordot(values, weighted, ([0, 1], [0, 1]))
    return gram


def _swept(rows: Rows, treated: npt.NDArray[np.bool_]) -> Array:
    """Return columns less their means by unit x treated and by group x time."""
    values = np.stack([column.values for column in rows.columns], axis=1)
    values = values / np.maximum(values.std(axis=0), np.finfo(float).tiny)
    unit = np.unique(2 * rows.unit + treated, return_inverse=True)[1]
    cell = (rows.group[rows.unit] + 1) * rows.n_periods + rows.time
    cell = np.unique(cell, return_inverse=True)[1]
    f = rows.count_of(rows.unit)
    # Alternating projections on both sets of dummies until convergence.
    for _ in range(_SWEEPS):
        before = values
        for code in (unit, cell):
            count = np.bincount(code, f)
            mean = np.stack([np.bincount(code, f * x) / count for x in values.T], axis=1)
            values = values - mean[code]
        if np.abs(values - before).max() < 1e-8:
            break
    return np.asarray(values)
