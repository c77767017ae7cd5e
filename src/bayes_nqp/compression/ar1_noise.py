"""Stationary AR(1) errors plus white noise, with any gaps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression._lapack import cholesky, inverse_from_cholesky

__all__ = ["precision"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@compiled
def precision(times: Index, rho: float, noise: float, q: Array, dq: Array, slopes: Array) -> float:
    """Fill the precision of one unit's errors at unit innovation variance, and its slopes.

    Parameters
    ----------
    times : ndarray of int (m,)
        Observed periods, increasing.
    rho : float
        Autocorrelation, in (-1, 1).
    noise : float
        Standard deviation of the white noise, in innovation standard deviations.
    q : ndarray (m, m)
        Filled: the precision.
    dq : ndarray (2, m, m)
        Filled: its derivatives with respect to rho and to the log of noise.
    slopes : ndarray (2,)
        Filled: the derivatives of its log determinant.

    Returns
    -------
    float
        The log determinant of the precision.
    """
    m = times.shape[0]
    below = (1.0 - rho) * (1.0 + rho)
    d_rho = np.empty((m, m))
    for t in range(m):
        for u in range(t + 1):
            k = times[t] - times[u]
            q[t, u] = rho**k / below
            d_rho[t, u] = 2.0 * rho ** (k + 1) / (below * below)
            if k > 0:
                d_rho[t, u] += k * rho ** (k - 1) / below
            q[u, t] = q[t, u]
            d_rho[u, t] = d_rho[t, u]
        q[t, t] += noise * noise
    if cholesky(q) != 0:
        q[:] = np.nan
        return np.nan
    log_det = 0.0
    for t in range(m):
        log_det -= 2.0 * np.log(q[t, t])
    q[:] = inverse_from_cholesky(q)
    dq[0] = -np.dot(q, np.dot(d_rho, q))
    dq[1] = -2.0 * noise * noise * np.dot(q, q)
    slopes[0] = -np.sum(q * d_rho)
    slopes[1] = -2.0 * noise * noise * np.trace(q)
    return log_det
