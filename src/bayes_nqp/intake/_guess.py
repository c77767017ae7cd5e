"""Which column may play which part, and why: a guess for somebody to confirm."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp.errors import PanelError, nearest, shown
from bayes_nqp.intake._guess_rows import find_unit_and_time, rows_of_panel
from bayes_nqp.intake._guess_treatment import find_never, find_treatment
from bayes_nqp.intake._guessed import CODES, Guess, constant, free, same
from bayes_nqp.intake._look import Column, Look
from bayes_nqp.intake._spellings import advice as spelled_advice
from bayes_nqp.intake._vocabulary import channel_of, sounds_like
from bayes_nqp.language import Message, separated

__all__ = ["guess", "unit_and_time"]

_LEVELS: Final = 6
"""Levels of a stratum at most."""
_STRATA_MOST: Final = 2
_FEW: Final = 0.1
"""Share of units in which a column may change and still look like a stratum."""


def guess(found: Look, given: dict[str, Any]) -> Guess:
    """Guess the roles of a file's columns.

    Parameters
    ----------
    given : dict
        Roles that the user names.

    Raises
    ------
    PanelError
        If no column can be the unit, the time or the outcome.
    """
    made = Guess()
    _check(given, found)
    for key, value in given.items():
        made.take(key, value, Message("as you said"))
    find_unit_and_time(made, found.columns)
    columns, frame = rows_of_panel(made, found)
    find_treatment(made, columns, frame)
    find_never(made, columns, frame)
    _outcome(made, columns, frame)
    _strata(made, columns, frame)
    _others(made, columns, frame)
    _cleaning(made, columns)
    if made.roles["unit"] in columns and (
        twice := spelled_advice(made.roles["unit"], frame["__unit"])
    ):
        made.notes.append(twice)
    return made


def unit_and_time(found: Look, given: dict[str, Any]) -> dict[str, Any]:
    """Guess the unit and the time of a file's rows.

    Parameters
    ----------
    given : dict
        Those that the user names.

    Returns
    -------
    dict
        ``unit``, ``time``, and ``fill_down`` where the unit's cells are merged.
    """
    _check(given, found)
    made = Guess(dict(given))
    find_unit_and_time(made, found.columns)
    return made.roles


def _check(given: dict[str, Any], found: Look) -> None:
    for key, value in given.items():
        for name in [value] if isinstance(value, str) else value:
            if name not in found.columns:
                raise PanelError(
                    Message("{}={!r} is no column of the file", key, name),
                    hint=nearest(name, found.columns),
                )


def _outcome(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    if "outcome" in made.roles:
        return
    found = [
        (not sounds_like("outcome", name), place, name)
        for place, (name, column) in enumerate(free(made, columns))
        if _measures(column.numbers, frame)
        and (column.numeric or (column.doubtful and sounds_like("outcome", name)))
    ]
    if not found:
        raise PanelError(
            "no column of numbers varies within units, so none can be the outcome",
            where=Message("the columns are {}", shown(columns, 20)),
            hint="--outcome names it",
        )
    unnamed, _, name = min(found)
    others = [one for *_, one in found if one != name]
    reason = (
        Message("by its name")
        if not unnamed
        else Message("the first column of numbers that varies over time")
    )
    if others:
        reason = Message("{}; it could also be {}", reason, shown(others, 5))
    made.take("outcome", name, reason)


def _measures(values: pd.Series[Any], frame: pd.DataFrame) -> bool:
    """Whether numbers vary within units, and are no other way to count periods."""
    return (
        values.nunique() > 2 and not constant(values, frame) and not same(values, frame["__time"])
    )


def _strata(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    if "strata" in made.roles and made.reasons["strata"] == "as you said":
        return
    ever = _ever(made, columns, frame)
    found = []
    for name, column in free(made, columns):
        if not constant(column.values, frame) or column.values.isna().any():
            _nearly(made, column, frame)
            continue
        of_units = column.values.groupby(frame["__unit"]).first()
        sizes = of_units.value_counts()
        whole = not column.numeric or column.whole
        if not whole or not 2 <= len(sizes) <= _LEVELS or sizes.min() < 2:
            continue
        if ever is not None and same(of_units, ever.reindex(of_units.index)):
            continue
        found.append((not sounds_like("stratum", name), column.numeric, len(sizes), name))
    names = _distinct([name for *_, name in sorted(found)], frame)
    brought = made.roles.get("strata", [])
    before = _distinct([*names, *brought], frame)[len(names) :]
    if names:
        chosen = [*before, *names][:_STRATA_MOST]
        said = Message("constant within units, with few values")
        rest = [name for name in names if name not in chosen]
        if rest:
            said = Message("{}; so are {}", said, shown(rest, 5))
        reason = separated([made.reasons["strata"], said]) if before else said
        made.take("strata", chosen, reason)


def _distinct(names: list[str], frame: pd.DataFrame) -> list[str]:
    """Leave out columns that group rows as an earlier one does."""
    kept: list[str] = []
    for name in names:
        if not any(same(frame[name], frame[one]) for one in kept):
            kept.append(name)
    return kept


def _nearly(made: Guess, column: Column, frame: pd.DataFrame) -> None:
    """Say which column would be a stratum but for a few units."""
    values = column.values
    if not sounds_like("stratum", column.name) or not 2 <= values.nunique() <= _LEVELS:
        return
    several = values.groupby(frame["__unit"]).nunique(dropna=False) > 1
    several |= values.isna().groupby(frame["__unit"]).any()
    if 0 < several.mean() <= _FEW:
        listed = shown(several.index[several], 4)
        made.notes.append(
            Message(
                "{} looks like a stratum, but changes or is empty within {}. Try: one value "
                "in all rows of a unit",
                column.name,
                listed,
            )
        )


def _ever(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> pd.Series[Any] | None:
    """Whether each unit is ever treated."""
    if "treated" in made.roles:
        values = columns[made.roles["treated"]].numbers
        return pd.Series(values.groupby(frame["__unit"]).max())
    if "cohort" in made.roles:
        never = made.roles.get("never", ())
        codes = {*CODES, *(never if isinstance(never, list) else [never])}
        values = columns[made.roles["cohort"]].values
        known = values.notna() & ~values.isin(codes)
        return pd.Series(known.groupby(frame["__unit"]).max())
    return None


def _others(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    """Name what could be mediators and covariates; one mediator a channel."""
    first: dict[str, str] = {}
    for name, column in free(made, columns):
        if not column.numeric or not _measures(column.values, frame):
            continue
        channel = channel_of(name)
        if channel is None:
            if sounds_like("covariate", name):
                made.covariates.append(name)
        elif channel in first:
            made.alike.setdefault(first[channel], []).append(name)
        else:
            first[channel] = name
            made.mediators.append(name)


def _cleaning(made: Guess, columns: dict[str, Column]) -> None:
    """Declare the steps that numbers stored as text need."""
    used = [columns[made.roles["outcome"]]]
    used += [columns[name] for name in (*made.mediators, *made.covariates)]
    texts = list(dict.fromkeys(text for column in used for text in column.missing))
    marked = [column.name for column in used if column.marked]
    if marked:
        made.take("thousands", ",", Message("numbers stored as text in {}", shown(marked, 4)))
    if texts:
        made.take("missing", texts, Message("texts that stand where numbers should"))
