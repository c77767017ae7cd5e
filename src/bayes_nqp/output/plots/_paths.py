"""Path diagram of mediation: treatment, mediators and outcome, with effects on the arrows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import (
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
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._intervals import numbers, points_of
from bayes_nqp.output.plots._notes import LAST_THROUGH, words
from bayes_nqp.output.plots._path_diagram import WIDTH, Diagram, draw_diagram, named_in, numbers_of
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.tables import mediation_table

_MOST: Final = 6
"""Diagrams that one figure holds."""
_ROW: Final = 0.5
"""Height of a row, inches."""
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
_ALL: Final = "all mediators"
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
    names = [*(named_in(name, translate) for name in first.mediators), *ends]
    names += [diagram.title for diagram in diagrams]
    rows = len(first.mediators) + 1
    row = _ROW * (1.0 if len(first.whose) == 1 else 1.75)
    every = [draws for diagram in diagrams for draws in (diagram.effects, diagram.sums)]
    decimals = max(numbers(points_of(draws, prob)) for draws in every)
    look = Appearance(prob, ax, title, translate, style)

    height = len(diagrams) * (row * rows + 0.85) + 0.55
    with canvas(look, (WIDTH, height), names, len(diagrams)) as page:
        for diagram, ax_ in zip(diagrams, page.axes, strict=True):
            draw_diagram(ax_, diagram, ends, prob, translate, row)
            numbers_of(ax_, diagram, prob, translate, decimals)
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
) -> list[Diagram]:
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
        return [Diagram("", *figures)]
    (dim,) = names
    levels = figures[-1][dim].to_numpy() if level is None else [level]
    diagrams = [
        Diagram(
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
