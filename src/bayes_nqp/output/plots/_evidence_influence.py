"""Plot of the change of the average effect without each unit, most influential first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral, Translator
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import written
from bayes_nqp.output.plots._notes import beside
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import ACCENT, COLOURS, FAINT, INK, MUTED, WARNING

_NAMED = 20
"""Units with a line of their own; the others share one."""
_CONTROL = COLOURS[4]


_INFLUENCE_KEY = Message(
    "Change of the average effect without the unit. Grey band: one posterior SD."
)
_INFLUENCE_K = Message(
    "k: Pareto k of the importance weights; above {} (red) only a refit is reliable."
)


@evidence("influence")
def influence(result: CheckResult, look: Appearance) -> Figure:
    """Draw the shift of the average effect without each of the most influential units.

    Parameters
    ----------
    result : CheckResult
        Result of kind "influence".
    """
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    translate, named = look.translate, table.head(_NAMED)
    names = [_name(row, translate) for row in named.to_dict("records")]
    others = table.iloc[_NAMED:]
    lines = len(named) + (1.6 if len(others) else 0)
    with canvas(look, (6.6, 0.2 * lines + 1.35), names) as page:
        height = -np.arange(len(named), dtype=float)
        _points(page.ax, named, height)
        ticks = dict(zip(height.tolist(), names, strict=True))
        if len(others):
            below = float(height[-1] - 1.6)
            _others(page.ax, others, below)
            ticks[below] = translate("{} others", len(others))
        _frame(page.ax, ticks, translate)
        _columns(page.ax, named, height, float(table.attrs["good_k"]), translate)
        _key(page.ax, table, translate)
        page.note(_INFLUENCE_KEY)
        page.note(_INFLUENCE_K, Numeral(f"{table.attrs['good_k']:.2f}"))
        page.gate = str(table.attrs.get(v.GATE, v.UNVERIFIED))
        page.ticks = {**NAMED, "labelsize": 7.2}
    return page.figure


def _name(row: Mapping[Any, Any], translate: Translator) -> str:
    label = translate.name(next(iter(row.values())))
    cohort = str(row.get(v.COHORT, "several"))
    if cohort == "several":
        return label
    return f"{label} · {translate('never treated') if cohort == 'never' else cohort}"


def _colours(table: pd.DataFrame) -> list[str]:
    return [ACCENT if rows > 0 else _CONTROL for rows in table["treated_rows"]]


def _points(ax: Axes, named: pd.DataFrame, height: Any) -> None:
    shift, colours = named["shift_in_sd"].to_numpy(dtype=float), _colours(named)
    ax.hlines(height, 0, np.nan_to_num(shift), colors=colours, linewidth=1.4, zorder=2)
    for refitted, marker in ((False, "o"), (True, "D")):
        which = np.flatnonzero((named["refitted"] == refitted) & np.isfinite(shift))
        ax.scatter(
            shift[which], height[which], marker=marker, s=20, zorder=3, linewidths=0,
            c=[colours[i] for i in which],
        )  # fmt: skip


def _others(ax: Axes, others: pd.DataFrame, height: float) -> None:
    shift = others["shift_in_sd"].to_numpy(dtype=float)
    ax.scatter(
        shift, np.full(shift.size, height), marker="|", s=42, linewidths=0.6, alpha=0.55,
        c=_colours(others), zorder=2,
    )  # fmt: skip


def _frame(ax: Axes, ticks: Mapping[float, str], translate: Translator) -> None:
    places = list(ticks)
    ax.axvspan(-1, 1, color=FAINT, alpha=0.22, linewidth=0, zorder=0)
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.set_yticks(places, list(ticks.values()))
    ax.set_ylim(min(places) - 0.8, 0.8)
    low, high = ax.get_xlim()
    ax.set_xlim(min(low, -1.15), max(high, 1.15))
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7))
    ax.set_xlabel(translate("Change of the average effect without the unit, in posterior SDs"))


def _columns(
    ax: Axes, named: pd.DataFrame, height: Any, good: float, translate: Translator
) -> None:
    """Write the average effect without each unit, and its Pareto k, at the right."""
    right = ax.get_yaxis_transform()
    small: dict[str, Any] = {"ha": "right", "fontsize": 7.2}
    decimals = int(np.clip(2 - np.floor(np.log10(named["sd_without"].median())), 0, 6))
    lines: list[tuple[float, str, str, str]] = [(0.95, translate("effect without"), "k", MUTED)]
    for y, row in zip(height, named.to_dict("records"), strict=True):
        value = float(row["att_without"])
        shown = written(value, decimals) if np.isfinite(value) else "–"
        k = float(row["pareto_k"])
        lines.append((float(y), shown, f"{k:.2f}", WARNING if k > good else INK))
    for y, effect, k_text, colour in lines:
        beside(ax, effect, (1, y), (62, 0), right, color=MUTED if y > 0 else INK, **small)
        bold = "bold" if colour == WARNING else "normal"
        beside(ax, k_text, (1, y), (94, 0), right, color=colour, fontweight=bold, **small)


def _key(ax: Axes, table: pd.DataFrame, translate: Translator) -> None:
    marks = [
        (ACCENT, "o", translate("treated"), (table["treated_rows"] > 0).any()),
        (
            _CONTROL,
            "o",
            translate("never treated", context="unit"),
            (table["treated_rows"] == 0).any(),
        ),
        (INK, "D", translate("refitted"), table["refitted"].any()),
    ]
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4, linestyle="", label=label)
        for colour, marker, label, present in marks
        if present
    ]
    ax.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(handles),
        frameon=False, fontsize=7, handletextpad=0.2, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
