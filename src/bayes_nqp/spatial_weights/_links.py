"""From links to weights: the rule of islands, then rows that sum to one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from bayes_nqp.errors import PanelError, StudyError, shown
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._places import Locations
from bayes_nqp.spatial_weights._weights import SpatialWeights

__all__ = ["checked_distance", "linked", "with_rules"]


def linked(
    matrix: object,
    kind: str,
    label: str,
    *,
    ids: tuple[str, ...] = (),
    places: Locations | None = None,
    standardised: str,
    islands: str,
) -> SpatialWeights:
    """Make weights of links, by the rules that they state.

    Parameters
    ----------
    matrix : sparse array (unit, unit)
        Links before rows are made to sum to one.
    ids : tuple of str (unit), default ()
        Labels of the units; by default those of the places.
    """
    points = () if places is None else tuple(map(tuple, places.degrees.tolist()))
    labels = ids or (() if places is None else places.ids)
    return with_rules(
        SpatialWeights(labels, matrix, kind, standardised, islands, label, points)  # type: ignore[arg-type]
    )


def with_rules(weights: SpatialWeights) -> SpatialWeights:
    """Deal with islands as the weights state, then let rows sum to one where they are to.

    Raises
    ------
    PanelError
        If there are islands where none may be.
    StudyError
        If they are to be linked to the nearest unit, and no places are available.
    """
    matrix = weights.matrix
    alone = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if alone.size and weights.islands == "error":
        raise PanelError(
            Message("{} of {} units have no neighbour", alone.size, len(weights.ids)),
            where=shown(np.asarray(weights.ids)[alone]),
            hint="islands='nearest' links each to the nearest unit, islands='keep' keeps its row "
            "empty; or let more units be neighbours",
        )
    if alone.size and weights.islands == "nearest":
        matrix = _with_nearest(weights, alone)
    if weights.standardised == "row":
        total = matrix.sum(axis=1)
        scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0.0)
        matrix = sparse.diags_array(scale) @ matrix
    return replace(weights, matrix=matrix)


def _with_nearest(weights: SpatialWeights, alone: np.ndarray) -> sparse.csr_array:
    """Give each island one link, to the nearest unit, as strong as links are on average."""
    if not weights.places:
        raise StudyError(
            "islands='nearest' needs places, which these weights do not have",
            hint="islands='keep' or 'error'",
        )
    first = Locations(weights.ids, np.asarray(weights.places)).nearest(1)
    strength = float(weights.matrix.data.mean()) if weights.matrix.nnz else 1.0
    size = len(weights.ids)
    added = (np.full(alone.size, strength), (alone, first.indices[alone]))
    return weights.matrix + sparse.csr_array(added, shape=(size, size))


def checked_distance(km: object) -> float:
    """See that a distance is a positive number of kilometres.

    Raises
    ------
    StudyError
        If it is not.
    """
    if not isinstance(km, int | float) or not 0.0 < km < np.inf:
        raise StudyError(f"'km' is {km!r}", hint="a positive number of kilometres, such as 300")
    return float(km)
