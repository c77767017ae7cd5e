"""Who is treated when: a column that says so, or the pilot zones where none does."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.errors import NQPError, shown
from bayes_nqp.intake._guessed import CODES, Guess, constant, free, years_of
from bayes_nqp.intake._look import Look, SourceColumn
from bayes_nqp.intake._merge_zones import merge_zones
from bayes_nqp.intake._spellings import spelled_twice
from bayes_nqp.intake._vocabulary import sounds_like
from bayes_nqp.language import Message

__all__ = ["find_never", "find_treatment", "prefecture_of"]

_PREFECTURES: Final = 0.7
"""Share of units that must be prefectures for the zones to be merged."""
_FULL_NAME: Final = "prefecture_name"
"""What merging the zones calls the full name of a prefecture."""
_WORDS: Final = 3
"""Words for never treated that a column may have."""


def prefecture_of(overview: Look) -> str | None:
    """Find the column that names prefectures."""
    for name, column in overview.columns.items():
        if column.whole or not column.numeric:
            share = _share(name, column.values)[0]
            if share >= _PREFECTURES:
                return name
    return None


def find_treatment(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Find who is treated when.

    A column that is called like a first treated period goes before the pilot zones also where
    something is wrong with it: the study says what.

    Parameters
    ----------
    proposal : Guess
        Is changed.
    frame : DataFrame
        Their values, with ``__unit`` and ``__time``; the zones add ``region``.
    """
    if "cohort" in proposal.roles or "treated" in proposal.roles:
        return
    others = dict(free(proposal, columns))
    called = [name for name in others if sounds_like("cohort", name)]
    periods = {name: _periods(column, frame) for name, column in others.items()}
    sound = [name for name in others if _is_cohort(periods[name], others[name], frame)]
    likely = [name for name in called if _may_be_cohort(periods[name], others[name], frame)]
    switches = [name for name, column in others.items() if _is_treated(column, frame)]
    switches.sort(key=lambda name: not sounds_like("treated", name))
    sound = [name for name in likely if name in sound] or ([] if likely else sound)
    if sound:
        reason = Message("one period a unit, within those of the data, and none for some units")
        proposal.take("cohort", sound[0], reason)
    elif switches and (not likely or sounds_like("treated", switches[0])):
        proposal.take("treated", switches[0], Message("0 and 1, and never back to 0 within a unit"))
    elif likely:
        proposal.take("cohort", likely[0], Message("its name says so"))
    else:
        _prefectures(proposal, columns, frame)


def find_never(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Find the codes of a cohort that stand for never treated.

    Parameters
    ----------
    proposal : Guess
        Is changed.
    """
    if "cohort" not in proposal.roles:
        return
    column = columns[proposal.roles["cohort"]]
    codes: list[Any] = []
    if column.numeric:
        low = years_of(frame["__time"]).min()
        seen = set(column.values.dropna().unique())
        codes = [x for x in CODES if x in seen and not low <= x <= low + 500]
        codes += list(column.missing)
    else:
        observed = column.values.dropna()
        words = [str(x) for x in observed[years_of(observed).isna()].unique()]
        codes = [x for x in words if not any(map(str.isdigit, x))]
        seen = set(observed)
        codes += [x for x in (*CODES, *map(str, CODES)) if x in seen]
    if codes:
        proposal.take(
            "never", codes[0] if len(codes) == 1 else codes, Message("no period: never treated")
        )


def _periods(column: SourceColumn, frame: pd.DataFrame) -> pd.Series[Any]:
    """What a column says of periods: no codes, no words, and nothing if it is 0 and 1."""
    values = years_of(column.values)
    if set(values.dropna().unique()) <= {0, 1}:
        return values.where(values > 1)
    return values.where(~values.isin(CODES))


def _is_cohort(periods: pd.Series[Any], column: SourceColumn, frame: pd.DataFrame) -> bool:
    """First treated periods: constant within units, some period of the data, and not for all."""
    times, dates_there = frame["__time"], periods.dropna()
    if not pd.api.types.is_numeric_dtype(times.dtype) or not len(dates_there):
        return False
    if not constant(column.values, frame):
        return False
    low, high = times.min(), times.max()
    if not (dates_there == np.floor(dates_there)).all() or dates_there.nunique() > high - low + 3:
        return False
    text = column.values[years_of(column.values).isna() & column.values.notna()].unique()
    words = len(text) <= _WORDS and not any(c.isdigit() for x in text for c in str(x))
    inside = dates_there.between(low, high + 2)
    return bool(inside.all() and periods.isna().any() and words)


def _may_be_cohort(periods: pd.Series[Any], column: SourceColumn, frame: pd.DataFrame) -> bool:
    """What a column must be that is only called like a cohort: few units with several periods."""
    dates_there, times = periods.dropna(), years_of(frame["__time"])
    if not len(dates_there):
        text = not column.numeric and bool(column.values.notna().any())
        return text and sounds_like("time", column.name)
    if not (dates_there == np.floor(dates_there)).all():
        return False
    if times.notna().any() and not dates_there.between(times.min(), times.max() + 2).any():
        return False
    several = dates_there.groupby(frame["__unit"]).nunique() > 1
    return bool(several.mean() <= 0.5)


def _is_treated(column: SourceColumn, frame: pd.DataFrame) -> bool:
    if not column.numeric or set(column.values.dropna().unique()) != {0, 1}:
        return False
    ordered = frame.assign(__value=column.values).sort_values(["__unit", "__time"])
    steps = ordered.groupby("__unit")["__value"].diff().dropna()
    return bool((steps >= 0).all() and (steps > 0).any())


def _prefectures(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Merge the pilot zones where a column names prefectures."""
    unit = proposal.roles["unit"]
    others = [name for name, column in columns.items() if name != unit and not column.numeric]
    for name in [unit, *others]:
        values = frame["__unit"] if name == unit else columns[name].values
        share, unmatched = _share(name, values)
        if share >= _PREFECTURES:
            proposal.zones = {"prefecture": name}
            proposal.reasons["zones"] = Message(
                "no column says who was treated when; {:.0%} of the values of {} are "
                "prefectures, so the cross-border e-commerce pilot zones are merged to them",
                share,
                name,
            )
            if len(unmatched):
                proposal.zones["unmatched"] = "drop"
                pairs = zip(unmatched["value"], unmatched["nearest"], strict=True)
                listed = (f"{value} (near {near})" if near else str(value) for value, near in pairs)
                proposal.reasons["unmatched"] = Message("no prefecture: {}", shown(listed, 6))
            if name == unit:
                _one_spelling(proposal, values, columns)
            if "region" not in columns:
                frame["region"] = merge_zones(pd.DataFrame({name: values}), name).frame["region"]
                proposal.roles.setdefault("strata", ["region"])
                proposal.reasons.setdefault(
                    "strata", Message("coastal and inland provinces come with the zones")
                )
            return


def _one_spelling(
    proposal: Guess, values: pd.Series[Any], columns: dict[str, SourceColumn]
) -> None:
    """Take the full name for the unit where a prefecture is spelled in several ways."""
    name = proposal.roles["unit"]
    spelling = spelled_twice(name, values)
    if spelling and _FULL_NAME not in columns:
        proposal.take("unit", _FULL_NAME, Message("comes with the zones: {}", spelling))


def _share(name: str, values: pd.Series[Any]) -> tuple[float, pd.DataFrame]:
    """Share of a column's values that are prefectures, and those that are not."""
    distinct = pd.DataFrame({name: values.dropna().unique()})
    try:
        unmatched = merge_zones(distinct, name).unmatched
    except NQPError:
        return 0.0, pd.DataFrame()
    return 1 - len(unmatched) / len(distinct), unmatched
