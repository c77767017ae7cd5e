"""Contrasts under several specifications, side by side."""

from __future__ import annotations

from typing import Final

import xarray as xr
from matplotlib.figure import Figure

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult, texts_of
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import EffectRow, draw_rows
from bayes_nqp.output.plots._notes import POINTS, effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, INK


@evidence("comparison")
def comparison(result: CheckResult, look: Appearance) -> Figure:
    """Draw every contrast under each specification, the fit's own first.

    Parameters
    ----------
    result : CheckResult
        Result of kind "comparison".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, draws = look.translate, evidence["contrast"]
    rows = _rows(draws, texts_of(evidence, "specification"), look)
    label = translate("Difference: {}", effect_label(draws, translate))
    size, texts = (6.8, 0.215 * len(rows) + 1.25), [label, *(row.label for row in rows)]
    with canvas(look, size, texts) as page:
        draw_rows(page.ax, rows, look.prob, translate)
        for tick, row in zip(page.ax.get_yticklabels(), rows, strict=True):
            tick.set_fontweight("bold" if row.draws is None else "normal")
        page.ax.set_xlabel(label)
        page.note(POINTS, percent(look.prob))
        page.note("Black: baseline model.")
        page.gate, page.ticks = convergence_of(draws), NAMED
    return page.figure


def _rows(draws: xr.DataArray, specifications: list[str], look: Appearance) -> list[EffectRow]:
    rows: list[EffectRow] = []
    for k, name in enumerate(draws["contrast_label"].to_numpy()):
        rows.append(EffectRow(look.translate.name(name), None))
        for s, specification in enumerate(specifications):
            colour = INK if s == 0 else COLOURS[(s - 1) % len(COLOURS)]
            rows.append(
                EffectRow(
                    _named(specification, look),
                    draws.isel(pair=k, specification=s),
                    colour,
                    "o" if s == 0 else "D",
                )
            )
    return rows


_TIME_EFFECTS: Final = {
    "by {}": Message("time effects by {}"),
    "by {}, pooled": Message("time effects by {}, pooled"),
    "common to all": Message("common time effects"),
    "common to all, pooled": Message("common time effects, pooled"),
}
"""By the template of a specification's label."""


def _named(label: str, look: Appearance) -> str:
    """Name the time effects of a specification."""
    if isinstance(label, Message) and label.template in _TIME_EFFECTS:
        label = _TIME_EFFECTS[label.template].fill(*label.parts)
    return look.translate.name(label)
