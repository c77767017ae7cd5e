"""Inspect a file: the sheet, the header row and the content of each column."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message, language_of, separated
from bayes_nqp._core.io import text_path
from bayes_nqp.data.reading import (
    Found,
    Reading,
    broken_cell,
    counted,
    filled_periods,
    grouped,
    is_text,
    letters,
    reading_of,
    stripped,
)

_MOST: Final = 0.85
"""Minimum share of numbers among the texts of a numeric column."""
_SHOWN: Final = 2
"""Maximum number of unnamed columns listed in a message."""
_SHORT: Final = 6
"""Maximum length of texts that may mark missing values."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceColumn:
    """Column of a file.

    Parameters
    ----------
    raw : Series
        Cells as read.
    values : Series
        Numbers if the column is numeric or contains numbers stored as text; otherwise the cells.
    marked : bool
        True if the numbers have thousands separators.
    missing : tuple of str
        Texts that probably mark missing values.
    doubtful : bool
        True if the column is text only because of a few cells such as "0.43?".
    """

    name: str
    raw: pd.Series[Any]
    values: pd.Series[Any]
    numeric: bool
    marked: bool = False
    missing: tuple[str, ...] = ()
    doubtful: bool = False

    @property
    def numbers(self) -> pd.Series[Any]:
        """Return the numbers; cells that are not numbers are missing."""
        if self.numeric:
            return self.values
        return pd.to_numeric(self.values.map(_bare), errors="coerce").astype("float64")

    @property
    def whole(self) -> bool:
        """Return True if the column contains integers."""
        if not self.numeric:
            return False
        observed = self.values.dropna().to_numpy(dtype=np.float64)
        return bool(len(observed)) and bool((observed == np.floor(observed)).all())


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Overview of a file.

    Parameters
    ----------
    steps : dict of str to Found
        Steps with which the file was read: keys of [data.read].
    roles : dict
        The unit, one column or several, and the time, if they were requested.
    notes : tuple of str
        Messages about changes made in reading and about cells that could not be read.
    aside : DataFrame
        Rows without a unit or without a time.
    stated_roles : dict of str to str
        By column, the role given in a row above or below the column names.
    problem : PanelError, optional
        Error that explains why no columns can be the unit and the time.
    doubt : PanelError, optional
        Question about reading the file that the user has to decide.
    """

    columns: dict[str, SourceColumn]
    steps: dict[str, Found] = field(default_factory=dict)
    roles: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    aside: pd.DataFrame = field(default_factory=pd.DataFrame)
    stated_roles: dict[str, str] = field(default_factory=dict)
    problem: PanelError | None = None
    doubt: PanelError | None = None

    @property
    def language(self) -> str:
        """Return the language of the column names."""
        return language_of("".join(self.columns))


type Placed = Callable[[dict[str, SourceColumn]], dict[str, Any]]


def look(path: Path, names: Collection[str] = (), placed: Placed | None = None) -> Look:
    """Inspect a file.

    Parameters
    ----------
    names : collection of str, default ()
        Columns that contain names, including cells that look like missing values.
    placed : callable, optional
        Function that returns the columns of the unit and the time; without it, no rows are
        excluded.

    Raises
    ------
    PanelError
        If the file cannot be read or has no rows. Missing unit and time columns raise no error.
    """
    unnamed: list[str] = []
    problems: list[PanelError] = []

    def roles_of(reading: Reading) -> dict[str, Any]:
        reading.frame, bare = _named_columns(reading.frame)
        unnamed.extend(bare)
        if not len(reading.frame.columns):
            raise PanelError(
                Message("{} has no row with column names", path.name),
                hint="add a row with column names",
            )
        if placed is None:
            return {}
        try:
            return placed(_columns(reading.frame))
        except PanelError as error:
            try:
                return placed(_columns(filled_periods(reading.frame)))
            except PanelError:
                where = separated([error.where, *unnamed[:_SHOWN]]) if unnamed else error.where
                problems.append(PanelError(error.what, where=where, hint=error.hint))
                return {}

    doubts: list[PanelError] = []
    reading = reading_of(path, None, roles=roles_of, names=names, doubts=doubts)
    notes = [*(x for x in reading.notes if " sheets (the others: " not in x), *unnamed]
    columns = _columns(reading.frame)
    stated = {name: word for name, word in reading.stated_roles.items() if name in columns}
    return Look(columns, reading.taken, dict(reading.roles), tuple(notes), reading.aside, stated,
                problems[0] if problems else None, doubts[0] if doubts else None)  # fmt: skip


def _columns(frame: pd.DataFrame) -> dict[str, SourceColumn]:
    return {str(name): column_of(frame[name], str(name)) for name in frame.columns}


def _named_columns(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Drop columns without a name, and report those that are not empty."""
    bare = [str(name).startswith("Unnamed") for name in frame.columns]
    held = frame.loc[:, bare].notna().sum()
    notes = [
        Message(
            "column {} has no name in the header and was excluded: {} with content",
            letters(place + 1),
            counted(held[name], "cell"),
        )
        for place, name in enumerate(frame.columns)
        if bare[place] and held[name]
    ]
    return frame.loc[:, [not x for x in bare]], list(notes)


def named(file: str | Path) -> Path:
    """Raise an error if no file is given.

    Raises
    ------
    StudyError
        If the path is empty, as in `make new` without FILE.
    """
    path = text_path(file, "FILE")
    if not path.name:
        raise StudyError(
            "FILE does not give a file",
            hint="give the path of your data: bayes-nqp new cities.xlsx, or make new "
            "FILE=cities.xlsx",
        )
    return path


def column_of(raw: pd.Series[Any], name: str) -> SourceColumn:
    """Detect the type of a column's content."""
    values = raw.infer_objects()
    if pd.api.types.is_bool_dtype(values.dtype):
        return SourceColumn(name, raw, values.astype("float64"), numeric=True)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return SourceColumn(name, raw, values, numeric=True)
    if not is_text(values):
        return SourceColumn(name, raw, values, numeric=False)
    text = stripped(values)[0]
    text = text.mask(text.map(broken_cell).astype(bool))
    observed = text.dropna()
    plain = observed.map(_bare)
    numbers = pd.to_numeric(plain, errors="coerce")
    if not len(observed) or numbers.notna().mean() < _MOST:
        return SourceColumn(name, raw, text, numeric=False)
    wrong = [str(x) for x in observed[numbers.isna()].unique()]
    missing = tuple(x for x in wrong if len(x) <= _SHORT and not any(c.isdigit() for c in x))
    marked = bool(observed.map(lambda x: isinstance(x, str) and "," in x).any())
    if len(missing) < len(wrong):
        return SourceColumn(name, raw, text, False, marked, missing, doubtful=True)
    numbers_read = pd.to_numeric(plain.reindex(values.index), errors="coerce")
    return SourceColumn(name, raw, numbers_read.astype("float64"), True, marked, missing)


def _bare(cell: Any) -> Any:
    """Remove the thousands separators from a number."""
    bare = grouped(cell, ",") if isinstance(cell, str) else cell
    return cell if bare is None else bare
