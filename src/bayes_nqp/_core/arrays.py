"""Types of arrays for annotations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Index", "Mask"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
