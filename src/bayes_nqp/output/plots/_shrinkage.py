"""Plot of group effects with and without pooling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.effects import estimands
from bayes_nqp.effects.estimands import By, att, convergence_of, percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import draw_points, points_of
from bayes_nqp.output.plots._notes import POINTS, beside, effect_label, words
from bayes_nqp.output.plots._registry import Appearance, plot
from bayes_nqp.output.plots._style import ACCENT, COLOURS, FAINT, MUTED

_OUTLINE = [withStroke(linewidth=3, foreground="white")]
_LISTED = 24
"""Groups that can be listed by name; more become a cloud of points."""


@plot(Message("Estimates by group with and without pooling."))
def shrinkage(
    partial: FitOrEffects,
    separate: FitOrEffects,
    *,
    by: By = v.CELL,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw every group's effect without pooling and with partial pooling.

    Up to 24 groups are listed, each with both intervals; of more, the posterior means are drawn
    against each other.

    Parameters
    ----------
    partial, separate : Fit or Dataset
        Two fits to one panel, with ``PartialPooling(...)`` and ``NoPooling()``, or their effects.
    by : str, sequence of str or mapping, default "cell"
        The groups, as in ``att``.
    prob : float, default 0.95
        Posterior probability of the wide equal-tailed intervals.
    weights : str, default "rows"
        As in ``att``.
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
        As ``bayes_nqp.effects.estimands.shrinkage``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> alone = nqp.fit(
    ...     nqp.StaggeredDiD(nqp.NoPooling()), panel, nqp.Importance(seed=1), progress=False
    ... )
    >>> figure = nqp.plots.shrinkage(fit, alone, by="cohort")
    """
    effects = estimands.shrinkage(partial, separate, by, weights)
    translate = words(language, effects)
    labels, rows, pooled_draws, free_draws = _flat(effects, translate)
    overall = float(att(partial, weights=weights).mean())
    label, listed = effect_label(effects, translate), len(labels) <= _LISTED
    look = Appearance(prob, ax, title, translate, style)

    size = (5.8, max(2.1, 0.32 * len(labels) + 1.15)) if listed else (4.6, 4.6)
    with canvas(look, size, [label, *labels]) as page:
        if listed:
            _list(page.ax, labels, pooled_draws, free_draws, prob, translate)
            page.ax.axvline(overall, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.6)
            page.ax.set_xlabel(label)
            page.note(POINTS, percent(prob))
            page.ticks = NAMED
        else:
            _cloud(page.ax, pooled_draws, free_draws, rows, overall, translate)
            unit = schema.effect_unit(effects.attrs)
            axes = Message("Effect without pooling"), Message("Effect with partial pooling")
            across, up = (translate("{} ({})", x, unit) if unit else translate(x) for x in axes)
            page.ax.set(xlabel=across, ylabel=up)
            page.note("Points: posterior means. Area: number of observations.")
        timed = schema.is_timed(effects)
        page.note("Dashed: average effect on the treated.", when=timed)
        page.note("Dashed: average effect on exposed observations.", when=not timed)
        page.gate = convergence_of(effects)
    return page.figure


def _flat(
    effects: xr.Dataset, translate: Translator
) -> tuple[list[str], npt.NDArray[np.float64], xr.DataArray, xr.DataArray]:
    """Stack the dims into one, and keep only labels that both fits contain."""
    dims = [str(dim) for dim in effects["partial"].dims if dim not in v.SAMPLE_DIMS]
    shape = [effects.sizes[dim] for dim in dims]
    stacked = [
        effects[name].transpose(*v.SAMPLE_DIMS, *dims).to_numpy().reshape(*_sample(effects), -1)
        for name in ("partial", "separate")
    ]
    complete = np.flatnonzero(~np.isnan(stacked[0] + stacked[1]).any(axis=(0, 1)))
    places = np.unravel_index(complete, shape) if dims else ()
    columns = [effects[dim].to_numpy()[at] for dim, at in zip(dims, places, strict=True)]
    labels = [
        translate.names(dict(zip(dims, parts, strict=True))) for parts in zip(*columns, strict=True)
    ] or [""]
    rows = effects[v.ROWS].transpose(*dims).to_numpy().ravel()[complete]
    pooled, free = (
        xr.DataArray(x[:, :, complete], dims=(*v.SAMPLE_DIMS, "label")) for x in stacked
    )
    return labels, rows, pooled, free


def _sample(effects: xr.Dataset) -> tuple[int, int]:
    return effects.sizes[v.CHAIN], effects.sizes[v.DRAW]


def _list(
    ax: Axes,
    labels: list[str],
    pooled_draws: xr.DataArray,
    free_draws: xr.DataArray,
    prob: float,
    translate: Translator,
) -> None:
    height = -np.arange(len(labels), dtype=float)
    pooled, free = points_of(pooled_draws, prob), points_of(free_draws, prob)
    draw_points(ax, height + 0.15, free, COLOURS[1], vertical=False, hollow=True)
    draw_points(ax, height - 0.15, pooled, ACCENT, vertical=False)
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.set_yticks(height, labels)
    ax.set_ylim(height[-1] - 0.7, 0.95)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7))
    for points, shift, colour, word in (
        (free, 0.15, COLOURS[1], translate("no pooling")),
        (pooled, -0.15, ACCENT, translate("partial pooling")),
    ):
        place, step = (points.outer[1][0], shift), (5, 2 * np.sign(shift))
        beside(ax, word, place, step, color=colour, fontsize=7.2, path_effects=_OUTLINE)


def _cloud(
    ax: Axes,
    pooled_draws: xr.DataArray,
    free_draws: xr.DataArray,
    rows: npt.NDArray[np.float64],
    overall: float,
    translate: Translator,
) -> None:
    x, y = free_draws.mean(v.SAMPLE_DIMS).to_numpy(), pooled_draws.mean(v.SAMPLE_DIMS).to_numpy()
    ends = np.r_[x, y, overall]
    pad = 0.06 * (ends.max() - ends.min() or 1.0)
    low, high = ends.min() - pad, ends.max() + pad
    ax.plot([low, high], [low, high], color=MUTED, linewidth=0.7, zorder=0.5)
    ax.axhline(overall, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.5)
    ax.vlines(x, x, y, color=FAINT, linewidth=0.6, zorder=1)
    area = 8 + 70 * rows / rows.max()
    ax.scatter(x, y, s=area, color=ACCENT, alpha=0.65, edgecolor="white", linewidth=0.5, zorder=2)
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    beside(
        ax, translate("no shrinkage"), (high, high), (-10, -4), ha="right", va="bottom",
        rotation=45, rotation_mode="anchor", fontsize=7.2, color=MUTED, path_effects=_OUTLINE,
    )  # fmt: skip
