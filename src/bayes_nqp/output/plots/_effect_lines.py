"""Drawing of effects along a column, and where the data have its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import convergence_of, percent, simultaneous
from bayes_nqp.output.plots._canvas import canvas, columns_of
from bayes_nqp.output.plots._intervals import Points, points_of
from bayes_nqp.output.plots._registry import Appearance
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit

_PANELS: Final = 12
_FADED: Final = 0.3
_BINS: Final = 24
_FLOOR: Final = 0.16
"""Share of an axes' height that the histogram takes."""

_OUTSIDE = Message("Dashed and faded: outside the observed range of the moderator.")
_WORDS: Final = {
    "adopted": (
        Message(
            "Line: average effect on the treated if all had this value of the moderator. Bands: "
            "50 % and {} equal-tailed intervals."
        ),
        Message("Grey bars: distribution of the moderator in treated observations."),
        _OUTSIDE,
    ),
    "moderated": (
        Message(
            "Line: average effect on exposed observations if all had this value of the moderator."
            " Bands: 50 % and {} equal-tailed intervals."
        ),
        Message("Grey bars: distribution of the moderator in exposed observations."),
        _OUTSIDE,
    ),
    "exposure": (
        Message(
            "Line: response to this exposure, relative to none. Bands: 50 % and {} equal-tailed "
            "intervals."
        ),
        Message("Grey bars: distribution of exposure in exposed observations."),
        Message("Dashed and faded: outside the observed range of exposure."),
    ),
}
"""Notes on lines, bars and ranges."""
_BAND_NOTE = Message("Dashes: simultaneous {} band for the whole line.")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line of one group.

    Parameters
    ----------
    label : str
        Name of the group; empty for all.
    draws : DataArray (chain, draw, value)
        Effects.
    seen : ndarray (treated observation)
        Values of the moderator.
    """

    label: str
    draws: xr.DataArray
    seen: Array


def draw_lines(
    fit: Fit,
    lines: Sequence[Line],
    name: str,
    label: str,
    look: Appearance,
    *,
    curved: bool,
    of_exposure: bool = False,
) -> Figure:
    """Draw effects against a moderator or an exposure, with histograms of its values.

    Parameters
    ----------
    name : str
        The moderator or exposure: the last dim of draws.
    label : str
        Label of the effects' axis.
    curved : bool
        If True, a simultaneous band for the whole line is added.
    of_exposure : bool, default False
        True if lines are responses to an exposure.

    Raises
    ------
    StudyError
        If there are too many groups.
    """
    if len(lines) > (_PANELS if look.ax is None else 1):
        where = "one ax" if look.ax is not None else "one figure"
        raise StudyError(f"{where} cannot hold {len(lines)} groups", hint="fewer factors in by")
    columns, moderator = columns_of(len(lines)), look.translate.name(name)
    high = -(-len(lines) // columns)
    size = (5.0, 3.5) if len(lines) == 1 else (2.5 * columns + 0.6, 2.3 * high + 0.8)
    texts = [label, moderator, *(line.label for line in lines)]
    at = lines[0].draws[name].to_numpy()
    with canvas(look, size, texts, high, columns) as page:
        for ax_, line in zip(page.axes, lines, strict=False):
            _panel(ax_, line, points_of(line.draws, look.prob), at)
            if curved:
                of_draws = line.draws.transpose(*v.SAMPLE_DIMS, name).to_numpy()
                for end in simultaneous(of_draws, look.prob):
                    ax_.plot(at, end, color=COLOURS[0], linewidth=0.8, linestyle=(0, (4, 3)))
        _histograms(page.axes, lines)
        page.grid([line.label for line in lines], columns, label, moderator, "center")
        for ax_ in page.filled[-columns:]:
            ax_.set_xlabel(moderator)
        adopted = fit.facts.adopted
        key, bars, outside = _WORDS["adopted" if adopted else "moderated"]
        if of_exposure:
            key, bars, outside = _WORDS["exposure"]
        page.note(key, percent(look.prob))
        page.note(_BAND_NOTE, percent(look.prob), when=curved)
        page.note(bars)
        page.note(outside, when=any(_beyond(line, at) for line in lines))
        page.gate = convergence_of(lines[0].draws)
    return page.figure


def _beyond(line: Line, at: Array) -> bool:
    return bool(at.min() < line.seen.min() or at.max() > line.seen.max())


def _panel(ax: Axes, line: Line, points: Points, at: Array) -> None:
    low, high = line.seen.min(), line.seen.max()
    grid = np.unique(np.concatenate([at, [x for x in (low, high) if at.min() < x < at.max()]]))
    curves = [np.interp(grid, at, y) for y in (points.mean, *points.inner, *points.outer)]
    for inside in (False, True):
        pieces = [(grid >= low) & (grid <= high)] if inside else [grid <= low, grid >= high]
        strength = 1.0 if inside else _FADED
        for piece in pieces:
            mean, a, b, c, d = (np.where(piece, y, np.nan) for y in curves)
            for bottom, top, alpha in ((c, d, 0.16), (a, b, 0.24)):
                ax.fill_between(
                    grid, bottom, top, color=COLOURS[0], alpha=alpha * strength, linewidth=0
                )
            dashes = "-" if inside else (0, (3, 2))
            ax.plot(grid, mean, color=COLOURS[0], alpha=max(strength, 0.5), linestyle=dashes,
                    linewidth=1.5)  # fmt: skip
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.set_xlim(at.min(), at.max())
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6))
    ax.set_title(line.label, fontsize=8.5)


def _histograms(axes: Sequence[Axes], lines: Sequence[Line]) -> None:
    """Draw a histogram of the treated units' moderator at the bottom of every panel."""
    low, high = axes[0].get_ylim()
    axes[0].set_ylim(low - _FLOOR * 1.25 * (high - low), high)
    left, right = axes[0].get_xlim()
    edges = np.linspace(left, right, _BINS + 1)
    for ax, line in zip(axes, lines, strict=False):
        count = np.histogram(line.seen, edges)[0].astype(np.float64)
        ax.bar(
            edges[:-1], _FLOOR * count / np.maximum(count.max(), 1.0), np.diff(edges), align="edge",
            color=FAINT, edgecolor="white", linewidth=0.4, zorder=0.2,
            transform=ax.get_xaxis_transform(),
        )  # fmt: skip
