"""Plot of effects since entry into a treatment and since exit from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import EXITING
from bayes_nqp.effects.estimands import ENOUGH, after_exit, att, convergence_of, percent
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._intervals import draw_points, points_of
from bayes_nqp.output.plots._notes import POINTS, effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, MUTED
from bayes_nqp.output.tables import summary

_TITLE = Message("Effects by periods since entry and since exit.")
_SIDES = (
    (v.EVENT_TIME, Message("Periods since entry (treated)")),
    (v.EXIT_TIME, Message("Periods since exit (no longer treated)")),
)


def _sheets(scene: Scene) -> Iterator[Sketch]:
    effects = scene.posterior.effects.assign_attrs(scene.names)
    if (effects[v.ROLE] == v.AFTER).any():
        yield Sketch(
            "entry_and_exit",
            scene.translate(_TITLE),
            partial(entry_and_exit, effects, prob=scene.prob, language=scene.language),
            partial(_numbers, effects, scene.prob),
        )


def _numbers(effects: FitOrEffects, prob: float) -> pd.DataFrame:
    """Tabulate the points of both panels."""
    tables = [summary(att(effects, by=name), prob=prob) for name, _ in _SIDES]
    return pd.concat(tables, ignore_index=True)


@plot(_TITLE, section="after_exit", place=22, needs=(EXITING,), sheets=_sheets)
def entry_and_exit(
    fit_or_effects: FitOrEffects,
    *,
    weights: str = "rows",
    prob: float = 0.95,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Plot effects while units are treated, and effects that remain after exit.

    Both panels have the same vertical axis. Effects are relative to all periods before the first
    entry; `event_study` shows pre-adoption coefficients. Points with fewer than 5 observations are
    faint.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a panel with ``treatment=`` or ``exit=``, with ``after="effects"``.
    weights : str, default "rows"
        See `att`.
    prob : float, default 0.95
        Posterior probability of the wide equal-tailed intervals.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Style of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If no treatment ends, or if observations after exit are controls.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.exits(units=40, periods=10, seed=1).panel
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.entry_and_exit(fit)
    """
    left, right = (
        att(fit_or_effects, v.EVENT_TIME, weights),
        after_exit(fit_or_effects, v.EXIT_TIME, weights),
    )
    translate = words(language, left)
    label = effect_label(left, translate)
    with canvas(Appearance(prob, None, title, translate, style), (7.4, 3.4), [label], 1, 2) as page:
        axes: list[Axes] = list(page.axes[:2])
        for ax, draws, (name, across), colour in zip(
            axes, (left, right), _SIDES, COLOURS, strict=False
        ):
            few = draws[v.ROWS].to_numpy() < ENOUGH
            draw_points(ax, draws[name].to_numpy(), points_of(draws, prob), colour, faint=few)
            ax.axhline(0.0, color=MUTED, linewidth=0.7, zorder=0.5)
            ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
            ax.set_xlabel(translate(across))
        ends = [bound for ax in axes for bound in ax.get_ylim()]
        for ax in axes:
            ax.set_ylim(min(ends), max(ends))
        axes[0].set_ylabel(label)
        page.note(POINTS, percent(prob))
        page.note("Zero: expected outcome without the policy.")
        fewest = min(float(draws[v.ROWS].min()) for draws in (left, right))
        page.note("Faint: fewer than {} observations.", ENOUGH, when=fewest < ENOUGH)
        page.gate = convergence_of(left)
    return page.figure
