"""The mode of the marginal density, and its curvature there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bayes_nqp.compression.kernel import log_density
from bayes_nqp.machine import one_thread

if TYPE_CHECKING:
    from bayes_nqp.compression import Packed

__all__ = ["curvature", "inverse_curvature", "mode"]

Array = npt.NDArray[np.float64]

_STEP = 1e-3
_FLAT = 1e-2
"""Slope in a parameter at which a climb from nearby ends: far below a posterior sd from the top."""
_REFUSED = 1e12


def mode(packed: Packed, steps: int = 60, *, near: tuple[Array, Array] | None = None) -> Array:
    """Climb towards the mode.

    Parameters
    ----------
    packed : Packed
    steps : int, default 60
        At most.
    near : tuple of ndarray (parameter) and (parameter, parameter), optional
        The mode of a density much like this one, and the inverse of the negative Hessian
        there: from such a start a few steps do. Ignored if it has other parameters.

    Returns
    -------
    ndarray (parameter)
        Unconstrained.
    """
    gradient = np.zeros(packed.n_parameters)

    def loss(x: Array) -> tuple[float, Array]:
        value = log_density(np.ascontiguousarray(x), packed.ints, packed.floats, gradient)
        if not np.isfinite(value):
            return _REFUSED, np.zeros_like(gradient)
        return -value, -gradient

    x = np.full(packed.n_parameters, -1.0)
    x[-1] = 0.0
    with one_thread():
        if near is not None and near[0].size == x.size:
            close = minimize(
                loss, near[0], jac=True, method="BFGS",
                options={"hess_inv0": near[1], "gtol": _FLAT, "maxiter": steps},
            )  # fmt: skip
            if close.success and np.isfinite(close.fun) and close.fun < _REFUSED:
                return np.asarray(close.x, dtype=np.float64)
        found = minimize(loss, x, jac=True, method="L-BFGS-B", options={"maxiter": steps})
        # Far out there is nothing to gain for a start.
        return _polish(packed, np.clip(np.asarray(found.x, dtype=np.float64), -6.0, 6.0))


def _polish(packed: Packed, x: Array, rounds: int = 6) -> Array:
    """Newton steps: millions of rows make the density far too narrow for a first descent."""
    gradient, other = np.zeros(x.size), np.zeros(x.size)
    value = log_density(x, packed.ints, packed.floats, gradient)
    for _ in range(rounds):
        values, vectors = np.linalg.eigh(curvature(packed, x))
        step = vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), 0.3))
        size = 1.0 / max(1.0, float(np.abs(step).max()))
        there = -np.inf
        while size > 1e-3:
            there = log_density(x + size * step, packed.ints, packed.floats, other)
            if there > value:
                break
            size *= 0.5
        else:
            return x
        gain, value = there - value, there
        x, gradient = x + size * step, other.copy()
        if gain < 1e-3:
            return x
    return x


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
    steps = np.full(x.size, _STEP)
    out = np.zeros((x.size, x.size))
    # The second pass fits the steps to the widths that the first one found.
    for _ in range(2):
        out = _differences(packed, x, steps)
        widths = 1.0 / np.sqrt(np.maximum(np.diag(out), 1e-12))
        steps = np.clip(0.05 * widths, 1e-7, _STEP)
    return out


def inverse_curvature(packed: Packed, x: Array) -> Array:
    """Inverse of the curvature, where flat or bent directions count as barely curved.

    Parameters
    ----------
    packed : Packed
    x : ndarray (parameter)

    Returns
    -------
    ndarray (parameter, parameter)
        Symmetric and positive definite.
    """
    values, vectors = np.linalg.eigh(curvature(packed, x))
    inverse = (vectors / np.maximum(np.abs(values), 0.3)) @ vectors.T
    return np.asarray(0.5 * (inverse + inverse.T))


def _differences(packed: Packed, x: Array, steps: Array) -> Array:
    out = np.zeros((x.size, x.size))
    up, down = np.zeros(x.size), np.zeros(x.size)
    with one_thread():
        for i in range(x.size):
            shift = np.zeros(x.size)
            shift[i] = steps[i]
            log_density(x + shift, packed.ints, packed.floats, up)
            log_density(x - shift, packed.ints, packed.floats, down)
            out[i] = (down - up) / (2.0 * steps[i])
    return np.asarray(0.5 * (out + out.T))
