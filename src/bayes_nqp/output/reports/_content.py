"""What a report is made of: blocks that any format can write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import Literal

from bayes_nqp._core.texts import one_line, printable
from bayes_nqp.output.tables import Table


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Parameters
    ----------
    level : int, default 1
        1 for a section, 2 and 3 for what is inside one.
    """

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Appendix:
    """The heading of the appendix: all blocks after it belong to the appendix."""

    text: str


@dataclass(frozen=True, slots=True)
class Equation:
    """Equations of the model, one a line, and the meaning of their symbols.

    Texts mark a subscript as in ``y_{it}``, and a superscript as in ``x^{2}``.

    Parameters
    ----------
    where : str
        The sentence that defines the symbols.
    """

    lines: tuple[str, ...]
    where: str

    @property
    def text(self) -> str:
        """Equations and symbols without marks."""
        texts = (*self.lines, self.where)
        return "\n".join("".join(part for _, part in self.runs(text)) for text in texts)

    @staticmethod
    def runs(text: str) -> Iterator[tuple[str, str]]:
        """Split a text into runs, each with its position: "", "sub" or "sup"."""
        for mark, inner, plain in re.findall(r"([_^])\{([^}]*)\}|([^_^]+|[_^])", text):
            yield {"_": "sub", "^": "sup"}.get(mark, ""), inner or plain


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain sentences.

    Parameters
    ----------
    tone : {"", "lead", "failed", "quiet"}, default ""
        The answer itself, the answer where something failed, or something said aside.
    """

    text: str
    tone: Literal["", "lead", "failed", "quiet"] = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    """Details below a finding: folded on a page, small print elsewhere.

    Parameters
    ----------
    title : str
        Label that unfolds the details.
    items : tuple of str
        One paragraph each.
    """

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What failed, or is in doubt; it stands above the numbers it concerns.

    Parameters
    ----------
    tone : {"bad", "doubt", "note"}, default "bad"
        A note is neither: what a reader must know.
    """

    title: str
    items: tuple[str, ...]
    tone: Literal["bad", "doubt", "note"] = "bad"


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the answer, under its name.

    Parameters
    ----------
    aside : str, default ""
        What stands beside the number: its interval.
    """

    label: str
    value: str
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The numbers of the answer, side by side."""

    items: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """All checks at a glance.

    Parameters
    ----------
    marks : tuple of tuple of str and str
        A mark a check: its name with its verdict, and its tone ("bad", "doubt", "good", "faint"
        or none).
    text : str
        How many of each there are.
    """

    marks: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, drawn already.

    Parameters
    ----------
    stem : str
        Name of its files without the ending, in the folder of figures.
    number : int
        From 1 on.
    folder : Path
        Where the files are.
    """

    stem: str
    caption: str
    number: int
    folder: Path

    @property
    def png(self) -> Path:
        """The picture at 300 dots per inch."""
        return self.folder / f"{self.stem}.png"

    @property
    def svg(self) -> Path:
        """The picture as lines."""
        return self.folder / f"{self.stem}.svg"


@dataclass(frozen=True, slots=True, eq=False)
class NumberedTable:
    """A table.

    Parameters
    ----------
    number : int
        From 1 on.
    page : Table, optional
        As a page shows it, where the rest of its notes stands elsewhere on that.
    """

    table: Table
    number: int
    page: Table | None = None

    def titled(self, title: str) -> Table:
        """As a page shows it, under a title."""
        return replace(self.page or self.table, title=title)


type Block = (
    Heading
    | Appendix
    | Paragraph
    | Equation
    | Bullets
    | Folded
    | Alarm
    | Tiles
    | Strip
    | Picture
    | NumberedTable
)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A whole report.

    Parameters
    ----------
    facts : mapping
        The answer in numbers and plain words, for machines.
    """

    title: str
    subtitle: str
    blocks: tuple[Block, ...] = field(default_factory=tuple)
    language: str = "en"
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Leave out what no page can carry."""
        object.__setattr__(self, "title", one_line(self.title))
        object.__setattr__(self, "blocks", tuple(map(_printable, self.blocks)))

    @property
    def main(self) -> tuple[Block, ...]:
        """The blocks before the appendix."""
        return tuple(takewhile(lambda block: not isinstance(block, Appendix), self.blocks))

    @property
    def appendix(self) -> tuple[Block, ...]:
        """The blocks of the appendix, its heading first; empty where there is none."""
        return self.blocks[len(self.main) :]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(block.table for block in self.blocks if isinstance(block, NumberedTable))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Every picture, in order."""
        return tuple(block for block in self.blocks if isinstance(block, Picture))


def _printable(block: Block) -> Block:
    """Leave out of a block's texts what no page can carry; tables see to their own."""
    match block:
        case Heading(text) | Appendix(text) | Paragraph(text):
            return replace(block, text=printable(text))
        case Equation(lines, where):
            return Equation(tuple(map(printable, lines)), printable(where))
        case Bullets(items):
            return replace(block, items=tuple(map(printable, items)))
        case Alarm(title, items) | Folded(title, items):
            return replace(block, title=printable(title), items=tuple(map(printable, items)))
        case Tiles(items):
            tiles = (Tile(*map(printable, (x.label, x.value, x.aside))) for x in items)
            return replace(block, items=tuple(tiles))
        case Strip(marks, text):
            named = tuple((printable(name), tone) for name, tone in marks)
            return replace(block, marks=named, text=printable(text))
        case Picture(caption=caption):
            return replace(block, caption=printable(caption))
        case NumberedTable():
            return block
