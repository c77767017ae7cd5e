"""Effects under several assumptions about trends, and their placebos."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult, texts_of
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import EffectRow, draw_rows
from bayes_nqp.output.plots._notes import POINTS, effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, INK

_OFF_ZERO = "#b42318"
"""Of placebos whose interval leaves zero out."""


@evidence("assumptions")
def assumptions(result: CheckResult, look: Appearance) -> Figure:
    """Draw effects at the left and placebos at the right, assumption by assumption.

    Parameters
    ----------
    result : CheckResult
        Result of kind "assumptions".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, periods = look.translate, int(evidence.attrs["periods"])
    left, right = (_rows(evidence, name, look) for name in ("att", "placebo"))
    label = effect_label(evidence["att"].assign_attrs(evidence.attrs), translate)
    early = Message(
        "Placebo: adoption {n} period earlier",
        plural="Placebo: adoption {n} periods earlier",
        n=periods,
    )
    panels = [(left, label)]
    if any(row.draws is not None for row in right):
        panels.append((right, translate(early)))
    size = (5.2 * len(panels), 0.24 * len(left) + 1.35)
    texts = [label, *(row.label for row in left)]

    def layout(figure: Figure) -> list[Axes]:
        return list(figure.subplots(1, len(panels), squeeze=False)[0])

    with canvas(look, size, texts, layout=layout) as page:
        for ax, (rows, text) in zip(page.axes, panels, strict=True):
            draw_rows(ax, rows, look.prob, translate)
            for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
                tick.set_fontweight("bold" if row.draws is None else "normal")
            ax.set_xlabel(text)
            ax.xaxis.set_major_locator(MaxNLocator(4))
        for ax in page.axes[1:]:
            ax.set_yticklabels([])
        page.note(POINTS, percent(look.prob))
        page.note("Red: placebo effects with an interval that excludes zero.", when=len(panels) > 1)
        page.gate, page.ticks = convergence_of(evidence), NAMED
    return page.figure


def _rows(evidence: xr.Dataset, name: str, look: Appearance) -> list[EffectRow]:
    """A heading for each group where there are several, and a row for each assumption."""
    texts, rows = texts_of(evidence, "assumption"), []
    tail = 0.5 * (1.0 - look.prob)
    for g, group in enumerate(evidence["group"].to_numpy()):
        if evidence.sizes["group"] > 1:
            rows.append(EffectRow(look.translate.name(str(group)) if group else
                            look.translate("All treated units"), None))  # fmt: skip
        for k, text in enumerate(texts):
            draws = evidence[name].isel(group=g, assumption=k)
            if bool(np.isnan(draws).any()):  # its line stays empty, beside the effect's
                rows.append(EffectRow(look.translate.name(text), None))
                continue
            low, high = np.quantile(draws, (tail, 1.0 - tail))
            colour = INK if k == 0 else COLOURS[(k - 1) % len(COLOURS)]
            if name == "placebo" and (low > 0.0 or high < 0.0):
                colour = _OFF_ZERO
            rows.append(EffectRow(look.translate.name(text), draws, colour, "o" if k == 0 else "D"))
    return rows
