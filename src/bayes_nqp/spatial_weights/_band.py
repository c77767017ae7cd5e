"""Weights of all units within a distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.doors import door
from bayes_nqp.spatial_weights._cities import places_apart, spread
from bayes_nqp.spatial_weights._links import checked_distance, linked
from bayes_nqp.spatial_weights._weights import Islands, SpatialWeights, Standardised

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel


@door
def band(
    panel: Panel,
    km: float,
    *,
    longitude: str = "longitude",
    latitude: str = "latitude",
    city: str | None = None,
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Link all units within a distance of one another.

    Parameters
    ----------
    panel : Panel
        With the coordinates of units among its columns.
    km : float, kilometres
        Up to which units are neighbours, along a great circle.
    longitude, latitude : str
        Columns, in degrees.
    city : str, optional
        Column with the city of each unit, where units are firms: their neighbours are then the
        units of near cities (`spread`).
    standardised : {"row", "none"}, default "row"
        Whether the weights of a unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        What to do with units that have nobody within the distance.

    Raises
    ------
    PanelError
        If coordinates are missing, swapped or projected; or at islands, where none may be.
    StudyError
        If ``km`` is not positive.
    """
    places = places_apart(panel, longitude, latitude, city)
    links = places.within(checked_distance(km))
    links.data[:] = 1.0
    weights = linked(
        links, "band", f"within {km:g} km", places=places, standardised=standardised,
        islands=islands,
    )  # fmt: skip
    return spread(weights, panel, city)
