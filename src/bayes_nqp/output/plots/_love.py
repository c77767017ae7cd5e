"""Love plot: standardised differences of covariates before and after matching."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.data.matching import METHODS, Matched
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._notes import words
from bayes_nqp.output.plots._registry import Appearance, plot
from bayes_nqp.output.plots._style import ACCENT, MUTED

_BALANCED: Final = 10.0
"""Largest absolute standardised difference of balanced covariates, per cent (Austin 2009)."""
_LABEL: Final = Message("Standardised difference (%)")
_SAMPLES: Final = {"before": Message("Before matching"), "after": Message("After matching")}


@plot(Message("Standardised differences of covariates before and after matching."), place=13)
def love(
    matched: Matched,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw standardised differences of covariates before and after matching.

    Parameters
    ----------
    matched : Matched
        Result of `nqp.match`.
    ax : Axes, optional
        Axes to draw into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"before": {"color": "k"}, "note": False}``.

    Returns
    -------
    Figure
        One row per covariate, the largest difference before matching on top. Points are hollow
        before and solid after matching. Observations matched within periods have one point per
        period. Dashed lines mark 10 %.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> figure = nqp.plots.love(nqp.match(panel, ["l_homicide", "poverty"], "entropy"))
    """
    translate, balance = words(language, matched), matched.balance
    size = balance["difference"].abs().groupby(balance["covariate"]).max().sort_values()
    names = [translate.name(name) for name in size.index]
    height = dict(zip(size.index, range(len(size)), strict=True))
    texts = [translate(_LABEL), *names]
    look = Appearance(0.0, ax, title, translate, style)
    with canvas(look, (6.2, 0.3 * len(names) + 1.4), texts) as page:
        faces = {"before": "white", "after": ACCENT}
        for sample, label in _SAMPLES.items():
            lines = balance[balance["sample"] == sample]
            page.ax.plot(
                100.0 * lines["difference"], lines["covariate"].map(height), "o", markersize=5,
                color=ACCENT, markerfacecolor=faces[sample], label=translate(label), gid=sample,
            )  # fmt: skip
        page.ax.axvline(0.0, color=MUTED, linewidth=0.7, zorder=0.5)
        for bound in (-_BALANCED, _BALANCED):
            dashes: dict[str, Any] = {"linewidth": 0.7, "linestyle": (0, (4, 3)), "zorder": 0.5}
            page.ax.axvline(bound, color=MUTED, gid="bounds", **dashes)
        page.ax.set_yticks(np.arange(len(names)), names)
        page.ax.set_ylim(-0.6, len(names) - 0.4)
        page.ax.set_xlabel(translate(_LABEL))
        page.ax.legend(
            frameon=False, fontsize=7.5, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0)
        )
        page.note("Method: {}.", METHODS[matched.method].label)
        page.note("Dashed: ±{:g} %.", _BALANCED)
        page.ticks = NAMED
    return page.figure
