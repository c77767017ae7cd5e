"""The mode of the marginal density, and its curvature there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from bayes_nqp.compression.kernel import log_density

if TYPE_CHECKING:
    from bayes_nqp.compression import Packed

__all__ = ["curvature", "mode"]

Array = npt.NDArray[np.float64]

_STEP = 1e-3


def mode(packed: Packed, steps: int = 60) -> Array:
    """Climb towards the mode.

    Parameters
    ----------
    packed : Packed
    steps : int, default 60
        At most.

    Returns
    -------
    ndarray (parameter)
        Unconstrained.
    """
    gradient = np.zeros(packed.n_parameters)

    def loss(x: Array) -> tuple[float, Array]:
        value = log_density(np.ascontiguousarray(x), packed.ints, packed.floats, gradient)
        if not np.isfinite(value):
            return 1e12, np.zeros_like(gradient)
        return -value, -gradient

    x = np.full(packed.n_parameters, -1.0)
    x[-1] = 0.0
    with threadpool_limits(limits=1):
        found = minimize(loss, x, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    # Far out there is nothing to gain for a start.
    return np.clip(np.asarray(found.x, dtype=np.float64), -6.0, 6.0)


def curvature(packed: Packed, x: Array) -> Array:
    """Negative Hessian of the log density, by central differences of its gradient.

    Parameters
    ----------
    packed : Packed
    x : ndarray (parameter)

    Returns
    -------
    ndarray (parameter, parameter)
        Symmetric; not always positive definite.
    """
    size = x.size
    out = np.zeros((size, size))
    up, down = np.zeros(size), np.zeros(size)
    with threadpool_limits(limits=1):
        for i in range(size):
            shift = np.zeros(size)
            shift[i] = _STEP
            log_density(x + shift, packed.ints, packed.floats, up)
            log_density(x - shift, packed.ints, packed.floats, down)
            out[i] = (down - up) / (2.0 * _STEP)
    return np.asarray(0.5 * (out + out.T))
