"""Stacked direct and indirect effects, with their sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import (
    EARLY,
    ENOUGH,
    PATHS,
    By,
    by_path,
    channels_of,
    convergence_of,
    effects_of,
    names_of,
    percent,
    same_units,
    units_behind,
)
from bayes_nqp.output.plots._canvas import Canvas, canvas, columns_of
from bayes_nqp.output.plots._intervals import PALE, draw_points, points_of
from bayes_nqp.output.plots._notes import LAST_THROUGH, effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, INK, MUTED
from bayes_nqp.output.plots._wrapped import wrapped
from bayes_nqp.output.tables import apart, mediation_table

_DIRECT: Final = "#C9CDD2"
_PANELS: Final = 12


_PARTS_KEY = Message(
    "Bars: posterior means of direct and indirect effects, stacked from zero by sign; "
    "their sum is the mean total effect (points, with 50 % and {} equal-tailed intervals)."
)


_TITLE = Message("Direct and indirect effects over event time.")
_TITLE_DOSE = Message("Direct and indirect effects, stacked.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    timed = schema.is_timed(scene.effects)
    along = v.EVENT_TIME if timed else v.TIME if scene.fit.facts.by_period else None
    for name, by in scene.groups():
        beside = [x for x in (by, along) if x is not None] or None
        yield Sketch(
            f"decomposition{name}",
            scene.translate(_TITLE if timed else _TITLE_DOSE),
            partial(decomposition, scene.effects, by=beside, **scene.weighted),
            partial(mediation_table, scene.effects, beside, scene.prob, "eti", scene.weights),
            shown=timed and by is None,
        )


@plot(_TITLE, section="channels", place=41, needs=(CHANNELS,), sheets=_sheets)
def decomposition(
    fit_or_effects: FitOrEffects,
    *,
    by: By = v.EVENT_TIME,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw stacked direct and indirect effects, with the total effect.

    Negative effects are stacked downwards, so that opposite signs are visible.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation`.
    by : str, sequence of str or mapping, optional
        Groups to compare, "event_time" by default. With several factors, event time or the last
        factor is on the axis, and the others define panels. None for the overall effect.
    prob : float, default 0.95
        Posterior probability of the wide equal-tailed intervals.
    weights : str, default "rows"
        As in ``att``.
    ax : Axes, optional
        Axes to draw one panel into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As ``nie``; or if there are too many panels.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.decomposition(fit)
    """
    effects = effects_of(fit_or_effects)
    translate = words(language, effects)
    names = names_of(by)
    units = units_behind(effects, names)
    draws = by_path(effects, names, weights).assign_coords({v.UNITS: (units.dims, units.values)})
    along = _along(names)
    panels = _panels(draws, along, translate)
    if len(panels) > (_PANELS if ax is None else 1):
        where = "one ax" if ax is not None else "one figure"
        raise StudyError(f"{where} cannot hold {len(panels)} panels", hint="fewer factors in by")
    parts = [str(name) for name in channels_of(draws)[v.PATH].to_numpy()]
    parts += [v.RECEIVED] if v.RECEIVED in draws[v.PATH] else []
    label = effect_label(draws, translate)
    look = Appearance(prob, ax, title, translate, style)

    columns = columns_of(len(panels))
    rows = -(-len(panels) // columns)
    texts = [label, along or "", *map(translate.name, parts), *panels]
    with canvas(look, _size(draws, along, columns, rows), texts, rows, columns) as page:
        for ax_, panel in zip(page.axes, panels.values(), strict=False):
            _panel(ax_, panel, along, parts, prob, translate)
        timed = along == v.EVENT_TIME
        across = translate.name(along or "")
        if timed or along == v.TIME:
            across = translate("Event time (periods since adoption)" if timed else "Period")
        page.grid([*panels], columns, label, across, "center")
        _key(page.axes[columns - 1], parts, translate)
        page.note(_PARTS_KEY, percent(prob))
        page.note(LAST_THROUGH, when=len(parts) > 2)
        if v.EVENT_TIME in names.values():
            _composed(page, effects, list(names.values()), list(panels.values()))
            page.note(EARLY, when=v.ANTICIPATED in draws.coords)
        page.gate = convergence_of(draws)
    return page.figure


def _along(names: Mapping[str, str]) -> str | None:
    """Return the factor on the horizontal axis."""
    if not names:
        return None
    return next((new for new, old in names.items() if old == v.EVENT_TIME), list(names)[-1])


def _panels(
    draws: xr.DataArray, along: str | None, translate: Translator
) -> dict[str, xr.DataArray]:
    """Take draws apart by the dims that are not along the axis, without empty panels."""
    dims = [str(d) for d in draws.dims if d not in (*v.SAMPLE_DIMS, v.PATH, along)]
    panels = {}
    for levels, panel in apart(draws, dims):
        if not bool(np.isnan(panel).all()):
            panels[translate.names(levels)] = panel
    return panels


def _composed(
    page: Canvas, effects: xr.Dataset, names: Sequence[str], panels: Sequence[xr.DataArray]
) -> None:
    """Return a note on small or changing numbers of units behind the bars."""
    factors = [name for name in names if name in schema.factors(effects)]
    same = same_units(effects, factors[0] if len(factors) == 1 else None)
    few = any(((panel[v.UNITS] > 0) & (panel[v.UNITS] < ENOUGH)).any() for panel in panels)
    page.note("Points refer to different sets of units.", when=not same)
    page.note("Faint: fewer than {} units.", ENOUGH, when=few)


def _size(draws: xr.DataArray, along: str | None, columns: int, rows: int) -> tuple[float, float]:
    bars = draws.sizes[along] if along is not None else 1
    wide = np.clip(0.9 + 0.42 * bars, 1.7, 4.6 if columns == 1 else 2.6)
    return float(wide * columns + 1.5), (3.4 if rows == 1 else 2.1 * rows + 1.1)


def _panel(
    ax: Axes,
    draws: xr.DataArray,
    along: str | None,
    parts: Sequence[str],
    prob: float,
    translate: Translator,
) -> None:
    stacked = (
        draws if along is not None else draws.expand_dims({"": [translate("Overall")]}, axis=-1)
    )
    labels = stacked[along or ""].to_numpy()
    numeric = along is not None and labels.dtype.kind in "iuf"
    place = labels.astype(np.float64) if numeric else np.arange(len(labels), dtype=np.float64)
    seen = np.flatnonzero(~np.isnan(stacked.isel(chain=0, draw=0, path=0).to_numpy()))
    shown = stacked.isel({along or "": seen})
    means = shown.mean(v.SAMPLE_DIMS)
    few = np.atleast_1d(shown[v.UNITS].to_numpy() < ENOUGH) & (along == v.EVENT_TIME)
    heights = [means.sel({v.PATH: name}).to_numpy() for name in parts]
    for height, bottom, how in zip(heights, _stacked(heights), _looks(parts), strict=True):
        for x, up, base, pale in zip(place[seen], height, bottom, few, strict=True):
            bar = {**how, "alpha": PALE} if pale else how
            ax.bar(x, up, 0.68, base, edgecolor="white", linewidth=0, zorder=1, **bar)
    total = points_of(shown.sel({v.PATH: v.TOTAL}), prob)
    draw_points(ax, place[seen], total, INK, size=4.2, faint=few)
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=1.5)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6))
    if numeric and len(place) > 1:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
        ax.set_xlim(place.min() - 0.6, place.max() + 0.6)
    else:
        ax.set_xticks(place, [wrapped(translate.name(x, along or ""), 14) for x in labels])
        ax.set_xlim(-0.75, len(place) - 0.25)
        ax.tick_params(axis="x", length=0)


def _stacked(heights: Sequence[npt.NDArray[np.float64]]) -> list[npt.NDArray[np.float64]]:
    """Find where bars start: on those before them of the same sign."""
    up, down = np.zeros_like(heights[0]), np.zeros_like(heights[0])
    bottoms = []
    for height in heights:
        bottoms.append(np.where(height >= 0, up, down))
        up, down = up + np.maximum(height, 0), down + np.minimum(height, 0)
    return bottoms


def _looks(parts: Sequence[str]) -> list[dict[str, Any]]:
    """Grey for the direct effect, a colour for every mediator, hatched from the eighth on."""
    looks: list[dict[str, Any]] = [{"facecolor": _DIRECT}]
    for k in range(len(parts) - 1):
        hatch = "////" if k >= len(COLOURS) else None
        looks.append({"facecolor": COLOURS[k % len(COLOURS)], "hatch": hatch})
    return looks


def _key(ax: Axes, parts: Sequence[str], translate: Translator) -> None:
    """Write the names of parts next to the last panel of the first row."""
    called = [
        translate("Direct"),
        *(
            wrapped(translate.name(PATHS.get(name, name)).replace("_", "_ "), 16)
            for name in parts[1:]
        ),
    ]
    patches = [
        Patch(label=name.replace("_ ", "_"), **how)
        for name, how in zip(called, _looks(parts), strict=True)
    ]
    (line,) = ax.plot(
        [], [], "o-", color=INK, markersize=4.2, linewidth=0.9, label=translate("Total")
    )
    ax.legend(
        handles=[line, *patches[::-1]], loc="upper left", bbox_to_anchor=(1.01, 1.0),
        frameon=False, fontsize=7.4, handlelength=1.1, handleheight=1.0, borderaxespad=0,
        labelspacing=0.55,
    )  # fmt: skip
