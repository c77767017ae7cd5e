"""Weights by distance: within a band, nearest neighbours, or inverse distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._cities import places_apart, spread
from bayes_nqp.data.spatial_weights._links import linked
from bayes_nqp.data.spatial_weights._places import EARTH
from bayes_nqp.data.spatial_weights._weights import Islands, SpatialWeights, Standardised

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@door
def band(
    panel: Panel,
    km: Positive,
    *,
    longitude: str = "longitude",
    latitude: str = "latitude",
    city: str | None = None,
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Link all units within a distance.

    Parameters
    ----------
    panel : Panel
        Panel with the coordinates of units among its columns.
    km : float, kilometres
        Largest great-circle distance of neighbours.
    longitude, latitude : str
        Columns, in degrees.
    city : str, optional
        Column with the city of each unit, if units are firms: neighbours are then the units of
        nearby cities (`spread`).
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        Treatment of units without neighbours within the distance.

    Raises
    ------
    PanelError
        If coordinates are missing, interchanged or projected; or if there are islands and
        ``islands="error"``.
    StudyError
        If ``km`` is not positive.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> nqp.spatial_weights.band(panel, 150, islands="nearest")
    SpatialWeights('within 150 km', 285 units, 1,280 links)
    """
    places = places_apart(panel, longitude, latitude, city)
    links = places.within(km)
    links.data[:] = 1.0
    weights = linked(
        links, "band", f"within {km:g} km", places=places, standardised=standardised,
        islands=islands,
    )  # fmt: skip
    return spread(weights, panel, city)


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
    """Link each unit to its nearest neighbours, by great-circle distance.

    Parameters
    ----------
    panel : Panel
        Panel with the coordinates of units among its columns.
    k : int, default 5
        Number of neighbours.
    symmetric : bool, default True
        If True, links are mutual, so some units have more than k neighbours.
    longitude, latitude : str
        Columns, in degrees.
    city : str, optional
        Column with the city of each unit, if units are firms: neighbours are then the units of
        nearby cities (`spread`).
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.

    Raises
    ------
    PanelError
        If coordinates are missing, interchanged or projected.
    StudyError
        If ``k`` is not between 1 and the number of other units.

    Notes
    -----
    Distances are not computed in degrees, because away from the equator a degree of longitude is
    shorter than a degree of latitude. Units are points on the unit sphere, where chords have the
    order of distances.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> nqp.spatial_weights.nearest(panel, k=3)
    SpatialWeights('3 nearest', 285 units, 1,100 links)
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


DENSE: Final = 5_000
"""Largest number of units for links of all pairs."""


@door
def inverse_distance(
    panel: Panel,
    km: Positive | None = None,
    *,
    power: Positive = 1.0,
    longitude: str = "longitude",
    latitude: str = "latitude",
    city: str | None = None,
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Weight units by the inverse of their great-circle distance.

    Parameters
    ----------
    panel : Panel
        Panel with the coordinates of units among its columns.
    km : float, kilometres, optional
        Largest distance of neighbours; unlimited by default.
    power : float, default 1.0
        Power of the distance: 2 for the squared distance.
    longitude, latitude : str
        Columns, in degrees.
    city : str, optional
        Column with the city of each unit, if units are firms: neighbours are then the units of
        nearby cities (`spread`).
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        Treatment of units without neighbours within the distance.

    Raises
    ------
    PanelError
        If coordinates are missing, interchanged or projected, or two units have the same
        coordinates.
    StudyError
        If ``km`` or ``power`` is not positive, or all pairs of too many units would be linked.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> nqp.spatial_weights.inverse_distance(panel, km=300, islands="nearest")
    SpatialWeights('inverse distance within 300 km', 285 units, 4,692 links)
    """
    places = places_apart(panel, longitude, latitude, city)
    if km is None and len(places.ids) > DENSE:
        raise StudyError(
            Message("all pairs of {} units would be linked", len(places.ids)),
            hint="km=500 links units within 500 kilometres",
        )
    links = places.within(np.pi * EARTH if km is None else km)
    shared = np.unique(links.tocoo().row[links.data <= 1e-9])
    if shared.size:
        raise PanelError(
            Message(
                "{} units have the same coordinates as another unit, so their distance is zero",
                shared.size,
            ),
            where=shown(np.asarray(places.ids)[shared]),
            hint="correct their coordinates, or nqp.spatial_weights.band(panel, km=…)",
        )
    links.data[:] = links.data**-power
    label = "inverse distance" if km is None else f"inverse distance within {km:g} km"
    weights = linked(
        links, "inverse distance", label, places=places, standardised=standardised, islands=islands
    )
    return spread(weights, panel, city)
