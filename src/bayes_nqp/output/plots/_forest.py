"""Groups and their contrasts, one under another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import reported_posterior
from bayes_nqp.effects.estimands import By, att, contrast, convergence_of, names_of, percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import EffectRow, draw_rows
from bayes_nqp.output.plots._notes import CONTRASTS_LEFT_OUT, POINTS, effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS
from bayes_nqp.output.tables import summary

_CONTRASTED = 4
"""Levels of a factor up to which all pairs are compared."""


_BOTH = Message("Hollow squares: under parallel trends; all other values: model average.")
_TITLE = Message("Average effects by group, and differences between groups.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    effects, factors = scene.effects, list(scene.factors)
    yield Sketch(
        "forest",
        scene.translate(_TITLE),
        lambda: forest(scene.fit, by=factors or None, **scene.weighted),
        lambda: summary(
            {name: att(effects, name, scene.weights) for name in factors}
            or att(effects, weights=scene.weights),
            scene.prob,
        ),
    )


@plot(_TITLE, section="results", place=30, sheets=_sheets)
def forest(
    fit_or_effects: FitOrEffects,
    *,
    by: By = None,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the average effect of every group and the contrasts between groups.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, drawn with its model average and, in pale colours, the estimate of the fitted model;
        or effects in the schema of the waist, drawn without changes.
    by : str, sequence of str or mapping, optional
        The factors, one after another; every stratum factor by default.
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
        As ``att``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.forest(fit, by="region")
    """
    posterior = reported_posterior(fit_or_effects)
    effects = posterior.effects
    translate = words(language, effects)
    overall = att(effects, weights=weights)
    factors = names_of(by) or {name: name for name in schema.factors(effects)}
    groups = {new: att(effects, {new: old}, weights) for new, old in factors.items()}
    rows = _rows(overall, groups, translate)
    if posterior.average is not None:
        fitted = posterior.fitted
        besides = {new: att(fitted, {new: old}, weights) for new, old in factors.items()}
        as_fitted = _rows(att(fitted, weights=weights), besides, translate)
        rows = [replace(row, fitted=x.draws) for row, x in zip(rows, as_fitted, strict=True)]
    label = effect_label(overall, translate)
    look = Appearance(prob, ax, title, translate, style)

    size, texts = (6.6, 0.215 * len(rows) + 1.25), [label, *(row.label for row in rows)]
    with canvas(look, size, texts) as page:
        draw_rows(page.ax, rows, prob, translate)
        page.ax.set_xlabel(label)
        page.note(POINTS, percent(prob))
        page.note(_BOTH, when=posterior.average is not None)
        many = any(draws.sizes[new] > _CONTRASTED for new, draws in groups.items())
        page.note(CONTRASTS_LEFT_OUT, _CONTRASTED, when=many)
        page.gate, page.ticks = convergence_of(overall), NAMED
    return page.figure


def _rows(
    overall: xr.DataArray, groups: Mapping[str, xr.DataArray], translate: Translator
) -> list[EffectRow]:
    rows = [EffectRow(translate("Overall"), overall)]
    contrasts = []
    for name, draws in groups.items():
        rows.append(EffectRow(translate.name(name), None))
        for i, level in enumerate(draws[name].to_numpy()):
            level_draws = draws.isel({name: i})
            if not np.isnan(level_draws).any():
                rows.append(EffectRow(translate.name(level, name), level_draws, COLOURS[0]))
        if 1 < draws.sizes[name] <= _CONTRASTED:
            for a, b in combinations(draws[name].to_numpy(), 2):
                pair = contrast(draws, {name: a}, minus=b)
                if not np.isnan(pair).any():
                    between = f"{translate.name(a, name)} − {translate.name(b, name)}"
                    contrasts.append(EffectRow(between, pair, COLOURS[1], "D"))
    return [*rows, *([EffectRow(translate("Contrasts"), None)] if contrasts else []), *contrasts]
