"""Every unit's own effect, sorted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from annotated_types import Ge
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.effects.estimands import (
    By,
    att,
    convergence_of,
    effects_of,
    percent,
    unit_effect_name,
)
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import Points, draw_points, points_of
from bayes_nqp.output.plots._notes import POINTS, effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import ACCENT, FAINT, MUTED
from bayes_nqp.output.tables import summary

_LISTED = 40
"""Units in a picture of single units: more would be too small to read on a page."""
_TITLE = Message("Unit-level effects.")
_LEAGUE_SAYS = Message(
    "Unit-level effects are partially pooled; intervals show the uncertainty of each effect."
)


def _sheets(scene: Scene) -> Iterator[Sketch]:
    if v.DEVIATION not in scene.effects:
        return
    owner = unit_effect_name(scene.effects)
    yield Sketch(
        "caterpillar",
        scene.translate(_TITLE),
        lambda: caterpillar(scene.effects, most=_LISTED, **scene.weighted),
        lambda: summary(att(scene.effects, owner, scene.weights), scene.prob),
        heading=scene.translate("Unit-level effects"),
        words=scene.translate(_LEAGUE_SAYS),
    )


@plot(_TITLE, section="appendix", place=60, sheets=_sheets)
def caterpillar(
    fit_or_effects: FitOrEffects,
    *,
    by: By = None,
    prob: float = 0.95,
    weights: str = "rows",
    most: Annotated[int, Ge(2)] = 60,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw unit-level effects with their intervals, in descending order.

    Adjacent intervals usually overlap; ``rank(att(fit, by="unit"), "unit")`` gives the uncertainty
    of ranks.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit with effects that vary by unit, or a Dataset of group-time effects.
    by : str, optional
        Dimension to sort instead of units, such as "cohort" or "stratum".
    prob : float, default 0.95
        Posterior probability of the wide equal-tailed intervals.
    weights : str, default "rows"
        As in ``att``.
    most : int, default 60
        Maximal number of effects; if there are more, half are from the top and half from the
        bottom.
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
    StudyError
        As ``att``; and if `most` is below 2.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.caterpillar(fit)
    """
    if by is not None and not by:
        raise StudyError(f"'by' is {by!r}, which keeps nothing apart", hint="by='region', or None")
    effects = effects_of(fit_or_effects)
    translate = words(language, effects)
    draws = att(effects, by if by is not None else unit_effect_name(effects), weights)
    overall = att(effects, weights=weights)
    labels, flat = _sorted(draws, translate)
    shown, left_out = _ends(len(labels), most)
    names = [labels[i] for i in shown]
    label = effect_label(draws, translate)
    look = Appearance(prob, ax, title, translate, style)

    lines = len(shown) + (1 if left_out else 0)
    with canvas(look, (5.4, max(1.9, 0.145 * lines + 1.1)), [label, *names]) as page:
        _fill(page.ax, points_of(flat.isel(label=shown), prob), names, left_out, translate)
        middle = float(overall.mean())
        page.ax.axvline(middle, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.6)
        page.ax.set_xlabel(label)
        page.note(POINTS, percent(prob))
        page.note("Filled: the interval excludes zero.")
        timed = schema.is_timed(effects)
        page.note("Dashed: average effect on the treated.", when=timed)
        page.note("Dashed: average effect on exposed observations.", when=not timed)
        page.gate, page.ticks = convergence_of(draws), {**NAMED, "labelsize": 7}
    return page.figure


def _sorted(draws: xr.DataArray, translate: Translator) -> tuple[list[str], xr.DataArray]:
    """Stack the dims, drop missing values, and sort by the posterior mean."""
    dims = [str(dim) for dim in draws.dims if dim not in v.SAMPLE_DIMS]
    values = draws.transpose(*v.SAMPLE_DIMS, *dims).to_numpy()
    shape = values.shape[2:]
    flat = values.reshape(*values.shape[:2], -1)
    mean = flat.mean(axis=(0, 1))
    order = np.argsort(-mean, kind="stable")
    order = order[~np.isnan(mean[order])]
    places = np.unravel_index(order, shape)
    columns = [draws[dim].to_numpy()[at] for dim, at in zip(dims, places, strict=True)]
    labels = [
        translate.names(dict(zip(dims, parts, strict=True))) for parts in zip(*columns, strict=True)
    ]
    return labels, xr.DataArray(flat[:, :, order], dims=(*v.SAMPLE_DIMS, "label"))


def _ends(count: int, most: int) -> tuple[npt.NDArray[np.intp], int]:
    if count <= most:
        return np.arange(count), 0
    half = most // 2
    return np.r_[np.arange(half), np.arange(count - half, count)], count - 2 * half


def _fill(ax: Axes, points: Points, names: list[str], left_out: int, translate: Translator) -> None:
    n = len(names)
    half = n // 2 if left_out else n
    height = -np.arange(n, dtype=float)
    height[half:] -= 1.5
    sure = (points.outer[0] > 0) | (points.outer[1] < 0)
    for which, hollow in ((sure, False), (~sure, True)):
        part = Points(points.mean[which], points.inner[:, which], points.outer[:, which])
        if which.any():
            draw_points(ax, height[which], part, ACCENT, vertical=False, hollow=hollow, size=3.6)
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.hlines(height, *ax.get_xlim(), color=FAINT, linewidth=0.3, zorder=0)
    ax.margins(x=0)
    ax.set_yticks(height, names)
    ax.set_ylim(height[-1] - 0.8, 0.8)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7))
    ax.spines["left"].set_visible(False)
    if left_out:
        middle = (height[half - 1] + height[half]) / 2
        where: dict[str, Any] = {
            "transform": ax.get_yaxis_transform(),
            "ha": "center",
            "va": "center",
        }
        note = translate("… {} not shown …", left_out)
        ax.text(0.5, middle, note, color=MUTED, fontsize=7, **where)
