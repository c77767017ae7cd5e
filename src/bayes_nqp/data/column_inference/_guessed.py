"""What is guessed of a file, and what guesses of several parts ask of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message, Translator, language_of
from bayes_nqp.data.column_inference._file_overview import SourceColumn
from bayes_nqp.data.reading import Found, Role, role_of, year_of


@dataclass(slots=True, eq=False)
class Guess:
    """Roles with the reasons for them.

    Parameters
    ----------
    roles : dict
        Keys of [data].
    reasons : dict of str to str
        Why, by key.
    zones : dict
        Keys of [data.zones], where they are asked for, or the file says nothing of treatment but
        names prefectures.
    merges : bool
        Whether they are asked for: else they are only offered.
    offers : list of tuple of two str
        Roles of columns between which somebody has to choose.
    problem : PanelError, optional
        Why nobody can tell who is treated when.
    mediators, covariates : list of str
        Columns that could be, by their names; of a channel, its first column.
    alike : dict of str to list of str
        By mediator, columns that sound like the same channel.
    notes : list of str
        What somebody should know before trusting the file.
    rows : int
        Rows with a unit and a time, or with an outcome.
    unplaced : int
        Those of them that lack a unit or a time.
    steps : dict of str to Found
        By which the file was read: keys of [data.read].
    parts : str or list of str
        The column that names the unit, or those that do together.
    language : str
        Somebody's choice; "" for that of the outcome's name.
    stated_roles : dict of str to str
        By column, the word for its role in a row above or below the names: 控制变量.
    """

    roles: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    zones: dict[str, Any] = field(default_factory=dict)
    merges: bool = False
    offers: list[tuple[str, str]] = field(default_factory=list)
    problem: PanelError | None = None
    mediators: list[str] = field(default_factory=list)
    covariates: list[str] = field(default_factory=list)
    alike: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    unplaced: int = 0
    steps: dict[str, Found] = field(default_factory=dict)
    parts: str | list[str] = ""
    language: str = ""
    stated_roles: dict[str, str] = field(default_factory=dict)

    @property
    def translate(self) -> Translator:
        """Words of the language that was chosen, or that names are in: the outcome's, or others."""
        outcome = self.stated_roles.get(self.roles["outcome"], self.roles["outcome"])
        if not any(map(str.isalpha, outcome)):  # 5-3
            outcome = f"{self.roles['unit']} {self.roles['time']}"
        return Translator(self.language or language_of(outcome))

    def stated(self, role: Role) -> list[str]:
        """List the columns to which the file gives a role."""
        return [name for name, word in self.stated_roles.items() if role_of(word) == role]

    def as_stated(self, name: str) -> Message:
        """Say that the file gives a column its role."""
        return Message("its role according to the file is {}", self.stated_roles[name])

    def take(self, key: str, value: Any, reason: str) -> None:
        """Set a role."""
        self.roles[key] = value
        self.reasons[key] = reason


def free(
    proposal: Guess, columns: dict[str, SourceColumn], role: Role | None = None
) -> Iterator[tuple[str, SourceColumn]]:
    """Find the columns without a part.

    Parameters
    ----------
    role : str, optional
        Columns to which the file gives this role are among them; those with another role never.
    """
    taken = {proposal.roles.get(key) for key in ("unit", "time", "cohort", "treated", "outcome")}
    taken |= set(proposal.roles.get("strata", ()))
    taken |= {*proposal.stated_roles} - {*(proposal.stated(role) if role else ())}
    yield from ((name, column) for name, column in columns.items() if name not in taken)


def constant(values: pd.Series[Any], frame: pd.DataFrame) -> bool:
    """Tell whether a column has one value, or none, in each unit.

    Parameters
    ----------
    frame : DataFrame
        With the unit in ``__unit``.
    """
    return bool((values.groupby(frame["__unit"]).nunique(dropna=False) <= 1).all())


def same(first: pd.Series[Any], other: pd.Series[Any]) -> bool:
    """Tell whether two columns go one for one, as a year and its number do."""
    pairs = pd.DataFrame({"one": first, "other": other}).dropna().drop_duplicates()
    return not pairs["one"].duplicated().any() and not pairs["other"].duplicated().any()


def years_of(values: pd.Series[Any]) -> pd.Series[Any]:
    """Read numbers, and years of dates and of text that says one.

    Returns
    -------
    Series of float64
        NaN where a cell says neither.
    """
    cells, numbers = pd.Series(values.dropna().unique()), values
    if pd.api.types.is_numeric_dtype(values.dtype):
        cells = cells[cells > 9999]
    else:
        plain = {x for x in cells if isinstance(x, str | int | float)}
        numbers = pd.to_numeric(values.where(values.isin(plain)).astype(object), errors="coerce")
    years = values.map({x: year_of(x) for x in cells}).astype("float64")
    return years.where(years.notna(), numbers.astype("float64"))
