"""Plot of power-scaling sensitivity to the priors and the likelihood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral, Translator
from bayes_nqp.checks import CheckResult, parameter
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, FAINT, INK, MUTED

_FLOOR = 0.001
_TICKS = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0)


_TO: Final = {"prior": Message("to the priors"), "likelihood": Message("to the likelihood")}


_POWER_SCALING = Message(
    "Dashed: threshold {}. Bold: sensitive to the priors. Above: effects; below: parameters."
)


@evidence("power_scaling")
def power_scaling(result: CheckResult, look: Appearance) -> Figure:
    """Draw the sensitivity of every quantity to the priors and to the likelihood.

    Parameters
    ----------
    result : CheckResult
        Result of kind "power_scaling".
    """
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    translate = look.translate
    names = [_label(str(name), translate) for name in table["quantity"]]
    threshold = float(table.attrs.get("threshold", 0.05))
    with canvas(look, (5.4, 0.215 * len(table) + 1.35), names) as page:
        _fill(page.ax, table, names, threshold)
        page.ax.set_xlabel(translate("Power-scaling sensitivity (log scale)"))
        for key, (marker, colour, filled) in _MARKS.items():
            page.ax.plot(
                [], [], marker, color=colour, label=translate(_TO[key]), markersize=5,
                markerfacecolor=colour if filled else "white",
            )  # fmt: skip
        page.ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=8,
            borderpad=0, handletextpad=0.3,
        )  # fmt: skip
        page.note(_POWER_SCALING, Numeral(f"{threshold:g}"))
        low = (table["prior"] < _FLOOR).any() or (table["likelihood"] < _FLOOR).any()
        page.note(
            "Values below {} are plotted at this value.", Numeral(f"{_FLOOR:g}"), when=bool(low)
        )
        page.ticks = NAMED
    return page.figure


_MARKS: Mapping[str, tuple[str, str, bool]] = {
    "prior": ("o", COLOURS[1], True),
    "likelihood": ("D", COLOURS[0], False),
}


def _fill(ax: Axes, table: pd.DataFrame, names: list[str], threshold: float) -> None:
    height = np.arange(len(table))[::-1].astype(float)
    reported = table["reported"].to_numpy(dtype=bool)
    height[reported] += 0.4 if (~reported).any() else 0.0
    ax.hlines(height, _FLOOR, 1.0, color=FAINT, linewidth=0.4, zorder=0.4)
    ax.axvline(threshold, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.5)
    for key, (marker, colour, filled) in _MARKS.items():
        values = np.maximum(table[key].to_numpy(dtype=float), _FLOOR)
        ax.plot(
            values, height, marker, color=colour, markersize=5 if filled else 4.4,
            markerfacecolor=colour if filled else "white", clip_on=False, zorder=3,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(_FLOOR, 1.0)
    ax.xaxis.set_major_locator(FixedLocator(_TICKS))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.set_yticks(height, names)
    ax.set_ylim(-0.6, height.max() + 0.6)
    ax.spines["left"].set_visible(False)
    for tick, diagnosis in zip(ax.get_yticklabels(), table["diagnosis"], strict=True):
        tick.set_color(INK)
        tick.set_fontweight("bold" if diagnosis else "normal")


def _label(name: str, translate: Translator) -> str:
    if name == "att":
        return translate("Overall")
    if name.startswith("att[") and name.endswith("]"):
        factor, _, level = name[4:-1].partition("=")
        return (
            translate("event time {}", level)
            if factor == v.EVENT_TIME
            else translate.name(level, factor)
        )
    return translate.name(parameter(name))
