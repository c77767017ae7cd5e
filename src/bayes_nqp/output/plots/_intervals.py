"""Points and intervals to draw: along an axis, or in rows with their numbers at the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Translator, chance
from bayes_nqp.effects.estimands import ENOUGH, percent
from bayes_nqp.output.plots._notes import beside
from bayes_nqp.output.plots._style import INK, MUTED

INNER = 0.5
PALE = 0.32
"""Opacity of what rests on few units."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Posterior means with two equal-tailed intervals.

    Parameters
    ----------
    mean : array (label)
        Posterior means.
    inner, outer : array (2, label)
        Lower and upper ends.
    """

    mean: npt.NDArray[np.float64]
    inner: npt.NDArray[np.float64]
    outer: npt.NDArray[np.float64]


def points_of(draws: xr.DataArray, prob: float) -> Points:
    """Return the means and intervals of draws with at most one dim.

    Parameters
    ----------
    draws : DataArray (chain, draw) or (chain, draw, label)
        Labelled draws.
    prob : float
        Probability of the wide interval; the narrow one has 0.5.

    Returns
    -------
    Points
        Means and bounds; NaN for labels without draws.

    Raises
    ------
    StudyError
        If `prob` is not a probability above one half.
    """
    if not INNER < prob < 1:
        raise StudyError(f"prob={prob!r} is not between 0.5 and 1", hint="prob=0.95")
    flat = draws.transpose(*v.SAMPLE_DIMS, ...).to_numpy()
    flat = flat.reshape(flat.shape[0] * flat.shape[1], -1)
    tails = [(1 - prob) / 2, (1 - INNER) / 2, (1 + INNER) / 2, (1 + prob) / 2]
    lower, low, high, upper = np.quantile(flat, tails, axis=0)
    return Points(flat.mean(axis=0), np.stack([low, high]), np.stack([lower, upper]))


def draw_points(
    ax: Axes,
    place: npt.ArrayLike,
    points: Points,
    colour: str,
    *,
    vertical: bool = True,
    hollow: bool = False,
    size: float = 3.8,
    marker: str = "o",
    faint: npt.ArrayLike = False,
) -> None:
    """Draw means as points, and intervals as thin and thick bars.

    Parameters
    ----------
    ax : Axes
        Axes to draw into.
    place : array (label)
        Positions on the other axis.
    points : Points
        Means and intervals.
    colour : str
        Colour of points and bars.
    vertical : bool, default True
        If True, the effect is on the vertical axis.
    hollow : bool, default False
        If True, draw hollow points.
    size : float, points, default 3.8
        Size of the markers.
    marker : str, default "o"
        Shape of the markers.
    faint : array of bool (label), default False
        Points with few units, drawn faint.
    """
    at = np.atleast_1d(np.asarray(place))
    pale = np.broadcast_to(np.asarray(faint, dtype=bool), at.shape)
    bars = ax.vlines if vertical else ax.hlines
    for some, alpha in ((~pale, 1.0), (pale, PALE)):
        if not some.any():
            continue
        outer, inner, mean = points.outer[:, some], points.inner[:, some], points.mean[some]
        bars(at[some], *outer, color=colour, linewidth=0.9, alpha=alpha, zorder=2, gid="interval")
        bars(at[some], *inner, color=colour, linewidth=3.0, alpha=alpha, zorder=2.1, gid="inner")
        ax.plot(
            *((at[some], mean) if vertical else (mean, at[some])),
            linestyle="none",
            marker=marker,
            markersize=size,
            markerfacecolor="white" if hollow else colour,
            markeredgecolor=colour,
            markeredgewidth=1.0,
            alpha=alpha,
            zorder=3,
            gid="points",
        )


def _joined(parts: list[Points]) -> Points:
    """Points of several rows, side by side."""
    return Points(
        *(np.concatenate([getattr(p, k) for p in parts], axis=-1) for k in Points.__slots__)
    )


def few_units(draws: xr.DataArray) -> npt.NDArray[np.bool_]:
    """Return True for points with few units, if the numbers of units are available."""
    if v.UNITS not in draws.coords:
        return np.zeros(1, dtype=bool)
    return np.asarray(draws[v.UNITS].to_numpy() < ENOUGH)


def numbers(points: Points) -> int:
    """Choose the decimals that show two digits of a typical interval's width.

    Parameters
    ----------
    points : Points
        To be written.
    """
    return numbers_of(points.outer[1] - points.outer[0])


def numbers_of(widths: npt.NDArray[np.float64]) -> int:
    """Choose the decimals that show two digits of a typical width."""
    width = float(np.nanmedian(widths))
    if not np.isfinite(width) or width <= 0:
        return 2
    return int(np.clip(1 - np.floor(np.log10(width)), 0, 6))


def written(value: float, decimals: int) -> str:
    """Write a number with a true minus sign.

    Parameters
    ----------
    value : float
        The number.
    decimals : int
        How many to show.
    """
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


@dataclass(frozen=True, slots=True, eq=False)
class EffectRow:
    """One line of a forest; a heading where there are no draws."""

    label: str
    draws: xr.DataArray | None
    colour: str = INK
    marker: str = "o"
    fitted: xr.DataArray | None = None
    """The same as fitted, drawn pale below draws under the model average."""


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
    looks = [(row.colour, row.marker) for row, _ in drawn]
    for look in dict.fromkeys(looks):
        alike = [k for k, other in enumerate(looks) if other == look]
        colour, marker = look
        draw_points(
            ax,
            [at[k] for k in alike],
            _joined([drawn[k][1] for k in alike]),
            colour,
            vertical=False,
            hollow=marker == "D",
            marker=marker,
            size=3.2 if marker == "D" else 3.8,
        )
    below = [(y, row.fitted) for row, y in zip(rows, height, strict=True) if row.fitted is not None]
    if below:
        points = _joined([points_of(draws, prob) for _, draws in below])
        places = [y - 0.3 for y, _ in below]
        draw_points(ax, places, points, MUTED, vertical=False, hollow=True, size=2.6, marker="s")
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
    decimals = numbers(_joined([points for _, points in drawn]))
    entries = []
    for row, points in drawn:
        assert row.draws is not None
        mean, low, high = (written(float(x[0]), decimals) for x in (points.mean, *points.outer))
        positive = chance(float((row.draws > 0).mean()), 2)
        entries.append((f"{mean}  [{low}, {high}]", positive))
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
