"""The path diagram: treatment, mediators, outcome, and what each arrow carries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from bayes_nqp import vocabulary as v
from bayes_nqp.annotations import Language, Style
from bayes_nqp.checks import CHANNELS
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import (
    PATHS,
    By,
    at_level,
    by_path,
    effects_of,
    gate_of,
    lag_of,
    legs,
    member_name,
    names_of,
    percent,
)
from bayes_nqp.language import Message, Translator
from bayes_nqp.plots._canvas import canvas
from bayes_nqp.plots._intervals import Points, chance_text, numbers, points_of, written
from bayes_nqp.plots._notes import LAST_THROUGH, beside, fitted, words
from bayes_nqp.plots._registry import Appearance, Sketch, plot
from bayes_nqp.plots._scene import Scene
from bayes_nqp.plots._style import COLOURS, INK, MUTED
from bayes_nqp.schema import FitOrEffects
from bayes_nqp.tables import mediation_table

_SHEETS: Final = 6
"""Diagrams that one figure holds."""

_WIDTH: Final = 7.0
_ROW: Final = 0.5
"""Height of a row, inches."""
_FAINT: Final = "#9A9A9A"
_FILL: Final = "#F1F3F5"

# Left and right edges of the boxes, and of the column of numbers, as shares of the width.
_TREATMENT, _MEDIATOR, _OUTCOME, _COLUMN = (0.0, 0.1), (0.25, 0.435), (0.585, 0.685), (0.7, 1.0)


_PATHS_KEY = Message(
    "On arrows: posterior means and {} equal-tailed intervals, mediators in their own units. "
    "Thicker: surer of the sign. Blue: above zero, orange: below, grey: the interval holds zero."
)
_PRODUCTS = Message(
    "Indirect effects average products over cells, which products of averages need not equal."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """Draws of one diagram."""

    title: str
    a: xr.DataArray
    b: xr.DataArray
    effects: xr.DataArray

    @property
    def mediators(self) -> list[str]:
        return [str(name) for name in self.a[v.MEDIATOR].to_numpy()]


_TITLE = Message("From the policy to the outcome.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    for name, by in scene.groups():
        yield Sketch(
            f"paths{name}",
            scene.translate(_TITLE),
            partial(paths, scene.fit, by=by, **scene.weighted),
            partial(mediation_table, scene.effects, by, scene.prob, "eti", scene.weights),
            shown=by is None,
        )


@plot(_TITLE, section="channels", place=40, needs=(CHANNELS,), sheets=_sheets)
def paths(
    fit: FitOrEffects,
    *,
    by: By = None,
    level: object = None,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw how a policy reaches the outcome: directly, and through every mediator.

    The arrow to a mediator carries the average effect on it; the one from it, the slope of
    the outcome, averaged over strata by treated rows. The effects along the paths, and what they
    add up to, stand at the right.

    Parameters
    ----------
    fit : Fit
        Of a `Mediation`; its effects alone do not say what is on the arrows.
    by : str or mapping, optional
        A diagram for each level of a factor, one under another.
    level : object, optional
        Only this level of `by`.
    prob : float, default 0.95
        Posterior probability of the intervals, equal-tailed.
    weights : str, default "rows"
        As in ``att``.
    ax : Axes, optional
        To draw one diagram into.
    title : str, optional
        Of the figure.
    language : str, default "en"
        Of labels and notes.
    style : mapping, optional
        Of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As ``att``; if it is no fit of a `Mediation`; or if there are too many levels.

    References
    ----------
    Imai, K., Keele, L. and Yamamoto, T. (2010). Identification, inference and sensitivity
    analysis for causal mediation effects. Statistical Science 25(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.paths(fit)
    """
    translate = words(language, effects_of(fit))
    sheets = _diagrams(fit, by, level, weights, translate)
    if ax is not None and len(sheets) > 1:
        raise StudyError(f"one ax cannot hold {len(sheets)} diagrams", hint="level=..., or no ax")
    first = sheets[0]
    ends = _ends(fit, translate)
    names = [*map(translate.name, first.mediators), *ends, *(diagram.title for diagram in sheets)]
    rows = len(first.mediators) + 1
    decimals = max(numbers(points_of(diagram.effects, prob)) for diagram in sheets)
    look = Appearance(prob, ax, title, translate, style)

    height = len(sheets) * (_ROW * rows + 0.85) + 0.55
    with canvas(look, (_WIDTH, height), names, len(sheets)) as page:
        for sheet, ax_ in zip(sheets, page.axes, strict=True):
            _draw(ax_, sheet, ends, prob, translate)
            _numbers(ax_, sheet, prob, translate, decimals)
        page.note(_PATHS_KEY, percent(prob))
        page.note(_PRODUCTS)
        page.note(LAST_THROUGH, when=len(first.mediators) > 1)
        lag = lag_of(fit)
        page.note("Lag of the mediators, in periods: {}.", lag, when=lag > 0)
        page.gate = gate_of(first.effects)
    return page.figure


def _diagrams(
    fit: FitOrEffects, by: By, level: object, weights: str, translate: Translator
) -> list[_Sheet]:
    names = names_of(by)
    if len(names) > 1:
        raise StudyError(f"by={by!r} names several factors", hint="one factor, or by='stratum'")
    if level is not None and not names:
        raise StudyError(f"level={level!r} of no factor", hint="by='region', level='inland'")
    held = effects_of(fit)
    if set(names.values()) & {member_name(held), v.MEMBER}:
        raise StudyError(
            f"by={by!r} would be a diagram for every {member_name(held)}",
            hint="by='region', or another name by which cells differ; nqp.nie(fit, "
            f"by={member_name(held)!r}) has single ones",
        )
    parts, effects = legs(fit, names, weights), by_path(fit, names, weights)
    if not names:
        return [_Sheet("", parts["a"], parts["b"], effects)]
    (dim,) = names
    levels = effects[dim].to_numpy() if level is None else [level]
    sheets = [
        _Sheet(
            translate.name(level_name, names[dim]),
            *(at_level(d, {dim: level_name}) for d in (parts["a"], parts["b"], effects)),
        )
        for level_name in levels
    ]
    sheets = [level_name for level_name in sheets if not bool(np.isnan(level_name.effects).any())]
    if not sheets or len(sheets) > _SHEETS:
        raise StudyError(f"{len(sheets)} diagrams are not one figure", hint="level=one of them")
    return sheets


def _ends(fit: FitOrEffects, translate: Translator) -> tuple[str, str]:
    """Name treatment, with the change whose effect it is where that is not from 0 to 1."""
    named = str(effects_of(fit).attrs.get("outcome", ""))
    outcome = translate.name(named) if named else translate("Effect")
    treatment, change = getattr(fit, "treatment", ""), getattr(fit, "change", (0, 1))
    if not treatment:
        return translate("Treatment"), outcome
    moved = "" if tuple(change) == (0, 1) else " {:g} → {:g}".format(*change)
    return f"{translate.name(treatment)}{moved}", outcome


def _draw(
    ax: Axes, sheet: _Sheet, ends: tuple[str, str], prob: float, translate: Translator
) -> None:
    names = sheet.mediators
    n = len(names)
    ax.set_xlim(-0.005, 1.005)
    ax.set_ylim(-1.25, n + 0.95)
    ax.set_axis_off()
    _box(ax, _TREATMENT, (-0.42, n + 0.42), ends[0], _FILL)
    _box(ax, _OUTCOME, (-0.42, n + 0.42), ends[1], _FILL)
    for k, name in enumerate(names):
        y = float(n - k)
        _box(ax, _MEDIATOR, (y - 0.36, y + 0.36), translate.name(name), "white")
        at = {v.MEDIATOR: k}
        _arrow(ax, (_TREATMENT[1], _MEDIATOR[0]), y, sheet.a.isel(at), prob)
        _arrow(ax, (_MEDIATOR[1], _OUTCOME[0]), y, sheet.b.isel(at), prob)
    direct = sheet.effects.sel({v.PATH: v.DIRECT})
    _arrow(ax, (_TREATMENT[1], _OUTCOME[0]), 0.0, direct, prob, translate("Direct"))
    if sheet.title:
        ax.set_title(sheet.title, fontsize=9, pad=2)


def _box(
    ax: Axes, sides: tuple[float, float], ends: tuple[float, float], label: str, face: str
) -> None:
    left, right = sides
    low, high = ends
    ax.add_patch(
        Rectangle(
            (left, low), right - left, high - low, facecolor=face, edgecolor=INK, linewidth=0.8
        )
    )
    size, broken = fitted(label, (right - left) * _WIDTH * 72, (high - low) * _ROW * 72)
    ax.text(
        (left + right) / 2, (low + high) / 2, broken, ha="center", va="center",
        fontsize=size, linespacing=1.15,
    )  # fmt: skip


def _arrow(
    ax: Axes, ends: tuple[float, float], y: float, draws: xr.DataArray, prob: float, label: str = ""
) -> None:
    """Draw an arrow whose colour and width say how sure its sign is, with its posterior."""
    points = points_of(draws, prob)
    chance = float((draws > 0).mean())
    sure = 2 * abs(chance - 0.5)
    colour = _colour(points)
    width = 0.7 + 2.1 * sure
    ax.add_patch(
        FancyArrowPatch(
            (ends[0], y), (ends[1], y), arrowstyle="-|>", shrinkA=1, shrinkB=0, linewidth=width,
            color=colour, mutation_scale=7 + 2.2 * width, zorder=2, joinstyle="miter",
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


def _numbers(ax: Axes, sheet: _Sheet, prob: float, translate: Translator, decimals: int) -> None:
    """Write the effect along every path beside its row, and below them what they add up to."""
    points = points_of(sheet.effects, prob)
    n = len(sheet.mediators)
    chances = (sheet.effects > 0).mean(v.SAMPLE_DIMS).to_numpy()
    left, right = _COLUMN
    small: dict[str, Any] = {"fontsize": 6.6, "color": MUTED, "va": "center"}
    interval = translate("{} interval", percent(prob))
    ax.text(left, n + 0.72, translate("Mean [{}]", interval), **small)
    ax.text(right, n + 0.72, translate("P(> 0)"), ha="right", **small)
    below = [x for x in ("all mediators", v.RECEIVED, v.TOTAL) if x in sheet.effects[v.PATH]]
    height = {v.DIRECT: 0.0, **{name: -0.68 - 0.37 * k for k, name in enumerate(below)}}
    height |= {name: float(n - k) for k, name in enumerate(sheet.mediators)}
    ax.plot([left, right], [-0.42, -0.42], color=MUTED, linewidth=0.6)
    for k, name in enumerate(map(str, sheet.effects[v.PATH].to_numpy())):
        mean, low, high = (written(float(x[k]), decimals) for x in (points.mean, *points.outer))
        y, bold = height[name], "bold" if name == v.TOTAL else "normal"
        where: dict[str, Any] = {"fontsize": 6.9, "va": "center", "fontweight": bold}
        ax.text(left, y, f"{mean}  [{low}, {high}]", **where)
        ax.text(right, y, chance_text(float(chances[k])), ha="right", **where)
        if y < -0.5:
            ax.text(left - 0.012, y, translate.name(PATHS.get(name, name)), ha="right", **where)
