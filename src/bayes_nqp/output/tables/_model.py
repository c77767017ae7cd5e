"""Model of a printed table: cells with their numbers and formats."""

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
    """Format of the numbers of a cell.

    Parameters
    ----------
    template : str
        Template with a pair of braces for every part; a line break starts a new line of the cell.
    kinds : tuple of {"number", "chance", "count", "text"}
        Kinds of the parts. A chance is a probability, never printed as 0 or 1.
    names : tuple of str
        Headings of the parts if each has a separate column.
    """

    template: str = "{}"
    kinds: tuple[Kind, ...] = ("text",)
    names: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Cell:
    """Numbers or text of one cell.

    Parameters
    ----------
    values : tuple of float, int, str or None
        The parts, unrounded; none for an empty cell.
    decimals : int, default 3
        Decimals of numbers.
    tone : {"", "good", "doubt", "bad", "faint"}, default ""
        Tone of a verdict.
    language : str, default "en"
        Language of the table, which determines the decimal sign.
    link : str, default ""
        Anchor that the cell links to on a page that has it.
    """

    values: tuple[Value, ...] = ()
    form: Form = field(default_factory=Form)
    decimals: int = 3
    tone: Literal["", "good", "doubt", "bad", "faint"] = ""
    language: Language = ENGLISH
    link: str = ""

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
    """Column of a table.

    Parameters
    ----------
    label : str
        Heading of the column.
    group : str, default ""
        Heading over adjacent columns of the same group.
    words : bool, default False
        If True, cells contain sentences, aligned left and broken into lines.
    """

    label: str
    group: str = ""
    words: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Row of a table; a row without cells is a heading of the rows below.

    Parameters
    ----------
    rule : bool, default False
        If True, draw a line above the row.
    """

    label: str
    cells: tuple[Cell, ...] = ()
    rule: bool = False

    @property
    def heading(self) -> bool:
        """Return True if the row is a heading."""
        return not self.cells


@door
@dataclass(frozen=True, eq=False, repr=False)
class Table(TableAttributes, Renderings):
    """Table that can be rendered in several formats.

    Parameters
    ----------
    kind : str
        Kind of the table.
    stub : str
        Heading of the column of labels.
    notes : tuple of str
        Sentences below the table.
    stamps : tuple of str
        Failures, printed in the table itself above the numbers.
    facts : mapping of str to str, optional
        Further facts, such as the verdict of the convergence diagnostics and the interval.

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
        """Set the language of cells, and remove unprintable characters."""
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
    """Set the language of a row's cells, and remove unprintable characters."""
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
    """Choose the decimals: three, more for small posterior SDs, fewer for large ones.

    Parameters
    ----------
    spreads : sequence of float
        Posterior sds.
    wanted : int or None
        Decimals requested by the caller.

    Returns
    -------
    int
        Decimals that give an SD two significant digits, and three decimals if these suffice.
    """
    if wanted is not None:
        return wanted
    sizes = np.asarray([s for s in spreads if np.isfinite(s) and s > 0], dtype=np.float64)
    if not sizes.size:
        return 3
    needed = math.ceil(-math.log10(float(np.median(sizes)))) + 1
    return min(needed, 10) if needed > 3 else 3 if needed > 0 else max(0, needed + 1)
