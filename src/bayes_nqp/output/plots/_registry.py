"""Registration of plots and of pictures of evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.threads import needing_room
from bayes_nqp._core.types import Style
from bayes_nqp._core.validation import door
from bayes_nqp.checks import Need, meets

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from bayes_nqp.checks import CheckResult
    from bayes_nqp.output.plots._scene import Scene


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """Appearance of a picture of evidence.

    Parameters
    ----------
    prob : float
        Posterior probability of intervals.
    ax : Axes or None
        Axes to draw into.
    title : str or None
        Title of the figure.
    translate : Translator
        Translator of labels and notes.
    style : mapping, optional
        Properties of parts by name.
    """

    prob: float
    ax: Axes | None
    title: str | None
    translate: Translator
    style: Style | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.prob < 1:  # 0 where nothing has an interval
            raise StudyError(f"prob={self.prob!r} is not between 0 and 1", hint="prob=0.95")


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Figure that is not drawn yet.

    Parameters
    ----------
    stem : str
        Name of the files.
    make : callable
        Function that draws the figure.
    data : callable, optional
        Function that returns the data of the figure as a table.
    shown : bool, default True
        If True, reports show the figure.
    heading, words : str, optional
        Heading and introduction in a report.
    """

    stem: str
    caption: str
    make: Callable[[], Figure]
    data: Callable[[], pd.DataFrame] | None = None
    shown: bool = True
    heading: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """Registered plot: its function, and its figures for one fit.

    Parameters
    ----------
    title : Message
        Caption in reports.
    section : str
        Section of the report; "" for none.
    needs : tuple of Need
        Requirements that a fit must meet.
    sheets : callable or None
        Function from a scene to sketches; None if runs do not draw the plot.
    """

    name: str
    title: Message
    draw: Callable[..., Figure]
    section: str = ""
    needs: tuple[Need, ...] = ()
    sheets: Callable[[Scene], Iterable[Sketch]] | None = field(default=None)

    def sketches(self, scene: Scene) -> Iterator[Sketch]:
        """Return the figures of a fit; empty if the fit does not meet the requirements."""
        wanted = scene.plots is None or self.name in scene.plots
        if wanted and self.sheets is not None and meets(scene.fit, self.needs):
            yield from self.sheets(scene)


class Pictures[T](Plugins[T]):
    """Plug-ins that draw: their files import matplotlib, which needs a folder to start."""

    def _search(self) -> None:
        with needing_room("matplotlib"):
            super()._search()


PLOTS: Final = Pictures[Plot]("bayes_nqp.output.plots")
"""Every plot by name, in the order of runs and reports."""

type Drawer = Callable[[CheckResult, Appearance], Figure]

DRAWERS: Final = Pictures[Drawer]("bayes_nqp.output.plots", "_evidence_")
"""What draws each kind of evidence."""


def plot[F: Callable[..., Any]](
    title: Message,
    *,
    section: str = "",
    place: float = 1000,
    needs: tuple[Need, ...] = (),
    sheets: Callable[[Scene], Iterable[Sketch]] | None = None,
) -> Callable[[F], F]:
    """Register a function as a plot with the name of the function.

    Parameters
    ----------
    title : Message
        Caption in reports.
    section : str, default ""
        Section of the report; without a section, runs do not draw the plot.
    place : float, default 1000
        Position among the figures of a run, in ascending order.
    needs : tuple of Need, default ()
        Requirements that a fit must meet.
    sheets : callable, optional
        Function from a scene to sketches; by default one figure of the scene's effects.

    Returns
    -------
    callable
        Decorator. A plot replaces an earlier one of the same name and package.
    """

    def decorate(function: F) -> F:
        draw = door(function)
        name = function.__name__

        def usual(scene: Scene) -> Iterator[Sketch]:
            yield Sketch(
                name, scene.translate(title), lambda: draw(scene.effects, **scene.weighted)
            )

        sheets_of = sheets or (usual if section else None)
        PLOTS.add(name, Plot(name, title, draw, section, needs, sheets_of), place, draw)
        return draw

    return decorate


def evidence(kind: str) -> Callable[[Drawer], Drawer]:
    """Make a function the picture of a kind of evidence.

    Parameters
    ----------
    kind : str
        As checks' results name it.

    Returns
    -------
    callable
        Decorator of a function of a result and a look.
    """
    return lambda drawer: DRAWERS.add(kind, drawer)


def sketches(scene: Scene, section: str | None = None) -> Iterator[Sketch]:
    """Yield every figure of a fit, in the order of runs.

    Parameters
    ----------
    section : str, optional
        Section of a report; all sections by default.
    """
    for each in PLOTS.values():
        if section not in (None, each.section):
            continue
        with omitted(Message("The figure {}", each.name)):
            yield from each.sketches(scene)
