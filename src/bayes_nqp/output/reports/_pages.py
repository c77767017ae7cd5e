"""A figure's pixels and lines from one drawing."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.backends import backend_agg, backend_svg
from PIL import Image

from bayes_nqp._core.process import alone

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DPI: Final = 300
_SCALE: Final = DPI / 72
"""Pixels to a point."""
_SETTINGS: Final[Any] = {
    "svg.fonttype": "none",  # text stays text, so that a journal can edit it
    "svg.hashsalt": "bayes_nqp",  # files compare
    "text.hinting": "none",  # which is for letters of few pixels
}
_PIXELS: Final[Any] = backend_agg.RendererAgg
_LINES: Final[Any] = backend_svg.RendererSVG
_WHITE: Final = 0xFFFFFFFF
_REMEMBERED: Final = 4096
"""Texts whose size is remembered: numbers and years stand in many figures."""
_SIZE: Final = re.compile('width="[^"]*" height="[^"]*"')
_PATTERN: Final = 'patternUnits="userSpaceOnUse"'


def drawn(figure: Figure) -> tuple[Image.Image, bytes]:
    """Lay a figure out and draw it, once for both files.

    `Figure.savefig` goes through all parts once more for every file, and an .svg measures every
    text anew.

    Returns
    -------
    tuple of Image and bytes
        The pixels, and the .svg.
    """
    with alone(), mpl.rc_context(_SETTINGS):
        figure.set_dpi(DPI)
        sheet: Any = _Sheet(figure)
        for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
            if not axis.get_label_text():  # or a place beside the ticks is looked for even so
                axis.set_label_coords(0.5, 0.5)
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.execute(figure)
        figure.set_layout_engine("none")
        sheet.draw()
        pixels = _few_colours(sheet.buffer_rgba(), sheet.get_width_height())
        return pixels, sheet.get_renderer().svg()


class _Sheet(backend_agg.FigureCanvasAgg):
    """Canvas that draws vector graphics and pixels in one pass."""

    _both: Any = None

    def get_renderer(self) -> Any:
        if self._both is None:
            self._both = _Both(*self.get_width_height())
        return self._both


class _Both:
    """Renderer that draws pixels, and vector graphics with pixels as units.

    Texts are measured in pixels. Pixels take widths, dashes and sizes of letters in points; lines
    take them in their own unit.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size, self._file = (width, height), io.StringIO()
        self._pixels = _PIXELS(width, height, DPI)
        self._lines = _LINES(width, height, self._file, metadata={"Date": None})

    def __getattr__(self, name: str) -> Any:
        pixels, lines = getattr(self._pixels, name), getattr(self._lines, name, _PIXELS)
        if name.startswith(("open_", "close_")):
            return lines
        if not name.startswith("draw_"):
            return pixels

        def twice(gc: Any, *args: Any, **kwargs: Any) -> None:
            pixels(gc, *args, **kwargs)
            lines(self._scaled(gc), *args, **kwargs)

        vars(self)[name] = twice
        return twice

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
        """Measure a text."""
        return _measured(s, prop, ismath)

    def draw_path_collection(self, gc: Any, *args: Any, **kwargs: Any) -> None:
        """Draw paths; after seven arguments come their widths and dashes."""
        self._pixels.draw_path_collection(gc, *args, **kwargs)
        before, (widths, styles), after = args[:7], args[7:9], args[9:]
        scaled = [_SCALE * width for width in widths], [_dashed(*style) for style in styles]
        self._lines.draw_path_collection(self._scaled(gc), *before, *scaled, *after, **kwargs)

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Draw a text."""
        self._pixels.draw_text(gc, x, y, s, prop, *args, **kwargs)
        large = prop.copy()
        large.set_size(_SCALE * prop.get_size_in_points())
        self._lines.draw_text(gc, x, y, s, large, *args, **kwargs)

    def _scaled(self, gc: Any) -> Any:
        scaled = self._lines.new_gc()
        scaled.copy_properties(gc)
        scaled.set_linewidth(_SCALE * gc.get_linewidth())
        scaled.set_dashes(*_dashed(*gc.get_dashes()))
        return scaled

    def svg(self) -> bytes:
        """Return the vector graphic as a file with its size in points, including patterns."""
        self._lines.finalize()
        width, height = (f"{side / _SCALE:g}pt" for side in self._size)
        text = _SIZE.sub(f'width="{width}" height="{height}"', self._file.getvalue(), count=1)
        return text.replace(_PATTERN, f'{_PATTERN} patternTransform="scale({_SCALE:g})"').encode()


@lru_cache(_REMEMBERED)
def _measured(text: str, prop: Any, ismath: Any) -> Any:
    """Return the width, height and descent of a text in pixels."""
    return _PIXELS(1, 1, DPI).get_text_width_height_descent(text, prop, ismath)


def _dashed(start: float | None, dashes: Any) -> tuple[float, Any]:
    return _SCALE * (start or 0.0), None if dashes is None else [_SCALE * x for x in dashes]


def _few_colours(pixels: Any, size: tuple[int, int]) -> Image.Image:
    """Return a picture with 256 colours, a third of the size without visible difference.

    White, the background of most figures, keeps its own colour; the palette is fitted to the rest.
    """
    codes = np.ascontiguousarray(pixels).view(np.uint32).ravel()
    places = np.flatnonzero(codes != _WHITE)
    inked = Image.frombytes("RGBA", (max(len(places), 1), 1), codes[places].tobytes() or b"\0" * 4)
    few = inked.convert("RGB").quantize(
        255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    colours = list(few.getpalette() or [])[:765]
    numbers = np.full(len(codes), 255, np.uint8)
    numbers[places] = np.asarray(few)[0][: len(places)]
    picture = Image.frombytes("P", size, numbers.tobytes())
    picture.putpalette([*colours, *[0] * (765 - len(colours)), 255, 255, 255])
    return picture
