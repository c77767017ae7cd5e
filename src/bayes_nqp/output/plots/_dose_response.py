"""Response to a continuous exposure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By, Language, Style
from bayes_nqp.checks import DOSE, ROWS, UNITS
from bayes_nqp.effects.estimands import dose_response as response
from bayes_nqp.effects.estimands import exposures_of
from bayes_nqp.inference.fitting import response_of
from bayes_nqp.output.plots._effect_lines import Line, draw_lines
from bayes_nqp.output.plots._notes import words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.tables import summary

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit

_TITLE = Message("The response to exposure.")
_RESPONSE = Message("Change of the outcome")
_DERIVATIVE = Message("Effect of one more unit")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    if response_of(scene.fit) is not None:
        yield Sketch(
            "dose_response",
            scene.translate(_TITLE),
            partial(dose_response, scene.fit, **scene.weighted),
            lambda: summary(response(scene.fit, weights=scene.weights), scene.prob),
        )


@plot(_TITLE, section="dose_response", place=45, needs=(DOSE, ROWS, UNITS), sheets=_sheets)
def dose_response(
    fit: Fit,
    *,
    values: npt.ArrayLike | None = None,
    by: By = None,
    derivative: bool = False,
    prob: float = 0.95,
    weights: str = "rows",
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw the response to a continuous exposure, with a simultaneous band.

    Parameters
    ----------
    fit : Fit
        Fit of a `ContinuousExposure` with its observations.
    values : array of float, exposure's units, optional
        Values to draw; by default from the 2.5 % to the 97.5 % quantile of exposed observations.
    by : str, sequence of str or mapping, optional
        Groups, each with a panel.
    derivative : bool, default False
        If True, draw the effect of one more unit of exposure.
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
        As `dose_response` of estimands; or if there are too many groups.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.provinces(seed=1).panel
    >>> design = nqp.ContinuousExposure("cbec", response=nqp.SmoothResponse())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.dose_response(fit)
    """
    translate = words(language, fit)
    draws = response(fit, values, by, weights, derivative=derivative)
    name = str(draws.attrs[v.EXPOSURE])
    dims = [d for d in draws.dims if d not in (*v.SAMPLE_DIMS, name)]
    seen, lines = exposures_of(fit), []
    for place in product(*(range(draws.sizes[d]) for d in dims)):
        levels = {str(d): str(draws[d].to_numpy()[k]) for d, k in zip(dims, place, strict=True)}
        group = draws.isel(dict(zip(dims, place, strict=True)))
        lines.append(Line(translate.names(levels), group, seen))
    look = Appearance(prob, ax, title, translate, style)
    label = translate(_DERIVATIVE if derivative else _RESPONSE)
    return draw_lines(fit, lines, name, label, look, curved=True, of_exposure=True)
