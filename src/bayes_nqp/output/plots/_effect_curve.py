"""Effects along a column, as a line or a smooth curve."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By, Language, Style
from bayes_nqp.checks import ROWS, UNITS
from bayes_nqp.effects.estimands import effect_curve as curve_of
from bayes_nqp.effects.estimands import moderators_of
from bayes_nqp.inference.fitting import effect_curves_of
from bayes_nqp.output.plots._effect_lines import Line, draw_lines
from bayes_nqp.output.plots._notes import effect_label, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.tables import summary

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit


_TITLE = Message("The effect along {}.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    for name in moderators_of(scene.fit):
        yield Sketch(
            f"effect_curve_{name}",
            scene.translate(_TITLE, name),
            partial(effect_curve, scene.fit, name, **scene.weighted),
            partial(_summary, scene, name),
        )


def _summary(scene: Scene, name: str) -> pd.DataFrame:
    return summary(curve_of(scene.fit, name, weights=scene.weights), scene.prob)


@plot(_TITLE, section="effect_curves", place=44, needs=(ROWS, UNITS), sheets=_sheets)
def effect_curve(
    fit: Fit,
    moderator: str | None = None,
    *,
    values: npt.ArrayLike | None = None,
    by: By = None,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the effect on the treated along one of the design's moderators.

    Dashes are a simultaneous band: it contains the whole curve with the stated probability. Bars
    are the distribution of the moderator in treated observations.

    Parameters
    ----------
    fit : Fit
        Fit of a design with ``moderators``, with its observations.
    moderator : str, optional
        Name of the column; may be left out if there is one.
    values : array of float, moderator's units, optional
        Values to draw; by default from the 2.5 % to the 97.5 % quantile of treated units.
    by : str, sequence of str or mapping, optional
        Groups, each with a panel; as in `effect_curve` of estimands.
    prob : float, default 0.95
        Posterior probability of the wide interval and of the simultaneous band.
    weights : str, default "rows"
        See `att`.
    ax : Axes, optional
        Axes to draw one group into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        As `effect_curve` of estimands; or if there are too many groups.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=40, periods=7, cohorts=(4,), seed=1).panel.frame
    >>> frame["size"] = frame.groupby("unit")["outcome"].transform("first").rank()
    >>> panel = nqp.Panel.from_frame(
    ...     frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
    ... )
    >>> design = nqp.StaggeredDiD(moderators=nqp.SmoothModerator("size"))
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.effect_curve(fit)
    """
    translate = words(language, fit)
    draws = curve_of(fit, moderator, values, by, weights)
    name = str(draws.attrs[v.MODERATOR])
    curves = [x.curve for x in effect_curves_of(fit) if x.curve.moderator == name]
    unit = fit.model_frame.effects.unit
    dims = [d for d in draws.dims if d not in (*v.SAMPLE_DIMS, name)]
    lines = []
    for place in product(*(range(draws.sizes[d]) for d in dims)):
        group = draws.isel(dict(zip(dims, place, strict=True)))
        levels = {str(d): str(draws[d].to_numpy()[k]) for d, k in zip(dims, place, strict=True)}
        inside = [x for x in curves if x.level is None or x.level in levels.values()]
        seen = np.concatenate([x.values[unit[x.treated[unit]]] for x in inside])
        lines.append(Line(translate.names(levels), group, seen))
    look = Appearance(prob, ax, title, translate, style)
    label = effect_label(draws, translate)
    return draw_lines(fit, lines, name, label, look, curved=True)
