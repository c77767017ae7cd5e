"""Infer the roles of columns, with reasons, as a proposal for the user to confirm."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, Spoken, nearest, shown
from bayes_nqp._core.fields import OUTCOME
from bayes_nqp._core.i18n import NOTHING, Message, separated
from bayes_nqp.data.column_inference._file_overview import Look, Placed, SourceColumn, column_of
from bayes_nqp.data.column_inference._guess_cells import (
    doubt_of_times,
    errors_of,
    refuse_formulas,
    twins_of,
)
from bayes_nqp.data.column_inference._guess_likelihood import guess_likelihood
from bayes_nqp.data.column_inference._guess_rows import (
    nameless_sums,
    reasons_of,
    rows_of_panel,
    unit_and_time_of,
)
from bayes_nqp.data.column_inference._guess_strata import guess_strata
from bayes_nqp.data.column_inference._guess_treatment import find_treatment
from bayes_nqp.data.column_inference._guessed import Guess, constant, free, same, years_of
from bayes_nqp.data.column_inference._spellings import advice as spelled_advice
from bayes_nqp.data.reading import (
    Role,
    broken_cell,
    channel_of,
    joined_unit,
    never_marks,
    sounds_like,
)

_TEXT: Final = 0.9
"""Maximum share of text in a column with some numbers."""


def guess(
    overview: Look, roles_given: dict[str, Any], *, zones: bool = False, language: str = ""
) -> Guess:
    """Infer the roles of the columns of a file.

    Parameters
    ----------
    roles_given : dict
        Roles given by the user.
    zones : bool, default False
        True if the policy is the pilot zones, which are then merged; otherwise merging is only
        offered.
    language : str, default ""
        Language of the messages; by default the language of the outcome's name.

    Raises
    ------
    PanelError
        If no column can be the unit, the time or the outcome.
    """
    if overview.problem is not None:  # problems of reading have priority
        raise overview.doubt or overview.problem
    proposal = Guess(notes=list(overview.notes), steps=dict(overview.steps), language=language,
                     stated_roles=dict(overview.stated_roles))  # fmt: skip
    _check({k: x for k, x in roles_given.items() if k not in ("unit", "time")}, overview.columns)
    refuse_formulas(overview, roles_given)
    columns, frame = overview.columns, rows_of_panel(overview)
    reasons = reasons_of(overview, frame)
    for key, value in (overview.roles | roles_given).items():
        reason = reasons.get(key, NOTHING)
        proposal.take(key, value, Message("specified by you") if key in roles_given else reason)
    proposal.parts = proposal.roles.pop("parts", proposal.roles["unit"])
    proposal.roles["unit"] = joined_unit(proposal.parts)
    find_treatment(proposal, columns, frame, zones=zones)
    find_never(proposal, columns, frame)
    _outcome(proposal, columns, frame)
    guess_likelihood(proposal, columns, frame)
    sums = nameless_sums(overview.aside, frame, proposal.roles)
    if sums.any():
        rows = shown(map(str, sums.index[sums]), 4)
        proposal.notes.append(Message("excluded totals without a name: rows {}", rows))
    lost = overview.aside[~sums].get(proposal.roles["outcome"], pd.Series(dtype="float64"))
    proposal.unplaced = int(column_of(lost, "").numbers.notna().sum())
    proposal.rows = len(frame) + proposal.unplaced
    guess_strata(proposal, columns, frame)
    _others(proposal, columns, frame)
    proposal.notes += errors_of(proposal, overview)
    doubts = (
        overview.doubt,
        doubt_of_times(proposal, frame),
        proposal.problem,
        twins_of(proposal, overview),
    )
    proposal.problem = next((doubt for doubt in doubts if doubt is not None), None)
    if proposal.roles["unit"] in columns and (
        twice := spelled_advice(proposal.roles["unit"], frame["__unit"])
    ):
        proposal.notes.append(twice)
    return proposal


def placed(roles_given: dict[str, Any]) -> Placed:
    """Return a function that finds the unit and time columns of a file.

    Parameters
    ----------
    roles_given : dict
        Roles given by the user.
    """
    keys: dict[str, Any] = {k: x for k, x in roles_given.items() if k in ("unit", "time")}

    def of(columns: dict[str, SourceColumn]) -> dict[str, Any]:
        _check(keys, columns)
        return unit_and_time_of(columns, keys)

    return of


def _check(roles_given: dict[str, Any], columns: dict[str, SourceColumn]) -> None:
    for key, value in roles_given.items():
        for name in [value] if isinstance(value, str) else value:
            if name not in columns:
                raise PanelError(
                    Message("{}={!r} is not a column of the file", key, name),
                    hint=nearest(name, columns),
                )


def _outcome(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    if "outcome" in proposal.roles:
        return
    if stated := proposal.stated("outcome"):
        reason = proposal.as_stated(stated[0])
        if stated[1:]:
            reason = Message("{}; the same role is given to {}", reason, shown(stated[1:], 5))
        proposal.take("outcome", stated[0], reason)
        return
    candidates = [
        (not sounds_like("outcome", name), place, name)
        for place, (name, column) in enumerate(free(proposal, columns))
        if _measures(column.numbers, frame) and (column.numeric or column.doubtful)
    ]
    if all(unnamed for unnamed, *_ in candidates):
        # A column with an outcome name is rejected for its cells instead of being skipped.
        candidates += [
            (False, place, name)
            for place, (name, column) in enumerate(free(proposal, columns))
            if sounds_like("outcome", name) and not column.numeric
            if not constant(column.raw, frame) or column.raw.map(broken_cell).any()
        ]
    if not candidates:
        raise _no_outcome(proposal, columns)
    unnamed, _, name = min(candidates)
    others = [name_other for *_, name_other in candidates if name_other != name]
    reason = (
        Message("by its name")
        if not unnamed
        else Message("the first numeric column that varies over time")
    )
    if others:
        reason = Message("{}; it could also be {}", reason, shown(others, 5))
    proposal.take("outcome", name, reason)


def _no_outcome(proposal: Guess, columns: dict[str, SourceColumn]) -> PanelError:
    """Name the columns, of which none can be the outcome."""
    return PanelError(
        "no numeric column varies within units, so no column can be the outcome",
        where=separated(
            [
                Message("the columns are {}", shown(columns, 20)),
                *_unread(proposal, columns),
                *proposal.notes,
            ]
        ),
        hint=Spoken(
            Message("specify it with --outcome"),
            Message(
                "check that the outcome is stored as numbers in the file, or choose "
                "its column under “{}”",
                OUTCOME,
            ),
        ),
    )


def _unread(proposal: Guess, columns: dict[str, SourceColumn]) -> list[Message]:
    """Describe columns that contain text in addition to numbers."""
    notes = []
    for name, column in free(proposal, columns):
        gone = column.numbers.isna() & column.values.notna()
        digits = column.values[gone].map(lambda x: any(map(str.isdecimal, str(x))))
        if not column.numeric and digits.any() and gone.mean() <= _TEXT:
            odd = column.values[digits.index[digits]].unique()
            notes.append(
                Message("{} contains text in addition to numbers, such as {}", name, shown(odd, 3))
            )
    return notes


def _measures(values: pd.Series[Any], frame: pd.DataFrame) -> bool:
    """Return True if numbers vary within units and do not just count periods."""
    return (
        values.nunique() > 2 and not constant(values, frame) and not same(values, frame["__time"])
    )


def _others(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """List the mediators and covariates stated in the file, or else the candidates by name.

    Candidates include one mediator per channel.
    """
    lists: dict[Role, list[str]] = {
        "mediator": proposal.mediators, "covariate": proposal.covariates,
    }  # fmt: skip
    for role, names in lists.items():
        for name in proposal.stated(role):
            if columns[name].numeric and _measures(columns[name].values, frame):
                names.append(name)
            else:
                note = Message(
                    "{} is not used as {}: it has no numeric values that vary within units",
                    name,
                    proposal.stated_roles[name],
                )
                proposal.notes.append(note)
    first: dict[str, str] = {}
    for name, column in free(proposal, columns):
        if not column.numeric or not _measures(column.values, frame):
            continue
        channel = channel_of(name)
        if channel is None:
            if not proposal.stated("covariate") and sounds_like("covariate", name):
                proposal.covariates.append(name)
        elif proposal.stated("mediator"):
            continue
        elif channel in first:
            proposal.alike.setdefault(first[channel], []).append(name)
        else:
            first[channel] = name
            proposal.mediators.append(name)


def find_never(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Find the codes of a cohort column that mean never treated.

    Parameters
    ----------
    proposal : Guess
        Modified in place.
    """
    if "cohort" not in proposal.roles:
        return
    column = columns[proposal.roles["cohort"]]
    codes = never_marks(column.raw, years_of(frame["__time"]))
    if codes:
        proposal.take(
            "never",
            codes[0] if len(codes) == 1 else codes,
            Message("not a period, read as never treated"),
        )
