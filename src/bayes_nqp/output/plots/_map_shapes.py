"""Shapes of units on a map: polygons, cells around coordinates, or dots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba_array
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator
from mpl_toolkits.axes_grid1.anchored_artists import (  # type: ignore[import-untyped]
    AnchoredSizeBar,
)
from scipy.spatial import cKDTree

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import Need
from bayes_nqp.data.spatial_weights import boundaries_of, located, locations_of
from bayes_nqp.output.plots._canvas import Canvas
from bayes_nqp.output.plots._registry import Appearance
from bayes_nqp.output.plots._style import INK

if TYPE_CHECKING:
    import geopandas

    from bayes_nqp.data.panel import Panel

DEGREE: Final = np.pi * 6371.0 / 180.0
"""Kilometres of one degree of latitude."""
_CORNERS: Final = 32
"""Of a cell that meets no other."""
_SPREAD: Final = 1.25
"""Radius of cells, in distances within which nine of ten units have another."""


def joined(rings: Sequence[Array]) -> Path:
    """Closed rings as one path."""
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def cells_of(degrees: Array) -> tuple[list[Path], float]:
    """Return Voronoi cells in the plane of the map, cut at a distance, and the distance in km.

    A cell is a disc without the half-planes that are closer to another unit; only units within two
    radii matter.
    """
    middle = 0.5 * (degrees[:, 1].min() + degrees[:, 1].max())
    scale = np.array([np.cos(np.radians(middle)), 1.0])
    points = degrees * scale
    tree = cKDTree(points)
    radius = _SPREAD * float(np.quantile(tree.query(points, 2)[0][:, 1], 0.9))
    angle = 2.0 * np.pi * np.arange(_CORNERS) / _CORNERS
    disc = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    cells = []
    for k, near in enumerate(tree.query_ball_point(points, 2.0 * radius)):
        cell = points[k] + disc
        for other in sorted(near, key=lambda j: float(np.sum((points[j] - points[k]) ** 2))):
            if other != k:
                cell = _cut(cell, 0.5 * (points[k] + points[other]), points[other] - points[k])
        cells.append(joined([np.vstack([cell, cell[:1]]) / scale]))
    return cells, radius * DEGREE


def _cut(polygon: Array, at: Array, away: Array) -> Array:
    """Return the part of a convex polygon on one side of a line.

    Parameters
    ----------
    polygon : ndarray (corner, 2)
        Corners in order.
    at, away : ndarray (2,)
        A point of the line, and the direction of the part that is removed.
    """
    side = (polygon - at) @ away
    following = np.roll(side, -1)
    crossed = np.flatnonzero(side * following < 0.0)
    step = side[crossed] / (side[crossed] - following[crossed])
    edges = np.roll(polygon, -1, axis=0)[crossed] - polygon[crossed]
    inside = np.flatnonzero(side <= 0.0)
    corners = np.concatenate([polygon[inside], polygon[crossed] + step[:, None] * edges])
    return np.asarray(corners[np.argsort(np.concatenate([inside, crossed + 0.5]))])


BLANK: Final = "#E3E3E3"
"""Of units that a map says nothing about."""
_CROWD: Final = 1500
"""Units beyond which runs draw no map."""


def _readable(panel: Panel | None) -> bool:
    """Return True if units have coordinates that fit a map of one page."""
    if panel is None or not located(panel) or not 3 <= panel.unit_labels.size <= _CROWD:
        return False
    try:
        locations_of(panel)
    except PanelError:
        return False
    return True


PLACES: Final = Need(
    lambda _, panel: _readable(panel),
    lambda _: Message(
        "The panel has no coordinates of units; add columns of longitude and latitude in degrees."
    ),
)
"""Coordinates of units."""


@dataclass(frozen=True, eq=False)
class Land:
    """Shapes of a map.

    Parameters
    ----------
    middles : ndarray (unit, 2), degrees
        One point of each unit.
    areas : list of Path (unit) or None
        Polygons in degrees; None if units are dots.
    blank : list of Path
        Areas on the map that are not in the panel.
    km : float or None
        Radius of schematic cells; None for other areas.
    """

    middles: Array
    areas: list[Path] | None
    blank: list[Path]
    km: float | None = None
    drawn: bool = False

    @property
    def stretch(self) -> float:
        """Return the ratio of a degree of latitude to one of longitude at the centre."""
        low, high = self.middles[:, 1].min(), self.middles[:, 1].max()
        return float(1.0 / np.cos(np.radians(0.5 * (low + high))))

    @property
    def corners(self) -> Array:
        """All that is drawn (corner, 2), degrees."""
        paths = [*(self.areas or []), *self.blank]
        return np.concatenate([path.vertices for path in paths]) if paths else self.middles

    def size(self, beside: float) -> tuple[float, float]:
        """Return the size of a figure in inches, with the map and space for a legend."""
        width, height = np.ptp(self.corners, axis=0)
        shape = float(np.clip(height * self.stretch / max(width, 1e-9), 0.5, 1.2))
        return 4.6 + beside, 4.6 * shape + 0.9

    def titled(self, look: Appearance) -> Appearance:
        """Mark a map without borders as schematic, in its title."""
        if self.drawn:
            return look
        translate = look.translate
        schematic = translate("Schematic map")
        if look.title:
            schematic = translate("{} (schematic map)", look.title)
        return replace(look, title=schematic)

    def paint(
        self, ax: Axes, units: npt.NDArray[np.intp], colours: Any, doubt: bool = False
    ) -> None:
        """Draw selected units.

        Parameters
        ----------
        units : ndarray of int
            Positions among all units.
        colours : colour, or array of them
            Face colours.
        doubt : bool, default False
            If True, hatch areas and leave dots hollow.
        """
        if self.areas is None:
            size = float(np.clip(9000.0 / len(self.middles), 12.0, 60.0))
            shades: Any = to_rgba_array(colours)
            face, edge = ("white", shades) if doubt else (shades, INK)
            east, north = self.middles[units].T
            ax.scatter(
                east, north, s=size, facecolors=face, edgecolors=edge,
                linewidths=1.3 if doubt else 0.3, zorder=2,
            )  # fmt: skip
            return
        areas = [self.areas[k] for k in units]
        ax.add_collection(
            PathCollection(areas, facecolors=colours, edgecolors="white", linewidths=0.35)
        )
        if doubt:
            ax.add_collection(PathCollection(
                areas, facecolors="none", edgecolors="#00000066", linewidths=0.0, hatch="//////"
            ))  # fmt: skip

    def frame(self, page: Canvas) -> None:
        """Set the scale of a map, label the degrees, and draw areas outside the panel."""
        ax = page.ax
        if self.blank:
            ax.add_collection(PathCollection(
                self.blank, facecolors="white", edgecolors="#999999", linewidths=0.35
            ))  # fmt: skip
        ax.update_datalim(self.corners)
        ax.margins(0.01)
        ax.set_aspect(self.stretch, adjustable="datalim")
        ax.autoscale_view()
        for axis, letters in ((ax.xaxis, "WE"), (ax.yaxis, "SN")):
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
            axis.set_major_formatter(FuncFormatter(_degrees(letters)))
        _scale_bar(ax, self.stretch)
        if self.drawn:
            return
        page.note(
            "Cells: area closest to each unit, up to about {:.0f} km; not administrative "
            "borders.", self.km or 0.0, when=self.km is not None)  # fmt: skip
        page.note("Dots: locations of units; borders are not drawn.", when=self.km is None)


def land_of(
    panel: Panel,
    boundaries: str | File | geopandas.GeoDataFrame | None,
    id: str | None,
    dots: bool,
    asked_by: str,
) -> Land:
    """Return the shapes of units on a map.

    Parameters
    ----------
    boundaries : str, Path, GeoDataFrame or None
        Polygons of the user.
    id : str or None
        Column of the boundaries with the names of units as in the panel.
    dots : bool
        If True, draw units without boundaries as dots instead of cells.
    asked_by : str
        Name of the calling function for messages.

    Raises
    ------
    PanelError
        If coordinates are missing or not in degrees, or a unit is not in the boundaries.
    StudyError
        If boundaries come without `id`, or geopandas is not installed.
    """
    if boundaries is not None:
        if id is None:
            raise StudyError(
                "'boundaries' come without 'id'",
                hint="id='code': their column that names units as the panel does",
            )
        return _bounded(panel, boundaries, id, asked_by)
    degrees = locations_of(panel).degrees
    if dots or len(np.unique(degrees, axis=0)) < len(degrees):
        return Land(degrees, None, [])
    areas, km = cells_of(degrees)
    return Land(degrees, areas, [], km)


def _bounded(panel: Panel, boundaries: Any, id: str, asked_by: str) -> Land:
    """The user's polygons, matched by the labels of units."""
    stated = boundaries_of(boundaries, id, asked_by)
    shapes, order = stated.in_degrees(), stated.places_of(panel.unit_labels)
    paths = [_path(shape) for shape in shapes]
    points = shapes.representative_point().iloc[order]
    middles = np.stack([points.x.to_numpy(), points.y.to_numpy()], axis=1)
    blank = [path for k, path in enumerate(paths) if k not in {*order}]
    return Land(middles, [paths[k] for k in order], blank, drawn=True)


def _path(shape: Any) -> Path:
    """One path of all outlines and holes of a polygon or several."""
    parts = [part for part in getattr(shape, "geoms", [shape]) if hasattr(part, "exterior")]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return joined([np.asarray(ring.coords)[:, :2] for ring in rings])


def _degrees(letters: str) -> Callable[[float, int], str]:
    """Write degrees with a letter for each side of zero."""
    return lambda value, _: f"{abs(value):g}°" + (letters[int(value > 0)] if value else "")


def _scale_bar(ax: Axes, stretch: float) -> None:
    """Draw some round number of kilometres, true in the middle of the map."""
    west, east = ax.get_xlim()
    longest = (east - west) * DEGREE / stretch / 5.0
    power = 10.0 ** np.floor(np.log10(longest))
    km = power * max(step for step in (1.0, 2.0, 5.0) if step * power <= longest)
    bar = AnchoredSizeBar(
        ax.transData, km * stretch / DEGREE, f"{km:g} km", "lower left", frameon=False, pad=0.4,
        color=INK, size_vertical=0.0, sep=3, fontproperties=FontProperties(size=7),
    )  # fmt: skip
    ax.add_artist(bar)
