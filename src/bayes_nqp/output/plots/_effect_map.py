"""Maps of unit-level effects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ADOPTION, ROWS, UNITS
from bayes_nqp.effects import estimands
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import convergence_of, percent, units_of
from bayes_nqp.inference.fitting import RECEIVED, Fit, meets, panel_of
from bayes_nqp.output.plots._canvas import Canvas, canvas
from bayes_nqp.output.plots._intervals import Points, points_of
from bayes_nqp.output.plots._map_shapes import BLANK, PLACES, Land, land_of
from bayes_nqp.output.plots._notes import effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import INK
from bayes_nqp.output.tables import summary

if TYPE_CHECKING:
    import geopandas


type Along = Literal["total", "direct", "received"]
type Onto = Literal["untreated", "treated"]

_TITLE = Message("Map of policy effects.")
_CAPTIONS = {
    v.TOTAL: _TITLE,
    v.DIRECT: Message("Map of the effects of own treatment on treated units."),
    v.RECEIVED: Message("Map of spillover effects on untreated units."),
}
_COLOURED = {
    v.TOTAL: Message("Colours: posterior means over the observations of each unit."),
    v.DIRECT: Message("Colours: posterior means of the effect of own treatment."),
    v.RECEIVED: Message("Colours: posterior means of the spillover effect of others' treatment."),
}
_COLOURS = "RdBu_r"
"""Of effects: red above zero, blue below; told apart by colour-blind readers."""


def _sheets(scene: Scene) -> Iterator[Sketch]:
    fit = scene.fit
    if v.VIA in fit.effects:
        return
    spilt: list[Along] = ["direct", "received"]
    paths: list[Along] = spilt if meets(fit, (RECEIVED,)) else ["total"]
    for path in paths:
        if path in fit.effects[v.PATH]:
            yield Sketch(
                f"effect_map_{path}",
                scene.translate(_CAPTIONS[path]),
                partial(effect_map, fit, path, **scene.look, **scene.maps),
                partial(_numbers, fit, path, scene.prob),
            )


def _numbers(fit: Fit, path: Along, prob: float) -> pd.DataFrame:
    return summary(_draws(fit, path, "untreated"), prob=prob)


@plot(_TITLE, section="results", place=35, needs=(ADOPTION, ROWS, UNITS, PLACES), sheets=_sheets)
def effect_map(
    fit: Fit,
    path: Literal["total", "direct", "received"] = "total",
    boundaries: str | Path | geopandas.GeoDataFrame | None = None,
    id: str | None = None,
    *,
    onto: Literal["untreated", "treated"] = "untreated",
    dots: bool = False,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw a map of unit-level mean effects, from blue over white at zero to red.

    Units with an interval that includes zero are hatched (dots: hollow); units without an effect
    are grey.

    Parameters
    ----------
    fit : Fit
        Fit with its observations. The panel needs columns ``longitude`` and ``latitude`` in
        degrees, unless boundaries are given.
    path : {"total", "direct", "received"}, default "total"
        Total effect on treated units; effect of own treatment; or spillover effect of others'
        treatment, for designs with ``spillovers``.
    boundaries : str, Path or GeoDataFrame, optional
        File of polygons in a format of geopandas, or its GeoDataFrame. Boundaries are not included
        in the package; without them the map is schematic, as its title states.
    id : str, optional
        Column of the boundaries with the names of units as in the panel.
    onto : {"untreated", "treated"}, default "untreated"
        Units of the spillover effect.
    dots : bool, default False
        If True, draw units without boundaries as dots instead of cells.
    prob : float, default 0.95
        Posterior probability of the intervals, equal-tailed.
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
        If a unit has no coordinates, or is not in the boundaries.
    StudyError
        If the fit has no such effects by unit, or boundaries come without `id`.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> design = nqp.StaggeredDiD(
    ...     nqp.CompletePooling(), spillovers=nqp.Rings([100]), unidentified="drop"
    ... )
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.effect_map(fit)
    """
    translate, panel = words(language, fit), panel_of(fit)
    land = land_of(panel, boundaries, id, dots, "effect_map")
    draws = _draws(fit, path, onto)
    points = points_of(draws, prob)
    place = {label: k for k, label in enumerate(panel.unit_labels)}
    units = np.array([place[label] for label in draws[v.UNIT].to_numpy()], dtype=np.intp)
    look = land.titled(Appearance(prob, ax, title, translate, style))
    with canvas(look, land.size(beside=1.0), []) as page:
        land.frame(page)
        blank = np.setdiff1d(np.arange(panel.unit_labels.size), units)
        if blank.size:
            land.paint(page.ax, blank, BLANK)
        doubt = _shades(page, land, units, points, effect_label(fit.effects, translate))
        page.note(_COLOURED[path])
        page.note("Hatched or hollow: the {} interval includes zero.", percent(prob), when=doubt)
        page.note("Grey: effect not defined for this unit.", when=blank.size > 0)
        if path == v.RECEIVED and onto == "untreated":
            zones = land.middles[np.asarray(panel.cohort_codes) >= 0]
            page.ax.plot(*zones.T, ".", color=INK, markersize=2.4, zorder=3)
            page.note("Black points: ever-treated units.")
        page.gate = convergence_of(draws)
    return page.figure


def _draws(fit: Fit, path: Along, onto: Onto) -> xr.DataArray:
    """Draws by unit of effects along a path."""
    if path == v.RECEIVED:
        return estimands.spillover_effects(fit, by=v.UNIT, onto=onto)
    average, effects = units_of(fit, group_time_effects(fit), v.TREATED)
    return average.of_effects(effects, path)


def _shades(
    page: Canvas, land: Land, units: npt.NDArray[np.intp], points: Points, label: str
) -> bool:
    """Colour units by their mean; return True if some intervals include zero."""
    most = float(np.abs(points.mean).max())
    norm, colours = Normalize(-most, most), mpl.colormaps[_COLOURS]
    doubt = (points.outer[0] <= 0.0) & (points.outer[1] >= 0.0)
    for some in (False, True):
        inside = doubt == some
        if inside.any():
            land.paint(page.ax, units[inside], colours(norm(points.mean[inside])), doubt=some)
    bar = page.figure.colorbar(
        ScalarMappable(norm, colours), ax=page.ax, shrink=0.7, aspect=24, pad=0.02
    )
    bar.set_label(label)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)
    return bool(doubt.any())
