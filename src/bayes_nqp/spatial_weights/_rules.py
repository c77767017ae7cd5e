"""The rules of weights: what becomes of islands, and rows that sum to one."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from bayes_nqp.errors import PanelError, StudyError, shown
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._places import Locations


def ruled(
    matrix: sparse.csr_array,
    ids: tuple[str, ...],
    places: tuple[tuple[float, float], ...],
    *,
    islands: str,
    standardised: str,
) -> Any:
    """Deal with islands as a rule has it, then let rows sum to one where they are to.

    Parameters
    ----------
    places : tuple of tuple of float (unit, 2)
        Longitude and latitude in degrees, where they are available.

    Returns
    -------
    csr_array (unit, unit)
        W after both rules.

    Raises
    ------
    PanelError
        If there are islands where none may be.
    StudyError
        If they are to be linked to the nearest unit, and no places are available.
    """
    alone = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if alone.size and islands == "error":
        raise PanelError(
            Message("{} of {} units have no neighbour", alone.size, len(ids)),
            where=shown(np.asarray(ids)[alone]),
            hint="islands='nearest' links each to the nearest unit, islands='keep' keeps its row "
            "empty; or let more units be neighbours",
        )
    if alone.size and islands == "nearest":
        if not places:
            raise StudyError(
                "islands='nearest' needs places, which these weights do not have",
                hint="islands='keep' or 'error'",
            )
        # One link each, as strong as links are on average.
        nearest = Locations(ids, np.asarray(places)).nearest(1).indices[alone]
        strength = float(matrix.data.mean()) if matrix.nnz else 1.0
        added = (np.full(alone.size, strength), (alone, nearest))
        matrix = matrix + sparse.csr_array(added, shape=matrix.shape)
    if standardised == "row":
        total = matrix.sum(axis=1)
        scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0.0)
        matrix = sparse.diags_array(scale) @ matrix
    return matrix
