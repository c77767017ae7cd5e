"""Units inside cities: neighbours are the units of neighbouring cities."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._places import Locations, located, locations_of
from bayes_nqp.data.spatial_weights._sources import labels_of
from bayes_nqp.data.spatial_weights._weights import SpatialWeights

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


MOST_LINKS: Final = 20_000_000
"""Largest number of links after expansion to units: 240 MB."""
_SHARING: Final = 0.5
"""Share of units with the coordinates of another above which they are treated as firms,"""
_MANY: Final = 10
"""if there are at least this many."""


def cities_of(panel: Panel, city: str | None) -> tuple[tuple[str, ...], Index]:
    """Return the labels of cities and the city of each unit; by default the unit itself.

    Raises
    ------
    PanelError
        If the column does not exist, or is missing or varies within a unit.
    """
    if city is None:
        return tuple(map(str, panel.unit_labels)), np.arange(panel.unit_labels.size)
    if city not in panel.frame.columns:
        raise PanelError(
            Message("{}={!r} is not a column of the panel", "city", city),
            hint=nearest(city, panel.frame.columns),
        )
    code, names = pd.factorize(panel.frame[city], sort=True)
    ends = pd.Series(code).groupby(np.asarray(panel.unit_codes)).agg(["min", "max"]).to_numpy()
    odd = (ends[:, 0] != ends[:, 1]) | (ends[:, 0] < 0)
    if odd.any():
        raise PanelError(
            Message("city={!r} is missing or changes within units", city),
            where=shown(panel.unit_labels[odd]),
            hint="give each unit one city, such as its first city",
        )
    return labels_of(pd.Index(names)), ends[:, 0].astype(np.int64)


def crowded(panel: Panel) -> bool:
    """Return True if most units share their coordinates with others, as firms of a city do."""
    return bool(_sharing(locations_of(panel)).any())


@lru_cache(maxsize=4)
def _sharing(places: Locations) -> npt.NDArray[np.bool_]:
    """Mark units with the coordinates of another unit, if most units have such duplicates."""
    _, at, count = np.unique(places.degrees, axis=0, return_inverse=True, return_counts=True)
    sharing = count[at.ravel()] > 1
    most = sharing.size >= _MANY and sharing.mean() > _SHARING
    return np.asarray(sharing & most)


def places_apart(panel: Panel, longitude: str, latitude: str, city: str | None) -> Locations:
    """Return the locations of units, or of their cities; refuse mostly shared coordinates.

    Raises
    ------
    PanelError
        See `locations_of`; also if most units share their coordinates, as firms of a city do.
    """
    if city is not None:
        return locations_of(panel, longitude, latitude, cities_of(panel, city))
    places = locations_of(panel, longitude, latitude)
    if (sharing := _sharing(places)).any():
        raise PanelError(
            Message(
                "{} of {} units have the same coordinates as another unit, for example "
                "firms of one city",
                int(sharing.sum()), sharing.size,
            ),
            where=shown(np.asarray(places.ids)[sharing]),
            hint="city='city', the column with their cities: near are then units of other cities",
        )  # fmt: skip
    return places


@door
def spread(weights: SpatialWeights, panel: Panel, city: str | None) -> SpatialWeights:
    """Expand weights of cities to the units inside them, for example firms.

    The neighbours of a unit are all units of the neighbouring cities of its city. The weight of a
    city is divided equally between its units, so ``W y`` is the weighted mean of city means. Units
    of the same city are not neighbours.

    Parameters
    ----------
    weights : SpatialWeights
        Weights of cities.
    panel : Panel
        Panel of units, with the city among its columns.
    city : str, optional
        Column of the city; without it the weights are unchanged.

    Returns
    -------
    SpatialWeights
        Weights of the units.

    Raises
    ------
    PanelError
        If a city is not in the weights, or is missing or varies within a unit.
    StudyError
        If more than 20 million pairs of units would be linked.

    Notes
    -----
    ``W = B W_c (B / n)'``, where B indicates the city of each unit and n is the number of units in
    each city. Its determinant ``|I - delta W|`` is that of the cities.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=8, periods=4, cohorts=(3,), seed=1).panel.frame
    >>> frame["city"] = [f"c{int(unit[1:]) % 2}" for unit in frame["unit"]]
    >>> panel = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort",
    ...                              outcome="outcome")
    >>> links = pd.DataFrame([[0, 1], [1, 0]], index=["c0", "c1"], columns=["c0", "c1"])
    >>> nqp.spatial_weights.spread(nqp.spatial_weights.matrix(links), panel, city="city")
    SpatialWeights('matrix', 8 units, 32 links)
    """
    if city is None:
        return weights
    labels, of_unit = cities_of(panel, city)
    between = weights.aligned(labels).matrix
    count = np.bincount(of_unit, minlength=len(labels)).astype(np.float64)
    links = count @ ((between != 0) @ count)
    if links > MOST_LINKS:
        raise StudyError(
            Message("{:,} pairs of units would be linked", int(links)),
            hint="use fewer neighbouring cities: k=5, or a smaller km; or distance bands, which "
            "need no links: nqp.Rings([100, 200], city='city')",
        )
    inside = sparse.csr_array(
        (np.ones(of_unit.size), (np.arange(of_unit.size), of_unit)), (of_unit.size, len(labels))
    )
    matrix = inside @ between @ sparse.diags_array(1.0 / count) @ inside.T
    places = tuple(map(tuple, locations_of(panel).degrees.tolist())) if located(panel) else ()
    ids = tuple(map(str, panel.unit_labels))
    return replace(weights, ids=ids, matrix=matrix, places=places)
