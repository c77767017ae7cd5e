"""Plot of the differential trend of treated units."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import TRENDS
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.inference import fitting
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import label_beside, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, MUTED

_TITLE = Message("Differential trend of treated units.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    fit = scene.fit
    yield Sketch(
        "differential_trend",
        scene.translate(_TITLE),
        lambda: differential_trend(fit, prob=scene.prob, language=scene.language),
        lambda: (
            fitting.differential_trend(fit, by="stratum")
            .mean(v.SAMPLE_DIMS)
            .to_dataframe()
            .reset_index()
        ),
    )


@plot(_TITLE, section="event_study", place=30, needs=(TRENDS,), sheets=_sheets)
def differential_trend(
    fit: Fit,
    *,
    prob: float = 0.95,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the differential trend of treated units by event time and group.

    Parameters
    ----------
    fit : Fit
        Fit of a design with ``trends``.
    prob : float, default 0.95
        Posterior probability of bands, equal-tailed.
    ax : Axes, optional
        Axes to draw into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If the design assumes parallel trends.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(trends=nqp.DifferentialTrends())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.differential_trend(fit)
    """
    draws = fitting.differential_trend(fit, by="stratum")
    translate = words(language, fit)
    names = [str(name) for name in draws["stratum"].to_numpy()]
    tail = 0.5 * (1.0 - prob)
    with canvas(Appearance(prob, ax, title, translate, style), (5.8, 3.4), names) as page:
        for k, name in enumerate(names):
            path = draws.isel(stratum=k)
            low, high = path.quantile([tail, 1.0 - tail], dim=v.SAMPLE_DIMS).to_numpy()
            colour, events = COLOURS[k % len(COLOURS)], path[v.EVENT_TIME].to_numpy()
            page.ax.fill_between(events, low, high, color=colour, alpha=0.18, linewidth=0)
            page.ax.plot(events, path.mean(v.SAMPLE_DIMS), color=colour, label=translate.name(name))
        page.ax.axhline(0.0, color=MUTED, linewidth=0.9, zorder=0.6)
        page.ax.axvline(-0.5, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0.6)
        page.ax.set_xlabel(translate("Event time (periods since adoption)"))
        label_beside([page.ax], translate("Differential trend, relative to event time −1"))
        page.ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        if len(names) > 1:
            page.ax.legend(frameon=False)
        page.note("Lines: posterior means; bands: {} intervals.", percent(prob))
        page.note("The effect is the deviation of the outcome from this trend.")
        page.gate = convergence_of(draws)
    return page.figure
