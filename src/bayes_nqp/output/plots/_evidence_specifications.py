"""One estimate under many specifications, one under another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.figure import Figure

from bayes_nqp.checks import CheckResult, texts_of
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._intervals import EffectRow, draw_rows, points_of
from bayes_nqp.output.plots._notes import POINTS, effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, FAINT, INK, MUTED, WARNING


@evidence("specifications")
def specifications(result: CheckResult, look: Appearance) -> Figure:
    """Draw the estimate of every specification, with the fit's own interval behind them.

    Parameters
    ----------
    result : CheckResult
        Result of kind "specifications".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, draws = look.translate, evidence["att"].assign_attrs(evidence.attrs)
    rows = _rows(evidence, look)
    label = effect_label(draws, translate)
    texts = [label, *(row.label for row in rows)]
    with canvas(look, (6.8, 0.205 * len(rows) + 1.3), texts) as page:
        low, high = points_of(evidence["att"].isel(specification=0), look.prob).outer[:, 0]
        page.ax.axvspan(low, high, color=FAINT, alpha=0.25, linewidth=0, zorder=0.1)
        draw_rows(page.ax, rows, look.prob, translate)
        other = _other_targets(evidence)
        if other.size:
            places = _places(rows, evidence)
            page.ax.plot(
                evidence["reference"].to_numpy()[other], places[other], "D", markersize=3.6,
                markerfacecolor="none", markeredgecolor=MUTED, markeredgewidth=0.9, zorder=2.5,
            )  # fmt: skip
        page.ax.set_xlabel(label)
        page.ax.locator_params(axis="x", nbins=5)
        page.note(POINTS, percent(look.prob))
        page.note("Band: {} interval of the baseline model.", percent(look.prob))
        page.note("Hollow: for comparison only.", when=not evidence["counts"].all())
        apart = bool(other.size)
        page.note("Diamonds: estimate of the baseline model for the same cells.", when=apart)
        page.gate, page.ticks = convergence_of(evidence["att"]), NAMED
    return page.figure


def _rows(evidence: xr.Dataset, look: Appearance) -> list[EffectRow]:
    rows, change = [], None
    names, changes = (texts_of(evidence, name) for name in ("specification", "change"))
    for k, name in enumerate(names):
        if k and changes[k] != change:
            change = changes[k]
            rows.append(EffectRow(_named(change, look), None))
        colour = INK if k == 0 else COLOURS[0] if evidence["counts"][k] else MUTED
        colour = WARNING if str(evidence["gate_of"][k].item()).startswith("failed") else colour
        draws = evidence["att"].isel(specification=k)
        rows.append(
            EffectRow(_named(name, look), draws, colour, "o" if evidence["counts"][k] else "D")
        )
    return rows


def _other_targets(evidence: xr.Dataset) -> npt.NDArray[Any]:
    """Return the specifications with an estimand other than the average over all cells."""
    reference = evidence["reference"].to_numpy()
    return np.flatnonzero(~np.isclose(reference, reference[0], rtol=1e-9, atol=0))


def _places(rows: list[EffectRow], evidence: xr.Dataset) -> npt.NDArray[Any]:
    height = np.arange(len(rows))[::-1].astype(float)
    return height[[k for k, row in enumerate(rows) if row.draws is not None]]


def _named(text: str, look: Appearance) -> str:
    return look.translate.name(text)
