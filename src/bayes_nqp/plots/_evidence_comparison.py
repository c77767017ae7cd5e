"""Contrasts under several specifications, side by side."""

from __future__ import annotations

import re

import xarray as xr
from matplotlib.figure import Figure

from bayes_nqp.checks import CheckResult
from bayes_nqp.estimands import gate_of
from bayes_nqp.plots._evidence import Look
from bayes_nqp.plots._forest import Row, draw_rows
from bayes_nqp.plots._notes import annotate
from bayes_nqp.plots._style import COLOURS, INK, figure_of, settle, style
from bayes_nqp.plots._words import effect_label, percent

__all__ = ["comparison"]


def comparison(result: CheckResult, look: Look) -> Figure:
    """Draw every contrast under each specification, the fit's own first.

    Parameters
    ----------
    result : CheckResult
        Of kind "comparison".
    look : Look

    Returns
    -------
    Figure
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    say, draws = look.say, evidence["contrast"]
    rows = _rows(draws, look)
    label = say["difference_of"].format(effect_label(draws, say))
    with style([*say.values(), label, look.title or "", *(row.label for row in rows)]):
        figure, (ax,) = figure_of(look.ax, (6.8, 0.215 * len(rows) + 1.25))
        draw_rows(ax, rows, look.prob, say)
        for tick in ax.get_yticklabels():
            tick.set_fontweight("normal")
        for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
            if row.draws is None:
                tick.set_fontweight("bold")
        ax.set_xlabel(label)
        notes = [say["points"].format(percent(look.prob)), say["first_is_own"]]
        gate = gate_of(draws)
        annotate(figure, [ax], notes, gate, say, owned=look.ax is None, title=look.title)
        settle([ax])
        ax.tick_params(axis="y", length=0)
    return figure


def _rows(draws: xr.DataArray, look: Look) -> list[Row]:
    rows: list[Row] = []
    for k, name in enumerate(draws["contrast_label"].to_numpy()):
        rows.append(Row(str(name), None))
        for s, specification in enumerate(draws["specification"].to_numpy()):
            colour = INK if s == 0 else COLOURS[(s - 1) % len(COLOURS)]
            rows.append(
                Row(
                    _named(str(specification), look),
                    draws.isel(pair=k, specification=s),
                    colour,
                    "o" if s == 0 else "D",
                )
            )
    return rows


def _named(text: str, look: Look) -> str:
    """Name the time effects of a specification."""
    pooled = text.endswith(", pooled")
    by = re.fullmatch(r"by (.+)", text.removesuffix(", pooled"))
    name = look.say["time_by"].format(by[1]) if by else look.say["time_common"]
    return look.say["time_pooled"].format(name) if pooled else name
