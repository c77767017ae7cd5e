"""Map of adoption dates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ADOPTION, ROWS, UNITS
from bayes_nqp.effects.estimands import text
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._map_shapes import BLANK, PLACES, land_of
from bayes_nqp.output.plots._notes import words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene

if TYPE_CHECKING:
    import geopandas

    from bayes_nqp.data.panel import Panel


_TITLE = Message("Map of adoption dates.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    panel = scene.panel
    if panel is not None:
        yield Sketch(
            "zone_map",
            scene.translate(_TITLE),
            lambda: zone_map(panel, language=scene.language, **scene.maps),
            lambda: pd.DataFrame({"unit": panel.unit_labels, "cohort": panel.cohort_labels}),
        )


@plot(_TITLE, section="data", place=12, needs=(ADOPTION, ROWS, UNITS, PLACES), sheets=_sheets)
def zone_map(
    panel: Panel,
    boundaries: str | Path | geopandas.GeoDataFrame | None = None,
    id: str | None = None,
    *,
    dots: bool = False,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw a map of units, coloured by their adoption period.

    Boundaries are not included in the package. Without a file of boundaries, units are cells around
    their coordinates, and the title states that the map is schematic.

    Parameters
    ----------
    panel : Panel
        Panel with columns ``longitude`` and ``latitude`` in degrees, unless boundaries are given.
    boundaries : str, Path or GeoDataFrame, optional
        File of polygons in a format of geopandas (.geojson, .gpkg, .shp), or its GeoDataFrame;
        polygons of other units are drawn blank.
    id : str, optional
        Column of the boundaries with the names of units as in the panel.
    dots : bool, default False
        If True, draw units without boundaries as dots instead of cells.
    ax : Axes, optional
        Axes to draw into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    PanelError
        If a unit has no coordinates, or is not in the boundaries, or no unit is ever treated.
    StudyError
        If boundaries come without `id`, or geopandas is not installed.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> figure = nqp.plots.zone_map(panel)
    """
    translate = words(language, panel)
    land = land_of(panel, boundaries, id, dots, "zone_map")
    cohort = np.asarray(panel.cohort_codes)
    batches = np.unique(cohort[cohort >= 0])
    if not batches.size:
        problem = Message(
            "no unit of this panel is ever treated, so adoption dates cannot be mapped"
        )
        raise PanelError(problem, hint="nqp.Panel.from_frame(…, cohort=…)")
    shades = mpl.colormaps["viridis"](np.linspace(0.12, 0.9, len(batches)))
    never = np.flatnonzero(cohort < 0)
    keys = []
    look = land.titled(Appearance(0.0, ax, title, translate, style))
    with canvas(look, land.size(beside=1.5), []) as page:
        land.frame(page)
        for batch, shade in zip(batches, shades, strict=True):
            units = np.flatnonzero(cohort == batch)
            land.paint(page.ax, units, shade)
            label = translate("{} ({})", text(panel.time_labels[batch]), units.size)
            keys.append(Patch(facecolor=shade, label=label))
        if never.size:
            land.paint(page.ax, never, BLANK)
            label = translate("{} ({})", translate("never treated"), never.size)
            keys.append(Patch(facecolor=BLANK, label=label))
        page.ax.legend(
            handles=keys, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False,
            fontsize=7.5, handlelength=1.1, handleheight=1.1,
            title=translate("Adoption (units)"), title_fontsize=7.5, alignment="left",
        )  # fmt: skip
    return page.figure
