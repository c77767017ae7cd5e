"""Prior and posterior by assumption, and the answer under other priors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import ADOPTION, FAMILIES, ModelAverage, reported_posterior
from bayes_nqp.effects.estimands import att, convergence_of
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED

_TITLE = Message("Probabilities of assumptions, and average effect under other priors.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    average = scene.posterior.average
    if average is not None:
        yield Sketch(
            "model_average",
            scene.translate(_TITLE),
            lambda: _drawn(average, Appearance(0.95, None, None, scene.translate), scene.names),
            lambda: average.sensitivity,
        )


@plot(_TITLE, section="model_average", place=25, needs=(ADOPTION,), sheets=_sheets)
def model_average(
    fit_or_average: Fit | ModelAverage,
    *,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw prior and posterior probabilities of assumptions, and effects under other priors.

    Left: probabilities of the assumptions. Right: average effect with its 95 % interval for prior
    probabilities of parallel trends from 0.1 to 0.9; the other assumptions keep their prior odds.

    Parameters
    ----------
    fit_or_average : Fit or ModelAverage
        A fit, for which the model average is computed once and stored, or a result of
        `model_average`.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If the fit has no model average: its design states another assumption, or the panel
        identifies no alternative.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.model_average(fit)
    """
    average = fit_or_average
    if isinstance(average, Fit):
        posterior = reported_posterior(average)
        if posterior.average is None:
            raise StudyError(
                Message("no model average is available: {}", posterior.missing),
                hint="a design under parallel trends: nqp.StaggeredDiD()",
            )
        average = posterior.average
    look = Appearance(0.95, None, title, words(language, average.effects), style)
    return _drawn(average, look, {})


def _drawn(average: ModelAverage, look: Appearance, names: dict[str, str]) -> Figure:
    translate = look.translate
    effect = att(average.effects.assign_attrs(names))
    label, across = effect_label(effect, translate), translate("Prior P(parallel trends)")

    def layout(figure: Figure) -> list[Axes]:
        return list(figure.subplots(1, 2))

    with canvas(look, (6.6, 2.5), [label, across], layout=layout) as page:
        left, right = page.axes
        _probabilities(left, average, translate)
        table = average.sensitivity
        right.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
        right.fill_between(
            table["prior"], table["lower"], table["upper"], color=COLOURS[0], alpha=0.18,
            linewidth=0, gid="interval",
        )  # fmt: skip
        right.plot(table["prior"], table["att"], color=COLOURS[0], linewidth=1.2, gid="points")
        right.axvline(average.prior["parallel"], color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)))
        right.set_xlabel(across)
        right.set_ylabel(label)
        page.note("Band: 95 % interval under the model average. Dashes: the prior of this report.")
        page.gate = convergence_of(effect)
    return page.figure


def _probabilities(ax: Axes, average: ModelAverage, translate: Translator) -> None:
    """Bars of prior and posterior, a pair a family."""
    families = average.families
    place = np.arange(len(families))[::-1].astype(float)
    for shift, name, colour in ((0.18, "prior", FAINT), (-0.18, "posterior", COLOURS[0])):
        values = families[name].to_numpy()
        ax.barh(place + shift, np.nan_to_num(values), 0.34, color=colour, gid=name)
        for y, p in zip(place + shift, values, strict=True):
            ax.text(
                np.nan_to_num(p) + 0.02, y, "–" if np.isnan(p) else f"{p:.2f}", va="center",
                fontsize=7, color=MUTED,
            )  # fmt: skip
    ax.set_yticks(place, [translate(FAMILIES[name]) for name in average.prior])
    ax.set_xlim(0, 1.12)
    ax.set_xlabel(translate("Probability: prior (grey), posterior"))
    ax.spines["left"].set_visible(False)
