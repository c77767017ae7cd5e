"""Where chains start: near the mode of the marginal density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from bayes_nqp.compression.kernel import log_density

if TYPE_CHECKING:
    from bayes_nqp.designs._plan import Equation

__all__ = ["start"]

Array = npt.NDArray[np.float64]


def start(equation: Equation, steps: int = 25) -> Array:
    """Climb a few steps towards the mode.

    Parameters
    ----------
    equation : Equation
    steps : int, default 25
        At most.

    Returns
    -------
    ndarray (parameter)
        Unconstrained.
    """
    packed = equation.packed
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
    # A few steps are enough for a start; far out there is nothing to gain.
    return np.clip(found.x, -6.0, 6.0)
