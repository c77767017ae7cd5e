"""Which column may play which part, and why: a guess for somebody to confirm."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp.columns import broken_cell, marks_of
from bayes_nqp.errors import PanelError, nearest, shown
from bayes_nqp.intake._guess_cells import (
    doubt_of_times,
    errors_of,
    refuse_formulas,
    twins_of,
)
from bayes_nqp.intake._guess_rows import find_unit_and_time, rows_of_panel
from bayes_nqp.intake._guess_treatment import ever_treated, find_never, find_treatment
from bayes_nqp.intake._guessed import Guess, constant, free, same
from bayes_nqp.intake._look import Look, SourceColumn
from bayes_nqp.intake._spellings import advice as spelled_advice
from bayes_nqp.intake._vocabulary import channel_of, sounds_like
from bayes_nqp.language import NOTHING, Message, separated

_LEVELS: Final = 6
"""Levels of a stratum at most."""
_STRATA_MOST: Final = 2
_FEW: Final = 0.1
"""Share of units in which a column may change and still look like a stratum."""


def guess(overview: Look, roles_given: dict[str, Any], *, zones: bool = False) -> Guess:
    """Guess the roles of a file's columns.

    Parameters
    ----------
    roles_given : dict
        Roles that the user names.
    zones : bool, default False
        Whether the policy is the pilot zones, which are merged then; else they are only offered.

    Raises
    ------
    PanelError
        If no column can be the unit, the time or the outcome.
    """
    proposal = Guess(notes=list(overview.notes))
    _check(roles_given, overview)
    refuse_formulas(overview, roles_given)
    for key, value in roles_given.items():
        proposal.take(key, value, Message("as you said"))
    find_unit_and_time(proposal, overview.columns)
    columns, frame = rows_of_panel(proposal, overview)
    find_treatment(proposal, columns, frame, zones=zones)
    find_never(proposal, columns, frame)
    _outcome(proposal, columns, frame)
    measured = overview.columns[proposal.roles["outcome"]].numbers.notna()
    proposal.unplaced = len(measured.index[measured].difference(frame.index))
    proposal.rows = len(frame) + proposal.unplaced
    _strata(proposal, columns, frame)
    _others(proposal, columns, frame)
    _cleaning(proposal, columns)
    proposal.notes += errors_of(proposal, overview)
    doubts = (doubt_of_times(proposal, frame), proposal.problem, twins_of(proposal, overview))
    proposal.problem = next((doubt for doubt in doubts if doubt is not None), None)
    if proposal.roles["unit"] in columns and (
        twice := spelled_advice(proposal.roles["unit"], frame["__unit"])
    ):
        proposal.notes.append(twice)
    return proposal


def unit_and_time(overview: Look, roles_given: dict[str, Any]) -> dict[str, Any]:
    """Guess the unit and the time of a file's rows.

    Parameters
    ----------
    roles_given : dict
        Those that the user names.

    Returns
    -------
    dict
        ``unit``, ``time``, and ``fill_down`` where the unit's cells are merged.
    """
    _check(roles_given, overview)
    proposal = Guess(dict(roles_given))
    find_unit_and_time(proposal, overview.columns)
    return proposal.roles


def _check(roles_given: dict[str, Any], overview: Look) -> None:
    for key, value in roles_given.items():
        for name in [value] if isinstance(value, str) else value:
            if name not in overview.columns:
                raise PanelError(
                    Message("{}={!r} is no column of the file", key, name),
                    hint=nearest(name, overview.columns),
                )


def _outcome(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    if "outcome" in proposal.roles:
        return
    candidates = [
        (not sounds_like("outcome", name), place, name)
        for place, (name, column) in enumerate(free(proposal, columns))
        if _measures(column.numbers, frame)
        and (column.numeric or (column.doubtful and sounds_like("outcome", name)))
    ]
    if all(unnamed for unnamed, *_ in candidates):
        # What is called like an outcome is refused for what it holds, and never passed over.
        candidates += [
            (False, place, name)
            for place, (name, column) in enumerate(free(proposal, columns))
            if sounds_like("outcome", name) and not column.numeric
            if not constant(column.raw, frame) or column.raw.map(broken_cell).any()
        ]
    if not candidates:
        raise PanelError(
            "no column of numbers varies within units, so none can be the outcome",
            where=separated([Message("the columns are {}", shown(columns, 20)), *proposal.notes]),
            hint="--outcome names it",
        )
    unnamed, _, name = min(candidates)
    others = [name_other for *_, name_other in candidates if name_other != name]
    reason = (
        Message("by its name")
        if not unnamed
        else Message("the first column of numbers that varies over time")
    )
    if others:
        reason = Message("{}; it could also be {}", reason, shown(others, 5))
    proposal.take("outcome", name, reason)


def _measures(values: pd.Series[Any], frame: pd.DataFrame) -> bool:
    """Whether numbers vary within units, and are no other way to count periods."""
    return (
        values.nunique() > 2 and not constant(values, frame) and not same(values, frame["__time"])
    )


def _strata(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Take groups that have untreated units wherever they have treated ones."""
    if "strata" in proposal.roles and proposal.reasons["strata"] == "as you said":
        return
    ever = ever_treated(proposal, columns, frame)
    names = _distinct(_groups(proposal, columns, frame, ever), frame)
    brought, came = proposal.roles.pop("strata", []), proposal.reasons.pop("strata", NOTHING)
    chosen: list[str] = []
    others: list[str] = []
    for name in [*_distinct([*names, *brought], frame)[len(names) :], *names]:
        lone = _lone([*chosen, name], ever, frame)
        if lone:
            why = Message(
                "{} is not proposed as a stratum: every unit of {} is treated", name, lone
            )
            proposal.notes.append(why)
        else:
            (chosen if len(chosen) < _STRATA_MOST else others).append(name)
    reasons = [came] if {*brought} & {*chosen} else []
    if {*names} & {*chosen}:
        reason = Message("constant within units, with few values")
        reasons.append(Message("{}; so are {}", reason, shown(others, 5)) if others else reason)
    if chosen:
        proposal.take("strata", chosen, separated(reasons))


def _groups(
    proposal: Guess,
    columns: dict[str, SourceColumn],
    frame: pd.DataFrame,
    ever: pd.Series[Any] | None,
) -> list[str]:
    """Columns that are constant within units and have few values, the likeliest first."""
    candidates = []
    for name, column in free(proposal, columns):
        if not constant(column.values, frame) or column.values.isna().any():
            _nearly(proposal, column, frame)
            continue
        of_units = column.values.groupby(frame["__unit"]).first()
        sizes = of_units.value_counts()
        integral = not column.numeric or column.whole
        if not integral or not 2 <= len(sizes) <= _LEVELS or sizes.min() < 2:
            continue
        marked = proposal.problem is not None or marks_of(column.values) is not None
        if marked and sounds_like("treated", name):
            continue
        if ever is not None and same(of_units, ever.reindex(of_units.index)):
            continue
        candidates.append((not sounds_like("stratum", name), column.numeric, len(sizes), name))
    return [name for *_, name in sorted(candidates)]


def _lone(names: list[str], ever: pd.Series[Any] | None, frame: pd.DataFrame) -> Message:
    """Levels without an untreated unit to compare with; nothing where no unit is untreated."""
    if ever is None or ever.all():
        return NOTHING
    levels = frame.groupby("__unit")[names].first().map(str).agg(" · ".join, axis=1)
    alone = ever.astype(bool).groupby(levels.reindex(ever.index)).all()
    return shown(alone.index[alone]) if alone.any() else NOTHING


def _distinct(names: list[str], frame: pd.DataFrame) -> list[str]:
    """Leave out columns that group rows as an earlier one does."""
    distinct: list[str] = []
    for name in names:
        if not any(same(frame[name], frame[earlier]) for earlier in distinct):
            distinct.append(name)
    return distinct


def _nearly(proposal: Guess, column: SourceColumn, frame: pd.DataFrame) -> None:
    """Say which column would be a stratum but for a few units."""
    values = column.values
    if not sounds_like("stratum", column.name) or not 2 <= values.nunique() <= _LEVELS:
        return
    several = values.groupby(frame["__unit"]).nunique(dropna=False) > 1
    several |= values.isna().groupby(frame["__unit"]).any()
    if 0 < several.mean() <= _FEW:
        listed = shown(several.index[several], 4)
        proposal.notes.append(
            Message(
                "{} looks like a stratum, but changes or is empty within {}. Try: one value "
                "in all rows of a unit",
                column.name,
                listed,
            )
        )


def _others(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Name what could be mediators and covariates; one mediator a channel."""
    first: dict[str, str] = {}
    for name, column in free(proposal, columns):
        if not column.numeric or not _measures(column.values, frame):
            continue
        channel = channel_of(name)
        if channel is None:
            if sounds_like("covariate", name):
                proposal.covariates.append(name)
        elif channel in first:
            proposal.alike.setdefault(first[channel], []).append(name)
        else:
            first[channel] = name
            proposal.mediators.append(name)


def _cleaning(proposal: Guess, columns: dict[str, SourceColumn]) -> None:
    """Declare the steps that numbers stored as text need."""
    columns_used = [columns[proposal.roles["outcome"]]]
    columns_used += [columns[name] for name in (*proposal.mediators, *proposal.covariates)]
    texts = list(dict.fromkeys(text for column in columns_used for text in column.missing))
    marked = [column.name for column in columns_used if column.marked]
    if marked:
        proposal.take("thousands", ",", Message("numbers stored as text in {}", shown(marked, 4)))
    if texts:
        proposal.take("missing", texts, Message("texts that stand where numbers should"))
