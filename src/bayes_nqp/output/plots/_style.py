"""One look for all figures, set without touching anybody's global settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core.exceptions import ArgumentError
from bayes_nqp._core.io import write
from bayes_nqp._core.process import alone
from bayes_nqp.output.plots._fonts import families

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#8C6D00", "#56B4E9", "#333333")
"""Okabe and Ito's palette, safe for colour-blind readers, its yellow darkened for print."""
ACCENT: Final = COLOURS[0]
INK: Final = "#222222"
MUTED: Final = "#6B6B6B"
FAINT: Final = "#BDBDBD"
WARNING: Final = "#B00020"

_SETTINGS: Final[dict[str, Any]] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titley": 1.0,  # no ticks stand above panels
    "figure.dpi": 150,
    "figure.facecolor": "white",
    "font.size": 8.5,
    "lines.solid_capstyle": "butt",
    "text.color": INK,
    "text.parse_math": False,
}

_TICKS: Final[dict[str, Any]] = {
    "color": INK,
    "labelcolor": INK,
    "labelsize": 8,
    "length": 3,
    "width": 0.7,
}


class _Shown(Figure):
    """A figure that a notebook can show before pyplot has been imported, and saves whole."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()

    def show(self, warn: bool = True) -> None:
        """Raise an error with instructions: the figure is not a pyplot window.

        Raises
        ------
        ArgumentError
            Always, with the code to show the figure.
        """
        raise ArgumentError(
            "the figure has no window of its own",
            hint="the last line of a notebook cell shows it; figure.savefig('figure.png') saves it",
        )

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Save as matplotlib does; a file is written whole or not at all.

        Parameters
        ----------
        fname : str, Path or binary file
            Folders on the way are made.
        **kwargs : object
            As of `matplotlib.figure.Figure.savefig`.

        Raises
        ------
        StudyError
            If the file cannot be written.
        """
        if not isinstance(fname, str | os.PathLike):
            super().savefig(fname, **kwargs)
            return
        path = os.fspath(fname)
        form = kwargs.pop("format", None)
        if form is None:
            form = Path(path).suffix[1:]
            if not form:
                form = mpl.rcParams["savefig.format"]
                path = f"{path.rstrip('.')}.{form}"
        write(path, lambda file: super(_Shown, self).savefig(file, format=form, **kwargs))


def style(texts: Iterable[str]) -> AbstractContextManager[None]:
    """Apply the library's style, with fonts that have the characters of some texts.

    Parameters
    ----------
    texts : iterable of str
        All texts of the figure.
    """
    settings = {**_SETTINGS, "font.family": families(texts)}
    return _styled(settings)


@contextmanager
def _styled(settings: Any) -> Iterator[None]:
    with alone(), mpl.rc_context(settings):
        yield


def new_figure(size: tuple[float, float]) -> Figure:
    """Make an empty figure that does not belong to pyplot."""
    return _Shown(figsize=size, layout="constrained")


def figure_of(
    ax: Axes | None, size: tuple[float, float], rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """Take the figure of given axes, or make a new one.

    A new figure does not belong to pyplot: a notebook shows it once, as the value of its cell,
    and a loop over many figures leaves none behind.

    Parameters
    ----------
    ax : Axes or None
        Axes to draw into.
    size : tuple of float, inches
        Of a new figure.
    rows, columns : int, default 1
        Panels of a new figure, which share their axes.
    """
    if ax is not None:
        root = ax.get_figure(root=True)
        assert isinstance(root, Figure)
        return root, [ax]
    figure = new_figure(size)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    return figure, list(grid.ravel())


def settle(axes: Iterable[Axes]) -> None:
    """Fix properties that matplotlib reads only when drawing, after the style is reset.

    Parameters
    ----------
    axes : iterable of Axes
        Finished axes.
    """
    family = list(mpl.rcParams["font.family"])
    for ax in axes:
        ax.tick_params(which="both", labelfontfamily=family, **_TICKS)
        left, middle, right = (ax.title, ax._left_title, ax._right_title)  # type: ignore[attr-defined]
        for text in (ax.xaxis.label, ax.yaxis.label, left, middle, right):
            text.set_fontfamily(family)
