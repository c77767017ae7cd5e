"""Weights of the nearest units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._cities import places_apart, spread
from bayes_nqp.spatial_weights._links import linked
from bayes_nqp.spatial_weights._weights import SpatialWeights, Standardised

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel


@door
def nearest(
    panel: Panel,
    k: int = 5,
    *,
    symmetric: bool = True,
    longitude: str = "longitude",
    latitude: str = "latitude",
    city: str | None = None,
    standardised: Standardised = "row",
) -> SpatialWeights:
    """Link each unit to its nearest ones, along great circles.

    Parameters
    ----------
    panel : Panel
        With the coordinates of units among its columns.
    k : int, default 5
        How many.
    symmetric : bool, default True
        Whether a link goes both ways, so that some units have more than k neighbours.
    longitude, latitude : str
        Columns, in degrees.
    city : str, optional
        Column with the city of each unit, where units are firms: their neighbours are then the
        units of near cities (`spread`).
    standardised : {"row", "none"}, default "row"
        Whether the weights of a unit's neighbours sum to one.

    Raises
    ------
    PanelError
        If coordinates are missing, swapped or projected.
    StudyError
        If ``k`` is not a number of other units.

    Notes
    -----
    Degrees are not kilometres: north of the equator a degree of longitude is shorter than one of
    latitude. Units stand on the unit sphere, where chords have the order of distances.
    """
    places = places_apart(panel, longitude, latitude, city)
    if not 1 <= k < len(places.ids):
        raise StudyError(
            Message("'{}' is {!r}", "k", k),
            hint=Message("a number of other units, from 1 to {}", len(places.ids) - 1),
        )
    links = places.nearest(k)
    links.data[:] = 1.0
    if symmetric:
        links = links.maximum(links.T)
    weights = linked(
        links,
        "nearest",
        f"{k} nearest",
        places=places,
        standardised=standardised,
        islands="nearest",
    )
    return spread(weights, panel, city)
