"""Plot of the observations behind each group-time cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import text
from bayes_nqp.output.plots._canvas import Canvas, canvas
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, INK, WARNING

_ACROSS, _MOST = 3, 12
"""Panels in a row, and panels at most."""
_FEW, _PRIOR = COLOURS[1], COLOURS[3]
_UPPER = np.array([(-0.5, -0.5), (-0.1, -0.5), (-0.5, -0.1)])
_LOWER = -_UPPER


_CELLS_KEY = Message(
    "Squares: treated observations of one cohort in one period (number and shade)."
)


@evidence("cells")
def cells(result: CheckResult, look: Appearance) -> Figure:
    """Draw the observations of every cell, and its support by data or pooling.

    Parameters
    ----------
    result : CheckResult
        Result of kind "cells".
    look : Appearance
        Appearance; on given axes, groups are drawn one below another.
    """
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    translate = look.translate
    table = table.assign(stratum=_strata(table))
    panels = _panels(table, translate, together=look.ax is not None)
    times = sorted(table[v.TIME].unique())
    lines = [max(len(keys) for keys, _ in panels.values())]
    across = 2 if len(panels) == 4 else min(_ACROSS, len(panels))
    down = -(-len(panels) // across)
    width = float(np.clip(0.36 * len(times) * across + 1.2, 4.6, 11.0))
    size = (width, max(2.0, (0.27 * lines[0] + 0.75) * down + 0.8))
    names = [*panels, *(text(t) for t in times), *(n for keys, _ in panels.values() for n in keys)]
    with canvas(look, size, names, down, across) as page:
        top = float(max(table["rows"].max(), 2))
        for ax, (name, (keys, part)) in zip(page.axes, panels.items(), strict=False):
            _paint(ax, keys, part, times, top, many=len(table) > 400)
            if name:
                ax.set_title(translate.name(name), fontsize=8.5)
        page.empty = len(page.axes) - len(panels)
        for ax in page.axes[len(panels) :]:
            ax.set_visible(False)
        _labels(page.axes, len(panels), across, times, look)
        page.note(_CELLS_KEY)
        _marks(table, page)
        hidden = table["stratum"].nunique() - len(panels) if look.ax is None else 0
        page.note("{} not shown.", hidden, when=hidden > 0)
        page.ticks = {"length": 0, "labelsize": 7.4}
    return page.figure


def _strata(table: pd.DataFrame) -> list[str]:
    """Label every cell's stratum: the columns before the cohort."""
    factors = list(table.columns[: list(table.columns).index(v.COHORT)])
    return [" × ".join(map(str, row)) for row in table[factors].to_numpy(dtype=object)]


def _panels(
    table: pd.DataFrame, translate: Translator, *, together: bool
) -> dict[str, tuple[list[str], pd.DataFrame]]:
    """Return the lines by name and the cells of every panel, with the line of each cell."""
    cohorts = sorted(table[v.COHORT].unique())
    strata = sorted(table["stratum"].unique())
    if together:
        keys = [(s, g) for s in strata for g in cohorts]
        keys = [k for k in keys if ((table["stratum"] == k[0]) & (table[v.COHORT] == k[1])).any()]
        place = {key: i for i, key in enumerate(keys)}
        pairs = zip(table["stratum"], table[v.COHORT], strict=True)
        line = [place[pair] for pair in pairs]
        names = [" · ".join(filter(None, [translate.name(s), text(g)])) for s, g in keys]
        return {"": (names, table.assign(line=line))}
    place_of = {g: i for i, g in enumerate(cohorts)}
    names = [text(g) for g in cohorts]
    panels = {}
    for stratum in strata[:_MOST]:
        part = table[table["stratum"] == stratum]
        panels[stratum] = (names, part.assign(line=[place_of[g] for g in part[v.COHORT]]))
    return panels


def _marks(table: pd.DataFrame, page: Canvas) -> None:
    """Explain the marks that the picture has."""
    few = table[["few_units", "few_controls"]].to_numpy(dtype=bool).any()
    page.note("Orange corner: fewer than 3 treated units or controls.", when=bool(few))
    prior = bool(table["on_prior"].any())
    page.note("Purple corner: the effect of the cell is estimated mainly by pooling.", when=prior)
    page.note("Red cross: not identified.", when=not table["identified"].all())


def _paint(
    ax: Axes, keys: Sequence[str], part: pd.DataFrame, times: list[Any], top: float, *, many: bool
) -> None:
    at = {t: i for i, t in enumerate(times)}
    x = np.array([at[t] for t in part[v.TIME]])
    y = part["line"].to_numpy()
    identified = part["identified"].to_numpy(dtype=bool)
    rows = np.full((len(keys), len(times)), np.nan)
    rows[y[identified], x[identified]] = part["rows"].to_numpy()[identified]
    shades = mpl.colormaps["Blues"](np.linspace(0.12, 0.78, 256))
    norm = LogNorm(1, top)
    ax.pcolormesh(
        np.arange(len(times) + 1) - 0.5, np.arange(len(keys) + 1) - 0.5, rows,
        cmap=mpl.colors.ListedColormap(shades), norm=norm, edgecolor="white", linewidth=0.8,
    )  # fmt: skip
    few = part["few_units"].to_numpy(bool) | part["few_controls"].to_numpy(bool)
    _corners(ax, x[few], y[few], _UPPER, _FEW)
    prior = part["on_prior"].to_numpy(dtype=bool)
    _corners(ax, x[prior], y[prior], _LOWER, _PRIOR)
    ax.plot(
        x[~identified],
        y[~identified],
        "x",
        color=WARNING,
        markersize=5,
        markeredgewidth=1.1,
        zorder=3,
    )
    for i, j, n in (
        [] if many else zip(x[identified], y[identified], part["rows"][identified], strict=True)
    ):
        dark = norm(n) > 0.6
        ax.text(i, j, str(n), ha="center", va="center", fontsize=6.6,
                color="white" if dark else INK)  # fmt: skip
    ax.set_ylim(len(keys) - 0.5, -0.5)
    ax.set_xlim(-0.5, len(times) - 0.5)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_yticks(np.arange(len(keys)), list(keys))


def _corners(
    ax: Axes, x: npt.NDArray[Any], y: npt.NDArray[Any], shape: npt.NDArray[Any], colour: str
) -> None:
    corners = np.stack([x, y], axis=1)[:, None, :] + shape
    ax.add_collection(PolyCollection(list(corners), facecolor=colour, linewidth=0, zorder=2))


def _labels(axes: list[Axes], n: int, across: int, times: list[Any], look: Appearance) -> None:
    names = [text(t) for t in times]
    column = 72 * min(0.36, 9.5 / (len(times) * across))
    every = int(np.ceil((4.6 * max(map(len, names)) + 5) / column))
    for k, ax in enumerate(axes[:n]):
        ax.set_xticks(np.arange(0, len(times), every), names[::every])
        # Panels above an empty place have no axis below that would carry their labels.
        ax.tick_params(axis="x", labelbottom=k + across >= n)
        if k + across >= n:
            ax.set_xlabel(look.translate("Time"))
        if k % across == 0:
            ax.set_ylabel(look.translate("Cohort"))
