"""From sketches to files: every picture drawn, numbered, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bayes_nqp.files import file_name, write, write_csv, writing
from bayes_nqp.progress import say
from bayes_nqp.reports._content import Block, Picture, Tabulated
from bayes_nqp.reports._context import Sketch

__all__ = ["numbered"]

_DPI = 300


def numbered(blocks: Iterable[Block | Sketch], folder: Path) -> tuple[Block, ...]:
    """Draw every sketch into a folder, and number pictures and tables.

    Parameters
    ----------
    folder : Path
        For figures; is made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    made: list[Block] = []
    pictures = tables = 0
    for block in blocks:
        if isinstance(block, Sketch):
            pictures += 1
            say(f"drawing {block.stem}", pictures - 1, pictures)
            made.append(_drawn(block, pictures, folder))
        elif isinstance(block, Tabulated):
            tables += 1
            made.append(replace(block, number=tables))
        else:
            made.append(block)
    return tuple(made)


def _drawn(sketch: Sketch, number: int, folder: Path) -> Picture:
    import matplotlib as mpl

    picture = Picture(f"{number:02d}_{file_name(sketch.stem)}", sketch.caption, number, folder)
    figure = sketch.make()
    # Text stays text, so that a journal can edit it; no date, so that files compare.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "bayes_nqp"}):
        write(picture.png, lambda file: figure.savefig(file, format="png", dpi=_DPI))
        figure.set_layout_engine("none")  # both files are laid out alike, once
        write(
            picture.svg,
            lambda file: figure.savefig(file, format="svg", metadata={"Date": None}),
        )
    figure.clear()
    if sketch.data is not None:
        table = sketch.data()
        write_csv(table, folder / f"{picture.stem}.csv", digits=8)
    return picture
