"""Plot of the effect of a shock over the following periods, in the unit and in linked units."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Count, Language, Style
from bayes_nqp.effects import estimands
from bayes_nqp.effects.estimands import PATHS, convergence_of, percent
from bayes_nqp.inference.fitting import DYNAMIC, Fit
from bayes_nqp.output.plots import Appearance, Scene, Sketch, plot
from bayes_nqp.output.plots.drawing import COLOURS, MUTED, canvas, words
from bayes_nqp.output.tables import summary

_TITLE = Message("Effect of a shock over the following periods.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    fit = scene.fit
    yield Sketch(
        "impulse_responses",
        scene.translate(_TITLE),
        lambda: impulse_responses(fit, prob=scene.prob, language=scene.language),
        lambda: _numbers(fit, scene.prob),
    )


def _numbers(fit: Fit, prob: float) -> pd.DataFrame:
    return summary(estimands.impulse_responses(fit), prob=prob)


@plot(_TITLE, section="spillovers", place=27, needs=(DYNAMIC,), sheets=_sheets)
def impulse_responses(
    fit: Fit,
    *,
    periods: Count = 10,
    lasting: bool = False,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Plot the responses of `nqp.impulse_responses`: total, direct and spillover.

    Parameters
    ----------
    fit : Fit
        Fit of a design with ``spillovers=nqp.SpatialLag(…, dynamics=True)``.
    periods : int, default 10
        Number of periods ahead.
    lasting : bool, default False
        True for a permanent shock.
    prob : float, default 0.95
        Posterior probability of bands, equal-tailed.
    ax : Axes, optional
        Axes to plot into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Style of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If the model is not dynamic.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> ring = np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)
    >>> ids = panel.unit_labels
    >>> weights = nqp.spatial_weights.matrix(pd.DataFrame(ring, ids, ids))
    >>> design = nqp.StaggeredDiD(
    ...     nqp.CompletePooling(varying=None), nqp.IID(),
    ...     spillovers=nqp.SpatialLag(weights, dynamics=True),
    ... )
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.impulse_responses(fit)
    """
    draws = estimands.impulse_responses(fit, periods, lasting=lasting)
    translate, tail = words(language, fit), 0.5 * (1.0 - prob)
    names = [translate(PATHS[str(path)]) for path in draws[v.PATH].to_numpy()]
    with canvas(Appearance(prob, ax, title, translate, style), (5.8, 3.4), names) as page:
        for k, name in enumerate(names):
            path = draws.isel({v.PATH: k})
            low, high = path.quantile([tail, 1.0 - tail], dim=v.SAMPLE_DIMS).to_numpy()
            colour, ahead = COLOURS[k], path["horizon"].to_numpy()
            page.ax.fill_between(ahead, low, high, color=colour, alpha=0.18, linewidth=0)
            page.ax.plot(ahead, path.mean(v.SAMPLE_DIMS), color=colour, label=name)
        page.ax.axhline(0.0, color=MUTED, linewidth=0.9, zorder=0.6)
        page.ax.set_xlabel(translate("Periods since the shock"))
        page.ax.set_ylabel(translate("Response, of a shock of one"))
        page.ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        page.ax.legend(frameon=False)
        page.note("Lines: posterior means; bands: {} intervals.", percent(prob))
        page.note("The shock stays: responses add up.", when=lasting)
        page.gate = convergence_of(draws)
    return page.figure
