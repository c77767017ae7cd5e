"""What checks of channels found, mediator by mediator."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.checks._channels import LEVELS, QUANTILES
from bayes_nqp.plots._evidence import Look
from bayes_nqp.plots._notes import annotate
from bayes_nqp.plots._style import (
    ACCENT,
    COLOURS,
    FAINT,
    INK,
    MUTED,
    WARNING,
    figure_of,
    new_figure,
    settle,
    style,
)
from bayes_nqp.plots._words import percent

__all__ = ["channels"]

_COLOUR = {"holds": ACCENT, "in doubt": COLOURS[1], "fails": WARNING}
_LIMITS = {"correlation": (-0.3, 0.3), "r_squared": (0.7, 0.9)}


_LEAST = 1.9
"""Height that the notes and one row need, inches."""


def channels(result: CheckResult, look: Look) -> Figure:
    """Draw every quantity with its interval, in the colour of its verdict.

    Parameters
    ----------
    result : CheckResult
        Of kind "channels".
    look : Look
        With an ax, only the quantities on the first scale are drawn, into it.

    Returns
    -------
    Figure
    """
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    say, shown = look.say, _within(table, look.prob)
    scales = list(dict.fromkeys(shown["scale"]))[: 1 if look.ax is not None else None]
    parts = [shown[shown["scale"] == scale] for scale in scales]
    lines = [(_lines(part, look), _heights(part)) for part in parts]
    texts = [label for names, _ in lines for both in names for label in both]
    with style([*say.values(), look.title or "", *texts]):
        figure, axes = _axes(look, [heights[-1] for _, heights in lines])
        for ax, part, scale, (names, heights) in zip(axes, parts, scales, lines, strict=True):
            _draw(ax, part, scale, names, heights)
            ax.set_xlabel(say[f"scale_{scale}"])
        notes = [say["channels_key"]]
        if shown["lower"].notna().any():
            notes.append(say["channels_interval"].format(percent(look.prob)))
        if any(scale in _LIMITS for scale in scales):
            notes.append(say["channels_limits"])
        gate = str(table.attrs.get(v.GATE, v.UNVERIFIED))
        annotate(figure, axes, notes, gate, say, owned=look.ax is None, title=look.title)
        settle(axes)
        for ax in axes:
            ax.tick_params(axis="y", length=0)
    return figure


def _within(table: pd.DataFrame, prob: float) -> pd.DataFrame:
    """Take the rows with a value, and their intervals at a probability."""
    ends = table[["lower", "upper"]].to_numpy(dtype=np.float64, copy=True)
    for k, told in enumerate(table.attrs.get(QUANTILES, ())):
        if told:
            ends[k] = np.interp([(1 - prob) / 2, (1 + prob) / 2], LEVELS, told)
    return table.assign(lower=ends[:, 0], upper=ends[:, 1])[table["value"].notna()]


def _axes(look: Look, sizes: list[float]) -> tuple[Figure, list[Axes]]:
    if look.ax is not None:
        return figure_of(look.ax, (6.4, 3.0))
    figure = new_figure((6.4, max(_LEAST, sum(0.215 * size + 0.75 for size in sizes) + 0.4)))
    grid = figure.subplots(len(sizes), 1, squeeze=False, height_ratios=[x + 1 for x in sizes])
    return figure, list(grid.ravel())


def _heights(part: pd.DataFrame) -> list[float]:
    """Distance of each row from the top, with a gap and a heading before each mediator."""
    heights, place, last = [], -1.0, None
    for name in part["mediator"]:
        place += 2.15 if name != last and not part["mediator"].is_unique else 1.0
        heights.append(place)
        last = name
    return [*heights, place + 0.6]


def _lines(part: pd.DataFrame, look: Look) -> list[tuple[str, str]]:
    """Labels of the rows, and of the mediators they belong to where these have several."""
    pairs = [
        (_named(str(q), look), _named(str(m), look))
        for q, m in zip(part["quantity"], part["mediator"], strict=True)
    ]
    if not part["mediator"].is_unique:
        return pairs
    return [(q if q == m else look.say["channel_of"].format(m, q), "") for q, m in pairs]


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


def _named(text: str, look: Look) -> str:
    """Say a quantity in the figure's language; names of mediators as they are."""
    say = look.say
    known = say.get(f"channel_{text}")
    if known is not None:
        return known
    if text == "overall":
        return say["overall"]
    for word in ("without", "with"):
        match = re.fullmatch(rf"{word} (.+)", text)
        if match:
            return say[f"channel_{word}"].format(match[1])
    return text
