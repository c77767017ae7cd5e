"""Functions of spatial weights for models with lagged outcomes: a log determinant, powers of W.

Observations follow ``S y_t = (tau I + psi W) y_t-1 + ...``, ``S = I - delta W``, from the second
period on; the first is given. As an operator on all observations, units by periods, with L the
shift by one period,

    ``A = I ⊗ S - L ⊗ (tau I + psi W) = (I ⊗ S)(I - L ⊗ G)``,  ``G = S^-1 (tau I + psi W)``.

``|A| = |S|^T``, since L is nilpotent. Densities given the first period are exact if each unit's
level is known, and otherwise off by as many terms as there are levels. With independent errors e,
the score of a coefficient at the truth has the mean ``-tr(M A' A^-1)``. Here M removes flat
coefficients: means of units over periods, and of levels over units, ``M = (I - 11'/T) ⊗ M_n``. All
factors are functions of W and L alone, which commute, so that ``tr(M A' A^-1)`` is the derivative
of ``tr(M log A)``. Adding it makes the score unbiased for any first period (docs/spatial.md). Since
``tr(L^k) = 0`` and ``1'L^k 1 = T - k``,

    ``tr(M log A) = (T - 1) tr(M_n log S) + sum_k (T - k) / (k T) tr(M_n G^k)``.

With W = 0 the second part is Lancaster's (2002) correction for autoregressions with unit effects.

G is the function ``g(z) = (tau + psi z) / (1 - delta z)`` of W. A function f of W without a pole on
the unit disc is ``f(W) = sum_j c_j W^j``. Its coefficients are the discrete Fourier transform of
values of f on the unit circle, so that traces need only ``tr(M_n W^j)``.

Letters are those of docs/spatial.md: tau is the coefficient of a unit's lagged outcome, psi that of
its neighbours'. In modules of the density tau is a scale of coefficients, and A, L, M and G have
other meanings, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian.lag import (
    LogDeterminant,
    level_means,
    log_determinant,
    traces,
)

type Complex = npt.NDArray[np.complex128]

_SIZE = 1024
"""Powers of W of the log determinant: at the largest delta ``delta^1024`` is 3e-14."""
_SMALL = 1e-11
"""Omitted coefficients of high powers of W, relative to the largest one."""


def coefficients_of(parameters: Array) -> Array:
    """Compute ``(delta, tau, psi)`` from ``(delta, p, q)`` (B, 3).

    ``p = g(1) = (tau + psi) / (1 - delta)`` is the persistence of an outcome that all units have in
    common, ``q = g(-1) = (tau - psi) / (1 + delta)`` of one with the opposite sign in neighbours. A
    Möbius map takes the unit circle to a circle that is largest at these two points. The
    eigenvalues of W are in the disc, because its rows sum to one. Outcomes are therefore stationary
    if ``|p|`` and ``|q|`` are below one, as in every draw.
    """
    delta, p, q = parameters.T
    common, opposite = p * (1.0 - delta), q * (1.0 + delta)
    return np.stack([delta, 0.5 * (common + opposite), 0.5 * (common - opposite)], axis=1)


@dataclass(frozen=True, eq=False)
class DynamicDeterminant(LogDeterminant):
    """``tr(M log A) / (T - 1)`` at any coefficients, net of units' levels.

    Parameters
    ----------
    periods : int
        T, the number of periods with a predecessor.
    weights : ndarray of complex (place)
        Weights of a function's values on the upper half of the unit circle; the real part of their
        sum is ``tr(M_n f(W))``.
    """

    periods: int
    weights: Complex

    def __call__(  # type: ignore[override]
        self, delta: Array, tau: Array, psi: Array
    ) -> Array:
        """Return ``tr(M log A) / (T - 1)`` (B)."""
        g = _ratio(np.stack([delta, tau, psi], axis=1), _circle(_SIZE))
        t, out = self.periods, np.zeros_like(g)
        # sum_k (T - k) / (k T) g^k by Horner, from the highest power down.
        for k in range(t - 1, 0, -1):
            out = g * ((t - k) / (k * t) + out)
        return super().__call__(delta) + (out @ self.weights).real / (t - 1)


def dynamic_determinant(
    weights: sparse.csr_array, levels: Index, periods: int
) -> DynamicDeterminant:
    """Factor ``I - delta W`` at the nodes, and compute traces of powers of W.

    Parameters
    ----------
    weights : csr_array (unit, unit)
        W; its rows sum to one. It is decomposed as a dense matrix.
    levels : ndarray of int (unit)
        Level of time effects of each unit.
    periods : int
        T, the number of periods with a predecessor.
    """
    plain = log_determinant(weights, levels)
    # tr(M_n W^j) = tr(W^j) - tr(P W^j), the first from eigenvalues.
    roots = np.linalg.eigvals(weights.toarray())
    moments, power = np.empty(_SIZE), np.ones_like(roots)
    for j in range(_SIZE):
        moments[j] = power.sum().real
        power = power * roots
    means = level_means(levels)
    moments[0] -= means.shape[1]
    moments[1:] -= traces(weights, means)[: _SIZE - 1]
    # sum_j c_j m_j with c_j = sum_q f(z_q) z_q^-j / N: weights of f(z_q) are the transform of m.
    spectrum = np.fft.fft(moments)[: _SIZE // 2 + 1] / _SIZE
    spectrum[1:-1] *= 2.0  # Places below the real axis have the conjugate values.
    return DynamicDeterminant(plain.n_units, plain.plain, plain.net, periods, spectrum)


def responses(coefficients: Array, horizons: int, size: int) -> Array:
    """Return coefficients of W^j in ``G^h S^-1``: the effect of a shock after h periods.

    Parameters
    ----------
    coefficients : ndarray (B, 3)
        delta, tau and psi.
    horizons : int
        From 0 on.
    size : int
        Powers of W; `series_length` gives the number that matters.

    Returns
    -------
    ndarray (B, horizon, power)
        Powers of W from 0 on.
    """
    z = _circle(size)
    g, value = _ratio(coefficients, z), 1.0 / (1.0 - coefficients[:, :1] * z)
    out = np.empty((len(coefficients), horizons, size))
    for h in range(horizons):
        out[:, h] = np.fft.irfft(value.conj(), size)
        value = value * g
    return out


def lasting_response(coefficients: Array, size: int) -> Array:
    """Return coefficients of W^j in ``((1 - tau) I - (delta + psi) W)^-1`` (B, power).

    This is the long-run effect of a permanent shock: the sum of all `responses`.
    """
    delta, tau, psi = (x[:, None] for x in coefficients.T)
    value = 1.0 / (1.0 - tau - (delta + psi) * _circle(size))
    return np.asarray(np.fft.irfft(value.conj(), size))


def series_length(coefficients: Array, horizons: int) -> int:
    """Return the number of powers of W that matter to `responses` and to long-run effects."""
    delta, tau, psi = coefficients.T
    # Poles at 1 / delta and (1 - tau) / (delta + psi): the points with the nearest poles decide.
    at = [np.abs(delta).argmax(), np.abs((delta + psi) / (1.0 - tau)).argmax()]
    worst, size = coefficients[np.unique(at)], 16
    while size < _SIZE:
        series = np.concatenate(
            [responses(worst, horizons, size), lasting_response(worst, size)[:, None]], axis=1
        )
        if np.abs(series[..., size // 2 :]).max() < _SMALL * np.abs(series).max():
            break
        size *= 2
    return size


def _circle(size: int) -> Complex:
    """Return places on the upper half of the unit circle (size / 2 + 1)."""
    return np.asarray(np.exp(2j * np.pi * np.arange(size // 2 + 1) / size))


def _ratio(coefficients: Array, z: Complex) -> Complex:
    """Return ``g(z) = (tau + psi z) / (1 - delta z)`` (B, place)."""
    delta, tau, psi = (x[:, None] for x in coefficients.T)
    return np.asarray((tau + psi * z) / (1.0 - delta * z))
