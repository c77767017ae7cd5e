"""Plot of a panel: treatment status by unit and period, and outcomes over time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style, Words
from bayes_nqp.checks import ADOPTION, ROWS, UNITS
from bayes_nqp.effects.estimands import text
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import label_beside, words
from bayes_nqp.output.plots._registry import Appearance, plot
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

_TITLE = Message("Treatment status and outcomes over time.")
_KEY = Message("Grey: single units. Thick: mean. Vertical: adoption.")
_MOST = 11
"""Cohorts that have a panel."""
_LINES = 400
"""Units of a cohort up to which each has a line."""
_STATUS = ("#FFFFFF", "#DCDCDC", COLOURS[0])
_TOGETHER = 2


@plot(_TITLE, place=12, needs=(ADOPTION, ROWS, UNITS))
def panel(
    panel: Annotated[Panel, Words("a Panel")],
    *,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw treatment status by unit and period, and outcomes by cohort.

    Parameters
    ----------
    panel : Panel
        The data.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Returns
    -------
    Figure
        Left: one line of pixels per unit, with the earliest cohort on top. Right: mean outcomes by
        cohort and period in outcome units, with single units in grey. Up to two cohorts, including
        never-treated units, share one panel; more have one panel each, with the mean of
        never-treated units dashed.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> figure = nqp.plots.panel(nqp.datasets.castle_doctrine())
    >>> [ax.get_title(loc="left") for ax in figure.axes][1:3]
    ['2006 (1)', '2007 (13)']
    """
    panel.need_units(Message("plots.panel"))
    translate, periods = words(language, panel), len(panel.time_labels)
    y = np.full((panel.unit_labels.size, periods), np.nan)
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    cohort = panel.cohort_codes
    sizes = {int(g): int((cohort == g).sum()) for g in np.unique(cohort[cohort >= 0])}
    shown = sorted(sorted(sizes, key=lambda g: -sizes[g])[:_MOST])
    together = len(shown) + int((cohort < 0).any()) <= _TOGETHER
    count = 1 if together else len(shown)
    columns = 1 if count == 1 else 2 if count <= 4 else 3
    rows = -(-count // columns)
    size = (3.0 + (3.4 if together else 1.9 * columns), max(3.2, 1.45 * rows + 1.0))
    outcome = translate.name(panel.roles.outcome)
    with canvas(
        Appearance(0.0, None, title, translate, style),
        size,
        [outcome],
        layout=partial(_axes, count=count, columns=columns),
    ) as page:
        _status(page.ax, panel, ~np.isnan(y), translate)
        never = np.nanmean(y[cohort < 0], axis=0) if (cohort < 0).any() else None
        for k, g in enumerate(shown):
            ax = page.axes[1 if together else 1 + k]
            _paths(ax, y[cohort == g], g, COLOURS[k] if together else COLOURS[0])
            if never is not None:
                ax.plot(never, color=MUTED, linewidth=1.1, linestyle=(0, (4, 2)), gid="never")
            if not together:
                label = translate.name(text(panel.time_labels[g]))
                ax.set_title(f"{label} ({sizes[g]})", fontsize=8.5)
            _ticks(ax, panel, translate, labelled=together or k >= count - columns)
        label_beside(page.axes[1:2], outcome) if count == 1 else page.axes[1].set_ylabel(outcome)
        page.note(_KEY)
        page.note("Dashed: mean of never-treated units.", when=never is not None)
        page.note("In brackets: number of units.", when=not together)
        page.note("… {} not shown …", len(sizes) - len(shown), when=len(sizes) > len(shown))
    return page.figure


def _axes(figure: Figure, count: int, columns: int) -> list[Axes]:
    """Create one panel on the left, and panels with shared axes on the right."""
    rows = -(-count // columns)
    grid = figure.add_gridspec(rows, columns + 1, width_ratios=[1.25, *[1.0] * columns])
    axes = [figure.add_subplot(grid[:, 0])]
    for k in range(count):
        like = axes[1] if k else None
        place = grid[k // columns, 1 + k % columns]
        axes.append(figure.add_subplot(place, sharex=like, sharey=like))
    return axes


def _status(ax: Axes, panel: Panel, seen: np.ndarray, translate: Translator) -> None:
    """Paint a line of pixels a unit: no row, untreated, treated."""
    late = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
    order = np.argsort(late, kind="stable")
    status = np.where(seen, 1 + panel.treatment_path, 0)[order]
    ax.imshow(
        status, aspect="auto", interpolation="nearest", cmap=ListedColormap(_STATUS), vmin=0, vmax=2
    )
    ax.set_ylabel(translate("Units"))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    _ticks(ax, panel, translate, labelled=True)
    names = (Message("untreated", context="period"), Message("treated", context="period"))
    keys = [
        Patch(facecolor=colour, label=translate(name))
        for colour, name in zip(_STATUS[1:], names, strict=True)
    ]
    ax.legend(
        handles=keys, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=7.2,
        handlelength=1.0, borderaxespad=0.2,
    )  # fmt: skip


def _paths(ax: Axes, y: Array, adoption: int, colour: str) -> None:
    """Draw a cohort's units, evenly taken where they are many, and their mean."""
    some = np.unique(np.linspace(0, len(y) - 1, min(len(y), _LINES)).astype(np.int64))
    ax.plot(y[some].T, color=FAINT, linewidth=0.5, alpha=0.5, zorder=0.8, gid="units")
    observed = ~np.isnan(y).all(axis=0)
    mean = np.where(
        observed, np.nansum(y, axis=0) / np.maximum((~np.isnan(y)).sum(axis=0), 1), np.nan
    )
    ax.plot(mean, color=colour, linewidth=1.6, gid="mean")
    ax.axvline(adoption - 0.5, color=colour, linewidth=0.8, gid="adoption")


def _ticks(ax: Axes, panel: Panel, translate: Translator, *, labelled: bool) -> None:
    times = [translate.name(text(label)) for label in panel.time_labels]
    every = -(-len(times) // 4)
    ax.set_xticks(range(0, len(times), every), times[::every])
    ax.tick_params(labelbottom=labelled)
