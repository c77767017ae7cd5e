"""Define reading steps and the state on which they operate."""

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
"""Suffixes of workbooks."""


type Unit = Literal["cell", "row", "column", "sheet", "unit"]


@dataclass(frozen=True, slots=True)
class Found:
    """Proposed change of a file by a step.

    Parameters
    ----------
    value : object
        Value of the key in [data.read].
    reason : Message
        Reason for the change.
    count : int
        Number of changed cells, or of rows, columns, sheets or units as given by the step's `of`.
    before, after : str
        Example of a cell in the file, and as it is read.
    offered : bool, default False
        True if the step changes the research question; it is then applied only on request.
    """

    value: Any
    reason: Message
    count: int
    before: str = ""
    after: str = ""
    offered: bool = False


@dataclass(eq=False)
class Reading:
    """State of a file during reading: first the location of the table, then the table.

    Parameters
    ----------
    load : callable
        Function that reads a sheet below its header, into a frame with row numbers as the user sees
        them.
    roles : dict
        Known columns: unit (one or several), time, strata.
    encoding : str, optional
        Encoding of a text file; detected by default.
    sheet : str or int, optional
        Sheet of a workbook; by default the first visible one.
    header : tuple of int, default (1,)
        Rows with the column names, numbered as in Excel.
    notes : list of str
        Messages about changes.
    said : list of str
        Messages about the changes of steps.
    units : dict of str to str
        Descriptions of columns in rows below the names, such as the unit of measurement.
    stated_roles : dict of str to str
        Role of a column, by its name, as stated in a row above or below the names.
    doubts : list of PanelError
        Questions that the user has to decide.
    taken : dict of str to Found
        Steps applied to the file, by key.
    aside : DataFrame
        Rows without a unit or without a time.
    dated : dict of str to Series
        Original dates of columns of years.
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
        """Return True if the table was read."""
        return self._frame is not None

    @property
    def frame(self) -> pd.DataFrame:
        """Return the table, which is read at first access."""
        if self._frame is None:
            self._frame = self.load(self.sheet, self.header, self.notes)
        return self._frame

    @frame.setter
    def frame(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @cached_property
    def grids(self) -> dict[str, pd.DataFrame]:
        """Return the cells of each visible sheet by name; for text, the first rows."""
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
        """Return the cells of the selected sheet."""
        if not self.grids:
            return None
        name = self.sheet if isinstance(self.sheet, str) else next(iter(self.grids))
        return self.grids.get(name)

    @cached_property
    def delimiter(self) -> str:
        """Return the column delimiter of a text file; "" for other files."""
        if self.path.suffix.lower() not in TEXTS:
            return ""
        return delimiter(self.path, self.encoding, self.header[-1])

    @property
    def parts(self) -> list[str]:
        """Return the columns that together identify the unit."""
        unit = self.roles.get("unit")
        names = [unit] if isinstance(unit, str) else list(unit or ())
        return [name for name in names if name in self.frame.columns]


class Step(ABC):
    """Reading step, with its detection and its change; `label` and `text` are shown to users.

    Removing the key from [data.read] undoes the step, and restores the cells of the file.
    """

    key: ClassVar[str] = ""
    label: ClassVar[Message]
    text: ClassVar[str]
    kind: ClassVar[Any]
    of: ClassVar[Unit] = "cell"
    """Object that the step counts."""
    placed: ClassVar[bool] = False
    """True if the step requires the unit and the time."""
    by_column: ClassVar[bool] = True
    """True if the key lists columns of the file."""

    @abstractmethod
    def found(self, reading: Reading) -> Found | None:
        """Return the change proposed for a file without settings; None for no change."""

    def size(self, count: int) -> Message:
        """Describe the size of the change."""
        return {
            "cell": counted(count, "cell"), "row": counted(count, "row"),
            "column": counted(count, "column"), "sheet": counted(count, "sheet"),
            "unit": counted(count, "unit"),
        }[self.of]  # fmt: skip

    @abstractmethod
    def applied(self, reading: Reading, value: Any) -> int:
        """Apply the step with the value of its key, and return the number of changed cells."""


STEPS: Final = Plugins[Step]("bayes_nqp.data.reading.steps")
"""Steps by key, in their order."""


def step[T: Step](key: str, *, place: float = 1000) -> Callable[[type[T]], type[T]]:
    """Register a reading step.

    Parameters
    ----------
    key : str
        Key in [data.read].
    place : float, default 1000
        Position in the order of steps, ascending.

    Returns
    -------
    callable
        Decorator of a `Step`.
    """

    def decorate(kind: type[T]) -> type[T]:
        kind.key = key
        STEPS.add(key, kind(), place)
        return kind

    return decorate


def refuse_absent(key: str, names: Iterable[str], choices: Collection[Any]) -> None:
    """Reject names to change or remove that no cell contains.

    Raises
    ------
    PanelError
        If there are such names; the message lists them.
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
