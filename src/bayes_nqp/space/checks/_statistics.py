"""Moran's I, and Lagrange multiplier tests of a spatial lag and of spatial errors in panels.

Tests of panels as they are printed (Anselin, Le Gallo and Jayet 2008; Elhorst 2010) take residuals
e of n units in T periods, net of unit and time effects, with the variance s²:

    ``c = e'(I ⊗ W)e / s²``,  ``a = e'(I ⊗ W)y / s²``,  ``t = tr(WW + W'W)``,
    ``LM error = c² / (T t)``,  ``LM lag = a² / J``,  ``J = v'M_x v / s² + T t``,  v = (I ⊗ W) x b.

They take errors as independent over time, although residuals of autocorrelated errors are not, and
ignore the degrees of freedom of time effects. Here the data are the T - 1 contrasts of each unit,
whitened by the covariance of its errors, and M removes time effects of levels. The score then has
the mean ``-(T - 1) tr(PW)``, P = I - M, and the variance of the symmetric part of ``MWM``: c, a and
t are centred and scaled by these.

References
----------
Anselin, L., Le Gallo, J. and Jayet, H. (2008). Spatial panel econometrics. In The econometrics of
panel data. Cliff, A. and Ord, J. (1981). Spatial processes: models and applications. Anselin, L.
(1995). Local indicators of spatial association. Geographical Analysis 27(2). Sokal, R., Oden, N.
and Thomson, B. (1998). Local spatial autocorrelation in a biological model. Geographical Analysis
30(4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from bayes_nqp._core.arrays import Array

TESTS = ("lag", "error", "robust lag", "robust error")


@dataclass(frozen=True, slots=True)
class Moran:
    """Moran's I, its mean without dependence, and its z under normality and randomisation."""

    value: float
    mean: float
    z_normal: float
    z_random: float


def morans_i(values: Array, matrix: Any) -> Moran:
    """Moran's I of values of n units (Cliff and Ord 1981, 1.30 and 2.4).

    Parameters
    ----------
    values : ndarray (n,)
        Of any units.
    matrix : sparse array (n, n)
        W, of any scale.
    """
    n, z = values.size, values - values.mean()
    s0 = float(matrix.sum())
    symmetric = matrix + matrix.T
    s1 = 0.5 * float((symmetric * symmetric).sum())
    s2 = float(((matrix.sum(axis=1) + matrix.sum(axis=0)) ** 2).sum())
    square = float(z @ z)
    value = n / s0 * float(z @ (matrix @ z)) / square
    mean = -1.0 / (n - 1.0)
    kurtosis = n * float((z**4).sum()) / square**2
    normal = (n * n * s1 - n * s2 + 3.0 * s0**2) / ((n * n - 1.0) * s0**2) - mean**2
    first = n * ((n * n - 3.0 * n + 3.0) * s1 - n * s2 + 3.0 * s0**2)
    second = kurtosis * ((n * n - n) * s1 - 2.0 * n * s2 + 6.0 * s0**2)
    random = (first - second) / ((n - 1.0) * (n - 2.0) * (n - 3.0) * s0**2) - mean**2
    return Moran(value, mean, (value - mean) / normal**0.5, (value - mean) / random**0.5)


def local_z(values: Array, matrix: Any) -> Array:
    """Compute z of the neighbours' values, under permutation of all other units (n,).

    ``c_i = sum_j w_ij z_j`` under conditional randomisation (Anselin 1995; Sokal, Oden and Thomson
    1998): a sample of N = n - 1 others without replacement, of mean m and variance s², so that
    ``E c_i = m sum_j w_ij`` and ``V c_i = s² [N sum_j w_ij² - (sum_j w_ij)²] / (N - 1)``.

    Parameters
    ----------
    values : ndarray (n,)
        In any units.
    matrix : sparse array (n, n)
        W, on any scale.
    """
    others, z = values.size - 1, values - values.mean()
    mean = -z / others
    variance = (float(z @ z) - z**2) / others - mean**2
    sums, squares = np.asarray(matrix.sum(axis=1)).ravel(), (matrix * matrix).sum(axis=1)
    spread = variance * (others * np.asarray(squares).ravel() - sums**2) / (others - 1)
    far = np.sqrt(np.maximum(spread, np.finfo(np.float64).tiny))
    return np.asarray(np.where(sums > 0.0, (matrix @ z - mean * sums) / far, 0.0))


def as_printed(outcome: Array, columns: Array, matrix: Any) -> dict[str, tuple[float, float]]:
    """Tests of a panel as they are printed: statistic and p of each of `TESTS`.

    Parameters
    ----------
    outcome : ndarray (n, T)
        As it is: unit and time effects are taken out of it and of columns.
    columns : ndarray (n, T, k)
        Regressors.
    """
    y, x = _two_ways_out(outcome[..., None])[..., 0], _two_ways_out(columns)
    trace = outcome.shape[1] * _trace(matrix.toarray())
    return _tests(y, x, matrix, trace, 0.0, y.size)


def whitened(
    outcome: Array, columns: Array, levels: Array, matrix: Any, covariance: Array
) -> dict[str, tuple[float, float]]:
    """Tests on whitened contrasts: statistic and p of each of `TESTS`.

    Parameters
    ----------
    levels : ndarray (n, L)
        A dummy of each level of time effects.
    covariance : ndarray (T, T)
        Of a unit's errors, of any scale.
    """
    n, n_periods = outcome.shape
    out, (within, mean) = contrasts_of(levels, covariance), levels_out(matrix, levels)
    free = (n - levels.shape[1]) * (n_periods - 1)
    trace = (n_periods - 1) * (_trace(within) - 2.0 * mean**2 / (n - levels.shape[1]))
    return _tests(out(outcome), out(columns), matrix, trace, (n_periods - 1) * mean, free)


def levels_out(matrix: Any, levels: Array) -> tuple[Array, float]:
    """``MWM`` and ``tr(PW)``, with P the projection on levels (n, L) and M = I - P."""
    basis = np.linalg.qr(levels)[0]
    within = matrix - basis @ (basis.T @ matrix)
    mean = float(np.trace(basis.T @ (matrix @ basis)))
    return np.asarray(within - (within @ basis) @ basis.T), mean


def contrasts_of(levels: Array, covariance: Array) -> Callable[[Array], Array]:
    """Whiten the T - 1 contrasts of each unit, and take the means of levels out of them.

    Parameters
    ----------
    levels : ndarray (n, L)
        A dummy of each level of time effects.
    covariance : ndarray (T, T)
        Of a unit's errors, of any scale.

    Returns
    -------
    callable
        From ndarray (n, T, ...) to ndarray (n, T - 1, ...).
    """
    n_periods = len(covariance)
    contrasts = np.linalg.qr(np.eye(n_periods) - 1.0 / n_periods)[0][:, : n_periods - 1]
    lower = np.linalg.cholesky(contrasts.T @ covariance @ contrasts)
    turn = np.linalg.solve(lower, contrasts.T)
    basis = np.linalg.qr(levels)[0]

    def out(values: Array) -> Array:
        rotated = np.einsum("st,nt...->ns...", turn, values)
        means = np.tensordot(basis, np.tensordot(basis, rotated, (0, 0)), (1, 0))
        return np.asarray(rotated - means)

    return out


def _two_ways_out(values: Array) -> Array:
    unit, time = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    return np.asarray(values - unit - time + values.mean(axis=(0, 1)))


def _trace(matrix: Array) -> float:
    """``tr(WW + W'W)``."""
    return float((matrix * matrix.T).sum() + (matrix * matrix).sum())


def _tests(
    y: Array, x: Array, matrix: Any, trace: float, mean: float, free: int
) -> dict[str, tuple[float, float]]:
    """Statistics of outcomes and columns from which all effects are out.

    Parameters
    ----------
    trace, mean : float
        Variance of c without dependence, and minus its mean.
    free : int
        Rows less effects that were taken out.
    """
    flat, rows = x.reshape(y.size, -1), y.ravel()
    b, _, rank, _ = np.linalg.lstsq(flat, rows, rcond=None)
    e = rows - flat @ b
    variance = float(e @ e) / (free - (rank if mean else 0))

    def lagged(values: Array) -> Array:
        return np.asarray((matrix @ values.reshape(y.shape)).ravel())

    v = lagged(flat @ b)
    v = v - flat @ np.linalg.lstsq(flat, v, rcond=None)[0]
    spread = float(v @ v) / variance + trace
    c = float(e @ lagged(e)) / variance + mean
    a = float(e @ lagged(rows)) / variance + mean
    statistics = (
        a**2 / spread,
        c**2 / trace,
        (a - c) ** 2 / (spread - trace),
        (c - trace / spread * a) ** 2 / (trace * (1.0 - trace / spread)),
    )
    return {
        name: (value, float(chdtrc(1, value)))
        for name, value in zip(TESTS, statistics, strict=True)
    }
