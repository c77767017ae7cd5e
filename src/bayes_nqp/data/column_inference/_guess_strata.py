"""Guess strata: columns that divide units into groups."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import NOTHING, Message, separated
from bayes_nqp.data.column_inference._file_overview import SourceColumn
from bayes_nqp.data.column_inference._guessed import Guess, constant, free, same, years_of
from bayes_nqp.data.column_inference._treatment_columns import status_of
from bayes_nqp.data.reading import CODES, marks_of, sounds_like

_LEVELS: Final = 6
"""Maximum number of levels of a stratum."""
_STRATA_MOST: Final = 2
_FEW: Final = 0.1
"""Maximum share of units in which a possible stratum may vary."""


def guess_strata(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Select strata in which all levels with treated units also have untreated units."""
    if "strata" in proposal.roles and proposal.reasons["strata"] == "specified by you":
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
                "{} is not proposed as a stratum: all units of {} are treated", name, lone
            )
            proposal.notes.append(why)
        else:
            (chosen if len(chosen) < _STRATA_MOST else others).append(name)
    reasons = [came] if {*brought} & {*chosen} else []
    if {*names} & {*chosen}:
        reason = Message("constant within units, few distinct values")
        reasons.append(
            Message("{}; also possible: {}", reason, shown(others, 5)) if others else reason
        )
    if chosen:
        proposal.take("strata", chosen, separated(reasons))


def _groups(
    proposal: Guess,
    columns: dict[str, SourceColumn],
    frame: pd.DataFrame,
    ever: pd.Series[Any] | None,
) -> list[str]:
    """List columns that are constant within units and have few values, most likely first."""
    candidates = []
    begins = None if ever is None else adoption_of(proposal, columns, frame, ever)
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
        if begins is not None and _follows(of_units, begins):
            note = Message(
                "{} is not proposed as a stratum: the first treated period determines it", name
            )
            proposal.notes.append(note)
            continue
        candidates.append((not sounds_like("stratum", name), column.numeric, len(sizes), name))
    return [name for *_, name in sorted(candidates)]


def _follows(levels: pd.Series[Any], begins: pd.Series[Any]) -> bool:
    """Return True if the first treated period determines the level; there is no comparison."""
    return bool((levels.groupby(begins.reindex(levels.index)).nunique() <= 1).all())


def _lone(names: list[str], ever: pd.Series[Any] | None, frame: pd.DataFrame) -> Message:
    """Return the levels without untreated units; empty if all units are treated."""
    if ever is None or ever.all():
        return NOTHING
    levels = frame.groupby("__unit")[names].first().map(str).agg(" · ".join, axis=1)
    alone = ever.astype(bool).groupby(levels.reindex(ever.index)).all()
    return shown(alone.index[alone]) if alone.any() else NOTHING


def _distinct(names: list[str], frame: pd.DataFrame) -> list[str]:
    """Drop columns that group rows in the same way as an earlier column."""
    distinct: list[str] = []
    for name in names:
        if not any(same(frame[name], frame[earlier]) for earlier in distinct):
            distinct.append(name)
    return distinct


def _nearly(proposal: Guess, column: SourceColumn, frame: pd.DataFrame) -> None:
    """Report a column that would be a stratum except for a few units."""
    values = column.values
    if not sounds_like("stratum", column.name) or not 2 <= values.nunique() <= _LEVELS:
        return
    several = values.groupby(frame["__unit"]).nunique(dropna=False) > 1
    several |= values.isna().groupby(frame["__unit"]).any()
    if 0 < several.mean() <= _FEW:
        listed = shown(several.index[several], 4)
        proposal.notes.append(
            Message(
                "{} may be a stratum, but it varies or is empty within {}. Try: use the "
                "same value in all rows of a unit",
                column.name,
                listed,
            )
        )


def ever_treated(
    proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame
) -> pd.Series[Any] | None:
    """Return True for each unit that is ever treated; None if no column defines treatment."""
    rows: pd.Series[Any]
    if name := proposal.status_column:
        status = status_of(columns[name], shares=True)
        if status is None:
            return None
        rows = status > 0
    elif "cohort" in proposal.roles:
        never = proposal.roles.get("never", ())
        codes = {*CODES, *(never if isinstance(never, list) else [never])}
        values = columns[proposal.roles["cohort"]].values
        late = years_of(values) > years_of(frame["__time"]).max()
        rows = values.notna() & ~values.isin(codes) & ~late
    elif "__first" in frame:
        rows = frame["__first"].notna()
    else:
        return None
    return rows.groupby(frame["__unit"]).max()


def adoption_of(
    proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame, ever: pd.Series[Any]
) -> pd.Series[Any]:
    """Number the first treated periods of units; −1 means never treated.

    Parameters
    ----------
    ever : Series of bool
        True for units that are ever treated.
    """
    if name := proposal.status_column:
        status = status_of(columns[name], shares=True)
        rows = frame["__time"].rank(method="dense")
        rows = rows if status is None else rows.where(status > 0)
    else:
        cohort = proposal.roles.get("cohort")
        dates = frame["__first"] if cohort is None else columns[cohort].values
        rows = pd.Series(pd.factorize(dates)[0], frame.index, dtype="float64")
    first = rows.groupby(frame["__unit"]).min()
    return first.where(ever.reindex(first.index).astype(bool), -1.0)
