"""What units receive of others' treatment, ring by ring and by exposure time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import Need
from bayes_nqp.effects import estimands
from bayes_nqp.effects.effects import lead_effects
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.plots import Appearance, Scene, Sketch, plot
from bayes_nqp.output.plots.drawing import (
    COLOURS,
    MUTED,
    POINTS,
    canvas,
    columns_of,
    draw_points,
    effect_label,
    points_of,
    words,
)
from bayes_nqp.output.tables import summary

_TITLE = Message("Effects received from others' treatment, by exposure time.")
_EXPOSED = Need(
    lambda facts, panel: facts.has("exposure"),
    lambda facts: Message("This design has no spillover effects."),
)
_SHIFT = 0.16
"""Of points of treated units beside those of untreated ones, in periods."""


def _sheets(scene: Scene) -> Iterator[Sketch]:
    fit = scene.fit
    yield Sketch(
        "spillover_effects",
        scene.translate(_TITLE),
        lambda: spillover_effects(fit, prob=scene.prob, language=scene.language),
        lambda: _numbers(fit, scene.prob),
    )


def _numbers(fit: Fit, prob: float) -> pd.DataFrame:
    return summary(estimands.spillover_effects(fit, by=[v.RING, v.EVENT_TIME]), prob=prob)


@plot(_TITLE, section="spillovers", place=25, needs=(_EXPOSED,), sheets=_sheets)
def spillover_effects(
    fit: Fit,
    *,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw what exposed units receive, a panel for each ring, with leads where there are some.

    Parameters
    ----------
    fit : Fit
        Of a design with `Rings` or `ShareTreated`.
    prob : float, default 0.95
        Posterior probability of the wide intervals, equal-tailed.
    ax : Axes, optional
        To draw into; all rings then share it.
    title : str, optional
        Of the figure.
    language : str, default "en"
        Of labels and notes.
    style : mapping, optional
        Of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If nothing is received in the model.

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
    >>> figure = nqp.plots.spillover_effects(fit)
    """
    sides = {"untreated": estimands.spillover_effects(fit, by=[v.RING, v.EVENT_TIME])}
    if v.DIRECT in fit.effects[v.PATH]:
        sides["treated"] = estimands.spillover_effects(
            fit, by=[v.RING, v.EVENT_TIME], onto="treated"
        )
    rings = [str(ring) for ring in sides["untreated"][v.RING].to_numpy()]
    translate, columns = words(language, fit), columns_of(len(rings))
    rows = -(-len(rings) // columns)
    look = Appearance(prob, ax, title, translate, style)
    with canvas(look, (2.4 * columns + 1.0, 2.4 * rows + 0.8), rings, rows, columns) as page:
        for k, (onto, draws) in enumerate(sides.items()):
            for place, ring in enumerate(rings):
                panel = page.axes[place % len(page.axes)]
                if ring in draws[v.RING]:
                    _course(panel, draws.sel(ring=ring), prob, COLOURS[k], k * _SHIFT, onto)
        _leads(page.axes[(len(rings) - 1) % len(page.axes)], fit, prob)
        for panel in page.axes[: len(rings)]:
            panel.axhline(0.0, color=MUTED, linewidth=0.9, zorder=0.6)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        across = translate("Periods since exposure")
        titles = rings if len(page.axes) >= len(rings) else [""]
        page.grid(titles, columns, effect_label(fit.effects, translate), across)
        page.notes.append(translate(POINTS, percent(prob)))
        page.note("Blue: onto untreated units; orange: onto treated ones.", when=len(sides) > 1)
        page.note("Grey: leads, before exposure.", when=fit.leads is not None)
        page.gate = convergence_of(sides["untreated"])
    return page.figure


def _course(
    panel: Axes, draws: xr.DataArray, prob: float, colour: str, shift: float, label: str
) -> None:
    """Draw a ring's effects at the exposure times that it has."""
    present = draws.isel(draw=0, chain=0).notnull().to_numpy()
    draws = draws.isel({v.EVENT_TIME: np.flatnonzero(present)})
    times = draws[v.EVENT_TIME].to_numpy()
    draw_points(panel, times + shift, points_of(draws, prob), colour, hollow=label == "treated")


def _leads(panel: Axes, fit: Fit, prob: float) -> None:
    """Draw flat effects before exposure, where the fit has some."""
    if fit.leads is None:
        return
    draws = estimands.att(lead_effects(fit), by=v.EVENT_TIME)
    draw_points(panel, draws[v.EVENT_TIME].to_numpy(), points_of(draws, prob), MUTED)
