"""Independent errors: precision is the identity, or the rows' weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled

__all__ = ["precision"]

Array = npt.NDArray[np.float64]


@compiled
def precision(weights: Array, q: Array) -> float:
    """Fill the precision of one unit's errors at unit variance.

    Parameters
    ----------
    weights : ndarray (m,)
        Precision weights of the observed periods.
    q : ndarray (m, m)
        Filled.

    Returns
    -------
    float
        The log determinant of the precision.
    """
    q[:] = 0.0
    total = 0.0
    for t in range(weights.shape[0]):
        q[t, t] = weights[t]
        total += np.log(weights[t])
    return total
