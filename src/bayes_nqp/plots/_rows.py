"""Rows of points and intervals one under another, with their numbers at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bayes_nqp.estimands import percent
from bayes_nqp.language import Translator
from bayes_nqp.plots._intervals import Points, draw_points, numbers, points_of, written
from bayes_nqp.plots._notes import beside
from bayes_nqp.plots._style import INK, MUTED


@dataclass(frozen=True, slots=True, eq=False)
class EffectRow:
    """One line of a forest; a heading where there are no draws."""

    label: str
    draws: xr.DataArray | None
    colour: str = INK
    marker: str = "o"


def draw_rows(ax: Axes, rows: list[EffectRow], prob: float, translate: Translator) -> None:
    """Draw lines one under another, with their numbers at the right.

    Parameters
    ----------
    rows : list of EffectRow
        From the top.
    prob : float
        Of the wide interval.
    translate : Translator
        Words of the figure's language.
    """
    height = np.arange(len(rows))[::-1].astype(float)
    drawn = [(row, points_of(row.draws, prob)) for row in rows if row.draws is not None]
    at = [y for row, y in zip(rows, height, strict=True) if row.draws is not None]
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    for (row, points), y in zip(drawn, at, strict=True):
        draw_points(
            ax,
            [y],
            points,
            row.colour,
            vertical=False,
            hollow=row.marker == "D",
            marker=row.marker,
            size=3.2 if row.marker == "D" else 3.8,
        )
    ax.set_ylim(-0.7, len(rows) - 0.2)
    ax.set_yticks(height, [row.label for row in rows])
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7))
    for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
        if row.draws is None or row is rows[0]:
            tick.set_fontweight("bold")
    _columns(ax, drawn, at, prob, translate)


def _columns(
    ax: Axes,
    drawn: list[tuple[EffectRow, Points]],
    at: list[float],
    prob: float,
    translate: Translator,
) -> None:
    """Write the numbers at the right, in two columns under their headings."""
    decimals = numbers(
        Points(
            *(np.concatenate([getattr(p, k) for _, p in drawn], axis=-1) for k in Points.__slots__)
        )
    )
    entries = []
    for row, points in drawn:
        assert row.draws is not None
        mean, low, high = (written(float(x[0]), decimals) for x in (points.mean, *points.outer))
        chance = float((row.draws > 0).mean())
        entries.append((f"{mean}  [{low}, {high}]", chance_text(chance)))
    heading = (translate("Mean [{}]", translate("{} interval", percent(prob))), translate("P(> 0)"))
    longest = max(len(entry[0]) for entry in entries)
    gap = max(longest * 4.6, 96) + 14
    right = ax.get_yaxis_transform()
    lines = [(max(at) + 1, heading, MUTED)]
    lines += [(y, entry, row.colour) for (row, _), y, entry in zip(drawn, at, entries, strict=True)]
    for y, (number, likely), colour in lines:
        small: dict[str, Any] = {"color": colour, "fontsize": 7.6}
        beside(ax, number, (1, y), (10, 0), right, **small)
        beside(ax, likely, (1, y), (10 + gap + 28, 0), right, ha="right", **small)


def chance_text(chance: float) -> str:
    """Write a probability without claiming certainty that draws cannot give."""
    if chance > 0.995:
        return "> 0.99"
    return "< 0.01" if chance < 0.005 else f"{chance:.2f}"
