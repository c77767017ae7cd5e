"""Leads and effects by event time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise, product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Numeral, Translator
from bayes_nqp._core.texts import size_of
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ADOPTION, ReportedPosterior, reported_posterior
from bayes_nqp.effects.estimands import (
    EARLY,
    ENOUGH,
    By,
    effects_of,
    names_of,
    percent,
    same_units,
    worst_convergence,
)
from bayes_nqp.inference.fitting import once
from bayes_nqp.output.plots._canvas import Canvas, canvas
from bayes_nqp.output.plots._intervals import PALE, draw_points, few_units, points_of
from bayes_nqp.output.plots._notes import POINTS, beside, effect_label, words
from bayes_nqp.output.plots._percent import (
    EVENTS,
    EVENTS_NOTE,
    PERCENT_NOTE,
    events_axis,
    in_percent,
    untreated_events,
)
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED
from bayes_nqp.output.tables import event_study_table
from bayes_nqp.robustness import OverTime, over_time

_TOGETHER = 2
"""Series that one panel can hold and still be read."""
_BARS = 8.0
"""Points that the bars of the two periods beside a text take from it."""
_EFFICIENT = COLOURS[1]
"""Of effects as the fit has them."""
_LEADS_NOTE = Message(
    "Hollow: before adoption. Leads and effects come from one model, relative to event time {}."
)
_LEFT_OUT = Message("Cohorts left out, because they are not observed at the reference: {}.")
_FROM = Message("relative to event time {}")
_OWN = {
    True: Message("relative to all earlier periods"),
    False: Message("as estimated with differential trends"),
}
_AVERAGED = Message("model average")
_OWN_NOTE = Message("Squares: reported effects.")
_BAND_NOTE = Message("Dashes: simultaneous {} band for all points of a group.")
_NO_LEADS = Message("No leads: {}")
_TITLE = Message("Event study: leads and effects relative to one reference period.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    for factor in (None, *scene.factors):
        yield Sketch(
            f"event_study_{factor}" if factor else "event_study",
            scene.translate("Effects by event time and {}.", factor)
            if factor
            else scene.translate(_TITLE),
            partial(_drawn_of, scene, factor),
            partial(
                once, scene.given, ("event study", factor, scene.prob, scene.weights),
                partial(
                    event_study_table, scene.given, factor, scene.prob, weights=scene.weights,
                    efficient=True,
                ),
            ),
        )  # fmt: skip


def _drawn_of(scene: Scene, factor: str | None) -> Figure:
    course, total = (over_time(scene.given, by, scene.weights) for by in (factor, None))
    course = replace(course, own=course.own.assign_attrs(scene.names))
    course = _averaged(course, scene.posterior, factor, scene.weights)
    look, drawn = Appearance(scene.prob, None, None, scene.translate), total.main
    if schema.link_of(scene.fitted) == v.LOG:
        course, drawn = in_percent(course), in_percent(total).main
    return _drawn(course, drawn, scene.fitted, factor, look, efficient=True)


def _averaged(
    course: OverTime,
    posterior: ReportedPosterior,
    by: By,
    weights: str,
    balanced: int | None = None,
) -> OverTime:
    """Put effects under the model average in place of those as fitted, where there is one."""
    if posterior.average is None:
        return course
    average = over_time(posterior.effects, by, weights, balanced).own
    return replace(course, own=average.assign_attrs(course.own.attrs), averaged=True)


@plot(_TITLE, section="event_study", place=20, needs=(ADOPTION,), sheets=_sheets)
def event_study(
    fit_or_effects: FitOrEffects,
    *,
    by: By = None,
    prob: float = 0.95,
    leads: bool | int = True,
    efficient: bool | None = None,
    weights: str = "rows",
    balanced: int | None = None,
    reference: int | None = None,
    scale: Literal["link", "percent"] = "link",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw leads and effects by event time, relative to one period, overall or by group.

    Leads and effects come from one model with never-treated units as controls; the reference is the
    last period before effects begin. The model is stored with the fit. Each panel shows pointwise
    intervals and a simultaneous band. Two groups share a panel; more have one panel each. Points
    with fewer than 5 units are faint, and a note states if the set of units changes between points.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects, which have no leads.
    by : str, sequence of str or mapping, optional
        Groups, as in ``att``.
    prob : float, default 0.95
        Posterior probability of the wide equal-tailed intervals, and of the band.
    leads : bool or int, default True
        If True, show leads if they can be estimated; a number shows only the last ones. Without
        leads, effects are those of the fit, relative to all periods before they begin.
    efficient : bool, optional
        If True, draw the reported effects too, in another colour: under the model average, or as
        fitted if there is none. Their baseline is all periods before. By default they are drawn if
        they do not assume parallel trends, as leads and effects from one period do.
    weights : str, default "rows"
        As in ``att``.
    balanced : int, optional
        As in ``att``.
    reference : int, optional
        Event time at which all cohorts are zero, such as -3; by default the last period before
        effects begin. Cohorts that are not observed then are left out.
    scale : {"link", "percent"}, default "link"
        Under a log link, "percent" draws ``exp(x) - 1`` in per cent for effects x in log points. A
        single panel has a second axis in events per treated observation.
    ax : Axes, optional
        Axes to draw into; all groups then share it.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As ``att``. Also if no lead is identified at the reference, or a single panel has no space
        for all groups.

    References
    ----------
    Roth, J. (2024). Interpreting event-studies from recent difference-in-differences methods.
    Working paper.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.event_study(fit)
    """
    course, total = (
        over_time(fit_or_effects, groups, weights, balanced, leads, reference)
        for groups in (by, None)
    )
    effects = effects_of(fit_or_effects)
    if efficient is not False:
        posterior = reported_posterior(fit_or_effects)
        course = _averaged(course, posterior, by, weights, balanced)
    if scale == "percent":
        course, total = in_percent(course), in_percent(total)
    look = Appearance(prob, ax, title, words(language, course.own), style)
    return _drawn(course, total.main, effects, by, look, balanced, efficient=efficient)


def _drawn(
    course: OverTime,
    total: xr.DataArray,
    effects: xr.Dataset,
    by: By,
    look: Appearance,
    balanced: int | None = None,
    *,
    efficient: bool | None = None,
) -> Figure:
    translate, ax = look.translate, look.ax
    series = list(course.groups())
    if ax is not None and len(series) > len(COLOURS):
        raise StudyError(f"one ax cannot hold {len(series)} groups", hint="leave out ax")
    shown = course.averaged or not course.whole if efficient is None else efficient
    fitted = course.effects is not None and shown
    label = effect_label(course.own, translate)
    together = ax is not None or len(series) <= (1 if fitted else _TOGETHER)
    columns = 1 if together else {4: 2, 5: 3, 6: 3}.get(len(series), min(len(series), 4))
    rows = 1 if together else -(-len(series) // columns)
    size = (5.6, 3.5) if together else (max(2.25 * columns + 0.4, 6.2), 1.85 * rows + 1.3)
    names = [translate.names(line.labels or {}) for line in series]
    with canvas(look, size, [label, *names], rows, columns) as page:
        if together:
            _one_panel(page.ax, series, names, look, fitted=fitted)
        else:
            mean = total.mean(v.SAMPLE_DIMS).to_numpy()
            for panel, line in zip(page.axes, series, strict=False):
                panel.plot(total[v.EVENT_TIME], mean, color=FAINT, linewidth=1.6, zorder=1)
                _draw(panel, line, look.prob, COLOURS[0], 0.0, lead=MUTED, fitted=fitted)
                _frame(panel, series, 6)
        across = translate("Event time (periods since adoption)")
        page.grid([""] if together else names, columns, label, across)
        if fitted:
            _key(page.ax, course, translate)
        _notes(page, course, look.prob, fitted=fitted)
        _percent(page, course, effects, alone=together and len(series) == 1)
        page.note("Grey line: average over groups.", when=not together)
        factors = [old for old in names_of(by).values() if old in schema.factors(effects)]
        same = same_units(effects, factors[0] if len(factors) == 1 else None, balanced)
        page.note("Points refer to different sets of units.", when=not same)
        few = any(few_units(draws).any() for line in series for draws in (*line.parts, line.own))
        page.note("Faint: fewer than {} units.", ENOUGH, when=few)
        page.gate = worst_convergence(course.own, *course.parts)
    return page.figure


def _percent(page: Canvas, course: OverTime, effects: xr.Dataset, *, alone: bool) -> None:
    """Explain per cent, and add the axis in events to a single panel."""
    if schema.link_of(effects) == schema.link_of(course.own):
        return
    events = untreated_events(effects) if alone else None
    page.note(PERCENT_NOTE)
    if events is not None:
        events_axis(page.ax, events, page.translate(EVENTS))
        page.note(EVENTS_NOTE, f"{events:.3g}")


def _notes(page: Canvas, course: OverTime, prob: float, *, fitted: bool) -> None:
    alone = course.effects is None
    page.note(POINTS, percent(prob))
    page.note(_LEADS_NOTE, Numeral(f"−{-course.reference}"), when=not alone)
    page.note(_LEFT_OUT, course.left_out, when=course.left_out > 0)
    page.note(_OWN_NOTE, when=fitted)
    page.note(_BAND_NOTE, percent(prob))
    page.note("Zero: expected outcome without the policy.", when=alone)
    page.note(_NO_LEADS, course.missing, when=bool(course.missing))
    page.note(EARLY, when=v.ANTICIPATED in course.own.coords)


def _one_panel(
    ax: Axes, series: list[OverTime], names: list[str], look: Appearance, *, fitted: bool
) -> None:
    step = 0.16 if len(series) <= _TOGETHER else 0.7 / len(series)
    shifts = step * (np.arange(len(series), dtype=np.float64) - (len(series) - 1) / 2)
    for line, shift, colour in zip(series, shifts, COLOURS, strict=False):
        lead = MUTED if len(series) == 1 else colour
        _draw(ax, line, look.prob, colour, shift, lead=lead, fitted=fitted)
    _frame(ax, series, 12)
    if len(series) > 1:
        _direct_labels(ax, series, names, shifts)
    elif series[0].leads is None:
        _counts(ax, series[0].main, look.translate)
    else:
        _reference(ax, series[0].reference, look.translate("reference"))


def _reference(ax: Axes, period: int, text: str) -> None:
    """Label the reference period if the text fits between the adjacent periods."""
    figure, size = ax.get_figure(root=True), 6.8
    assert figure is not None
    low, high = ax.get_xlim()
    points = 72 * float(ax.get_position().width * figure.get_size_inches()[0])
    if 0.56 * size * size_of(text) + _BARS <= 2 * points / (high - low):
        small: dict[str, Any] = {"fontsize": size, "color": MUTED, "ha": "center", "va": "top"}
        beside(ax, text, (period, 0), (0, -6), **small)


def _draw(
    ax: Axes, series: OverTime, prob: float, colour: str, shift: float, *, lead: str, fitted: bool
) -> None:
    steps = series.main[v.EVENT_TIME].to_numpy()
    points, few = points_of(series.main, prob), few_units(series.main)
    line = np.where(few, np.nan, points.mean)
    ax.plot(steps + shift, line, color=colour, linewidth=0.8, alpha=0.55, zorder=1.5)
    draw_points(ax, steps + shift, points, colour, faint=few)
    _band(ax, series, prob, shift, (lead, colour))
    if series.leads is not None:
        before = series.leads[v.EVENT_TIME].to_numpy()
        leads, few = points_of(series.leads, prob), few_units(series.leads)
        draw_points(ax, before + shift, leads, lead, hollow=True, faint=few)
        ax.plot([series.reference + shift], [0.0], "D", color=lead, markersize=3.2, zorder=3)
    if fitted:
        at = series.own[v.EVENT_TIME].to_numpy() + shift + 0.22
        few = few_units(series.own)
        draw_points(
            ax, at, points_of(series.own, prob), _EFFICIENT, marker="s", size=3.2, faint=few
        )


def _band(ax: Axes, series: OverTime, prob: float, shift: float, colours: tuple[str, str]) -> None:
    """Mark both ends of the band, those of leads and of effects in a colour each."""
    every = np.concatenate([draws[v.EVENT_TIME].to_numpy() for draws in series.parts])
    onset = series.onset if series.leads is not None else series.reference
    few = np.concatenate([np.broadcast_to(few_units(x), x.shape[-1]) for x in series.parts])
    early, ends = every < onset, np.stack(series.band(prob))
    for (colour, part), pale in product(zip(colours, (early, ~early), strict=True), (False, True)):
        some = part & (few == pale)
        look: dict[str, Any] = {"color": colour, "alpha": PALE if pale else 1.0, "gid": "band"}
        if some.any():
            at, heights = np.tile(every[some] + shift, 2), ends[:, some].ravel()
            ax.plot(at, heights, "_", markersize=5, zorder=1, **look)


def _key(ax: Axes, course: OverTime, translate: Translator) -> None:
    """Name both baselines, in their colours."""
    named = (
        ("o", COLOURS[0], translate(_FROM, Numeral(f"−{-course.reference}"))),
        ("s", _EFFICIENT, translate(_AVERAGED if course.averaged else _OWN[course.whole])),
    )
    keys = [Line2D([], [], color=c, marker=m, markersize=4, label=text) for m, c, text in named]
    ax.legend(handles=keys, framealpha=0.8, edgecolor="none", fontsize=7, handlelength=1.2)


def _frame(ax: Axes, series: list[OverTime], ticks: int) -> None:
    has_leads = any(line.leads is not None for line in series)
    seen = [draws[v.EVENT_TIME].to_numpy() for line in series for draws in line.parts]
    reference = series[0].reference
    periods = np.concatenate([*seen, [reference] if has_leads else []])
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    if has_leads:
        ax.axvline(series[0].onset, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0.5)
    ax.set_xlim(periods.min() - 0.5, periods.max() + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=ticks, integer=True, min_n_ticks=1))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6))


def _direct_labels(
    ax: Axes, series: list[OverTime], names: list[str], shifts: npt.NDArray[np.floating]
) -> None:
    """Label each series at its last point without overlaps."""
    ends = [float(line.main.isel(event_time=-1).mean()) for line in series]
    low, high = ax.get_ylim()
    order, gap = np.argsort(ends), 0.065 * (high - low)
    heights = np.asarray(ends)
    for before, after in pairwise(order):
        heights[after] = max(heights[after], heights[before] + gap)
    heights -= (heights - np.asarray(ends)).mean()
    right = max(float(line.main[v.EVENT_TIME].max()) for line in series) + max(shifts)
    for name, height, colour in zip(names, heights, COLOURS, strict=False):
        beside(ax, name, (right, height), (8, 0), color=colour, fontweight="bold")


def _counts(ax: Axes, draws: xr.DataArray, translate: Translator) -> None:
    """Write the units behind every point along the bottom: they change as cohorts drop out."""
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, 0 - 0.04 * (high - low)) - 0.1 * (high - low), high)
    bottom = ax.get_xaxis_transform()
    small: dict[str, Any] = {"fontsize": 6.8, "color": MUTED, "va": "bottom"}
    steps = draws[v.EVENT_TIME].to_numpy()
    every = -(-len(steps) // 16)
    for step, units in list(zip(steps, draws[v.UNITS].to_numpy(), strict=True))[::every]:
        ax.text(step, 0.025, f"{units}", ha="center", transform=bottom, **small)
    beside(ax, translate("units"), (float(steps.max()), 0.025), (14, 0), bottom, **small)
