"""Weights of units that share a border."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_nqp.columns import no_file
from bayes_nqp.doors import door
from bayes_nqp.errors import PanelError, nearest, shown
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights._extra import geopandas_for, graph_class
from bayes_nqp.spatial_weights._links import linked
from bayes_nqp.spatial_weights._matrix import labels_of
from bayes_nqp.spatial_weights._places import Locations
from bayes_nqp.spatial_weights._weights import Islands, SpatialWeights, Standardised

if TYPE_CHECKING:
    import geopandas

__all__ = ["contiguity"]


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
    geopandas, graph = geopandas_for("contiguity"), graph_class("contiguity")
    frame: Any = boundaries
    if isinstance(boundaries, str | Path):
        if problem := no_file(Path(boundaries)):
            raise PanelError(
                Message("{!r} {}", str(boundaries), problem),
                hint="a file of polygons, with its path",
            )
        frame = geopandas.read_file(boundaries)
    ids = _ids(frame, id)
    # Numbers as labels: libpysal sorts text.
    shapes = frame.geometry.set_axis(pd.RangeIndex(len(ids)))
    links = graph.build_contiguity(shapes, rook=rook).sparse
    return linked(
        links, "contiguity", "contiguity", ids=ids, places=_middles(frame, ids),
        standardised=standardised, islands=islands,
    )  # fmt: skip


def _ids(frame: Any, column: str) -> tuple[str, ...]:
    """Labels of polygons.

    Raises
    ------
    PanelError
        If there is no such column, or labels or polygons do not stand for units.
    """
    if column not in frame.columns:
        raise PanelError(
            Message("id={!r} is not a column of the boundaries", column),
            hint=nearest(column, frame.columns),
        )
    named = frame[column].notna()
    ids = labels_of(pd.Index(frame.loc[named, column]))
    twice = pd.Index(ids).duplicated()
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if twice.any() or not named.all():
        raise PanelError(
            Message("id={!r} does not name each polygon once", column),
            where=shown(sorted({*np.asarray(ids)[twice].tolist()})),
            hint=f"boundaries.dissolve({column!r}) joins the polygons of a unit",
        )
    if empty.any():
        raise PanelError(
            Message("units have no polygon"),
            where=shown(np.asarray(ids)[empty.to_numpy()]),
            hint="leave them out, or draw them",
        )
    return ids


def _middles(frame: Any, ids: tuple[str, ...]) -> Locations | None:
    """A point within each polygon in degrees; none where the file does not say what it is in."""
    if frame.crs is None:
        return None
    points = frame.geometry.representative_point().to_crs(4326)
    return Locations(ids, np.stack([points.x.to_numpy(), points.y.to_numpy()], axis=1))
