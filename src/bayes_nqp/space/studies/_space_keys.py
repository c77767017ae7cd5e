"""Keys of the table [space]."""

from __future__ import annotations

from typing import Any

from bayes_nqp.studies.extending import Keys, StudyTable


class LinkedColumn(Keys):
    """Column of spatial neighbours' values."""

    column: str
    """Column of the data."""
    weights: str
    """Name of weights in [space.weights]."""


class SpaceKeys(StudyTable):
    """Locations of units, spatial weights and columns of neighbours."""

    places: str | None = None
    """Column with names or codes of prefectures or provinces, for their coordinates."""
    longitude: str = "longitude"
    """Column in degrees; with places, the name of the new column."""
    latitude: str = "latitude"
    """Column in degrees; with places, the name of the new column."""
    boundaries: str | None = None
    """File of the units' polygons that geopandas reads (.geojson, .gpkg, .shp), for maps."""
    id: str | None = None
    """Column of the boundary file with the units' names."""
    weights: dict[str, dict[str, Any]] = {}
    """Weights by name, for designs and checks: kind = "nearest", "band", … and arguments."""
    lags: dict[str, LinkedColumn] = {}
    """New columns W x, such as near = { column = "cbec", weights = "geo" }, for covariates."""
