"""Boxes and arrows of a path diagram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, chance
from bayes_nqp.effects.estimands import PATHS, percent
from bayes_nqp.model.predictors import linked_name
from bayes_nqp.output.plots._intervals import Points, numbers, points_of, written
from bayes_nqp.output.plots._notes import beside
from bayes_nqp.output.plots._style import COLOURS, INK, MUTED
from bayes_nqp.output.plots._wrapped import fitted

WIDTH: Final = 7.0
_FAINT: Final = "#9A9A9A"
_FILL: Final = "#F1F3F5"
# Left and right edges of the boxes, and of the column of numbers, as shares of the width.
_TREATMENT, _MEDIATOR, _OUTCOME, _COLUMN = (0.0, 0.1), (0.25, 0.435), (0.585, 0.685), (0.7, 1.0)
_LINKED = Message("Linked units' {}")
_OWN: Final = Message("Own")
_APART: Final = 0.26
"""Rows between the arrows of own and of others' treatment, halved."""


@dataclass(frozen=True, slots=True, eq=False)
class Diagram:
    """Posterior draws of one path diagram.

    Parameters
    ----------
    a : DataArray (chain, draw, treatment_of, path)
        Path a, to mediators: effects of own treatment and, in spatial models, of others' treatment.
    b : DataArray (chain, draw, path)
        Path b, from mediators to the outcome.
    effects : DataArray (chain, draw, treatment_of, path)
        Direct effect and indirect effect by mediator.
    sums : DataArray (chain, draw, path)
        Sums printed below.
    """

    title: str
    a: xr.DataArray
    b: xr.DataArray
    effects: xr.DataArray
    sums: xr.DataArray

    @property
    def mediators(self) -> list[str]:
        return [str(name) for name in self.b[v.PATH].to_numpy()]

    @property
    def whose(self) -> list[str]:
        return [str(name) for name in self.effects[v.TREATMENT_OF].to_numpy()]


def named_in(path: str, translate: Translator) -> str:
    name = path.removeprefix(linked_name(""))
    return translate.name(name) if name == path else translate(_LINKED, translate.name(name))


def draw_diagram(
    ax: Axes,
    diagram: Diagram,
    ends: tuple[str, str],
    prob: float,
    translate: Translator,
    row: float,
) -> None:
    names, whose = diagram.mediators, diagram.whose
    n = len(names)
    ax.set_xlim(-0.005, 1.005)
    ax.set_ylim(-1.25 - 0.37 * (len(diagram.sums[v.PATH]) > 2), n + 0.95)
    ax.set_axis_off()
    _box(ax, _TREATMENT, (-0.42, n + 0.42), ends[0], _FILL, row)
    _box(ax, _OUTCOME, (-0.42, n + 0.42), ends[1], _FILL, row)
    into, out, across = (
        (_TREATMENT[1], _MEDIATOR[0]),
        (_MEDIATOR[1], _OUTCOME[0]),
        (_TREATMENT[1], _OUTCOME[0]),
    )
    for k, name in enumerate(names):
        y = float(n - k)
        _box(ax, _MEDIATOR, (y - 0.36, y + 0.36), named_in(name, translate), "white", row)
        for who in whose:
            a = diagram.a.sel({v.TREATMENT_OF: who, v.PATH: name})
            _arrow(ax, into, y + _beside(who, whose), a, prob, whose=who)
        _arrow(ax, out, y, diagram.b.sel({v.PATH: name}), prob)
    for who in whose:
        direct = diagram.effects.sel({v.TREATMENT_OF: who, v.PATH: v.DIRECT})
        _arrow(ax, across, _beside(who, whose), direct, prob, translate("Direct"), who)
    if diagram.title:
        ax.set_title(diagram.title, fontsize=9, pad=2)


def _beside(who: str, whose: list[str]) -> float:
    """Return the vertical offset of a treatment's arrow from the middle of a row."""
    return 0.0 if len(whose) == 1 else _APART if who == v.OWN else -_APART


def _box(
    ax: Axes,
    sides: tuple[float, float],
    ends: tuple[float, float],
    label: str,
    face: str,
    row: float,
) -> None:
    left, right = sides
    low, high = ends
    ax.add_patch(
        Rectangle(
            (left, low), right - left, high - low, facecolor=face, edgecolor=INK, linewidth=0.8
        )
    )
    size, broken = fitted(label, (right - left) * WIDTH * 72, (high - low) * row * 72)
    ax.text(
        (left + right) / 2, (low + high) / 2, broken, ha="center", va="center",
        fontsize=size, linespacing=1.15,
    )  # fmt: skip


def _arrow(
    ax: Axes,
    ends: tuple[float, float],
    y: float,
    draws: xr.DataArray,
    prob: float,
    label: str = "",
    whose: str = v.OWN,
) -> None:
    """Draw an arrow with its posterior, coloured and sized by the probability of its sign.

    Effects that are zero by construction have no arrow.
    """
    if not draws.any():
        return
    points = points_of(draws, prob)
    sure = 2 * abs(float((draws > 0).mean()) - 0.5)
    colour = _colour(points)
    width = 0.7 + 2.1 * sure
    ax.add_patch(
        FancyArrowPatch(
            (ends[0], y), (ends[1], y), arrowstyle="-|>", shrinkA=1, shrinkB=0, linewidth=width,
            color=colour, mutation_scale=7 + 2.2 * width, zorder=2, joinstyle="miter",
            linestyle="-" if whose == v.OWN else (0, (2.2, 1.1)),
        )
    )  # fmt: skip
    decimals = numbers(points)
    mean, low, high = (written(float(x[0]), decimals) for x in (points.mean, *points.outer))
    middle = ((ends[0] + ends[1]) / 2 - 0.006, y)
    bold: dict[str, Any] = {"fontweight": "bold", "color": INK if colour == _FAINT else colour}
    number, interval = f"{label} {mean}".strip(), f"[{low}, {high}]"
    beside(ax, number, middle, (0, 3.2), ha="center", va="bottom", fontsize=7.8, **bold)
    beside(ax, interval, middle, (0, -3.6), ha="center", va="top", fontsize=6.6, color=INK)


def _colour(points: Points) -> str:
    if points.outer[0, 0] > 0:
        return COLOURS[0]
    return COLOURS[1] if points.outer[1, 0] < 0 else _FAINT


def numbers_of(
    ax: Axes, diagram: Diagram, prob: float, translate: Translator, decimals: int
) -> None:
    """Write the effect of every path next to its row, with the sums below."""
    names, whose = diagram.mediators, diagram.whose
    n = len(names)
    left, right = _COLUMN
    small: dict[str, Any] = {"fontsize": 6.6, "color": MUTED, "va": "center"}
    interval = translate("{} interval", percent(prob))
    ax.text(left, n + 0.72, translate("Mean [{}]", interval), **small)
    ax.text(right, n + 0.72, translate("P(> 0)"), ha="right", **small)
    ax.plot([left, right], [-0.45, -0.45], color=MUTED, linewidth=0.6)

    def line(draws: xr.DataArray, y: float, label: str = "", weight: str = "normal") -> None:
        points = points_of(draws, prob)
        mean, low, high = (written(float(x[0]), decimals) for x in (points.mean, *points.outer))
        where: dict[str, Any] = {"fontsize": 6.9, "va": "center", "fontweight": weight}
        ax.text(left, y, f"{mean}  [{low}, {high}]", **where)
        ax.text(right, y, chance(float((draws > 0).mean()), 2), ha="right", **where)
        ax.text(left - 0.012, y, label, ha="right", **where)

    for k, path in enumerate([v.DIRECT, *names]):
        y = 0.0 if path == v.DIRECT else float(n + 1 - k)
        for who in whose:
            draws = diagram.effects.sel({v.TREATMENT_OF: who, v.PATH: path})
            if draws.any() or len(whose) == 1:
                line(draws, y + _beside(who, whose))
    for k, path in enumerate(map(str, diagram.sums[v.PATH].to_numpy())):
        label = translate(PATHS.get(path, _OWN))
        weight = "bold" if path == v.TOTAL else "normal"
        line(diagram.sums.sel({v.PATH: path}), -0.7 - 0.37 * k, label, weight)
