"""The effect along a moderator, and where the data have that moderator."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ROWS, UNITS
from bayes_nqp.effects.effects import moderator_name
from bayes_nqp.effects.estimands import (
    PATHS,
    By,
    average_of,
    effects_of,
    moderated,
)
from bayes_nqp.inference.fitting import moderator_rows
from bayes_nqp.output.plots._effect_lines import Line, draw_lines
from bayes_nqp.output.plots._notes import effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.tables import summary

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit


_TITLE = Message("The effect as a function of {}.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    name = scene.fit.facts.moderator
    if name is not None:
        yield Sketch(
            "moderation",
            scene.translate(_TITLE, name),
            lambda: moderation(scene.fit, **scene.weighted),
            lambda: summary(moderated(scene.fit, weights=scene.weights), scene.prob),
        )


@plot(_TITLE, section="moderation", place=43, needs=(ROWS, UNITS), sheets=_sheets)
def moderation(
    fit: Fit,
    *,
    values: npt.ArrayLike | None = None,
    by: By = None,
    path: str = v.TOTAL,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the effect on the treated along their moderator, with where it was observed.

    Lines and bands fade beyond the moderators that the treated rows of the group have.

    Parameters
    ----------
    fit : Fit
        Of a design with a ``moderator``, and with its rows.
    values : array of float, moderator's units, optional
        Where to draw; by default all of the range of the treated rows.
    by : str, sequence of str or mapping, optional
        Groups, each with a panel; as in ``moderated``.
    path : str, default "total"
        As in ``moderated``.
    prob : float, default 0.95
        Posterior probability of the wide band, equal-tailed.
    weights : str, default "rows"
        As in ``att``.
    ax : Axes, optional
        Axes to draw one group into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As ``moderated``; or if there are too many groups.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=30, periods=7, cohorts=(4,), seed=1).panel.frame
    >>> frame["size"] = frame.groupby("unit")["outcome"].transform("first")
    >>> panel = nqp.Panel.from_frame(
    ...     frame, unit="unit", time="time", cohort="cohort", outcome="outcome", moderators=["size"]
    ... )
    >>> fit = nqp.fit(
    ...     nqp.StaggeredDiD(moderator="size"), panel, nqp.Importance(seed=1), progress=False
    ... )
    >>> figure = nqp.plots.moderation(fit)
    """
    translate, name = words(language, fit), moderator_name(fit)
    if values is None:
        rows = moderator_rows(fit)[1]
        values = np.linspace(rows.min(), rows.max(), 61)
    draws = moderated(fit, values, by, path, weights)
    label = effect_label(draws, translate)
    label = label if path == v.TOTAL else f"{label}: {translate.name(PATHS.get(path, path))}"
    look = Appearance(prob, ax, title, translate, style)
    lines = _lines(fit, draws, by, weights, translate)
    return draw_lines(fit, lines, name, label, look, curved=False)


def _lines(
    fit: Fit, draws: xr.DataArray, by: By, weights: str, translate: Translator
) -> list[Line]:
    """Take groups apart, each with the moderators of its treated rows."""
    cell, value = moderator_rows(fit)
    average = average_of(effects_of(fit), by, weights, None)
    member = average.cells.toarray() > 0
    dims = [axis.name for axis in average.axes]
    lines = []
    for k, place in enumerate(product(*(range(size) for size in average.shape))):
        if average.weight[k] > 0:
            group = draws.isel(dict(zip(dims, place, strict=True)))
            levels = {a.name: a.labels[i] for a, i in zip(average.axes, place, strict=True)}
            lines.append(Line(translate.names(levels), group, value[member[k][cell]]))
    return lines
