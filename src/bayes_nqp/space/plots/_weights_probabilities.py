"""Plot of posterior probabilities of spatial weights and forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.plots import Appearance, evidence, plot
from bayes_nqp.output.plots.drawing import ACCENT, COLOURS, NAMED, canvas, words
from bayes_nqp.space.checks import WeightsPosterior

_TITLE = Message("Probabilities of weights and of forms.")


@plot(_TITLE, place=47)
def weights_probabilities(
    answer: WeightsPosterior,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Plot P(W) as bars, stacked by form.

    Parameters
    ----------
    answer : WeightsPosterior
        Result of `nqp.weights_probabilities`.
    ax : Axes, optional
        Axes to plot into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Style of parts by name, such as ``{"note": False}``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ids = panel.unit_labels
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> near = {"ring": nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))}
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    >>> answer = nqp.weights_probabilities(fit, near, forms=["SAR", "SLX"])
    >>> figure = nqp.plots.weights_probabilities(answer)
    """
    return _drawn(answer.table, Appearance(0.0, ax, title, words(language, answer), style))


@evidence("weights_probabilities")
def weights_evidence(result: CheckResult, look: Appearance) -> Figure:
    """Draw the same of the check "spatial_weights".

    Parameters
    ----------
    result : CheckResult
        Of kind "weights_probabilities".
    """
    assert isinstance(result.evidence, pd.DataFrame)
    return _drawn(result.evidence.assign(form=""), look)


def _drawn(table: pd.DataFrame, look: Appearance) -> Figure:
    """A bar for each matrix, the most probable at the top, parts of it by form."""
    wide = table.pivot_table(index="weights", columns="form", values="probability", sort=False)
    wide = wide.fillna(0.0)
    wide = wide.loc[wide.sum(axis=1).sort_values().index]
    names = [look.translate.name(str(name)) for name in wide.index]
    with canvas(look, (6.2, 0.42 * len(names) + 1.3), names) as page:
        rows, left = np.arange(len(names)), np.zeros(len(names))
        for k, form in enumerate(wide.columns):
            share = wide[form].to_numpy()
            colour = COLOURS[k % len(COLOURS)] if form else ACCENT
            page.ax.barh(rows, share, left=left, color=colour, height=0.62, label=form or None)
            left = left + share
        for row, total in enumerate(left.tolist()):
            page.ax.text(total + 0.012, row, f"{total:.2f}", va="center", fontsize=7.5)
        page.ax.set_yticks(rows, names)
        page.ax.set_xlim(0.0, 1.12)
        page.ax.set_xlabel("P(W)")
        page.ticks = NAMED
        if len(wide.columns) > 1:
            page.ax.legend(frameon=False, fontsize=7.5, ncols=len(wide.columns),
                           loc="lower right", bbox_to_anchor=(1.0, 1.0))  # fmt: skip
    return page.figure
