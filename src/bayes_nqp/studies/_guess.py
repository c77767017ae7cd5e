"""Which column may play which part, and why: a guess for somebody to confirm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.datasets import merge_zones
from bayes_nqp.errors import NQPError, PanelError, nearest, shown
from bayes_nqp.studies._column_names import sounds_like
from bayes_nqp.studies._look import Column, Look

__all__ = ["Guess", "guess", "prefecture_of", "unit_and_time"]

_CODES: Final = (0, -1, -9, -99, 9999, 99999)
"""Numbers that stand for never treated where they are no periods."""
_LEVELS: Final = 6
"""Levels of a stratum at most."""
_STRATA_MOST: Final = 2
_PREFECTURES: Final = 0.7
"""Share of units that must be prefectures for the zones to be merged."""
FULL_NAME = "prefecture_name"
"""What merging the zones calls the full name of a prefecture."""


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
        Keys of [data.zones], where the file says nothing of treatment but names prefectures.
    mediators, covariates : list of str
        Columns that could be, by their names.
    """

    roles: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    zones: dict[str, Any] = field(default_factory=dict)
    mediators: list[str] = field(default_factory=list)
    covariates: list[str] = field(default_factory=list)

    def take(self, key: str, value: Any, reason: str) -> None:
        """Set a role.

        Parameters
        ----------
        key : str
        value : object
        reason : str
        """
        self.roles[key] = value
        self.reasons[key] = reason


def guess(found: Look, given: dict[str, Any]) -> Guess:
    """Guess the roles of a file's columns.

    Parameters
    ----------
    found : Look
    given : dict
        Roles that the user names.

    Returns
    -------
    Guess

    Raises
    ------
    PanelError
        If no column can be the unit, the time or the outcome.
    """
    made = Guess()
    _check(given, found)
    for key, value in given.items():
        made.take(key, value, "as you said")
    columns = dict(found.columns)
    _unit_and_time(made, columns)
    frame = _frame(made, columns)
    _treatment(made, columns, frame)
    _outcome(made, columns, frame)
    _strata(made, columns, frame)
    _others(made, columns, frame)
    _cleaning(made, columns)
    return made


def unit_and_time(found: Look, given: dict[str, Any]) -> dict[str, Any]:
    """Guess the unit and the time of a file's rows.

    Parameters
    ----------
    found : Look
    given : dict
        Those that the user names.

    Returns
    -------
    dict
        ``unit``, ``time``, and ``fill_down`` where the unit's cells are merged.
    """
    _check(given, found)
    made = Guess(dict(given))
    _unit_and_time(made, found.columns)
    return made.roles


def prefecture_of(found: Look) -> str | None:
    """Find the column that names prefectures.

    Parameters
    ----------
    found : Look

    Returns
    -------
    str or None
    """
    for name, column in found.columns.items():
        if column.whole or not column.numeric:
            share = _share(name, column.values)[0]
            if share >= _PREFECTURES:
                return name
    return None


def _check(given: dict[str, Any], found: Look) -> None:
    for key, value in given.items():
        for name in [value] if isinstance(value, str) else value:
            if name not in found.columns:
                raise PanelError(
                    f"{key}={name!r} is no column of the file", hint=nearest(name, found.columns)
                )


def _unit_and_time(made: Guess, columns: dict[str, Column]) -> None:
    """Find a pair of columns that names every row once, and repeats unit and time."""
    times = [made.roles["time"]] if "time" in made.roles else _times(columns)
    units = [made.roles["unit"]] if "unit" in made.roles else list(columns)
    best: tuple[float, str, str] | None = None
    for time in times:
        for unit in units:
            if unit != time and (score := _pair(columns[unit], columns[time])) is not None:
                best = max(best, (score, unit, time)) if best else (score, unit, time)
    if best is None:
        wanted = "--unit and --time name them"
        raise PanelError(
            "no two columns look like a unit and its periods: each pair once, and both repeat",
            where=f"the columns are {shown(columns, 20)}",
            hint=wanted if times else "a column of years, or of dates, such as 2015; " + wanted,
        )
    _, unit, time = best
    blank = _blank(columns[unit], columns[time])
    known = _filled(columns[unit], columns[time])
    said = f"{known.nunique():,} different values, each at most once a period"
    made.roles.setdefault("unit", unit)
    made.reasons.setdefault("unit", said)
    made.roles.setdefault("time", time)
    labels = columns[time].values.dropna()
    low, high = labels.min(), labels.max()
    ends = f"{low:.0f} to {high:.0f}" if columns[time].numeric else f"{low} to {high}"
    made.reasons.setdefault("time", f"{labels.nunique()} periods, {ends}")
    if blank:
        made.take("fill_down", [unit], f"{blank} cells are empty below a name, as merged cells are")


def _times(columns: dict[str, Column]) -> list[str]:
    """Columns that can be periods, those with such a name first."""
    found = []
    for name, column in columns.items():
        known = column.values.dropna()
        dated = pd.api.types.is_datetime64_any_dtype(column.values.dtype)
        if not len(known) or not (column.whole or dated) or known.nunique() < 2:
            continue
        years = column.whole and bool(known.between(1800, 2200).all())
        if (years or dated or sounds_like("time", name)) and known.nunique() <= len(known) / 2:
            found.append((not sounds_like("time", name), not years, name))
    return [name for *_, name in sorted(found)]


def _blank(unit: Column, time: Column) -> int:
    """Empty cells of a unit in rows that have a period, if they come in runs below a name."""
    gone = unit.values.isna() & time.values.notna()
    if unit.numeric or not gone.any() or pd.isna(unit.values.iloc[0]) or gone.mean() < 0.3:
        return 0
    return int(gone.sum())


def _filled(unit: Column, time: Column) -> pd.Series[Any]:
    return unit.values.ffill() if _blank(unit, time) else unit.values


def _pair(unit: Column, time: Column) -> float | None:
    """How well a column names units; None where it cannot."""
    values = _filled(unit, time)
    both = pd.DataFrame({"unit": values, "time": time.values}).dropna()
    if not len(both) or len(both) < 0.8 * time.values.notna().sum():
        return None
    units = both["unit"].nunique()
    if units < 2 or units > len(both) / 2 or both.duplicated().any():
        return None
    if unit.numeric and not unit.whole:
        return None
    full = len(both) / (units * both["time"].nunique())
    named = 2.0 * sounds_like("unit", unit.name) + 1.0 * sounds_like("time", time.name)
    return named + full + 0.8 * (not unit.numeric)


def _frame(made: Guess, columns: dict[str, Column]) -> pd.DataFrame:
    """Values of all columns, with the unit and the period under names of their own."""
    unit, time = columns[made.roles["unit"]], columns[made.roles["time"]]
    frame = pd.DataFrame({name: column.values for name, column in columns.items()})
    return frame.assign(__unit=_filled(unit, time), __time=time.values)


def _constant(frame: pd.DataFrame, name: str) -> bool:
    """Whether a column has one value, or none, in each unit."""
    return bool((frame.groupby("__unit")[name].nunique(dropna=False) <= 1).all())


def _free(made: Guess, columns: dict[str, Column]) -> Iterator[tuple[str, Column]]:
    """Columns without a part, that are no names of one."""
    taken = {made.roles.get(key) for key in ("unit", "time", "cohort", "treated", "outcome")}
    taken |= set(made.roles.get("strata", ()))
    yield from ((name, column) for name, column in columns.items() if name not in taken)


def _treatment(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    if "cohort" in made.roles or "treated" in made.roles:
        if "cohort" in made.roles:
            _never(made, columns[made.roles["cohort"]], frame)
        return
    found = [
        (not sounds_like("cohort", name), name)
        for name, column in _free(made, columns)
        if _is_cohort(column, frame)
    ]
    if found:
        name = min(found)[1]
        reason = "one period a unit, within those of the data, and none for some units"
        made.take("cohort", name, reason)
        _never(made, columns[name], frame)
        return
    found = [
        (not sounds_like("treated", name), name)
        for name, column in _free(made, columns)
        if _is_treated(column, frame)
    ]
    if found:
        name = min(found)[1]
        made.take("treated", name, "0 and 1, and never back to 0 within a unit")
        return
    _prefectures(made, columns, frame)


def _is_cohort(column: Column, frame: pd.DataFrame) -> bool:
    """First treated periods: constant within units, some period of the data, and not for all."""
    if not pd.api.types.is_numeric_dtype(frame["__time"].dtype):
        return False
    values = column.values if column.numeric else pd.to_numeric(column.values, errors="coerce")
    if not _constant(frame.assign(__value=column.values), "__value"):
        return False
    low, high = frame["__time"].min(), frame["__time"].max()
    dated = values.where(~values.isin(_CODES))
    known = dated.dropna()
    if not len(known) or not (known == np.floor(known)).all() or known.nunique() > high - low + 3:
        return False
    inside = known.between(low, high + 2)
    text = column.values[values.isna() & column.values.notna()]
    return bool(inside.all() and dated.isna().any() and text.nunique() <= 1)


def _never(made: Guess, column: Column, frame: pd.DataFrame) -> None:
    codes: list[Any] = []
    if column.numeric:
        seen = column.values.dropna()
        low = float(frame["__time"].min())
        codes = [int(x) for x in _CODES if x < low or x > low + 500 if bool((seen == x).any())]
    else:
        numbers = pd.to_numeric(column.values, errors="coerce")
        codes = [str(x) for x in column.values[numbers.isna()].dropna().unique()]
    if column.missing:
        codes += list(column.missing)
    if codes:
        made.take("never", codes[0] if len(codes) == 1 else codes, "no period: never treated")


def _is_treated(column: Column, frame: pd.DataFrame) -> bool:
    if not column.numeric or set(column.values.dropna().unique()) != {0, 1}:
        return False
    ordered = frame.assign(__value=column.values).sort_values(["__unit", "__time"])
    steps = ordered.groupby("__unit")["__value"].diff().dropna()
    return bool((steps >= 0).all() and (steps > 0).any())


def _prefectures(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    """Merge the pilot zones where a column names prefectures."""
    unit = made.roles["unit"]
    others = [name for name, column in columns.items() if name != unit and not column.numeric]
    for name in [unit, *others]:
        values = frame["__unit"] if name == unit else columns[name].values
        share, unmatched = _share(name, values)
        if share >= _PREFECTURES:
            made.zones = {"prefecture": name}
            made.reasons["zones"] = (
                f"no column says who was treated when; {share:.0%} of the values of {name} are "
                "prefectures, so the cross-border e-commerce pilot zones are merged to them"
            )
            if len(unmatched):
                made.zones["unmatched"] = "drop"
                pairs = zip(unmatched["value"], unmatched["nearest"], strict=True)
                listed = (f"{value} (near {near})" if near else str(value) for value, near in pairs)
                made.reasons["unmatched"] = f"no prefecture: {shown(listed, 6)}"
            if name == unit:
                _one_spelling(made, values, columns)
            if "region" not in columns:
                made.roles.setdefault("strata", ["region"])
                made.reasons.setdefault(
                    "strata", "coastal and inland provinces come with the zones"
                )
            return


def _one_spelling(made: Guess, values: pd.Series[Any], columns: dict[str, Column]) -> None:
    """Take the full name for the unit where a prefecture is spelled in several ways."""
    name = made.roles["unit"]
    distinct = pd.DataFrame({name: values.dropna().unique()})
    merged = merge_zones(distinct, name).frame.dropna(subset="prefecture_code")
    twice = merged[merged["prefecture_code"].duplicated(keep=False)]
    if not len(twice) or FULL_NAME in columns:
        return
    one = twice[twice["prefecture_code"] == twice["prefecture_code"].iloc[0]][name]
    made.take(
        "unit",
        FULL_NAME,
        f"comes with the zones: {name} spells {twice['prefecture_code'].nunique()} prefectures in "
        f"more than one way ({', '.join(map(str, one))})",
    )


def _share(name: str, values: pd.Series[Any]) -> tuple[float, pd.DataFrame]:
    """Share of a column's values that are prefectures, and those that are not."""
    distinct = pd.DataFrame({name: values.dropna().unique()})
    try:
        unmatched = merge_zones(distinct, name).unmatched
    except NQPError:
        return 0.0, pd.DataFrame()
    return 1 - len(unmatched) / len(distinct), unmatched


def _outcome(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    if "outcome" in made.roles:
        return
    found = [
        (not sounds_like("outcome", name), place, name)
        for place, (name, column) in enumerate(_free(made, columns))
        if column.numeric
        and column.values.nunique() > 2
        and not _constant(frame.assign(__value=column.values), "__value")
        and not _same(column.values, frame["__time"])
    ]
    if not found:
        raise PanelError(
            "no column of numbers varies within units, so none can be the outcome",
            where=f"the columns are {shown(columns, 20)}",
            hint="--outcome names it",
        )
    unnamed, _, name = min(found)
    others = [one for *_, one in found if one != name]
    reason = "by its name" if not unnamed else "the first column of numbers that varies over time"
    if others:
        reason += f"; it could also be {shown(others, 5)}"
    made.take("outcome", name, reason)


def _same(one: pd.Series[Any], other: pd.Series[Any]) -> bool:
    """Whether two columns go one for one, as a year and its number do."""
    both = pd.DataFrame({"one": one, "other": other}).dropna().drop_duplicates()
    return not both["one"].duplicated().any() and not both["other"].duplicated().any()


def _strata(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    if "strata" in made.roles and made.reasons["strata"] == "as you said":
        return
    ever = _ever(made, columns, frame)
    found = []
    for name, column in _free(made, columns):
        wide = frame.assign(__value=column.values)
        if not _constant(wide, "__value") or column.values.isna().any():
            continue
        of_units = wide.groupby("__unit")["__value"].first()
        sizes = of_units.value_counts()
        whole = not column.numeric or column.whole
        if not whole or not 2 <= len(sizes) <= _LEVELS or sizes.min() < 2:
            continue
        if ever is not None and _same(of_units, ever.reindex(of_units.index)):
            continue
        found.append((not sounds_like("stratum", name), column.numeric, len(sizes), name))
    names = [name for *_, name in sorted(found)]
    before = made.roles.get("strata", [])
    if names:
        chosen = [*before, *names][:_STRATA_MOST]
        made.roles["strata"] = chosen
        said = "constant within units, with few values"
        if len(names) > len(chosen):
            said += f"; so are {shown(names[len(chosen) :], 5)}"
        made.reasons["strata"] = f"{made.reasons['strata']}; {said}" if before else said


def _ever(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> pd.Series[Any] | None:
    """Whether each unit is ever treated."""
    if "treated" in made.roles:
        values = frame[made.roles["treated"]]
        return pd.Series(values.groupby(frame["__unit"]).max())
    if "cohort" in made.roles:
        values = pd.to_numeric(frame[made.roles["cohort"]], errors="coerce")
        known = values.where(~values.isin(_CODES)).notna()
        return pd.Series(known.groupby(frame["__unit"]).max())
    return None


def _others(made: Guess, columns: dict[str, Column], frame: pd.DataFrame) -> None:
    """Name what could be mediators and covariates."""
    for name, column in _free(made, columns):
        if not column.numeric or _constant(frame.assign(__value=column.values), "__value"):
            continue
        if _same(column.values, frame["__time"]) or column.values.nunique() <= 2:
            continue
        if sounds_like("mediator", name):
            made.mediators.append(name)
        elif sounds_like("covariate", name):
            made.covariates.append(name)


def _cleaning(made: Guess, columns: dict[str, Column]) -> None:
    """Declare the steps that numbers stored as text need."""
    used = [columns[made.roles["outcome"]]]
    used += [columns[name] for name in (*made.mediators, *made.covariates)]
    texts = list(dict.fromkeys(text for column in used for text in column.missing))
    marked = [column.name for column in used if column.marked]
    if marked:
        made.take("thousands", ",", f"numbers stored as text in {shown(marked, 4)}")
    if texts:
        made.take("missing", texts, "texts that stand where numbers should")
