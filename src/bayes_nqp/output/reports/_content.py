"""Blocks of a report, independent of the output format."""

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
        1 for sections, 2 and 3 for subsections.
    anchor : str, default ""
        Target of links on a page.
    """

    text: str
    level: int = 1
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Appendix:
    """The heading of the appendix: all blocks after it belong to the appendix."""

    text: str


@dataclass(frozen=True, slots=True)
class DisplayedEquation:
    """Equations of the model, one per line, with definitions of their symbols.

    Subscripts are written as in ``y_{it}``, superscripts as in ``x^{2}``.

    Parameters
    ----------
    where : str
        The sentence that defines the symbols.
    """

    lines: tuple[str, ...]
    where: str

    @property
    def text(self) -> str:
        """Return equations and symbols without markup."""
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
        Main answer, answer with a failed check, or additional remark.
    """

    text: str
    tone: Literal["", "lead", "failed", "quiet"] = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences.

    Parameters
    ----------
    anchors : tuple of str, default ()
        Targets of links on a page, one per item.
    """

    items: tuple[str, ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """Details below a finding: folded on a page, small print elsewhere.

    Parameters
    ----------
    title : str
        Label that unfolds the details.
    items : tuple of str
        One paragraph each.
    anchor : str, default ""
        Target of links on a page, which unfold the details.
    """

    title: str
    items: tuple[str, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Box with failed checks or checks that require caution, above the results concerned.

    Parameters
    ----------
    tone : {"bad", "doubt", "note"}, default "bad"
        "bad" for failures, "doubt" for caution, "note" for other important information.
    links : tuple of str, default ()
        Anchors that the items link to on a page, one per item; empty for an item without a link.
    """

    title: str
    items: tuple[str, ...]
    tone: Literal["bad", "doubt", "note"] = "bad"
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the answer, under its name.

    Parameters
    ----------
    aside : str, default ""
        Text after the number, such as its interval.
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
    """Summary of all checks.

    Parameters
    ----------
    marks : tuple of tuple of str and str
        One mark per check: its name with its verdict, and its tone ("bad", "doubt", "good", "faint"
        or none).
    text : str
        Number of checks by verdict.
    """

    marks: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Figure that is already drawn.

    Parameters
    ----------
    stem : str
        Name of its files without the ending, in the folder of figures.
    number : int
        Number of the figure, from 1.
    folder : Path
        Folder of the files.
    """

    stem: str
    caption: str
    number: int
    folder: Path

    @property
    def png(self) -> Path:
        """Return the path of the picture at 300 dots per inch."""
        return self.folder / f"{self.stem}.png"

    @property
    def svg(self) -> Path:
        """Return the path of the vector graphic."""
        return self.folder / f"{self.stem}.svg"


@dataclass(frozen=True, slots=True, eq=False)
class NumberedTable:
    """Table with its number in the report.

    Parameters
    ----------
    number : int
        Number of the table, from 1.
    page : Table, optional
        Version of the table for HTML pages, if the other notes are printed elsewhere on the page.
    """

    table: Table
    number: int
    page: Table | None = None

    def titled(self, title: str) -> Table:
        """Return the table as shown on a page, under a title."""
        return replace(self.page or self.table, title=title)


type Block = (
    Heading
    | Appendix
    | Paragraph
    | DisplayedEquation
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
    """Content of a whole report.

    Parameters
    ----------
    facts : mapping
        The answer in numbers and words for ``answer.json``.
    """

    title: str
    subtitle: str
    blocks: tuple[Block, ...] = field(default_factory=tuple)
    language: str = "en"
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Remove characters that cannot be printed on a page."""
        object.__setattr__(self, "title", one_line(self.title))
        object.__setattr__(self, "blocks", tuple(map(_printable, self.blocks)))

    @property
    def main(self) -> tuple[Block, ...]:
        """Return the blocks before the appendix."""
        return tuple(takewhile(lambda block: not isinstance(block, Appendix), self.blocks))

    @property
    def appendix(self) -> tuple[Block, ...]:
        """Return the blocks of the appendix with its heading; empty without an appendix."""
        return self.blocks[len(self.main) :]

    @property
    def anchors(self) -> frozenset[str]:
        """Return the targets of links on a page."""
        blocks = [x for x in self.blocks if isinstance(x, Heading | Folded)]
        items = [name for x in self.blocks if isinstance(x, Bullets) for name in x.anchors]
        return frozenset(filter(None, [*(x.anchor for x in blocks), *items]))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Return every table in order."""
        return tuple(block.table for block in self.blocks if isinstance(block, NumberedTable))

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return every picture in order."""
        return tuple(block for block in self.blocks if isinstance(block, Picture))


def _printable(block: Block) -> Block:
    """Remove unprintable characters from the texts of a block; tables remove their own."""
    match block:
        case Heading(text) | Appendix(text) | Paragraph(text):
            return replace(block, text=printable(text))
        case DisplayedEquation(lines, where):
            return DisplayedEquation(tuple(map(printable, lines)), printable(where))
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
