"""Canvas of a figure: panels, title, notes and stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.texts import one_line, printable, size_of
from bayes_nqp._core.types import Style
from bayes_nqp.output.plots._notes import annotate, label_beside
from bayes_nqp.output.plots._registry import Appearance
from bayes_nqp.output.plots._style import figure_of, new_figure, settle, style
from bayes_nqp.output.plots._wrapped import wrapped

_LETTER = 0.072
"""Width of a bold letter of a panel's title, inches."""
_BESIDE = 0.6
"""Width of what stands beside panels, inches."""
_LINES = 4
"""Lines of a title; more would leave no room for what it is of."""
_CROWDED = 0.2
"""The share of a figure that names of rows take before numbers are looked at for room."""
_GAP = 1.3
"""Distance of two numbers along an axis, at least, in widths of the widest."""
_NAMES = 0.4
"""The share of a figure that names of rows take before it is made wider."""

_NAMES_OF: Final[dict[str, type[Artist]]] = {
    "legend": Legend, "labels": Text, "lines": Line2D, "image": AxesImage, "areas": Patch,
    "shapes": Collection,
}  # fmt: skip
"""What styles call parts that have no name of their own."""

NAMED: Final[dict[str, Any]] = {"axis": "y", "length": 0}
"""Ticks of panels whose rows have names."""


@dataclass(eq=False)
class Canvas:
    """Canvas of a figure that is being drawn.

    Parameters
    ----------
    axes : list of Axes
        Axes of the panels, or the user's axes.
    gate : str
        Verdict of the convergence diagnostics.
    ticks : mapping
        Appearance of the ticks of all panels.
    empty : int
        Number of empty panels at the end.
    before : set of Artist
        Artists that were on the user's axes before.
    """

    figure: Figure
    axes: list[Axes]
    translate: Translator
    notes: list[str] = field(default_factory=list)
    gate: str = v.PASSED
    ticks: dict[str, Any] = field(default_factory=dict)
    empty: int = 0
    before: set[Artist] = field(default_factory=set)

    @property
    def ax(self) -> Axes:
        """The first panel."""
        return self.axes[0]

    @property
    def filled(self) -> list[Axes]:
        """The panels that do not stay empty."""
        return self.axes[: len(self.axes) - self.empty]

    def note(self, message: str | Message, *parts: object, when: bool = True) -> None:
        """Add a sentence to the note below the figure.

        Parameters
        ----------
        *parts : object
            Values for the placeholders.
        when : bool, default True
            If True, write the sentence.
        """
        if when:
            self.notes.append(self.translate(message, *parts))

    def grid(
        self,
        titles: Sequence[str],
        columns: int,
        label: str,
        across: str,
        loc: Literal["left", "center"] = "left",
    ) -> None:
        """Set the titles of panels with shared axes, and the label of each axis once.

        Parameters
        ----------
        titles : sequence of str
            Titles of the non-empty panels.
        label, across : str
            Labels of the vertical and of the horizontal axis.
        loc : {"left", "center"}, default "left"
            Position of the horizontal label of several panels.
        """
        self.empty = len(self.axes) - len(titles)
        wide = (self.figure.get_size_inches()[0] - _BESIDE) / columns / _LETTER
        for place, (ax, title) in enumerate(zip(self.filled, titles, strict=True)):
            if title:
                ax.set_title(wrapped(title, wide), fontsize=8.5)
            ax.tick_params(labelbottom=place >= len(titles) - columns)
        for ax in self.axes[len(titles) :]:
            ax.set_axis_off()
        label_beside(self.axes, label)
        bottom = self.axes[(len(titles) - 1) // columns * columns]
        bottom.set_xlabel(across, loc=loc if len(self.axes) > 1 else None)


def columns_of(panels: int, most: int = 3) -> int:
    """Arrange four panels two by two, others in as many columns as are allowed."""
    return 2 if panels == 4 else min(panels, most)


def canvas(
    look: Appearance,
    size: tuple[float, float],
    texts: Iterable[str],
    rows: int = 1,
    columns: int = 1,
    layout: Callable[[Figure], list[Axes]] | None = None,
) -> AbstractContextManager[Canvas]:
    """Draw in the library's style and add title, notes and convergence diagnostics at the end.

    Parameters
    ----------
    size : tuple of float, inches
        Size of a new figure.
    texts : iterable of str
        All texts of the figure except its notes.
    rows, columns : int, default 1
        Number of panels of a new figure, with shared axes.
    layout : callable, optional
        Function that creates the panels of a new figure instead.
    """
    if look.title:
        lines = filter(None, map(one_line, printable(look.title).split("\n")))
        look = replace(look, title="\n".join(islice(lines, _LINES)))
    styled = style([look.translate.sample, look.title or "", *texts])

    def open_page() -> Canvas:
        if look.ax is None and layout is not None:
            figure = new_figure(size)
            return Canvas(figure, layout(figure), look.translate)
        return Canvas(*figure_of(look.ax, size, rows, columns), look.translate)

    return _opened(look, styled, open_page)


def _parts(page: Canvas) -> Iterator[tuple[str, Artist]]:
    """Return all drawn parts by name, or by kind if unnamed."""
    for text in page.figure.findobj(Text, include_self=False):
        if text.get_gid() == "note":
            yield "note", text
    for ax in page.axes:
        for artist in set(ax.get_children()) - page.before:
            kind = next((name for name, of in _NAMES_OF.items() if isinstance(artist, of)), "")
            name = artist.get_gid() or kind
            if name and artist is not ax.patch and artist not in (*ax.spines.values(), ax.title):
                yield name, artist


def _restyled(page: Canvas, style: Style) -> None:
    """Apply the requested appearance to parts.

    Raises
    ------
    StudyError
        If the figure has no such part, or the part no such property.
    """
    parts: dict[str, list[Artist]] = {}
    for name, artist in _parts(page):
        parts.setdefault(name, []).append(artist)
    for name, look in style.items():
        if name not in parts:
            raise StudyError(f"this figure has no {name!r} to style", hint=nearest(name, parts))
        for artist in parts[name]:
            if isinstance(look, bool):
                artist.set_visible(look)
                continue
            try:
                artist.set(**look)
            except (AttributeError, TypeError, ValueError) as error:
                problem = f"style={{{name!r}: …}}: {error}"
                raise StudyError(problem, hint='{"color": "k", "alpha": 0.5}') from None


@contextmanager
def _opened(
    look: Appearance, styled: AbstractContextManager[None], open_page: Callable[[], Canvas]
) -> Iterator[Canvas]:
    with styled:
        page = open_page()
        page.before = set() if look.ax is None else set(look.ax.get_children())
        yield page
        annotate(
            page.figure, page.filled, page.notes, page.gate, look.translate,
            owned=look.ax is None, title=look.title,
        )  # fmt: skip
        settle(page.axes)
        for ax in page.axes if page.ticks else ():
            ax.tick_params(**page.ticks)
        if look.style:
            _restyled(page, look.style)
        if look.ax is None:
            _widen(page)
            _spread(page)


def _spread(page: Canvas) -> None:
    """Reduce the number of ticks on narrow axes."""
    figure = page.figure
    named = [
        ax
        for ax in page.axes
        if isinstance(ax.yaxis.get_major_locator(), FixedLocator)
        and isinstance(ax.xaxis.get_major_locator(), MaxNLocator)
    ]
    longest = max((size_of(y.get_text()) for ax in named for y in ax.get_yticklabels()), default=0)
    if longest * _LETTER < _CROWDED * figure.get_size_inches()[0]:
        return
    figure.draw_without_rendering()
    for ax in named:
        room = ax.get_window_extent().width
        widths = [x.get_window_extent().width for x in ax.get_xticklabels()]
        most = int(room / (_GAP * max(widths, default=1.0)))
        if len(widths) > most:
            ax.xaxis.set_major_locator(MaxNLocator(nbins=max(most - 1, 2)))


def _widen(page: Canvas) -> None:
    """Widen a figure with long row names so that panels keep their width."""
    named = [ax for ax in page.axes if isinstance(ax.yaxis.get_major_locator(), FixedLocator)]
    width, height = page.figure.get_size_inches()
    names = [
        name
        for ax in named
        for name in ax.get_yticklabels()
        if len(name.get_text()) * name.get_fontsize() > 72 * _NAMES * width  # a letter is no wider
    ]
    sizes = [name.get_window_extent().width / page.figure.dpi for name in names]
    lacking = max(sizes, default=0.0) - _NAMES * width
    if lacking > 0:
        page.figure.set_size_inches(width + lacking, height)
