"""From links to weights."""

from __future__ import annotations

import numpy as np

from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._places import Locations
from bayes_nqp.spatial_weights._weights import SpatialWeights


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
    stated = SpatialWeights(labels, matrix, kind, standardised, islands, label, points)  # type: ignore[arg-type]
    return stated.by_rules()


def checked_distance(km: object) -> float:
    """See that a distance is a positive number of kilometres.

    Raises
    ------
    StudyError
        If it is not.
    """
    if not isinstance(km, int | float) or not 0.0 < km < np.inf:
        raise StudyError(
            Message("'{}' is {!r}", "km", km), hint="a positive number of kilometres, such as 300"
        )
    return float(km)
