"""Plots of mediation checks by mediator."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import LEVELS, QUANTILES, CheckResult, texts_of
from bayes_nqp.effects.estimands import percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import ACCENT, COLOURS, FAINT, INK, MUTED, WARNING

_COLOUR = {"passed": ACCENT, "caution": COLOURS[1], "failed": WARNING}
_LIMITS = {"correlation": (-0.3, 0.3), "r_squared": (0.7, 0.9)}


_LEAST = 1.9
"""Height that the notes and one row need, inches."""


_SCALE: Final = {
    "effect": Message("Effect on the outcome"),
    "slope": Message("Outcome per unit of the mediator"),
    "sd": Message("In within-unit SDs of the mediator"),
    "periods": Message("Periods"),
    "correlation": Message("Correlation of innovations"),
    "r_squared": Message("Common share of within-unit variation"),
    "share": Message("Share of the total effect"),
}
_CHANNEL: Final = {
    "overall": Message("Overall"),
    "slope before adoption": Message("pre-adoption slope per period"),
    "effect on the mediator": Message("effect on the mediator"),
    "indirect effect": Message("indirect effect"),
    "indirect effect, a period earlier": Message("indirect effect, mediators lagged by one period"),
    "direct effect": Message("direct effect"),
    "direct and indirect": Message("sum of direct and indirect effects"),
    "outcome alone": Message("model of the outcome only"),
    "proportion mediated": Message("proportion mediated"),
    "as fitted": Message("as fitted"),
    "delay": Message("lag of the response"),
    "outcome": Message("outcome, total effect"),
    "all mediators": Message("all mediators"),
    "with the treatment": Message("with the treatment"),
    "with the outcome": Message("with the outcome"),
}


@evidence("channels")
def channels(result: CheckResult, look: Appearance) -> Figure:
    """Draw every quantity with its interval, in the colour of its verdict.

    Parameters
    ----------
    result : CheckResult
        Result of kind "channels".
    look : Appearance
        With an ax, only the quantities on the first scale are drawn, into it.
    """
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    translate, shown = look.translate, _within(table, look.prob)
    scales = list(dict.fromkeys(shown["scale"]))[: 1 if look.ax is not None else None]
    parts = [shown[shown["scale"] == scale] for scale in scales]
    lines = [(_lines(part, look), _heights(part)) for part in parts]
    texts = [label for names, _ in lines for pair in names for label in pair]
    layout = partial(_stack, [heights[-1] for _, heights in lines])
    sizes = sum(0.215 * heights[-1] + 0.75 for _, heights in lines) + 0.4
    with canvas(look, (6.4, max(_LEAST, sizes)), texts, layout=layout) as page:
        for ax, part, scale, (names, heights) in zip(page.axes, parts, scales, lines, strict=True):
            _draw(ax, part, scale, names, heights)
            ax.set_xlabel(translate(_SCALE[scale]))
        page.note("Blue: passed; orange: caution; red: failed; grey: no verdict.")
        bars = bool(shown["lower"].notna().any())
        page.note("Bars: {} equal-tailed intervals.", percent(look.prob), when=bars)
        page.note("Dashed: thresholds of the verdict.", when=any(x in _LIMITS for x in scales))
        page.gate, page.ticks = str(table.attrs.get(v.GATE, v.UNVERIFIED)), NAMED
    return page.figure


def _within(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Take the rows with a value, and their intervals at a probability."""
    ends = table[["lower", "upper"]].to_numpy(dtype=np.float64, copy=True)
    for k, quantiles in enumerate(table.attrs.get(QUANTILES, ())):
        if quantiles:
            ends[k] = np.interp([(1 - prob) / 2, (1 + prob) / 2], LEVELS, quantiles)
    return table.assign(lower=ends[:, 0], upper=ends[:, 1])[table["value"].notna()]


def _stack(sizes: list[float], figure: Figure) -> list[Axes]:
    grid = figure.subplots(len(sizes), 1, squeeze=False, height_ratios=[x + 1 for x in sizes])
    return list(grid.ravel())


def _heights(part: pd.DataFrame) -> list[float]:
    """Distance of each row from the top, with a gap and a heading before each mediator."""
    heights, place, last = [], -1.0, None
    for name in part["mediator"]:
        place += 2.15 if name != last and not part["mediator"].is_unique else 1.0
        heights.append(place)
        last = name
    return [*heights, place + 0.6]


def _lines(part: pd.DataFrame, look: Appearance) -> list[tuple[str, str]]:
    """Labels of the rows, and of the mediators they belong to where these have several."""
    pairs = [
        (_named(quantity, look), _named(mediator, look))
        for quantity, mediator in zip(
            texts_of(part, "quantity"), texts_of(part, "mediator"), strict=True
        )
    ]
    if not part["mediator"].is_unique:
        return pairs
    return [(q if q == m else look.translate("{}: {}", m, q), "") for q, m in pairs]


def _draw(
    ax: Axes, part: pd.DataFrame, scale: str, names: list[tuple[str, str]], heights: list[float]
) -> None:
    place = -np.array(heights[:-1])
    colours = [_COLOUR.get(str(x), MUTED) for x in part["verdict"]]
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    for limit in _LIMITS.get(scale, ()):
        ax.axvline(limit, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0.5)
    ax.hlines(place, part["lower"], part["upper"], colors=colours, linewidth=1.3, zorder=2)
    ax.scatter(part["value"], place, c=colours, s=20, linewidths=0, zorder=3)
    ticks, labels, bold = [], [], []
    last = None
    for height, (quantity, mediator) in zip(place, names, strict=True):
        if mediator and mediator != last:
            ticks.append(float(height) + 1.0)
            labels.append(mediator)
            bold.append(True)
            last = mediator
        ax.axhline(height, color=FAINT, linewidth=0.4, zorder=0)
        ticks.append(float(height))
        labels.append(quantity)
        bold.append(False)
    ax.set_yticks(ticks, labels)
    for tick, strong in zip(ax.get_yticklabels(), bold, strict=True):
        tick.set_color(INK)
        tick.set_fontweight("bold" if strong else "normal")
    ax.set_ylim(-heights[-1], -heights[0] + (1.6 if any(bold) else 0.6))
    if scale == "r_squared":
        ax.set_xlim(-0.02, 1.02)
    if scale == "correlation":
        reach = min(1.0, max(0.4, 1.1 * float(np.nanmax(np.abs(part[["lower", "upper"]])))))
        ax.set_xlim(-reach, reach)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7))


def _named(label: str, look: Appearance) -> str:
    """Return the name of a quantity in the figure's language, with mediators untranslated."""
    return look.translate.name(_CHANNEL.get(label, label))
