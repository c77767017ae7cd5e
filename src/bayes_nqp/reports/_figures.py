"""From sketches to files: every figure of a run drawn once, with the numbers behind it."""

from __future__ import annotations

from pathlib import Path

from bayes_nqp.files import file_name, write, write_csv, writing
from bayes_nqp.language import Message
from bayes_nqp.plots import Sketch
from bayes_nqp.process import alone
from bayes_nqp.progress import say

__all__ = ["FigureFolder"]

_DPI = 300


class FigureFolder:
    """The figures of a run in a folder, which is made with the first.

    Parameters
    ----------
    folder : Path
        Each figure is NAME.png (300 dpi) and NAME.svg there, its numbers NAME.csv.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stems: set[str] = set()

    def draw(self, sketch: Sketch) -> str:
        """Draw a figure, unless it is there already.

        Returns
        -------
        str
            The name of its files without the ending.
        """
        import matplotlib as mpl

        stem = file_name(sketch.stem)
        if stem in self._stems:
            return stem
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        say(Message("drawing {}", sketch.stem), len(self._stems), len(self._stems) + 1)
        self._stems.add(stem)
        figure = sketch.make()
        # Text stays text, so that a journal can edit it; no date, so that files compare.
        with alone(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bayes_nqp"}):
            write(
                self.folder / f"{stem}.png",
                lambda file: figure.savefig(file, format="png", dpi=_DPI),
            )
            figure.set_layout_engine("none")  # both files are laid out alike, once
            write(
                self.folder / f"{stem}.svg",
                lambda file: figure.savefig(file, format="svg", metadata={"Date": None}),
            )
        figure.clear()
        if sketch.data is not None:
            write_csv(sketch.data(), self.folder / f"{stem}.csv", digits=8)
        return stem
