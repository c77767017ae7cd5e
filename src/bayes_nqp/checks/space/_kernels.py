"""Kernels of pairs of units: inside clusters, or falling with distance (Conley 1999)."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp.spatial_weights import Locations

type Kernel = Literal["bartlett", "uniform"]
KERNELS: Final = ("bartlett", "uniform")


def conley(places: Locations, km: float, kernel: Kernel) -> sparse.csr_array:
    """``K_ij = 1 - d_ij / km`` (Bartlett) or 1 (uniform) up to a distance, 0 beyond (unit, unit).

    Parameters
    ----------
    km : float
        The cut-off.
    """
    distance = places.within(km)
    falling = np.clip(1.0 - distance.data / km, 0.0, 1.0)
    distance.data = falling if kernel == "bartlett" else np.ones_like(distance.data)
    return sparse.csr_array(distance + sparse.eye_array(len(places.ids)))


def within(codes: npt.NDArray[np.int64]) -> sparse.csr_array:
    """One for pairs of one cluster (unit, unit)."""
    member = sparse.csr_array(
        (np.ones(codes.size), (np.arange(codes.size), np.unique(codes, return_inverse=True)[1]))
    )
    return sparse.csr_array(member @ member.T)
