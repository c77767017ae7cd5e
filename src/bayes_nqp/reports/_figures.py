"""From sketches to files: every figure of a run drawn once, with the numbers behind it."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from bayes_nqp.files import file_name, write, write_csv, writing
from bayes_nqp.language import Message
from bayes_nqp.omissions import omitted
from bayes_nqp.plots import Sketch
from bayes_nqp.process import alone, uncollected
from bayes_nqp.progress import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 300
_SETTINGS: Final[Any] = {
    "svg.fonttype": "none",  # text stays text, so that a journal can edit it
    "svg.hashsalt": "bayes_nqp",  # files compare
    "text.hinting": "none",  # which is for letters of few pixels
}


class FigureFolder:
    """The figures of a run in a folder, which is made with the first.

    Parameters
    ----------
    folder : Path
        Each figure is NAME.png (300 dpi) and NAME.svg there, its numbers NAME.csv.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._drawn: dict[str, str | None] = {}

    def draw(self, sketch: Sketch) -> str | None:
        """Draw a figure, unless it is there already.

        Returns
        -------
        str or None
            The name of its files without the ending; None where it could not be drawn.
        """
        if sketch.stem not in self._drawn:
            say(Message("drawing {}", sketch.stem), len(self._drawn), len(self._drawn) + 1)
            self._drawn[sketch.stem] = None
            with omitted(Message("The figure {}", sketch.stem)):
                self._drawn[sketch.stem] = self._write(sketch, self._free(sketch.stem))
        return self._drawn[sketch.stem]

    def _free(self, text: str) -> str:
        """Find a name of a file, told from others that a disk takes for the same."""
        taken = {stem.casefold() for stem in self._drawn.values() if stem is not None}
        names = (
            f"{file_name(text)}{number}" for number in chain([""], map("_{}".format, count(2)))
        )
        return next(name for name in names if name.casefold() not in taken)

    def _write(self, sketch: Sketch, stem: str) -> str:
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with uncollected():
            self._draw_files(sketch.make(), stem)
        if sketch.data is not None:
            write_csv(sketch.data(), self.folder / f"{stem}.csv", digits=8)
        return stem

    def _draw_files(self, figure: Figure, stem: str) -> None:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        with alone(), mpl.rc_context(_SETTINGS):
            pixels = _laid_out(figure)
            write(
                self.folder / f"{stem}.png",
                lambda file: _few_colours(pixels).save(file, "PNG", dpi=(_DPI, _DPI)),
            )
            lines: Any = FigureCanvasSVG(figure)
            write(
                self.folder / f"{stem}.svg",
                lambda file: lines.print_svg(file, metadata={"Date": None}),
            )


def _laid_out(figure: Figure) -> Image.Image:
    """Lay a figure out, once for all its files, and draw its pixels.

    `Figure.savefig` goes through all parts once more for every file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    sheet: Any = FigureCanvasAgg(figure)
    figure.set_dpi(_DPI)
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        if not axis.get_label_text():  # else a place beside the ticks is looked for all the same
            axis.set_label_coords(0.5, 0.5)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    sheet.draw()
    return Image.frombuffer("RGBA", sheet.get_width_height(), sheet.buffer_rgba()).convert("RGB")


def _few_colours(pixels: Image.Image) -> Image.Image:
    """Give a picture with 256 colours: a third of the size, and no difference to the eye."""
    few = pixels.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    colours, corner = list(few.getpalette() or []), int(np.asarray(few)[0, 0])
    if pixels.getpixel((0, 0)) == (255, 255, 255):  # else white would be almost white
        colours[3 * corner : 3 * corner + 3] = (255, 255, 255)
        few.putpalette(colours)
    return few
