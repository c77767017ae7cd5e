"""Figure files of a run: every figure is drawn once and saved with its data."""

from __future__ import annotations

import zlib
from itertools import chain, count
from pathlib import Path
from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import file_name, write, write_csv, writing
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp._core.process import swept, uncollected
from bayes_nqp._core.progress import say
from bayes_nqp.output.plots import Sketch


class FigureFolder:
    """Figures of a run in a folder that is created with the first figure.

    Parameters
    ----------
    folder : Path
        Folder of the files: each figure as NAME.png (300 dpi) and NAME.svg, its data as NAME.csv.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._drawn: dict[str, str | None] = {}

    def draw(self, sketch: Sketch) -> str | None:
        """Draw a figure unless its files exist already.

        Returns
        -------
        str or None
            Name of its files without the extension; None if it could not be drawn.
        """
        if sketch.stem not in self._drawn:
            say(Message("drawing {}", sketch.stem), len(self._drawn), len(self._drawn) + 1)
            self._drawn[sketch.stem] = None
            with omitted(Message("The figure {}", sketch.stem)):
                self._drawn[sketch.stem] = self._write(sketch, self._free(sketch.stem))
        return self._drawn[sketch.stem]

    def _free(self, text: str) -> str:
        """Return a file name that differs from the others on case-insensitive disks too."""
        taken = {stem.casefold() for stem in self._drawn.values() if stem is not None}
        names = (
            f"{file_name(text)}{number}" for number in chain([""], map("_{}".format, count(2)))
        )
        return next(name for name in names if name.casefold() not in taken)

    def _write(self, sketch: Sketch, stem: str) -> str:
        from bayes_nqp.output.reports._pages import DPI, drawn

        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with uncollected():
            pixels, lines = drawn(sketch.make())
        quick: Any = {"dpi": (DPI, DPI), "compress_level": 4, "compress_type": zlib.Z_RLE}
        write(self.folder / f"{stem}.png", lambda file: pixels.save(file, "PNG", **quick))
        write(self.folder / f"{stem}.svg", lambda file: file.write(lines))
        if sketch.data is not None:
            write_csv(sketch.data(), self.folder / f"{stem}.csv", digits=8)
        swept()
        return stem
