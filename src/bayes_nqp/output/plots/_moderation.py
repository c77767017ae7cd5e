"""The effect along a moderator, and where the data have that moderator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ROWS, UNITS
from bayes_nqp.effects.effects import moderator_name
from bayes_nqp.effects.estimands import (
    PATHS,
    By,
    average_of,
    convergence_of,
    effects_of,
    moderated,
    percent,
)
from bayes_nqp.inference.fitting import moderator_rows
from bayes_nqp.output.plots._canvas import canvas, columns_of
from bayes_nqp.output.plots._intervals import Points, points_of
from bayes_nqp.output.plots._notes import effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED
from bayes_nqp.output.tables import summary

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit


_PANELS: Final = 12
_FADED: Final = 0.3
_BINS: Final = 24
_FLOOR: Final = 0.16
"""Share of an axes' height that the histogram takes."""


_MODERATION_KEY = Message(
    "Line: average effect on the treated if all had this value of the moderator. Bands: "
    "50 % and {} equal-tailed intervals."
)
_MODERATION_KEY_DOSE = Message(
    "Line: average effect on exposed observations if all had this value of the moderator."
    " Bands: 50 % and {} equal-tailed intervals."
)
_MODERATION_FADED = Message("Dashed and faded: outside the observed range of the moderator.")


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    label: str
    draws: xr.DataArray
    seen: Array


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
    lines = _lines(fit, draws, by, weights, translate)
    if len(lines) > (_PANELS if ax is None else 1):
        where = "one ax" if ax is not None else "one figure"
        raise StudyError(f"{where} cannot hold {len(lines)} groups", hint="fewer factors in by")
    label = effect_label(draws, translate)
    label = label if path == v.TOTAL else f"{label}: {translate.name(PATHS.get(path, path))}"
    look = Appearance(prob, ax, title, translate, style)

    columns, moderator = columns_of(len(lines)), translate.name(name)
    high = -(-len(lines) // columns)
    size = (5.0, 3.5) if len(lines) == 1 else (2.5 * columns + 0.6, 2.3 * high + 0.8)
    texts = [label, moderator, *(line.label for line in lines)]
    with canvas(look, size, texts, high, columns) as page:
        for ax_, line in zip(page.axes, lines, strict=False):
            _panel(ax_, line, points_of(line.draws, prob), draws[name].to_numpy())
        _histograms(page.axes, lines)
        page.grid([line.label for line in lines], columns, label, moderator, "center")
        for ax_ in page.filled[-columns:]:
            ax_.set_xlabel(moderator)
        adopted = fit.facts.adopted
        page.note(_MODERATION_KEY if adopted else _MODERATION_KEY_DOSE, percent(prob))
        page.note("Grey bars: distribution of the moderator in treated observations.", when=adopted)
        page.note(
            "Grey bars: distribution of the moderator in exposed observations.", when=not adopted
        )
        page.note(_MODERATION_FADED, when=any(_beyond(line, draws[name]) for line in lines))
        page.gate = convergence_of(draws)
    return page.figure


def _lines(
    fit: Fit, draws: xr.DataArray, by: By, weights: str, translate: Translator
) -> list[_Line]:
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
            lines.append(_Line(translate.names(levels), group, value[member[k][cell]]))
    return lines


def _beyond(line: _Line, grid: xr.DataArray) -> bool:
    at = grid.to_numpy()
    return bool(at.min() < line.seen.min() or at.max() > line.seen.max())


def _panel(ax: Axes, line: _Line, points: Points, at: Array) -> None:
    low, high = line.seen.min(), line.seen.max()
    grid = np.unique(np.concatenate([at, [x for x in (low, high) if at.min() < x < at.max()]]))
    curves = [np.interp(grid, at, y) for y in (points.mean, *points.inner, *points.outer)]
    for inside in (False, True):
        pieces = [(grid >= low) & (grid <= high)] if inside else [grid <= low, grid >= high]
        strength = 1.0 if inside else _FADED
        for piece in pieces:
            mean, a, b, c, d = (np.where(piece, y, np.nan) for y in curves)
            for bottom, top, alpha in ((c, d, 0.16), (a, b, 0.24)):
                ax.fill_between(
                    grid, bottom, top, color=COLOURS[0], alpha=alpha * strength, linewidth=0
                )
            dashes = "-" if inside else (0, (3, 2))
            ax.plot(grid, mean, color=COLOURS[0], alpha=max(strength, 0.5), linestyle=dashes,
                    linewidth=1.5)  # fmt: skip
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.set_xlim(at.min(), at.max())
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.set_title(line.label, fontsize=8.5)


def _histograms(axes: Sequence[Axes], lines: Sequence[_Line]) -> None:
    """Draw a histogram of the treated units' moderator at the bottom of every panel."""
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(low - _FLOOR * 1.25 * (high - low), high)
    left, right = axes[0].get_xlim()
    edges = np.linspace(left, right, _BINS + 1)
    for ax, line in zip(axes, lines, strict=False):
        count = np.histogram(line.seen, edges)[0].astype(np.float64)
        ax.bar(
            edges[:-1], _FLOOR * count / np.maximum(count.max(), 1.0), np.diff(edges), align="edge",
            color=FAINT, edgecolor="white", linewidth=0.4, zorder=0.2,
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip
