"""Path diagram of mediation: treatment, mediators and outcome, with effects on the arrows."""

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

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator, chance
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import (
    PATHS,
    By,
    at_level,
    by_path,
    convergence_of,
    effects_of,
    lag_of,
    names_of,
    path_coefficients,
    path_coefficients_in_space,
    paths_in_space,
    percent,
    unit_effect_name,
)
from bayes_nqp.model.predictors import linked_name
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._intervals import Points, numbers, points_of, written
from bayes_nqp.output.plots._notes import LAST_THROUGH, beside, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, INK, MUTED
from bayes_nqp.output.plots._wrapped import fitted
from bayes_nqp.output.tables import mediation_table

_MOST: Final = 6
"""Diagrams that one figure holds."""

_WIDTH: Final = 7.0
_ROW: Final = 0.5
"""Height of a row, inches."""
_FAINT: Final = "#9A9A9A"
_FILL: Final = "#F1F3F5"

# Left and right edges of the boxes, and of the column of numbers, as shares of the width.
_TREATMENT, _MEDIATOR, _OUTCOME, _COLUMN = (0.0, 0.1), (0.25, 0.435), (0.585, 0.685), (0.7, 1.0)


_PATHS_KEY = Message(
    "Arrows: posterior means and {} equal-tailed intervals; mediators in their own units."
    " Width: P(sign). Blue: positive; orange: negative; grey: interval includes zero."
)
_PRODUCTS = Message(
    "Indirect effects are averages of cell-level products, which may differ from products"
    " of averages."
)
_DASHED = Message(
    "Solid: effects of own treatment; dashed: of others' treatment. Linked units' "
    "mediators are weighted means."
)
_DASHED_DOSE = Message(
    "Solid: effects of own exposure; dashed: of others' exposure. Linked units' mediators"
    " are weighted means."
)
_LINKED = Message("Linked units' {}")
_OWN: Final = Message("Own")
_ALL: Final = "all mediators"
_APART: Final = 0.26
"""Rows between the arrows of own and of others' treatment, halved."""


@dataclass(frozen=True, slots=True, eq=False)
class _Diagram:
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


_TITLE = Message("Path diagram of mediation.")


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
    """Draw the path diagram of direct and indirect effects of a policy.

    Arrows to mediators show the average effect on the mediator (path a). Arrows from mediators show
    the slope of the outcome (path b), averaged over groups by treated observations. Effects by path
    and their sum are on the right.

    Parameters
    ----------
    fit : Fit
        Fit of a `Mediation`; a Dataset of effects does not contain paths a and b.
    by : str or mapping, optional
        Factor; one diagram per level, one below another.
    level : object, optional
        Single level of `by` to draw.
    prob : float, default 0.95
        Posterior probability of the intervals, equal-tailed.
    weights : str, default "rows"
        As in ``att``.
    ax : Axes, optional
        Axes to draw one diagram into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As ``att``; if `fit` is not a fit of a `Mediation`; or if there are too many levels.

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
    diagrams = _diagrams(fit, by, level, weights, translate)
    if ax is not None and len(diagrams) > 1:
        raise StudyError(f"one ax cannot hold {len(diagrams)} diagrams", hint="level=..., or no ax")
    first = diagrams[0]
    ends = _ends(fit, translate)
    names = [*(_named(name, translate) for name in first.mediators), *ends]
    names += [diagram.title for diagram in diagrams]
    rows = len(first.mediators) + 1
    row = _ROW * (1.0 if len(first.whose) == 1 else 1.75)
    every = [draws for diagram in diagrams for draws in (diagram.effects, diagram.sums)]
    decimals = max(numbers(points_of(draws, prob)) for draws in every)
    look = Appearance(prob, ax, title, translate, style)

    height = len(diagrams) * (row * rows + 0.85) + 0.55
    with canvas(look, (_WIDTH, height), names, len(diagrams)) as page:
        for diagram, ax_ in zip(diagrams, page.axes, strict=True):
            _draw(ax_, diagram, ends, prob, translate, row)
            _numbers(ax_, diagram, prob, translate, decimals)
        page.note(_PATHS_KEY, percent(prob))
        page.note(_PRODUCTS)
        dashed = _DASHED if _dose_of(fit) is None else _DASHED_DOSE
        page.note(dashed, when=len(first.whose) > 1)
        page.note(LAST_THROUGH, when=len({*path_coefficients(fit)[v.MEDIATOR].to_numpy()}) > 1)
        lag = lag_of(fit)
        page.note("Lag of the mediators, in periods: {}.", lag, when=lag > 0)
        page.gate = convergence_of(first.sums)
    return page.figure


def _diagrams(
    fit: FitOrEffects, by: By, level: object, weights: str, translate: Translator
) -> list[_Diagram]:
    names = names_of(by)
    if len(names) > 1:
        raise StudyError(f"by={by!r} names several factors", hint="one factor, or by='stratum'")
    if level is not None and not names:
        raise StudyError(f"level={level!r} of no factor", hint="by='region', level='inland'")
    held = effects_of(fit)
    if set(names.values()) & {unit_effect_name(held), v.MEMBER}:
        raise StudyError(
            f"by={by!r} would be a diagram for every {unit_effect_name(held)}",
            hint="by='region', or another name by which cells differ; nqp.nie(fit, "
            f"by={unit_effect_name(held)!r}) has single ones",
        )
    figures = _in_space(fit, names, weights) if v.VIA in held else _alone(fit, names, weights)
    if not names:
        return [_Diagram("", *figures)]
    (dim,) = names
    levels = figures[-1][dim].to_numpy() if level is None else [level]
    diagrams = [
        _Diagram(
            translate.name(level_name, names[dim]),
            *(at_level(draws, {dim: level_name}) for draws in figures),
        )
        for level_name in levels
    ]
    diagrams = [diagram for diagram in diagrams if not bool(np.isnan(diagram.sums).any())]
    if not diagrams or len(diagrams) > _MOST:
        raise StudyError(f"{len(diagrams)} diagrams are not one figure", hint="level=one of them")
    return diagrams


def _alone(fit: FitOrEffects, by: By, weights: str) -> list[xr.DataArray]:
    """Return paths, effects and sums of mediators without spatial links."""
    parts, effects = path_coefficients(fit, by, weights), by_path(fit, by, weights)
    sums = [x for x in effects[v.PATH].to_numpy() if x in (_ALL, v.TOTAL)]
    a, b = (parts[path].rename({v.MEDIATOR: v.PATH}) for path in ("a", "b"))
    rows = effects.sel({v.PATH: [v.DIRECT, *b[v.PATH].to_numpy()]})
    return [_of_own(a), b, _of_own(rows), effects.sel({v.PATH: sums})]


def _of_own(draws: xr.DataArray) -> xr.DataArray:
    return draws.expand_dims({v.TREATMENT_OF: [v.OWN]})


def _in_space(fit: FitOrEffects, by: By, weights: str) -> list[xr.DataArray]:
    """Return paths, effects and sums by source of treatment and by mediator."""
    parts, effects = path_coefficients_in_space(fit, by, weights), paths_in_space(fit, by, weights)
    sides = effects.sel({v.TREATMENT_OF: [v.OWN, v.OTHERS]})
    sums = effects.sel({v.PATH: v.TOTAL}, drop=True).rename({v.TREATMENT_OF: v.PATH})
    return [
        parts["a"], parts["b"],
        sides.sel({v.PATH: [v.DIRECT, *parts[v.PATH].to_numpy()]}),
        sums.assign_coords({v.PATH: [v.OWN, v.RECEIVED, v.TOTAL]}),
    ]  # fmt: skip


def _named(path: str, translate: Translator) -> str:
    name = path.removeprefix(linked_name(""))
    return translate.name(name) if name == path else translate(_LINKED, translate.name(name))


def _dose_of(fit: FitOrEffects) -> str | None:
    """Name the exposure, where a fit is of one."""
    return getattr(getattr(fit, "facts", None), "exposure", None)


def _ends(fit: FitOrEffects, translate: Translator) -> tuple[str, str]:
    """Label the treatment, with the change of exposure if it is not from 0 to 1."""
    named = str(effects_of(fit).attrs.get("outcome", ""))
    outcome = translate.name(named) if named else translate("Effect")
    treatment, change = getattr(fit, "treatment", ""), getattr(fit, "change", (0, 1))
    if not treatment:
        dose = _dose_of(fit)
        return translate("Treatment") if dose is None else translate.name(dose), outcome
    moved = "" if tuple(change) == (0, 1) else " {:g} → {:g}".format(*change)
    return f"{translate.name(treatment)}{moved}", outcome


def _draw(
    ax: Axes,
    diagram: _Diagram,
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
        _box(ax, _MEDIATOR, (y - 0.36, y + 0.36), _named(name, translate), "white", row)
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
    size, broken = fitted(label, (right - left) * _WIDTH * 72, (high - low) * row * 72)
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


def _numbers(
    ax: Axes, diagram: _Diagram, prob: float, translate: Translator, decimals: int
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
