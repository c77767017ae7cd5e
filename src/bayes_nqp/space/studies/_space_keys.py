"""Keys of the table [space]."""

from __future__ import annotations

from typing import Any

from bayes_nqp.studies.extending import Keys, StudyTable


class LinkedColumn(Keys):
    """Column of spatial neighbours' values."""

    column: str
    """Of the data."""
    weights: str
    """Name of [space.weights]."""


class SpaceKeys(StudyTable):
    """Locations of units, spatial weights and columns of neighbours."""

    places: str | None = None
    """Column with names or codes of prefectures or provinces, for their coordinates."""
    longitude: str = "longitude"
    """Column of degrees; with places, what to call it."""
    latitude: str = "latitude"
    """Column of degrees; with places, what to call it."""
    boundaries: str | None = None
    """File of units' polygons that geopandas reads (.geojson, .gpkg, .shp), for maps."""
    id: str | None = None
    """Column of the boundaries that names units as the data do."""
    weights: dict[str, dict[str, Any]] = {}
    """By the name that designs and checks use: kind = "nearest", "band", … and its arguments."""
    lags: dict[str, LinkedColumn] = {}
    """New columns W x, such as near = { column = "cbec", weights = "geo" }, for covariates."""
