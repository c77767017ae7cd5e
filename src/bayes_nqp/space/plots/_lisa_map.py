"""Who is high among high and low among low, on a map."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ROWS, UNITS, CheckResult
from bayes_nqp.data.spatial_weights import worded
from bayes_nqp.effects.estimands import text
from bayes_nqp.inference.fitting import ADDITIVE, Fit, panel_of
from bayes_nqp.output.plots import Appearance, Scene, Sketch, plot
from bayes_nqp.output.plots.drawing import BLANK, PLACES, canvas, land_of, words
from bayes_nqp.space.tables import LISA_TYPES

if TYPE_CHECKING:
    import geopandas

_TITLE = Message("Map of local spatial association (LISA).")
_COLOURS: Final = {"HH": "#B2182B", "LL": "#2166AC", "LH": "#92C5DE", "HL": "#F4A582"}


def _sheets(scene: Scene) -> Iterator[Sketch]:
    result, fit = scene.found("moran"), scene.fit
    if result is not None and isinstance(result.evidence, xr.Dataset):
        yield Sketch(
            "lisa_map",
            scene.translate(_TITLE),
            partial(lisa_map, fit, result, language=scene.language, **scene.maps),
            partial(_numbers, result.evidence),
        )


def _numbers(evidence: xr.Dataset) -> pd.DataFrame:
    last = evidence[["score", "neighbours", "local_z", "lisa"]].isel({v.TIME: -1})
    return last.sel(series="outcome", drop=True).to_dataframe().reset_index()


@plot(_TITLE, section="space", place=45, needs=(ROWS, UNITS, ADDITIVE, PLACES), sheets=_sheets)
def lisa_map(
    fit: Fit,
    moran: CheckResult,
    time: object = None,
    boundaries: str | Path | geopandas.GeoDataFrame | None = None,
    id: str | None = None,
    *,
    dots: bool = False,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Map local spatial association (LISA) by unit.

    Parameters
    ----------
    fit : Fit
        With its rows, of a panel with columns ``longitude`` and ``latitude`` in degrees, unless
        there are boundaries.
    moran : CheckResult
        ``nqp.check(fit, "moran", weights=weights)``.
    time : label of a period, optional
        The last one by default.
    boundaries : str, Path or GeoDataFrame, optional
        A file of polygons that geopandas reads, or what it read. None are shipped: without them the
        title says that the map is schematic.
    id : str, optional
        Its column that names units as the panel does.
    dots : bool, default False
        True to plot units without boundaries as dots instead of cells.
    ax : Axes, optional
        Axes to plot into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Style of parts by name, such as ``{"note": False}``.

    Raises
    ------
    PanelError
        If a unit has no coordinates, or is not in the boundaries.
    StudyError
        If the check is another or has no numbers, or there is no such period.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.lisa_map(fit, nqp.check(fit, "moran", progress=False))
    """
    evidence, when = _evidence(moran, time)
    translate, panel = words(language, fit), panel_of(fit)
    lisa = evidence["lisa"].sel({"series": "outcome", v.TIME: when})
    by_unit = dict(zip(lisa["place"].to_numpy().tolist(), lisa.to_numpy().tolist(), strict=True))
    kinds = np.array([by_unit.get(str(label), "") for label in panel.unit_labels])
    land = land_of(panel, boundaries, id, dots, "lisa_map")
    look = land.titled(Appearance(0.0, ax, title, translate, style))
    keys = []
    with canvas(look, land.size(beside=1.5), []) as page:
        land.frame(page)
        for name, colour in _COLOURS.items():
            units = np.flatnonzero(kinds == name)
            if units.size:
                land.paint(page.ax, units, colour)
            label = translate("{} ({})", translate(LISA_TYPES[name]), units.size)
            keys.append(Patch(facecolor=colour, label=label))
        if (blank := np.flatnonzero(kinds == "")).size:
            land.paint(page.ax, blank, BLANK)
            label = translate("{} ({})", translate("not significant"), blank.size)
            keys.append(Patch(facecolor=BLANK, label=label))
        page.ax.legend(
            handles=keys, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False,
            fontsize=7.5, handlelength=1.1, handleheight=1.1, alignment="left",
            title=translate("{} (units)", text(when)), title_fontsize=7.5,
        )  # fmt: skip
        page.note(
            "Outcome of the unit, then of its neighbours by the weights {}; each unit is "
            "tested separately at 5 %.", worded(str(evidence.attrs["weights"])),
        )  # fmt: skip
    return page.figure


def _evidence(moran: CheckResult, time: object) -> tuple[xr.Dataset, object]:
    """Return the numbers of the check, and the period that is plotted."""
    evidence = moran.evidence
    if not isinstance(evidence, xr.Dataset) or "lisa" not in evidence:
        raise StudyError(
            Message(
                "'{}' is the check {!r}, which has no LISA types of units", "moran", moran.name
            ),
            hint="nqp.check(fit, 'moran', weights=weights)",
        )
    times = evidence[v.TIME].to_numpy().tolist()
    when = times[-1] if time is None else time
    if when not in times:
        raise StudyError(Message("'{}' is {!r}", "time", time), hint=nearest(str(time), times))
    return evidence, when
