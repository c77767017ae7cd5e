"""How a function becomes a plot, or the picture of a kind of evidence."""

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
    """How a picture of evidence is to look.

    Parameters
    ----------
    prob : float
        Posterior probability of intervals.
    ax : Axes or None
        To draw into.
    title : str or None
        Of the figure.
    translate : Translator
        Renders labels and notes.
    style : mapping, optional
        Of parts by name.
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
    """A picture that is still to be drawn.

    Parameters
    ----------
    stem : str
        Name of its files.
    make : callable
        Draws it.
    data : callable, optional
        Gives the numbers behind it, as a table.
    shown : bool, default True
        Whether a report shows it.
    heading, words : str, optional
        What a report says above it.
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
    """A plot: its function, and how it is drawn of one fit.

    Parameters
    ----------
    title : Message
        What it shows, as the caption of a report.
    section : str
        The section of a report that it stands in; "" for none.
    needs : tuple of Need
        What a fit must offer.
    sheets : callable or None
        From a scene to its sketches; None where no run draws it.
    """

    name: str
    title: Message
    draw: Callable[..., Figure]
    section: str = ""
    needs: tuple[Need, ...] = ()
    sheets: Callable[[Scene], Iterable[Sketch]] | None = field(default=None)

    def sketches(self, scene: Scene) -> Iterator[Sketch]:
        """Give the figures of a fit; none where it lacks what the plot needs."""
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
    """Make a function a plot, named as the function is, and register it.

    Parameters
    ----------
    title : Message
        What it shows, as the caption of a report.
    section : str, default ""
        The section of a report that it stands in; without one, no run draws it.
    place : float, default 1000
        Where it stands among the figures of a run, from low to high.
    needs : tuple of Need, default ()
        What a fit must offer.
    sheets : callable, optional
        From a scene to sketches; by default one figure of the scene's effects.

    Returns
    -------
    callable
        A decorator. A plot replaces an earlier one of the same name and package.
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
        A decorator of a function of a result and a look.
    """
    return lambda drawer: DRAWERS.add(kind, drawer)


def sketches(scene: Scene, section: str | None = None) -> Iterator[Sketch]:
    """Give every figure of a fit, in the order of runs.

    Parameters
    ----------
    section : str, optional
        Of a report, whose figures alone are wanted.
    """
    for each in PLOTS.values():
        if section not in (None, each.section):
            continue
        with omitted(Message("The figure {}", each.name)):
            yield from each.sketches(scene)
