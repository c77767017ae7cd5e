"""Plot of simulation-based calibration: deviations of ranks from uniformity, and coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter

from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.calibration import Calibration, differences, ecdf_band
from bayes_nqp.effects.estimands import percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._notes import words
from bayes_nqp.output.plots._registry import Appearance, plot
from bayes_nqp.output.plots._style import ACCENT, COLOURS, FAINT, INK, MUTED, WARNING

_COLUMNS, _MOST = 4, 24
_BAND = 0.95
_SUSPECT = 0.05


_CALIBRATION_TRUTHS = Message(
    "True values: {} draws from {}; outcomes are simulated for the observations of the panel."
)
_CALIBRATION_RANGE = Message(
    "Shaded: {} range of coverage if intervals have their nominal level (lines). Filled: "
    "outside this range."
)
_CALIBRATION_BAND = Message(
    "Grey: simultaneous {} band for the whole curve if ranks are uniform. Red: adjusted "
    "p-value below 0.05."
)
_CALIBRATION_LEFT_OUT = Message("The {} quantities with the most uniform ranks are not shown.")


@plot(Message("Ranks of true values and coverage of intervals."))
def calibration(
    result: Calibration,
    *,
    quantities: Sequence[str] | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the ranks of true values and the coverage of intervals.

    Parameters
    ----------
    result : Calibration
        Result of `nqp.calibrate`.
    quantities : sequence of str, optional
        Names of quantities; all by default, or the 24 with the least uniform ranks.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Returns
    -------
    Figure
        Left: for every quantity, the ECDF of ranks minus the uniform ECDF, with a simultaneous band
        (not if true values come from a fit). Right: coverage with its sampling range.

    Raises
    ------
    StudyError
        If ``result`` is not a calibration or lacks a quantity.

    References
    ----------
    Säilynoja, T., Bürkner, P.-C. and Vehtari, A. (2022). Graphical test for discrete uniformity
    and its applications in goodness-of-fit evaluation and multiple sample comparison. Statistics
    and Computing 32, 32.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel
    >>> found = nqp.calibrate(
    ...     nqp.StaggeredDiD(nqp.CompletePooling()), panel, 20, seed=1, progress=False
    ... )
    >>> figure = nqp.plots.calibration(found)
    """
    translate = words(language)
    chosen = result.only(_chosen(result, quantities))
    names, ranked = chosen.quantities, chosen.ranked
    rows = -(-len(names) // _COLUMNS) if ranked else 0
    height = max(1.0 * rows, 0.2 * len(names)) + 1.3
    left_out = len(result.quantities) - len(names)
    look, panels = Appearance(_BAND, None, title, translate, style), list[Axes]()
    with canvas(look, (9.6 if ranked else 5.2, height), names, layout=lambda _: panels) as page:
        side: Figure | SubFigure = page.figure
        if ranked:
            left, side = _halves(page.figure)
            panels += _draw_ranks(left, chosen, result, translate)
        panels.append(_draw_coverage(side, chosen, translate))
        page.note(_CALIBRATION_TRUTHS, result.replications, _SOURCES[result.source])
        page.note(_CALIBRATION_BAND, percent(_BAND), when=ranked)
        page.note(_CALIBRATION_RANGE, percent(_BAND))
        page.note(_CALIBRATION_LEFT_OUT, left_out, when=left_out > 0 and quantities is None)
    panels[-1].tick_params(**NAMED)
    return page.figure


_SOURCES: Mapping[str, Message] = {
    "prior": Message("the prior"),
    "prior of another design": Message("the prior of another specification"),
    "posterior": Message("the posterior"),
}


def _chosen(result: Calibration, quantities: Sequence[str] | None) -> Sequence[str]:
    if quantities is not None or len(result.quantities) <= _MOST:
        return quantities or result.quantities
    if not result.ranked:
        return result.quantities[:_MOST]
    table = result.uniformity.set_index("quantity")[["p_chi_square", "p_ecdf"]].min(axis=1)
    least = set(table.sort_values().index[:_MOST])
    return [name for name in result.quantities if name in least]


def _halves(figure: Figure) -> tuple[SubFigure, SubFigure]:
    grid = figure.add_gridspec(1, 2, width_ratios=[1.75, 1.0])
    return figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])


def _draw_ranks(
    figure: SubFigure, chosen: Calibration, result: Calibration, translate: Translator
) -> list[Axes]:
    names, ranks = chosen.quantities, chosen.ranks
    rows = -(-len(names) // _COLUMNS)
    grid = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False)
    at, low, high = ecdf_band(len(ranks), chosen.possible, _BAND)
    p = result.uniformity.set_index("quantity")["p_adjusted"]
    axes = list(grid.ravel())
    for ax, name in zip(axes, names, strict=False):
        line = differences(ranks[name].to_numpy(dtype=np.float64), chosen.possible)
        suspect = p[name] < _SUSPECT
        ax.fill_between(at, low, high, color=FAINT, alpha=0.45, linewidth=0, step="mid")
        ax.axhline(0, color=MUTED, linewidth=0.6)
        ax.step(at, line, where="mid", color=WARNING if suspect else ACCENT, linewidth=1.0)
        ax.set_title(name, fontsize=7.5, fontweight="normal", color=WARNING if suspect else INK)
        ax.set_xlim(0, 1)
        ax.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    for k in range(max(len(names) - _COLUMNS, 0), len(names)):
        axes[k].tick_params(labelbottom=True)
    figure.supylabel(translate("ECDF of ranks − uniform"), fontsize=9)
    figure.supxlabel(translate("Rank of the true value among draws (share)"), fontsize=9)
    return axes


def _draw_coverage(figure: Figure | SubFigure, chosen: Calibration, translate: Translator) -> Axes:
    ax = figure.subplots()
    assert isinstance(ax, Axes)
    names, table = chosen.quantities, chosen.coverage
    height = {name: y for y, name in enumerate(reversed(names))}
    for k, (nominal, part) in enumerate(table.groupby("nominal")):
        colour = COLOURS[k % len(COLOURS)]
        low, high = _by_chance(part, float(str(nominal)))
        ax.axvspan(low, high, color=colour, alpha=0.16, linewidth=0)
        ax.axvline(float(str(nominal)), color=colour, linewidth=0.8)
        outside = (part["coverage"] < low) | (part["coverage"] > high)
        y = part["quantity"].map(height).to_numpy()
        face = np.where(outside, colour, "white")
        ax.scatter(part["coverage"], y, s=15, c=face, edgecolors=colour, linewidths=0.9, zorder=3)
    ax.set_yticks(list(height.values()), list(height))
    ax.set_ylim(-0.7, len(names) - 0.3)
    nominals = sorted(table["nominal"].unique())
    ax.set_xticks(nominals)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: translate("{}", percent(round(x, 4)))))
    ax.set_xlabel(translate("Coverage"))
    ax.spines["left"].set_visible(False)
    return ax


def _by_chance(part: pd.DataFrame, nominal: float) -> tuple[float, float]:
    """Return the sampling range of coverage under nominal coverage, by number of replications."""
    from scipy.stats import binom

    count = int(part["replications"].iloc[0])
    if count == 0:
        return 0.0, 1.0
    low, high = binom.interval(_BAND, count, nominal)
    return float(low) / count, float(high) / count
