"""A table as it is printed: cells that know their numbers, and how these are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import ENGLISH, Message, chance, joined, localised
from bayes_nqp._core.texts import one_line, printable
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import TableAttributes, door
from bayes_nqp.output.tables._renderings import Renderings

if TYPE_CHECKING:
    import pandas as pd


type Value = float | int | str | None
type Kind = Literal["number", "chance", "count", "text"]

MISSING = "–"
MINUS = "−"
CHANCE_DECIMALS = 3
"""Decimals of a probability."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the numbers of a cell are written together.

    Parameters
    ----------
    template : str
        With a pair of braces for every part; a line break starts a new line of the cell.
    kinds : tuple of {"number", "chance", "count", "text"}
        Of the parts. A chance is a probability, never written as 0 or 1.
    names : tuple of str
        Headings of the parts where each has a column of its own.
    """

    template: str = "{}"
    kinds: tuple[Kind, ...] = ("text",)
    names: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Cell:
    """Numbers or words of one cell.

    Parameters
    ----------
    values : tuple of float, int, str or None
        The parts, unrounded; none for an empty cell.
    decimals : int, default 3
        Of numbers.
    tone : {"", "good", "doubt", "bad", "faint"}, default ""
        Of a verdict.
    language : str, default "en"
        That of the table, whose decimal sign numbers have.
    """

    values: tuple[Value, ...] = ()
    form: Form = field(default_factory=Form)
    decimals: int = 3
    tone: Literal["", "good", "doubt", "bad", "faint"] = ""
    language: Language = ENGLISH

    @property
    def text(self) -> str:
        """The cell as printed."""
        if not self.values:
            return ""
        parts = []
        for value, kind in zip(self.values, self.form.kinds, strict=True):
            part = written(value, kind, self.decimals)
            words = kind == "text" or isinstance(value, str)
            parts.append(part if words else localised(part, self.language))
        if len(parts) > 1 and all(part == MISSING for part in parts):
            return MISSING
        between = "; " if localised(".", self.language) == "," else ", "
        return self.form.template.replace(", ", between).format(*parts)


NOTHING = Cell()
"""An empty cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of cells.

    Parameters
    ----------
    label : str
        Its heading.
    group : str, default ""
        A heading over this and neighbouring columns of the same group.
    words : bool, default False
        Whether it holds sentences, set to the left and broken into lines.
    """

    label: str
    group: str = ""
    words: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table; one without cells is a heading over those below it.

    Parameters
    ----------
    rule : bool, default False
        Whether a line is drawn above it.
    """

    label: str
    cells: tuple[Cell, ...] = ()
    rule: bool = False

    @property
    def heading(self) -> bool:
        """Whether it is a heading."""
        return not self.cells


@door
@dataclass(frozen=True, eq=False, repr=False)
class Table(TableAttributes, Renderings):
    """A table, built once and rendered many ways.

    Parameters
    ----------
    kind : str
        What it tabulates.
    stub : str
        Heading of the column of labels.
    notes : tuple of str
        Sentences beneath.
    stamps : tuple of str
        What failed; they stand in the table itself, above the numbers.
    facts : mapping of str to str, optional
        What else is known, such as the gate's verdict and the interval.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> table = nqp.table(fit)
    >>> table.to_frame().columns[:2].tolist()
    ['section', 'label']
    """

    kind: str
    title: str
    stub: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    stamps: tuple[str, ...] = ()
    language: Language = "en"
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Tell cells the language, and leave out what no format can carry."""
        columns = (
            replace(column, label=printable(column.label), group=printable(column.group))
            for column in self.columns
        )
        texts = {
            "title": one_line(self.title),
            "stub": printable(self.stub),
            "columns": tuple(columns),
            "rows": tuple(_told(row, self.language) for row in self.rows),
            "notes": tuple(map(one_line, self.notes)),
            "stamps": tuple(map(one_line, self.stamps)),
        }
        for name, value in texts.items():
            object.__setattr__(self, name, value)

    def form(self, place: int) -> Form:
        """Find the form with the most parts among the cells of a column.

        Parameters
        ----------
        place : int
            Of the column.
        """
        if not 0 <= place < len(self.columns):
            raise StudyError(
                f"'place' is {place}, of {len(self.columns)} columns", hint="0 for the first"
            )
        forms = [row.cells[place].form for row in self.rows if not row.heading]
        return max(forms, key=lambda form: len(form.kinds), default=Form())

    @property
    def text(self) -> pd.DataFrame:
        """The body as printed, all of it text."""
        return self.to_frame(text=True)

    @property
    def numbers(self) -> pd.DataFrame:
        """The body as unrounded numbers, a column for each."""
        return self.to_frame()

    @property
    def note(self) -> str:
        """The notes as one paragraph."""
        return joined(self.notes).in_(self.language)

    @property
    def footnote(self) -> str:
        """The notes behind the word for them; empty where there are none."""
        return Message("Notes: {}", joined(self.notes)).in_(self.language) if self.notes else ""

    def __repr__(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        return self.to_html()


def _told(row: Row, language: Language) -> Row:
    """Tell the cells of a row the language, and leave out what no format can carry."""
    cells = (
        replace(
            cell,
            language=language,
            values=tuple(printable(x) if isinstance(x, str) else x for x in cell.values),
        )
        for cell in row.cells
    )
    return replace(row, label=printable(row.label), cells=tuple(cells))


def written(value: Value, kind: Kind, decimals: int) -> str:
    """Write one part of a cell.

    Parameters
    ----------
    decimals : int
        Of a number.

    Returns
    -------
    str
        An en dash where it is missing.
    """
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return MISSING
    if isinstance(value, str) or kind == "text":
        return str(value)
    if kind == "count":
        return f"{round(value):,}"
    if kind == "chance":
        return chance(float(value), CHANCE_DECIMALS).replace(" ", "")
    rounded = f"{value:,.{decimals}f}"
    if float(rounded.replace(",", "")) == 0.0:
        rounded = rounded.removeprefix("-")
    return rounded.replace("-", MINUS)


def decimals_for(spreads: Sequence[float], wanted: int | None) -> int:
    """Choose decimals: three, more for small posterior sds, fewer for large ones.

    Parameters
    ----------
    spreads : sequence of float
        Posterior sds.
    wanted : int or None
        What the caller wants.

    Returns
    -------
    int
        So that an sd has two significant digits, but three decimals while that is not fewer
        digits than it has to be.
    """
    if wanted is not None:
        return wanted
    sizes = np.asarray([s for s in spreads if np.isfinite(s) and s > 0], dtype=np.float64)
    if not sizes.size:
        return 3
    needed = math.ceil(-math.log10(float(np.median(sizes)))) + 1
    return min(needed, 10) if needed > 3 else 3 if needed > 0 else max(0, needed + 1)
