"""Effects by event time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.annotations import Language
from bayes_nqp.checks import ADOPTION, CheckResult, leads_of
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import (
    EARLY,
    ENOUGH,
    By,
    att,
    by_event_time,
    effects_of,
    names_of,
    percent,
    reference_of,
    same_units,
    worst_gate,
)
from bayes_nqp.language import Message, Numeral, Translator
from bayes_nqp.plots._canvas import Canvas, canvas
from bayes_nqp.plots._intervals import draw_points, few_units, points_of
from bayes_nqp.plots._notes import POINTS, beside, effect_label, words
from bayes_nqp.plots._registry import Appearance, Sketch, plot
from bayes_nqp.plots._scene import Scene
from bayes_nqp.plots._style import COLOURS, FAINT, MUTED
from bayes_nqp.schema import FitOrEffects
from bayes_nqp.tables import apart, event_study_table

_TOGETHER = 3
"""Series that one panel can hold and still be read."""


_LEADS_NOTE = Message(
    "Leads: a fit of their own, relative to event time {}; effects: relative to all periods "
    "before they begin."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    label: str
    draws: xr.DataArray
    leads: xr.DataArray | None
    reference: int


_TITLE = Message("Effects by event time, with leads from a fit of their own.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    for factor in (None, *scene.factors):
        yield Sketch(
            f"event_study_{factor}" if factor else "event_study",
            scene.translate("Effects by event time and {}.", factor)
            if factor
            else scene.translate(_TITLE),
            partial(_drawn_of, scene, factor),
            partial(event_study_table, scene.effects, factor, scene.prob, "eti", scene.weights),
        )


def _drawn_of(scene: Scene, factor: str | None) -> Figure:
    return event_study(scene.effects, by=factor, leads=scene.leads(factor), **scene.weighted)


@plot(_TITLE, section="event_study", place=20, needs=(ADOPTION,), sheets=_sheets)
def event_study(
    fit_or_effects: FitOrEffects,
    *,
    by: By = None,
    prob: float = 0.95,
    leads: CheckResult | xr.DataArray | None = None,
    weights: str = "rows",
    balanced: int | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
) -> Figure:
    """Draw the average effect at every event time, overall or by group.

    Up to three groups share one panel; more get a panel each, with all groups together in grey.
    Points that rest on fewer than 5 units are faint, and where points do not all rest on the same
    units the note says so.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or effects in the schema of the waist.
    by : str, sequence of str or mapping, optional
        Groups to tell apart, as in ``att``.
    prob : float, default 0.95
        Posterior probability of the wide intervals, equal-tailed.
    leads : CheckResult or DataArray (chain, draw, event_time, ...), outcome units, optional
        Effects before adoption: ``nqp.check(fit, "pretrends")``, whose lead fit they come from;
        or draws of negative event times, measured from event time −1, with the groups' dims where
        they are known by group.
    weights : str, default "rows"
        As in ``att``.
    balanced : int, optional
        As in ``att``.
    ax : Axes, optional
        To draw into; all groups then share it.
    title : str, optional
        Of the figure.
    language : str, default "en"
        Of labels and notes.

    Raises
    ------
    StudyError
        As ``att``; and if one panel cannot hold all groups.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp import plots, schema
    >>> effects = schema.build(
    ...     np.random.default_rng(1).normal(size=(4, 100, 1, 2)), strata={}, cohort=[2015, 2015],
    ...     time=[2015, 2016], event_time=[0, 1], rows=[3, 3], units=[3, 3],
    ... )
    >>> plots.event_study(effects).axes[0].get_xlabel()
    'Event time (periods since adoption)'
    """
    effects = effects_of(fit_or_effects)
    translate = words(language, effects)
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    if isinstance(leads, CheckResult):
        leads = _found(leads, names)
    names |= {v.EVENT_TIME: v.EVENT_TIME}
    draws = by_event_time(effects, names, weights, balanced)
    series = _series(draws, leads, translate)
    if ax is not None and len(series) > len(COLOURS):
        raise StudyError(f"one ax cannot hold {len(series)} groups", hint="leave out ax")
    label = effect_label(draws, translate)
    together = ax is not None or len(series) <= _TOGETHER
    columns = 1 if together else {4: 2, 5: 3, 6: 3}.get(len(series), 4)
    rows = 1 if together else -(-len(series) // columns)
    size = (5.6, 3.5) if together else (2.25 * columns + 0.4, 1.85 * rows + 0.8)
    look, texts = Appearance(prob, ax, title, translate), [label, *(line.label for line in series)]
    with canvas(look, size, texts, rows, columns) as page:
        if together:
            _one_panel(page.ax, series, prob, translate)
        else:
            overall = att(effects, v.EVENT_TIME, weights, balanced=balanced)
            _panels(page.axes, series, overall, prob)
        titles = [""] if together else [line.label for line in series]
        page.grid(titles, columns, label, translate("Event time (periods since adoption)"))
        page.note(POINTS, percent(prob))
        page.note("Grey line: all groups together.", when=not together)
        page.note("Zero is the expected path without the policy.", when=leads is None)
        page.note(_LEADS_NOTE, Numeral(f"−{-reference_of(draws)}"), when=leads is not None)
        page.note(EARLY, when=v.ANTICIPATED in draws.coords)
        _composed(page, series, effects, list(names.values()), balanced)
        page.gate = worst_gate(draws, *([] if leads is None else [leads]))
    return page.figure


def _composed(
    page: Canvas,
    series: Sequence[_Series],
    effects: xr.Dataset,
    names: Sequence[str],
    balanced: int | None,
) -> None:
    """Say who is behind the points, where that is few, or not the same throughout."""
    factors = [name for name in names if name in schema.factors(effects)]
    by = factors[0] if len(factors) == 1 else None
    page.note(
        "Points do not all rest on the same units.", when=not same_units(effects, by, balanced)
    )
    pale = [draws for line in series for draws in (line.draws, line.leads) if draws is not None]
    page.note(
        "Faint: fewer than {} units.", ENOUGH, when=any(few_units(draws).any() for draws in pale)
    )


def _found(result: CheckResult, names: Mapping[str, str]) -> xr.DataArray | None:
    """Take leads out of a check; None if it has none by these groups."""
    if result.name != "pretrends":
        raise StudyError(
            f"'leads' is the check {result.name!r}", hint="leads=nqp.check(fit, 'pretrends')"
        )
    if not isinstance(result.evidence, xr.Dataset) or len(names) > 1:
        return None
    new, old = next(iter(names.items()), (None, None))
    leads = leads_of(result.evidence, old)
    return leads if leads is None or new == old else leads.rename({old: new})


def _series(
    draws: xr.DataArray, leads: xr.DataArray | None, translate: Translator
) -> list[_Series]:
    dims = [str(dim) for dim in draws.dims if dim not in (*v.SAMPLE_DIMS, v.EVENT_TIME)]
    if leads is not None and v.EVENT_TIME not in leads.dims:
        raise StudyError(
            "'leads' has no dim 'event_time'", hint="draws by event_time, all negative"
        )
    series = []
    for labels, group in apart(draws, dims):
        group = group.isel({v.EVENT_TIME: ~np.isnan(group.isel(chain=0, draw=0).to_numpy())})
        if not group.sizes[v.EVENT_TIME]:
            continue
        before = leads
        if leads is not None:
            before = leads.sel({dim: level for dim, level in labels.items() if dim in leads.dims})
            before = before.isel({v.EVENT_TIME: before[v.EVENT_TIME].to_numpy() < 0})
        series.append(_Series(translate.names(labels), group, before, reference_of(draws)))
    return series


def _one_panel(ax: Axes, series: list[_Series], prob: float, translate: Translator) -> None:
    step = 0.16 if len(series) <= _TOGETHER else 0.7 / len(series)
    shifts = step * (np.arange(len(series), dtype=np.float64) - (len(series) - 1) / 2)
    for line, shift, colour in zip(series, shifts, COLOURS, strict=False):
        _draw(ax, line, prob, colour, shift, lead=MUTED if len(series) == 1 else colour)
    _frame(ax, series, 12)
    if len(series) > 1:
        _direct_labels(ax, series, shifts)
    elif series[0].leads is None:
        _counts(ax, series[0].draws, translate)
    else:
        small: dict[str, Any] = {"fontsize": 6.8, "color": MUTED, "ha": "center", "va": "top"}
        beside(ax, translate("reference"), (series[0].reference, 0), (0, -6), **small)


def _panels(axes: list[Axes], series: list[_Series], overall: xr.DataArray, prob: float) -> None:
    steps, mean = overall[v.EVENT_TIME].to_numpy(), overall.mean(v.SAMPLE_DIMS).to_numpy()
    for ax, line in zip(axes, series, strict=False):
        ax.plot(steps, mean, color=FAINT, linewidth=1.6, zorder=1)
        _draw(ax, line, prob, COLOURS[0], 0.0, lead=MUTED)
        _frame(ax, series, 6)


def _draw(ax: Axes, series: _Series, prob: float, colour: str, shift: float, *, lead: str) -> None:
    steps = series.draws[v.EVENT_TIME].to_numpy()
    points, few = points_of(series.draws, prob), few_units(series.draws)
    line = np.where(few, np.nan, points.mean)
    ax.plot(steps + shift, line, color=colour, linewidth=0.8, alpha=0.55, zorder=1.5)
    draw_points(ax, steps + shift, points, colour, faint=few)
    if series.leads is not None and series.leads.sizes[v.EVENT_TIME]:
        before = series.leads[v.EVENT_TIME].to_numpy()
        leads, few = points_of(series.leads, prob), few_units(series.leads)
        draw_points(ax, before + shift, leads, lead, hollow=True, faint=few)
        if series.reference not in before:
            ax.plot([series.reference + shift], [0.0], "D", color=lead, markersize=3.2, zorder=3)


def _frame(ax: Axes, series: list[_Series], ticks: int) -> None:
    has_leads = any(line.leads is not None for line in series)
    seen = [line.draws[v.EVENT_TIME].to_numpy() for line in series]
    seen += [line.leads[v.EVENT_TIME].to_numpy() for line in series if line.leads is not None]
    reference = series[0].reference
    periods = np.concatenate([*seen, [reference] if has_leads else []])
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    if has_leads:
        ax.axvline(reference + 0.5, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0.5)
    ax.set_xlim(periods.min() - 0.5, periods.max() + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=ticks, integer=True, min_n_ticks=1))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6))


def _direct_labels(ax: Axes, series: list[_Series], shifts: npt.NDArray[np.floating]) -> None:
    """Write each series' name beside its last point, none over another."""
    ends = [float(line.draws.isel(event_time=-1).mean()) for line in series]
    low, high = ax.get_ylim()
    order, gap = np.argsort(ends), 0.065 * (high - low)
    heights = np.asarray(ends)
    for before, after in pairwise(order):
        heights[after] = max(heights[after], heights[before] + gap)
    heights -= (heights - np.asarray(ends)).mean()
    right = max(float(line.draws[v.EVENT_TIME].max()) for line in series) + max(shifts)
    for line, height, colour in zip(series, heights, COLOURS, strict=False):
        beside(ax, line.label, (right, height), (8, 0), color=colour, fontweight="bold")


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
