"""Channels compared: one under another, and each against each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator, chance
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import (
    ALL,
    PATHS,
    By,
    by_path,
    channels_of,
    convergence_of,
    effects_of,
    percent,
)
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import EffectRow, draw_rows
from bayes_nqp.output.plots._notes import (
    CONTRASTS_LEFT_OUT,
    LAST_THROUGH,
    POINTS,
    effect_label,
    words,
)
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, INK, MUTED
from bayes_nqp.output.plots._wrapped import wrapped
from bayes_nqp.output.tables import apart, mediator_comparison

_GROUPS: Final = len(COLOURS)
_SQUARES: Final = 4
"""Groups up to which all pairs are compared."""
_HEAD: Final = 52
"""Letters of headings that all squares of a line have room for."""
_ACROSS: Final = 8
"""Columns of comparisons that one row of squares holds."""
_BETTER: Final = LinearSegmentedColormap.from_list("pairs", ["#F3C6A5", "#FFFFFF", "#A9CDE6"])


_PAIRS_KEY = Message(
    "Squares: posterior probability that the effect of the path in the row exceeds that "
    "of the path in the column."
)


_TITLE = Message("Comparison of paths.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    several = scene.effects.sizes[v.PATH] > 3
    for name, by in scene.groups():
        yield Sketch(
            f"channels{name}",
            scene.translate(_TITLE),
            partial(channels, scene.effects, by=by, **scene.weighted),
            partial(mediator_comparison, scene.effects, by, scene.prob, "eti", scene.weights),
            shown=several and by is None,
            heading=scene.translate("Mechanisms: comparison of paths"),
        )


@plot(_TITLE, section="appendix", place=42, needs=(CHANNELS,), sheets=_sheets)
def channels(
    fit_or_effects: FitOrEffects,
    *,
    by: By = None,
    prob: float = 0.95,
    weights: str = "rows",
    direct: bool = True,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the effect of every path, and the probability that each exceeds each other.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation`.
    by : str, sequence of str or mapping, optional
        Groups, side by side for every path, each with a separate comparison.
    prob : float, default 0.95
        Posterior probability of the wide equal-tailed intervals.
    weights : str, default "rows"
        As in ``att``.
    direct : bool, default True
        If True, include direct and total effects; otherwise the scale fits indirect effects.
    ax : Axes, optional
        Axes to draw the effects into, without the comparisons.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As ``nie``; or if there are too many groups.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.channels(fit)
    """
    effects = effects_of(fit_or_effects)
    translate = words(language, effects)
    draws = by_path(effects, by, weights)
    if not direct:
        draws = draws.isel({v.PATH: ~np.isin(draws[v.PATH].to_numpy(), (v.DIRECT, v.TOTAL))})
    groups = _groups(draws, translate)
    if len(groups) > _GROUPS:
        raise StudyError(f"one figure cannot hold {len(groups)} groups", hint="fewer factors in by")
    rows, label = _rows(groups, translate), effect_label(draws, translate)
    compared = [str(x) for x in channels_of(draws)[v.PATH].to_numpy()]
    look = Appearance(prob, ax, title, translate, style)

    texts = [label, *map(translate.name, compared), *groups]
    size, layout = _layout(_height(rows), len(groups), len(compared))
    with canvas(look, size, texts, layout=layout) as page:
        top, *squares = page.axes
        draw_rows(top, rows, prob, translate)
        if not direct and rows[0].draws is not None:
            top.get_yticklabels()[0].set_fontweight("normal")
        top.set_xlabel(label)
        wide = _HEAD / min(len(groups), _columns(len(compared)))
        for k, (square, (name, group)) in enumerate(zip(squares, groups.items(), strict=False)):
            first = k % _columns(len(compared)) == 0
            _pairs(square, channels_of(group), name, translate, wide, named=first)
        page.note(POINTS, percent(prob))
        page.note(_PAIRS_KEY, when=bool(squares))
        page.note(CONTRASTS_LEFT_OUT, _SQUARES, when=len(groups) > _SQUARES)
        page.note(LAST_THROUGH, when=ALL in draws[v.PATH])
        page.gate, page.empty = convergence_of(draws), len(squares)
    top.tick_params(**NAMED)
    for square in squares:
        square.tick_params(which="both", length=0, labelsize=7.4)
    return page.figure


def _groups(draws: xr.DataArray, translate: Translator) -> dict[str, xr.DataArray]:
    """Split draws by every dim except the path, without missing values."""
    dims = [str(dim) for dim in draws.dims if dim not in (*v.SAMPLE_DIMS, v.PATH)]
    groups = {}
    for levels, group in apart(draws, dims):
        if not bool(np.isnan(group).any()):
            groups[translate.names(levels)] = group
    return groups


def _called(name: str, translate: Translator) -> str:
    return translate.name(PATHS.get(name, name))


def _rows(groups: Mapping[str, xr.DataArray], translate: Translator) -> list[EffectRow]:
    """One line per path; or one per group, under the name of the path."""
    names = [str(x) for x in next(iter(groups.values()))[v.PATH].to_numpy()]
    rows = []
    for name in sorted(names, key=lambda name: name != v.TOTAL):
        k = names.index(name)
        marker = "D" if name in (v.TOTAL, ALL) else "o"
        if len(groups) == 1 and "" in groups:
            colour = INK if marker == "D" or name == v.DIRECT else COLOURS[0]
            label = wrapped(_called(name, translate).replace("_", "_ "), 26).replace("_ ", "_")
            rows.append(EffectRow(label, groups[""].isel({v.PATH: k}), colour, marker))
            continue
        rows.append(EffectRow(_called(name, translate), None))
        for (group, group_draws), colour in zip(groups.items(), COLOURS, strict=False):
            rows.append(EffectRow(group, group_draws.isel({v.PATH: k}), colour, marker))
    return rows


def _columns(paths: int) -> int:
    """Return the number of comparison matrices per row."""
    return max(1, _ACROSS // paths)


def _height(rows: Sequence[EffectRow]) -> float:
    """Height of the forest in inches, more where labels have two lines."""
    return (0.3 if any("\n" in row.label for row in rows) else 0.225) * len(rows) + 0.75


def _layout(
    high: float, groups: int, paths: int
) -> tuple[tuple[float, float], Callable[[Figure], list[Axes]] | None]:
    """Place the forest, and below it a square of comparisons for every group."""
    if groups > _SQUARES or paths < 2:
        return (6.8, high + 0.4), None
    low, columns = 0.235 * paths + 0.55, min(groups, _columns(paths))
    lines = -(-groups // columns)

    def layout(figure: Figure) -> list[Axes]:
        grid = figure.add_gridspec(1 + lines, columns, height_ratios=[high, *[low] * lines])
        places = [grid[1 + k // columns, k % columns] for k in range(groups)]
        return [figure.add_subplot(place) for place in (grid[0, :], *places)]

    return (6.8, high + lines * low + 0.5), layout


def _pairs(
    ax: Axes, draws: xr.DataArray, group: str, translate: Translator, wide: float, *, named: bool
) -> None:
    """Fill a square with the probability that the row's effect exceeds the column's."""
    flat = draws.stack(sample=v.SAMPLE_DIMS).transpose(v.PATH, "sample").to_numpy()
    larger = (flat[:, None] > flat[None]).mean(axis=-1)
    n = len(larger)
    shown = np.where(np.eye(n, dtype=bool), 0.5, larger)
    ax.imshow(shown, cmap=_BETTER, vmin=0, vmax=1, aspect="auto")
    for i, j in product(range(n), repeat=2):
        written_chance = "" if i == j else chance(float(larger[i, j]), 2)
        ax.text(j, i, written_chance, ha="center", va="center", fontsize=6.8, color=INK)
    names = [_called(str(x), translate) for x in draws[v.PATH].to_numpy()]
    _edges(ax, names, named=named)
    head = " · ".join(filter(None, [group, translate("P(row > column)") if named else ""]))
    ax.set_title(wrapped(head, wide), fontsize=8, fontweight="normal", color=MUTED, pad=14)


def _edges(ax: Axes, names: Sequence[str], *, named: bool) -> None:
    """Number the paths along both edges, and name them along the left one."""
    n = len(names)
    left = [f"{name}  {k}" for k, name in enumerate(names, 1)] if named else [""] * n
    where: dict[str, Any] = {"top": True, "labeltop": True, "bottom": False, "labelbottom": False}
    ax.tick_params(axis="x", **where)
    ax.set_xticks(range(n), [str(k) for k in range(1, n + 1)])
    ax.set_yticks(range(n), left)
    ax.set_xticks(np.arange(n - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(n - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.2)
    for spine in ax.spines.values():
        spine.set_visible(False)
