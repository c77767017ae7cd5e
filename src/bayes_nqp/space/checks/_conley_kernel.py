"""Kernels of distance, by which errors of near units are correlated (Conley 1999)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import sparse

from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import Locations

type Kernel = Literal["bartlett", "uniform"]


def conley(places: Locations, km: float, kernel: Kernel) -> sparse.csr_array:
    """Return ``K_ij = 1 - d_ij / km`` (Bartlett) or 1 (uniform) up to km, 0 beyond (unit, unit).

    Parameters
    ----------
    km : float
        Cut-off distance.
    """
    distance = places.within(km)
    falling = np.clip(1.0 - distance.data / km, 0.0, 1.0)
    distance.data = falling if kernel == "bartlett" else np.ones_like(distance.data)
    return sparse.csr_array(distance + sparse.eye_array(len(places.ids)))


def among(panel: Panel, part: Panel, kernel: sparse.csr_array) -> sparse.csr_array:
    """Extend a kernel of some units to all; units without coordinates are uncorrelated."""
    inside = np.isin(panel.unit_labels, part.unit_labels)
    place = sparse.eye_array(inside.size, format="csr")[:, inside]
    alone = sparse.diags_array((~inside).astype(np.float64))
    return sparse.csr_array(place @ kernel @ place.T + alone)
