"""Plot of the spillover effect of one treated unit by distance."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.output.plots import Appearance, evidence, plot
from bayes_nqp.output.plots.drawing import ACCENT, MUTED, canvas, effect_label, label_beside, words
from bayes_nqp.space.checks import Decay, lengths_of

_TITLE = Message("Spillover effect of one treated unit by distance.")


@plot(_TITLE, place=46)
def decay(
    answer: Decay,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the curve of `nqp.decay` with its band, and the probability of each length.

    Parameters
    ----------
    answer : Decay
        Of `nqp.decay`.
    ax : Axes, optional
        To draw into.
    title : str, optional
        Of the figure.
    language : str, default "en"
        Of labels and notes.
    style : mapping, optional
        Of parts by name, such as ``{"note": False}``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    >>> figure = nqp.plots.decay(nqp.decay(fit, km=(50, 100)))
    """
    look = Appearance(0.95, ax, title, words(language, answer), style)
    shares = dict(zip(answer.km, answer.probabilities.tolist(), strict=True))
    label = effect_label(answer.effects, look.translate)
    return _drawn(answer.curve, shares, label, look, convergence_of(answer.effects))


@evidence("decay")
def decay_evidence(result: CheckResult, look: Appearance) -> Figure:
    """Draw the same of the check "spatial_decay".

    Parameters
    ----------
    result : CheckResult
        Of kind "decay".
    """
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    return _drawn(table, lengths_of(table), look.translate("Received"), look, None)


def _drawn(
    curve: pd.DataFrame, shares: dict[float, float], label: str, look: Appearance, gate: Any
) -> Figure:
    """A band above stems: the curve, and lengths by their probability."""
    translate = look.translate
    with canvas(look, (6.2, 4.2), [label], layout=_stacked) as page:
        upper, lower = page.axes[0], page.axes[-1]
        upper.fill_between(curve["km"], curve["lower"], curve["upper"], color=ACCENT, alpha=0.18,
                           linewidth=0)  # fmt: skip
        upper.plot(curve["km"], curve["mean"], color=ACCENT)
        upper.axhline(0.0, color=MUTED, linewidth=0.9, zorder=0.6)
        label_beside([upper], label)
        if lower is not upper:
            lower.vlines(list(shares), 0.0, list(shares.values()), color=ACCENT, linewidth=3.0)
            lower.set_ylim(bottom=0.0)
            lower.set_ylabel("P")
            page.note("Below: posterior probability of each decay length.")
        lower.set_xlabel(translate("Distance and decay length, km"))
        page.note("Line: posterior mean; band: {} interval, averaged over all decay lengths.",
                  percent(0.95))  # fmt: skip
        if gate is not None:
            page.gate = gate
    return page.figure


def _stacked(figure: Figure) -> list[Axes]:
    return list(figure.subplots(2, 1, sharex=True, height_ratios=[3, 1]))
