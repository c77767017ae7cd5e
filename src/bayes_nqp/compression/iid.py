"""Independent errors: precision is the identity, or the rows' weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled

__all__ = ["IID", "precision"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class IID:
    """Independent errors with one standard deviation; takes precision weights.

    Serial correlation is the rule in panels, and ignoring it makes intervals far too narrow:
    prefer `AR1`.

    References
    ----------
    Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics 119(1).
    """

    code: ClassVar[int] = 0
    parameters: ClassVar[tuple[str, ...]] = ()


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
