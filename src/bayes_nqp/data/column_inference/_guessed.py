"""Store the roles inferred from a file, and test properties of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message, Translator, language_of
from bayes_nqp.data.column_inference._file_overview import SourceColumn
from bayes_nqp.data.reading import Found, Role, role_of, year_of

TREATMENT_KEYS: Final = ("cohort", "treated", "treatment")
"""Keys of [data] that define treatment: first period; status by row; status that may end."""


@dataclass(slots=True, eq=False)
class Guess:
    """Inferred roles with the reasons for them.

    Parameters
    ----------
    roles : dict
        Keys of [data].
    reasons : dict of str to str
        Reason, by key.
    zones : dict
        Keys of [data.zones], if the zones are requested, or if the file contains prefectures but no
        treatment column.
    merges : bool
        True if the zones are requested; otherwise they are only offered.
    offers : list of tuple of two str
        Roles and columns that the user has to choose or to reject.
    problem : PanelError, optional
        Error that explains why treatment is not identified.
    mediators, covariates : list of str
        Candidates by their names; the first column of each channel.
    alike : dict of str to list of str
        By mediator, columns with names of the same channel.
    notes : list of str
        Messages that the user should read before using the file.
    rows : int
        Number of rows with a unit and a time, or with an outcome.
    unplaced : int
        Number of these rows without a unit or without a time.
    steps : dict of str to Found
        Steps with which the file was read: keys of [data.read].
    parts : str or list of str
        The column, or columns, that identify the unit.
    language : str
        Language chosen by the user; "" for the language of the outcome's name.
    stated_roles : dict of str to str
        By column, the role given in a row above or below the column names: 控制变量.
    likelihood : str
        Likelihood for the values of the outcome; "" for the default.
    withheld : str
        Reason why the likelihood is only offered; "" if it is used.
    exposures : list of str
        Columns that may be the exposure of counts.
    log_odds : bool
        True if the outcome is a share strictly between 0 and 1.
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
    likelihood: str = ""
    withheld: str = ""
    exposures: list[str] = field(default_factory=list)
    log_odds: bool = False

    @property
    def translate(self) -> Translator:
        """Translate to the chosen language, or to the language of the outcome's name."""
        outcome = self.stated_roles.get(self.roles["outcome"], self.roles["outcome"])
        if not any(map(str.isalpha, outcome)):  # 5-3
            outcome = f"{self.roles['unit']} {self.roles['time']}"
        return Translator(self.language or language_of(outcome))

    @property
    def status_column(self) -> str | None:
        """Return the column with the treatment status of each row; None if there is none."""
        return self.roles.get("treated") or self.roles.get("treatment")

    def stated(self, role: Role) -> list[str]:
        """List the columns to which the file assigns a role."""
        return [name for name, word in self.stated_roles.items() if role_of(word) == role]

    def as_stated(self, name: str) -> Message:
        """Return the message that the file assigns this role to a column."""
        return Message("its role according to the file is {}", self.stated_roles[name])

    def take(self, key: str, value: Any, reason: str) -> None:
        """Set a role."""
        self.roles[key] = value
        self.reasons[key] = reason


def free(
    proposal: Guess, columns: dict[str, SourceColumn], role: Role | None = None
) -> Iterator[tuple[str, SourceColumn]]:
    """Find the columns without a role.

    Parameters
    ----------
    role : str, optional
        Include columns to which the file assigns this role. Columns with another role are excluded.
    """
    taken = {proposal.roles.get(key) for key in ("unit", "time", *TREATMENT_KEYS, "outcome")}
    taken |= set(proposal.roles.get("strata", ()))
    taken |= {*proposal.stated_roles} - {*(proposal.stated(role) if role else ())}
    yield from ((name, column) for name, column in columns.items() if name not in taken)


def constant(values: pd.Series[Any], frame: pd.DataFrame) -> bool:
    """Return True if a column has at most one value in each unit.

    Parameters
    ----------
    frame : DataFrame
        Data with the unit in ``__unit``.
    """
    return bool((values.groupby(frame["__unit"]).nunique(dropna=False) <= 1).all())


def same(first: pd.Series[Any], other: pd.Series[Any]) -> bool:
    """Return True if two columns map one to one, such as a year and its number."""
    pairs = pd.DataFrame({"one": first, "other": other}).dropna().drop_duplicates()
    return not pairs["one"].duplicated().any() and not pairs["other"].duplicated().any()


def years_of(values: pd.Series[Any]) -> pd.Series[Any]:
    """Read numbers, and the years of dates or of text with one year.

    Returns
    -------
    Series of float64
        NaN if a cell contains neither a number nor a year.
    """
    cells, numbers = pd.Series(values.dropna().unique()), values
    if pd.api.types.is_numeric_dtype(values.dtype):
        cells = cells[cells > 9999]
    else:
        plain = {x for x in cells if isinstance(x, str | int | float)}
        numbers = pd.to_numeric(values.where(values.isin(plain)).astype(object), errors="coerce")
    years = values.map({x: year_of(x) for x in cells}).astype("float64")
    return years.where(years.notna(), numbers.astype("float64"))
