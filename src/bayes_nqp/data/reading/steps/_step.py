"""What a step of reading is, and what it works on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.data.reading._read import TEXTS, broken, read
from bayes_nqp.data.reading._text import delimiter, text_grid
from bayes_nqp.data.reading._values import counted
from bayes_nqp.data.reading._workbook import opened, seen_sheets, sheet_frame

BOOKS: Final = (".xlsx", ".xlsm", ".xls")
"""Endings of workbooks."""


type Unit = Literal["cell", "row", "column", "sheet", "unit"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a step would do to a file.

    Parameters
    ----------
    value : object
        Of its key in [data.read].
    reason : Message
        Why.
    count : int
        So many cells it changes; rows, columns, sheets or units where the step's `of` says so.
    before, after : str
        An example, as it stands there and as it is read.
    offered : bool, default False
        Whether it would change what is asked, and is taken only if somebody says so.
    """

    value: Any
    reason: Message
    count: int
    before: str = ""
    after: str = ""
    offered: bool = False


@dataclass(eq=False)
class Reading:
    """A file while it is read: where its table is first, then the table.

    Parameters
    ----------
    load : callable
        Reads a sheet below the rows of its names, into a frame numbered as the user sees its rows.
    roles : dict
        Columns that are known: unit (one or several), time, strata.
    encoding : str, optional
        Of a text file; found by default.
    sheet : str or int, optional
        Of a workbook; the first that is not hidden by default.
    header : tuple of int, default (1,)
        Rows with names of columns, as Excel counts.
    notes : list of str
        What was done.
    said : list of str
        What steps did.
    units : dict of str to str
        What rows below the names say of columns, such as the unit of their numbers.
    stated_roles : dict of str to str
        Words for the role of a column, by its name: what a row above or below the names states.
    doubts : list of PanelError
        What somebody has to decide.
    taken : dict of str to Found
        Steps that were found, by key.
    aside : DataFrame
        Rows that have no unit or no time.
    dated : dict of str to Series
        Dates behind columns of years.
    """

    path: Path
    load: Callable[[str | int | None, tuple[int, ...], list[str]], pd.DataFrame]
    roles: dict[str, Any] = field(default_factory=dict)
    encoding: str | None = None
    sheet: str | int | None = None
    header: tuple[int, ...] = (1,)
    notes: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    stated_roles: dict[str, str] = field(default_factory=dict)
    doubts: list[PanelError] = field(default_factory=list)
    taken: dict[str, Found] = field(default_factory=dict)
    aside: pd.DataFrame = field(default_factory=pd.DataFrame)
    dated: dict[str, pd.Series[Any]] = field(default_factory=dict)
    _frame: pd.DataFrame | None = None

    @property
    def loaded(self) -> bool:
        """Whether the table was read."""
        return self._frame is not None

    @property
    def frame(self) -> pd.DataFrame:
        """The table, read when it is first asked for."""
        if self._frame is None:
            self._frame = self.load(self.sheet, self.header, self.notes)
        return self._frame

    @frame.setter
    def frame(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @cached_property
    def grids(self) -> dict[str, pd.DataFrame]:
        """Cells of every sheet that is not hidden, by its name; of text its first rows."""
        if self.path.suffix.lower() in TEXTS:
            return {"": text_grid(self.path, self.encoding)}
        if self.path.suffix.lower() not in BOOKS:
            return {}
        trouble: tuple[type[Exception], ...] = (ImportError, MemoryError, *broken())
        try:
            with opened(self.path) as book:
                names = seen_sheets(self.path, [str(name) for name in book.sheet_names])
                return {x: sheet_frame(book, self.path, x, [], header=None) for x in names}
        except trouble:
            read(self.path)  # which has words for it
            raise

    @property
    def grid(self) -> pd.DataFrame | None:
        """Cells of the sheet that is read."""
        if not self.grids:
            return None
        name = self.sheet if isinstance(self.sheet, str) else next(iter(self.grids))
        return self.grids.get(name)

    @cached_property
    def delimiter(self) -> str:
        """What parts the columns of a text file; "" of others."""
        if self.path.suffix.lower() not in TEXTS:
            return ""
        return delimiter(self.path, self.encoding, self.header[-1])

    @property
    def parts(self) -> list[str]:
        """Columns that name the unit together."""
        unit = self.roles.get("unit")
        names = [unit] if isinstance(unit, str) else list(unit or ())
        return [name for name in names if name in self.frame.columns]


class Step(ABC):
    """One step: what it finds, and what it does. `label` and `text` are shown to users.

    Undone by its key alone: whoever takes the key out of [data.read] has the cells as they stand
    in the file.
    """

    key: ClassVar[str] = ""
    label: ClassVar[Message]
    text: ClassVar[str]
    kind: ClassVar[Any]
    of: ClassVar[Unit] = "cell"
    """What it counts."""
    placed: ClassVar[bool] = False
    """Whether it needs to know the unit and the time."""
    by_column: ClassVar[bool] = True
    """Whether what its key lists are columns of the file."""

    @abstractmethod
    def found(self, reading: Reading) -> Found | None:
        """Tell what it would do to a file that nobody said anything of; None for nothing."""

    def size(self, count: int) -> Message:
        """Say how much it changes."""
        return {
            "cell": counted(count, "cell"), "row": counted(count, "row"),
            "column": counted(count, "column"), "sheet": counted(count, "sheet"),
            "unit": counted(count, "unit"),
        }[self.of]  # fmt: skip

    @abstractmethod
    def applied(self, reading: Reading, value: Any) -> int:
        """Do it, as its key says; give how many cells were changed, or whatever `of` counts."""


STEPS: Final = Plugins[Step]("bayes_nqp.data.reading.steps")
"""Steps by key, in their order."""


def step[T: Step](key: str, *, place: float = 1000) -> Callable[[type[T]], type[T]]:
    """Let files be read by a step.

    Parameters
    ----------
    key : str
        Of [data.read].
    place : float, default 1000
        When it is taken, from low to high.

    Returns
    -------
    callable
        The decorator of a `Step`.
    """

    def decorate(kind: type[T]) -> type[T]:
        kind.key = key
        STEPS.add(key, kind(), place)
        return kind

    return decorate


def refuse_absent(key: str, names: Iterable[str], choices: Collection[Any]) -> None:
    """Refuse names that a step is to change or remove, and that no cell holds.

    Raises
    ------
    PanelError
        With all of them.
    """
    if lacking := [name for name in names if name not in choices]:
        raise PanelError(
            Message("{}: no cell contains {}", key, shown(map(repr, lacking))),
            hint=nearest(lacking[0], [x for x in choices if isinstance(x, str)]),
        )


def some(values: Collection[Any], most: int = 3) -> str:
    """List a few examples."""
    texts: Sequence[str] = [str(x) for x in values]
    return " · ".join(texts[:most]) + (" …" if len(texts) > most else "")
