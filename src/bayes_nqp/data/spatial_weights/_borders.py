"""Contiguity weights of units with a common border, from a file of polygons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import is_folder, no_file
from bayes_nqp._core.limits import afford
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.validation import door
from bayes_nqp.data.spatial_weights._links import linked
from bayes_nqp.data.spatial_weights._places import Locations
from bayes_nqp.data.spatial_weights._rules import geopandas_for, graph_class
from bayes_nqp.data.spatial_weights._sources import labels_of
from bayes_nqp.data.spatial_weights._weights import Islands, SpatialWeights, Standardised

if TYPE_CHECKING:
    import geopandas

_AREAS = ("Polygon", "MultiPolygon", "GeometryCollection")


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Polygons by labels of units.

    Parameters
    ----------
    ids : tuple of str (unit)
        Labels in the format of panels.
    polygons : GeoSeries (unit)
        Polygons in the coordinates of their file.
    """

    ids: tuple[str, ...]
    polygons: Any

    @property
    def middles(self) -> Locations | None:
        """Return a point within each polygon; None without a coordinate reference system."""
        if self.polygons.crs is None:
            return None
        points = self.polygons.representative_point().to_crs(4326)
        degrees = np.stack([points.x.to_numpy(), points.y.to_numpy()], axis=1)
        return Locations(self.ids, degrees)

    def places_of(self, labels: Iterable[object]) -> list[int]:
        """Return the positions of the polygons of units (unit).

        Raises
        ------
        PanelError
            If a unit has no polygon.
        """
        place = {label: k for k, label in enumerate(self.ids)}
        names = [str(label) for label in labels]
        if lacking := [name for name in names if name not in place]:
            others = [label for label in self.ids if label not in {*names}]
            raise PanelError(
                Message("{} of {} units are not in the boundaries", len(lacking), len(names)),
                where=shown(lacking),
                hint=nearest(lacking[0], others or self.ids),
            )
        return [place[name] for name in names]

    def in_degrees(self) -> Any:
        """Return polygons in degrees (GeoSeries); without a reference system, degrees are assumed.

        Raises
        ------
        PanelError
            If the coordinate reference system is missing and the coordinates are not degrees.
        """
        if self.polygons.crs is not None:
            return self.polygons.to_crs(4326)
        if (np.abs(self.polygons.total_bounds) > (180.0, 90.0, 180.0, 90.0)).any():
            raise PanelError(
                "the boundaries are not in degrees and have no coordinate reference system",
                hint="boundaries.set_crs(…), with the system documented for the file (.prj)",
            )
        return self.polygons


def boundaries_of(
    boundaries: str | Path | geopandas.GeoDataFrame, column: str, asked_by: str
) -> Boundaries:
    """Read polygons, and check that each corresponds to one unit.

    Parameters
    ----------
    boundaries : str, Path or GeoDataFrame
        A file readable by geopandas, or a GeoDataFrame.
    column : str
        Column with the labels of units in the panel.
    asked_by : str
        Function named in messages.

    Raises
    ------
    PanelError
        If the file or column does not exist or cannot be read, or labels or polygons do not
        correspond to units.
    StudyError
        If geopandas is not installed.
    """
    geopandas = geopandas_for(asked_by)
    frame: Any = boundaries
    if isinstance(boundaries, str | Path):
        path = Path(boundaries)
        for part in (path, *_beside(path)):
            if problem := no_file(part):
                raise PanelError(
                    Message("{!r} {}", str(part), problem), hint="the path of a file of polygons"
                )
        afford(path.stat().st_size, f"reading {path.name}", "a file of the borders of your units")
        frame = _read(geopandas, path)
    return Boundaries(_ids(frame, column), frame.geometry)


def _beside(path: Path) -> list[Path]:
    """List files with the same stem and another suffix, which a reader also opens."""
    start = f"{path.stem}."
    return [x for x in path.parent.iterdir() if x.name.startswith(start) and not is_folder(x)]


def _read(geopandas: Any, path: Path) -> Any:
    """Read the polygons of a file in any format; readers can raise any exception."""

    def refuse(error: Exception) -> NoReturn:
        raise PanelError(
            Message("{!r} contains no polygons: {}", str(path), error),
            hint="a file of polygons, such as .geojson, .gpkg or .shp",
        ) from error

    frame = reply(lambda: geopandas.read_file(path), refuse)
    if "geometry" not in frame.columns:
        raise PanelError(
            Message("{!r} contains no polygons", str(path)),
            hint="a file of polygons, such as .geojson, .gpkg or .shp",
        )
    return frame


def _ids(frame: Any, column: str) -> tuple[str, ...]:
    """Return the labels of polygons.

    Raises
    ------
    PanelError
        If the column does not exist, or labels or polygons do not correspond to units.
    """
    if column not in frame.columns:
        raise PanelError(
            Message("id={!r} is not a column of the boundaries", column),
            hint=nearest(column, frame.columns),
        )
    named = frame[column].notna()
    ids = labels_of(pd.Index(frame.loc[named, column]))
    twice = pd.Index(ids).duplicated()
    empty = ~frame.geom_type.isin(_AREAS) | frame.geometry.is_empty
    if twice.any() or not named.all():
        raise PanelError(
            Message("id={!r} does not identify each polygon uniquely", column),
            where=shown(sorted({*np.asarray(ids)[twice].tolist()})),
            hint=f"boundaries.dissolve({column!r}) merges the polygons of each unit",
        )
    if empty.any():
        raise PanelError(
            Message("some units have no polygon"),
            where=shown(np.asarray(ids)[empty.to_numpy()]),
            hint="drop these units, or add their polygons",
        )
    return ids


@door
def contiguity(
    boundaries: str | Path | geopandas.GeoDataFrame,
    *,
    id: str,
    rook: bool = False,
    standardised: Standardised = "row",
    islands: Islands = "keep",
) -> SpatialWeights:
    """Link units with a common border.

    Parameters
    ----------
    boundaries : str, Path or GeoDataFrame
        A file of polygons readable by geopandas (.geojson, .gpkg, .shp), or a GeoDataFrame.
    id : str
        Column with the labels of units in the panel.
    rook : bool, default False
        If True, a common border must be a line; by default a common corner is sufficient.
    standardised : {"row", "none"}, default "row"
        "row": the weights of each unit's neighbours sum to one.
    islands : {"keep", "nearest", "error"}, default "keep"
        Treatment of units without neighbours.

    Raises
    ------
    PanelError
        If the file or column does not exist, labels are duplicated or units have no polygon; or if
        there are islands and ``islands="error"``.
    StudyError
        If geopandas or libpysal is not installed; install ``bayes-nqp[space]``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import geopandas as gpd
    >>> squares = [f"POLYGON(({x} 0, {x + 1} 0, {x + 1} 1, {x} 1, {x} 0))" for x in range(3)]
    >>> cells = gpd.GeoSeries.from_wkt(squares, crs="EPSG:4326")
    >>> borders = gpd.GeoDataFrame({"id": ["a", "b", "c"]}, geometry=cells)
    >>> nqp.spatial_weights.contiguity(borders, id="id")
    SpatialWeights('contiguity', 3 units, 4 links)
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
