"""What a file holds: which sheet, which row of names, and what each column looks like."""

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
"""Share of a column's texts that must be numbers for it to be one of numbers."""
_SHOWN: Final = 2
"""Columns without a name that a problem names, at most."""
_SHORT: Final = 6
"""Length of texts that can stand for a missing number."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceColumn:
    """One column.

    Parameters
    ----------
    raw : Series
        As it was read.
    values : Series
        Numbers where it holds numbers, also those stored as text; else what is there.
    marked : bool
        Whether numbers have marks between thousands.
    missing : tuple of str
        Texts that seem to stand for a missing number.
    doubtful : bool
        Whether it is text for a few cells that are neither, such as "0.43?".
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
        """Its numbers, also where a few cells are none."""
        if self.numeric:
            return self.values
        return pd.to_numeric(self.values.map(_bare), errors="coerce").astype("float64")

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers."""
        if not self.numeric:
            return False
        observed = self.values.dropna().to_numpy(dtype=np.float64)
        return bool(len(observed)) and bool((observed == np.floor(observed)).all())


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A file as it was looked at.

    Parameters
    ----------
    steps : dict of str to Found
        By which it was read: keys of [data.read].
    roles : dict
        The unit, one column or several, and the time, where somebody asked.
    notes : tuple of str
        What reading it did, and what it could not read.
    aside : DataFrame
        Rows that have no unit or no time.
    stated_roles : dict of str to str
        By column, the word for its role in a row above or below the names.
    problem : PanelError, optional
        Why no columns can be the unit and the time.
    doubt : PanelError, optional
        What somebody has to decide of how it was read.
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
        """Of the names of its columns."""
        return language_of("".join(self.columns))


type Placed = Callable[[dict[str, SourceColumn]], dict[str, Any]]


def look(path: Path, names: Collection[str] = (), placed: Placed | None = None) -> Look:
    """Look at a file.

    Parameters
    ----------
    names : collection of str, default ()
        Columns whose cells are names, also where they look like missing numbers.
    placed : callable, optional
        Tells of columns which name the unit and the time; without it, no row is set aside.

    Raises
    ------
    PanelError
        If it cannot be read, or holds no rows; not where no columns are unit and time.
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
    """Leave out columns without a name, and say so of those that hold something."""
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
    """Refuse a file without a name.

    Raises
    ------
    StudyError
        If there is none, as where make is not told one.
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
    """Tell what a column holds."""
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
    """A number without its marks between thousands."""
    bare = grouped(cell, ",") if isinstance(cell, str) else cell
    return cell if bare is None else bare
