"""Which columns are the unit and the time, which cells are merged, which rows are none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd

from bayes_nqp.columns import is_text
from bayes_nqp.errors import PanelError, shown
from bayes_nqp.intake._guessed import Guess, constant, years_of
from bayes_nqp.intake._look import Look, SourceColumn, column_of
from bayes_nqp.intake._rows import left_out, without_place
from bayes_nqp.intake._vocabulary import sounds_like
from bayes_nqp.language import Message

_MERGED: Final = 0.3
"""Share of empty cells from which they pass for merged ones."""
_REPEATED: Final = 0.05
"""Share of rows that may share a unit and a time: a mistake to correct, not another unit."""


def find_unit_and_time(proposal: Guess, columns: dict[str, SourceColumn]) -> None:
    """Find a pair of columns that names every row once, and repeats unit and time.

    Parameters
    ----------
    proposal : Guess
        Is changed.

    Raises
    ------
    PanelError
        If there is none.
    """
    named = "unit" in proposal.roles and "time" in proposal.roles
    unit, time = (
        (proposal.roles["unit"], proposal.roles["time"]) if named else _pair(proposal, columns)
    )
    blank = _blank(columns[unit], columns[time])
    pairs = _both(columns[unit], columns[time])
    reason_text = Message("{:,} different values", pairs["unit"].nunique())
    if not pairs.duplicated().any():
        reason_text = Message("{}, each at most once a period", reason_text)
    proposal.roles.setdefault("unit", unit)
    proposal.reasons.setdefault("unit", reason_text)
    proposal.roles.setdefault("time", time)
    labels = columns[time].values.dropna()
    proposal.reasons.setdefault(
        "time", Message("{} periods, {}", labels.nunique(), _ends(columns[time]))
    )
    if blank:
        proposal.take(
            "fill_down",
            [unit],
            Message("{} cells are empty below a name, as merged cells are", blank),
        )


def rows_of_panel(proposal: Guess, overview: Look) -> tuple[dict[str, SourceColumn], pd.DataFrame]:
    """Set aside rows without a unit or a time, and fill merged cells.

    Parameters
    ----------
    proposal : Guess
        With a unit and a time; is changed.

    Returns
    -------
    frame : DataFrame
        Their values, with the unit and the time, as years if its text says so, under the names
        ``__unit`` and ``__time``.
    """
    unit, time, columns = proposal.roles["unit"], proposal.roles["time"], overview.columns
    raw = pd.DataFrame({name: columns[name].raw for name in columns})
    gone = without_place(raw, unit, time, "fill_down" in proposal.roles)
    if gone.any() and not gone.all():
        proposal.notes.append(left_out(raw, gone))
        columns = {name: column_of(raw.loc[~gone, name], name) for name in columns}
    units = _filled(columns[unit], columns[time])
    place = pd.DataFrame({"__unit": _plain(units), "__time": _in_order(columns[time].values)})
    columns = _unmerged(proposal, columns, place)
    values = pd.DataFrame({name: column.values for name, column in columns.items()})
    return columns, values.assign(__unit=place["__unit"], __time=place["__time"])


def _plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """Text throughout where a column mixes it with numbers, so that it can be sorted."""
    return values.map(str, na_action="ignore") if is_text(values) else values


def _in_order(times: pd.Series[Any]) -> pd.Series[Any]:
    """Times as years where text says one a period."""
    if not is_text(times):
        return times
    years = years_of(times)
    if years.isna().any() or years.nunique() < times.nunique():
        return _plain(times)
    return years


def _pair(proposal: Guess, columns: dict[str, SourceColumn]) -> tuple[str, str]:
    times = [proposal.roles["time"]] if "time" in proposal.roles else _times(columns)
    units = [proposal.roles["unit"]] if "unit" in proposal.roles else list(columns)
    scores = {
        (unit, time): score
        for time in times
        for unit in units
        if unit != time and (score := _score(columns[unit], columns[time])) is not None
    }
    if scores:
        return max(scores, key=lambda pair: scores[pair])
    wanted = Message("--unit and --time name them")
    raise PanelError(
        "no two columns look like a unit and its periods: each pair once, and both repeat",
        where=Message("the columns are {}", shown(columns, 20)),
        hint=wanted
        if times
        else Message("a column of years, or of dates, such as 2015; {}", wanted),
    )


def _times(columns: dict[str, SourceColumn]) -> list[str]:
    """Columns that can be periods, those with such a name first."""
    candidates = []
    for name, column in columns.items():
        observed = column.values.dropna()
        dated = pd.api.types.is_datetime64_any_dtype(column.values.dtype)
        named = sounds_like("time", name)
        if not len(observed) or observed.nunique() < 2 or observed.nunique() > len(observed) / 2:
            continue
        if not (column.whole or dated):
            if not named or column.numeric or years_of(observed).notna().mean() < 1 - _REPEATED:
                continue
            dated = True
        years = column.whole and bool(observed.between(1800, 2200).all())
        if years or dated or named:
            candidates.append((not named, not years, name))
    return [name for *_, name in sorted(candidates)]


def _score(unit: SourceColumn, time: SourceColumn) -> float | None:
    """How well a column names units; None where it cannot."""
    place = _both(unit, time)
    if not len(place) or len(place) < 0.8 * time.values.notna().sum():
        return None
    units = place["unit"].nunique()
    repeated = place.duplicated().mean()
    if units < 2 or units > len(place) / 2 or repeated > _REPEATED:
        return None
    if unit.numeric and not unit.whole:
        return None
    full = len(place) / (units * place["time"].nunique())
    named = 2.0 * sounds_like("unit", unit.name) + 1.0 * sounds_like("time", time.name)
    return float(named + full + 0.8 * (not unit.numeric) - 2.0 * (repeated > 0))


def _ends(time: SourceColumn) -> Message:
    labels = _plain(time.values).dropna()
    if not len(labels):
        return Message("all empty")
    ends = (f"{x:.0f}" if time.numeric else str(x) for x in (labels.min(), labels.max()))
    return Message("{} to {}", *ends)


def _blank(unit: SourceColumn, time: SourceColumn) -> int:
    """Empty cells of a unit in rows that have a period, if they come in runs below a name."""
    present = time.values.notna()
    gone = unit.values.isna() & present
    named = unit.values[present]
    if unit.numeric or not gone.any() or pd.isna(named.iloc[0]) or gone.mean() < _MERGED:
        return 0
    return int(gone.sum())


def _both(unit: SourceColumn, time: SourceColumn) -> pd.DataFrame:
    """Unit and time of the rows that have both."""
    return pd.DataFrame({"unit": _filled(unit, time), "time": time.values}).dropna()


def _filled(unit: SourceColumn, time: SourceColumn) -> pd.Series[Any]:
    return unit.values.ffill() if _blank(unit, time) else unit.values


def _unmerged(
    proposal: Guess, columns: dict[str, SourceColumn], place: pd.DataFrame
) -> dict[str, SourceColumn]:
    """Fill columns that are given once a unit: in its first row, or in none of its rows."""
    out = dict(columns)
    for name, column in columns.items():
        gone = column.values.isna()
        if name in (proposal.roles["unit"], proposal.roles["time"]) or gone.mean() < _MERGED:
            continue
        filled = column.values.groupby(place["__unit"]).ffill()
        if not (gone & filled.notna()).any() or not constant(filled, place):
            continue
        out[name] = replace(column, values=filled)
        proposal.roles["fill_down"] = [*proposal.roles.get("fill_down", []), name]
        proposal.reasons.setdefault("fill_down", Message("given once a unit, as merged cells are"))
    return out
