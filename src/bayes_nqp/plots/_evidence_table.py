"""How far chains agree: R-hat and effective sizes of every quantity, the worst first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from bayes_nqp import diagnostics
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.checks._labels import labelled
from bayes_nqp.checks._said import told
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
    settle,
    style,
)

__all__ = ["table"]

_MOST = 40
"""Quantities that are drawn; the others are better."""
_RHAT, _ESS = diagnostics.RHAT, diagnostics.ESS


def table(result: CheckResult, look: Look) -> Figure:
    """Draw R-hat and effective sizes against their thresholds.

    Parameters
    ----------
    result : CheckResult
        Of kind "table".
    look : Look

    Returns
    -------
    Figure
    """
    evidence = result.evidence
    assert isinstance(evidence, pd.DataFrame)
    say = look.say
    worst = _worst_first(evidence)
    shown = worst.head(_MOST)
    names = [str(told(labelled(name), look.language)) for name in shown["quantity"]]
    with style([*say.values(), look.title or "", *names]):
        figure, left, right = _axes(look, (6.8, 0.165 * len(shown) + 1.25))
        _fill(left, right, shown, look)
        notes = [say["ess_key"], say["worst_first"]]
        if len(worst) > len(shown):
            left_out = say["not_shown"].format(len(worst) - len(shown)).strip("… ")
            notes.append(left_out + ("。" if look.language == "zh" else "."))
        gate = "failed" if result.verdict == "fails" else v.PASSED
        axes = [left, right] if look.ax is None else [look.ax]
        annotate(figure, axes, notes, gate, say, owned=look.ax is None, title=look.title)
        settle([left, right])
        left.tick_params(axis="y", length=0, labelsize=7.4)
        right.tick_params(axis="y", length=0)
        for tick, bad in zip(left.get_yticklabels(), _bad(shown), strict=True):
            tick.set_color(WARNING if bad else INK)
    return figure


def _axes(look: Look, size: tuple[float, float]) -> tuple[Figure, Axes, Axes]:
    """Two panels that share no scale: of a new figure, or within given axes."""
    figure, (ax,) = figure_of(look.ax, size)
    if look.ax is not None:
        ax.set_axis_off()
        return figure, ax.inset_axes((0.0, 0.0, 0.4, 1.0)), ax.inset_axes((0.46, 0.0, 0.54, 1.0))
    figure.clear()
    left, right = figure.subplots(1, 2, width_ratios=(0.43, 0.57))
    return figure, left, right


def _worst_first(evidence: pd.DataFrame) -> pd.DataFrame:
    """Sort by how much of its threshold a quantity uses; what is not finite is worst."""
    rhat = (evidence["r_hat"].to_numpy(dtype=float) - 1) / (_RHAT - 1)
    used = np.maximum(rhat, _ESS / evidence[["ess_bulk", "ess_tail"]].to_numpy(dtype=float).min(1))
    order = np.argsort(-np.nan_to_num(used, nan=np.inf), kind="stable")
    return pd.DataFrame(evidence.iloc[order].reset_index(drop=True))


def _fill(left: Axes, right: Axes, shown: pd.DataFrame, look: Look) -> None:
    say, y = look.say, np.arange(len(shown))[::-1]
    sides = (
        (left, _RHAT, (("r_hat", "o", ACCENT),)),
        (right, _ESS, (("ess_bulk", "o", ACCENT), ("ess_tail", "D", COLOURS[1]))),
    )
    for ax, limit, columns in sides:
        for height in y:
            ax.axhline(height, color=FAINT, linewidth=0.4, zorder=0)
        ax.axvline(limit, color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0.5)
        for name, marker, colour in columns:
            values = shown[name].to_numpy(dtype=float)
            bad = values > limit if ax is left else values < limit
            for mask, shade in ((~bad, colour), (bad, WARNING)):
                ax.plot(
                    values[mask], y[mask], linestyle="none", marker=marker, markersize=3.6,
                    markerfacecolor=shade if marker == "o" else "white", markeredgecolor=shade,
                    markeredgewidth=0.9, zorder=3 if marker == "o" else 2.5,
                )  # fmt: skip
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.spines["left"].set_visible(False)
    left.set_yticks(y, [str(told(labelled(name), look.language)) for name in shown["quantity"]])
    right.set_yticks([])
    left.set_xlabel(say["r_hat"].format(_RHAT))
    right.set_xlabel(say["ess"].format(_ESS))
    _ranges(left, right, shown)


def _ranges(left: Axes, right: Axes, shown: pd.DataFrame) -> None:
    high = float(np.nanmax([*shown["r_hat"], _RHAT]))
    low = min(0.9995, float(np.nanmin(shown["r_hat"])))
    left.set_xlim(low - 0.05 * (high - low), high + 0.08 * (high - low))
    left.xaxis.set_major_locator(MaxNLocator(nbins=4))
    sizes = shown[["ess_bulk", "ess_tail"]].to_numpy(dtype=float)
    low, high = float(np.nanmin([sizes.min(), _ESS])), float(np.nanmax([sizes.max(), _ESS]))
    right.set_xscale("log")
    right.set_xlim(low / 1.3, high * 1.3)
    wide = high > 4 * low
    ticks = [base * 10**k for k in range(7) for base in ((1, 2, 4) if wide else range(1, 10))]
    right.set_xticks([t for t in ticks if low / 1.3 <= t <= high * 1.3])
    right.xaxis.set_minor_locator(NullLocator())
    right.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def _bad(shown: pd.DataFrame) -> list[bool]:
    sizes = shown[["ess_bulk", "ess_tail"]].min(axis=1)
    return [bool(b) for b in ~((shown["r_hat"] <= _RHAT) & (sizes >= _ESS))]
