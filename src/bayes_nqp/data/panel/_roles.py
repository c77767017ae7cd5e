"""Roles of columns, and their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, brief, nearest, shown
from bayes_nqp._core.i18n import Message, languages
from bayes_nqp._core.labels import Labels
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.vocabulary import RESERVED
from bayes_nqp.data.reading import checked_names

_ALIKE = 0.7
"""Minimum similarity of two column names for a suggestion of a spelling error."""
_PARTS = (
    "unit", "time", "cohort", "outcome", "strata", "covariates", "mediators", "moderators",
    "exposures", "weights", "counts", "outcome_se", "exposure", "trials", "treatment",
)  # fmt: skip
_REQUIRED = ("unit", "time", "outcome")
_SEVERAL = ("strata", "covariates", "mediators", "moderators", "exposures")
_MANY = 100_000
"""Largest number of names read from an iterable."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of a panel by role.

    Parameters
    ----------
    unit, time, outcome : str
        Column names.
    cohort : str or None
        Column name; with ``treated=`` or ``treatment=`` alone the name of the derived column. None
        if none of them was given.
    strata, covariates, mediators, moderators, exposures : tuple of str, default ()
        Column names.
    weights, counts, outcome_se, exposure, trials : str, optional
        Column names.
    treatment : str, optional
        Column name of a treatment that may end; with ``exit=`` the name of the derived column.
    """

    unit: str
    time: str
    cohort: str | None
    outcome: str
    strata: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    mediators: tuple[str, ...] = ()
    moderators: tuple[str, ...] = ()
    weights: str | None = None
    exposures: tuple[str, ...] = ()
    counts: str | None = None
    outcome_se: str | None = None
    exposure: str | None = None
    trials: str | None = None
    treatment: str | None = None

    @classmethod
    def of(cls, **columns: Any) -> Roles:
        """Read names as passed by users: one name, several or none."""
        several = {x: as_names(x, names) for x, names in columns.items() if x in _SEVERAL}
        return cls(**{"cohort": None, **columns, **several})

    def named(self) -> list[tuple[str, str]]:
        """List every (argument, column), in a fixed order."""
        each = ((x, getattr(self, x)) for x in _PARTS)
        several = ((x, names if x in _SEVERAL else (names,)) for x, names in each)
        pairs = [(x, name) for x, names in several for name in names]
        return [(x, name) for x, name in pairs if name is not None or x in _REQUIRED]


def as_names(argument: str, value: str | Iterable[Any] | None) -> tuple[str, ...]:
    """Convert one name, several names, or None to a tuple of names."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    names = reply(lambda: tuple(islice(value, _MANY)), lambda _: None)
    if names is None:
        raise PanelError(
            Message("{} must be column names, not {}", argument, brief(value)),
            hint="a name, or a list of names",
        )
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise PanelError(
            Message("{} must be column names, not {}", argument, shown(map(brief, odd))),
            hint="rename the columns to text: df.columns = df.columns.astype(str)",
        )
    return names


def check_roles(df: pd.DataFrame, named: list[tuple[str, str]]) -> None:
    """Refuse columns that are unknown, duplicated, reserved, or used in two roles."""
    if not isinstance(df, pd.DataFrame):
        raise PanelError(
            Message("df must be a pandas DataFrame, not {}", type(df).__name__),
            hint="pandas.DataFrame(…), or .to_pandas() on a polars or Arrow table",
        )
    if df.columns.nlevels > 1:
        raise PanelError(
            Message("the columns of df have {} levels, but names must be text", df.columns.nlevels),
            hint="df.columns = ['_'.join(map(str, name)) for name in df.columns]",
        )
    check_columns(df, named)
    reserved = [name for part, name in named if part == "strata" and name in RESERVED]
    if reserved:
        raise PanelError(
            Message("strata={!r}: {} conflicts with a reserved label", reserved, shown(reserved)),
            hint=Message(
                "rename the column, e.g. df.rename(columns={{{!r}: {!r}}}), and pass the new name",
                reserved[0],
                reserved[0] + "_group",
            ),
        )
    if not len(df):
        raise PanelError("df has no rows", hint="check the filter, or the sheet that was read")


def check_columns(df: pd.DataFrame, named: list[tuple[str, str]]) -> None:
    """Refuse columns that are unknown, duplicated, used twice, or unusable in reports."""
    for argument, column in named:
        _check_known(df, argument, column)
    _check_once(df, named)
    checked_names(named)


def _check_known(df: pd.DataFrame, argument: str, column: object) -> None:
    if not isinstance(column, str):
        hint = Message(
            "pass the name as text; df.columns = df.columns.astype(str) converts names to text"
        )
        if argument == "outcome" and brief(column)[:1] in "[(":
            hint = Message("a panel has one outcome: build one panel for each")
        shown_value = brief(column)
        if isinstance(column, pd.Series):
            shown_value = f"<{type(column).__name__}>"
            hint = Message("{}={!r}, the name of the column", argument, str(column.name))
        raise PanelError(Message("{}={} must be a column name", argument, shown_value), hint=hint)
    if column in df.columns:
        return
    if column in df.index.names:
        raise PanelError(
            Message("{}={!r} is a level of the index, not a column", argument, column),
            hint="df.reset_index() first",
        )
    raise PanelError(
        Message("{}={!r} is not a column of the data", argument, column),
        hint=nearest(column, df.columns, _ALIKE),
        about="column unknown",
    )


def _check_once(df: pd.DataFrame, named: list[tuple[str, str]]) -> None:
    parts: dict[str, list[str]] = {}
    for argument, column in named:
        parts.setdefault(column, []).append(argument)
    twice = {column: parts_of for column, parts_of in parts.items() if len(parts_of) > 1}
    if twice:
        listed = [f"{column!r} as {' and '.join(parts_of)}" for column, parts_of in twice.items()]
        raise PanelError(
            Message("one column is used in two roles: {}", shown(listed)),
            hint="use it once, or copy the column under another name",
        )
    count = Counter(df.columns)
    doubled = [column for column in parts if count[column] > 1]
    if doubled:
        raise PanelError(
            Message("the data have several columns named {}", shown(map(repr, doubled))),
            hint="rename or drop one of them",
        )


def labelled(before: Labels, words: Mapping[str, Any] | None, df: pd.DataFrame) -> Labels:
    """Add labels of existing columns; refuse unknown languages and columns."""
    if any(entry[1] not in df.columns for entry in before.entries):
        before = Labels(tuple(entry for entry in before.entries if entry[1] in df.columns))
    try:
        added = Labels.of(words)
    except TypeError as error:
        raise PanelError(
            str(error),
            hint="labels={'zh': {'nqp': '…', 'region': {'label': '…', 'levels': {'east': '…'}}}}",
        ) from None
    available = languages() if added else ()
    for language, column, _, label in added.entries:
        if language not in available:
            raise PanelError(
                Message("labels: {} is not an available language", brief(language)),
                hint=nearest(language, available),
            )
        if len(label) > limit("name"):
            raise PanelError(
                Message("labels.{}.{} has {:,} characters", language, column, len(label)),
                hint=Message("shorten it; {}", way_out("name", len(label))),
            )
        if column not in df.columns:
            raise PanelError(
                Message("labels.{}: {!r} is not a column of the data", language, column),
                hint=nearest(column, df.columns),
                about="column unknown",
            )
    return before | added
