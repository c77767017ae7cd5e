"""Weights of units that share a border."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bayes_nqp.doors import door
from bayes_nqp.spatial_weights._boundaries import boundaries_of
from bayes_nqp.spatial_weights._extra import graph_class
from bayes_nqp.spatial_weights._links import linked
from bayes_nqp.spatial_weights._weights import Islands, SpatialWeights, Standardised

if TYPE_CHECKING:
    import geopandas


@door
def contiguity(
    boundaries: str | Path | geopandas.GeoDataFrame,
    *,
    id: str,
    rook: bool = False,
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Link units that share a border.

    Parameters
    ----------
    boundaries : str, Path or GeoDataFrame
        A file of polygons that geopandas reads (.geojson, .gpkg, .shp), or what it read.
    id : str
        Its column that names units as the panel does.
    rook : bool, default False
        Whether borders have to be shared along a line: by default a corner is enough.
    standardised : {"row", "none"}, default "row"
        Whether the weights of a unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        What to do with units that border nobody.

    Raises
    ------
    PanelError
        If there is no such file or column, units are named twice or have no polygon; or at
        islands, where none may be.
    StudyError
        If geopandas or libpysal is not installed: they come with ``bayes-nqp[space]``.
    """
    graph = graph_class("contiguity")
    land = boundaries_of(boundaries, id, "contiguity")
    # Numbers as labels: libpysal sorts text.
    shapes = land.polygons.set_axis(pd.RangeIndex(len(land.ids)))
    links = graph.build_contiguity(shapes, rook=rook).sparse
    return linked(
        links, "contiguity", "contiguity", ids=land.ids, places=land.middles,
        standardised=standardised, islands=islands,
    )  # fmt: skip
