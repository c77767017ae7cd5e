"""Weights with exponential decay in distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Positive
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._cities import places_apart, spread
from bayes_nqp.data.spatial_weights._distances import DENSE
from bayes_nqp.data.spatial_weights._links import linked
from bayes_nqp.data.spatial_weights._places import EARTH
from bayes_nqp.data.spatial_weights._weights import Islands, SpatialWeights, Standardised

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

_BEYOND: Final = 8.0
"""Number of decay lengths beyond which weights, below ``exp(-8) = 0.0003``, are zero."""


@door
def exponential(
    panel: Panel,
    km: Positive,
    *,
    longitude: str = "longitude",
    latitude: str = "latitude",
    city: str | None = None,
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Weight units by ``exp(-d / km)`` of their great-circle distance d.

    Parameters
    ----------
    panel : Panel
        Panel with the coordinates of units among its columns.
    km : float, kilometres
        Distance at which weights fall to 37 %; beyond eight times this distance they are zero.
    longitude, latitude : str
        Columns, in degrees.
    city : str, optional
        Column with the city of each unit, if units are firms: neighbours are then the units of
        nearby cities (`spread`).
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        Treatment of units without neighbours.

    Raises
    ------
    PanelError
        If coordinates are missing, interchanged or projected.
    StudyError
        If ``km`` is not positive, or nearly all pairs of too many units would be linked.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> nqp.spatial_weights.exponential(panel, km=20, islands="nearest").kind
    'exponential'
    """
    places = places_apart(panel, longitude, latitude, city)
    reach = min(_BEYOND * km, np.pi * EARTH)
    if len(places.ids) > DENSE and reach > 0.1 * EARTH:
        raise StudyError(
            Message("all pairs of {} units would be linked", len(places.ids)), hint="a smaller 'km'"
        )
    links = places.within(reach)
    links.data = np.exp(-links.data / km)
    weights = linked(
        links, "exponential", f"exponential, {km:g} km", places=places,
        standardised=standardised, islands=islands,
    )  # fmt: skip
    return spread(weights, panel, city)
