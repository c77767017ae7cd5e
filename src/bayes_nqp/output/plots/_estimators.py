"""Plot of a fit with other estimators for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp._core.types import Language, Probability, Style
from bayes_nqp.checks import ADOPTION, ROWS, UNITS
from bayes_nqp.effects.estimands import percent
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._intervals import numbers_of, written
from bayes_nqp.output.plots._notes import beside, effect_label, label_beside, words
from bayes_nqp.output.plots._registry import Appearance, plot
from bayes_nqp.output.plots._style import COLOURS, MUTED
from bayes_nqp.output.tables import estimators_table

_TITLE = Message("Comparison with other estimators.")
_LOOKS: Final = [(colour, marker) for marker in "os^v" for colour in COLOURS]
"""Colours and markers of estimators, in their order."""


@plot(_TITLE, place=25, needs=(ADOPTION, ROWS, UNITS))
def estimators(
    fit: Fit,
    *,
    estimators: Sequence[str] | None = None,
    prob: Probability = 0.95,
    leads: int = 5,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw effects by event time and on average for the fit and other estimators.

    Parameters
    ----------
    fit : Fit
        Fit of a staggered design, with its observations.
    estimators : sequence of str, optional
        As in `estimators_table`; all by default.
    prob : float, default 0.95
        As in `estimators_table`.
    leads : int, default 5
        Number of leads shown for estimators with leads.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Returns
    -------
    Figure
        Figure with the assumptions of each estimator below its name.

    Raises
    ------
    StudyError, NotApplicable
        As `estimators_table`.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.estimators(fit, estimators=["imputation"])
    >>> figure.axes[1].get_xlabel()
    'Average effect'
    """
    table = estimators_table(fit, estimators, prob, language)
    reference = -1 - fit.facts.anticipation
    early = table[v.EVENT_TIME].fillna(0) < reference - leads
    names = list(dict.fromkeys(table["estimator"]))
    groups = [table[~early & (table["estimator"] == name)] for name in names]
    translate = words(language, fit)
    label = effect_label(fit.effects, translate)

    def layout(figure: Figure) -> list[Axes]:
        heights = [3.0, 0.52 * len(names) + 0.2]
        return list(figure.subplots(2, 1, height_ratios=heights))

    size = (6.4, 4.0 + 0.52 * len(names))
    with canvas(
        Appearance(prob, None, title, translate, style),
        size,
        [label, *map(str, table["assumes"])],
        layout=layout,
    ) as page:
        over, average = page.axes
        _over_time(over, groups, reference)
        label_beside([over], label)
        over.set_xlabel(translate("Event time (periods since adoption)"))
        _averages(average, groups, names)
        average.set_xlabel(translate("Average effect"))
        page.note(
            "Points: estimates. Bars: {} intervals (credible for this model; for other "
            "estimators confidence intervals clustered by unit).",
            percent(prob),
        )
        page.note(
            "Other estimators use covariates or weights only if a note says so, and no groups."
        )
        alerts = table.attrs["warned"]
        notes = table.groupby("estimator", sort=False)["note"].first()
        for name, note in notes.items():
            page.note("{}: {}.", name, note, when=bool(note) and name not in alerts)
        page.note(
            "Packages gave warnings for {}: see the column note of nqp.estimators_table(fit).",
            listed(alerts, len(alerts)),
            when=bool(alerts),
        )
        for name, why in table.attrs["left_out"].items():
            page.notes.append(translate("{}: {}.", name, why))
        page.gate = str(fit.gate)
    return page.figure


def _over_time(ax: Axes, groups: list[pd.DataFrame], reference: int) -> None:
    step = min(0.13, 0.8 / len(groups))
    shifts = step * (np.arange(len(groups)) - (len(groups) - 1) / 2)
    for group, shift, (colour, marker) in zip(groups, shifts, _LOOKS, strict=False):
        some = group.dropna(subset=v.EVENT_TIME)
        at = some[v.EVENT_TIME].to_numpy(np.float64) + shift
        first = shift == shifts[0]
        ax.vlines(at, some["lower"], some["upper"], color=colour, linewidth=1.8 if first else 0.9)
        ax.plot(at, some["mean"], marker, color=colour, markersize=4.4 if first else 3.2)
    ax.plot([reference], [0.0], "D", color=MUTED, markersize=3.2)
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.axvline(reference + 0.5, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0.5)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))


def _averages(ax: Axes, groups: list[pd.DataFrame], names: list[str]) -> None:
    heights = np.arange(len(names))[::-1].astype(np.float64)
    lines = [group[group[v.EVENT_TIME].isna()].iloc[0] for group in groups]
    decimals = 1 + numbers_of(np.array([line["upper"] - line["lower"] for line in lines]))
    across = ax.get_yaxis_transform()
    for name, line, y, (colour, marker) in zip(names, lines, heights, _LOOKS, strict=False):
        look: dict[str, Any] = {"color": colour, "fontsize": 7.6}
        ax.hlines([y], line["lower"], line["upper"], color=colour, linewidth=1.4)
        ax.plot([line["mean"]], [y], marker, color=colour, markersize=4)
        mean, low, high = (written(float(line[x]), decimals) for x in ("mean", "lower", "upper"))
        beside(ax, f"{mean}  [{low}, {high}]", (1, y), (8, 0), across, **look)
        beside(ax, name, (0, y), (2, 17), across, fontweight="bold", **look)
        beside(ax, line["assumes"], (0, y), (2, 8), across, **look | {"fontsize": 6.8})
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.set_yticks([])
    ax.set_ylim(-0.5, len(names) - 0.2)
    ax.spines["left"].set_visible(False)
