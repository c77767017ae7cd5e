"""Who is near whom, drawn where they are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.output.plots import Appearance, plot
from bayes_nqp.output.plots.drawing import ACCENT, INK, WARNING, canvas, words


@plot(Message("Spatial links between units."))
def spatial_links(
    weights: SpatialWeights,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw units as dots and links as lines, the stronger the darker; islands are rings.

    No borders are drawn.

    Parameters
    ----------
    weights : SpatialWeights
        With places, as those by distance or borders have them.
    ax : Axes, optional
        To draw into.
    title : str, optional
        Of the figure.
    language : str, default "en"
        Of labels and notes.
    style : mapping, optional
        Of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If the weights have no places.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> figure = nqp.plots.spatial_links(nqp.spatial_weights.nearest(panel, k=3))
    """
    if not weights.places:
        raise StudyError(
            Message("the weights {!r} have no coordinates to plot", weights.name),
            hint="those of nqp.spatial_weights.nearest, band, inverse_distance or contiguity do",
        )
    translate = words(language)
    places = np.asarray(weights.places)
    links, alone = weights.matrix.tocoo(), np.diff(weights.matrix.indptr) == 0
    strength = np.sqrt(links.data / links.data.max()) if links.nnz else links.data
    with canvas(Appearance(0.0, ax, title, translate, style), (5.6, 4.4), []) as page:
        lines = np.stack([places[links.row], places[links.col]], axis=1).tolist()
        page.ax.add_collection(
            LineCollection(lines, colors=ACCENT, linewidths=0.6, alpha=0.1 + 0.6 * strength)
        )
        page.ax.plot(*places[~alone].T, "o", color=INK, markersize=2.2, linestyle="none")
        page.ax.plot(
            *places[alone].T, "o", color=WARNING, markersize=5.0, fillstyle="none", linestyle="none"
        )
        # A degree of longitude is shorter than one of latitude by the cosine of the latitude.
        page.ax.set_aspect(1.0 / np.cos(np.radians(places[:, 1].mean())))
        page.ax.set_xlabel(translate("Longitude, degrees"))
        page.ax.set_ylabel(translate("Latitude, degrees"))
        page.note("{}: {} units, {} links; islands: {}.", weights.name, len(places), links.nnz,
                  int(alone.sum()))  # fmt: skip
    return page.figure
