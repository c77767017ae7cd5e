"""Stationary AR(1) errors with any gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled

__all__ = ["precision"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@compiled
def precision(times: Index, rho: float, q: Array, dq: Array) -> tuple[float, float]:
    """Fill the precision of one unit's errors at unit innovation variance, and its slope.

    Each row is paired with the previous observed one, k periods earlier: the innovation
    ``e_t - rho^k e_{t-k}`` has precision ``c_k = (1 - rho^2) / (1 - rho^(2k))``.

    Parameters
    ----------
    times : ndarray of int (m,)
        Observed periods, increasing.
    rho : float
        Autocorrelation, in (-1, 1).
    q, dq : ndarray (m, m)
        Filled: the precision and its derivative with respect to rho.

    Returns
    -------
    tuple of two floats
        The log determinant of the precision, and its derivative with respect to rho.
    """
    q[:] = 0.0
    dq[:] = 0.0
    first = (1.0 - rho) * (1.0 + rho)
    q[0, 0] = first
    dq[0, 0] = -2.0 * rho
    log_det = np.log(first)
    slope = -2.0 * rho / first
    for t in range(1, times.shape[0]):
        k = times[t] - times[t - 1]
        power = rho**k
        d_power = k * rho ** (k - 1) if k > 1 else 1.0
        rest = 1.0 - power * power
        c = first / rest if k > 1 else 1.0
        dc = (-2.0 * rho + c * 2.0 * power * d_power) / rest if k > 1 else 0.0
        q[t, t] += c
        q[t - 1, t - 1] += c * power * power
        q[t, t - 1] -= c * power
        q[t - 1, t] = q[t, t - 1]
        dq[t, t] += dc
        dq[t - 1, t - 1] += dc * power * power + 2.0 * c * power * d_power
        dq[t, t - 1] -= dc * power + c * d_power
        dq[t - 1, t] = dq[t, t - 1]
        log_det += np.log(c)
        slope += dc / c
    return log_det, slope
