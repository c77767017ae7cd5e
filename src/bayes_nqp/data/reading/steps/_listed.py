"""Match the names of a list in another sheet to the data, with the date of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.data.reading._date_remarks import date_of, is_never, is_remark, says_end
from bayes_nqp.data.reading._unit_name_variants import kind_of
from bayes_nqp.data.reading._values import missing, plain
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._header import header_rows, joined_names
from bayes_nqp.data.reading.steps._list_names import (
    bare_name,
    key_of,
    keys_of,
    names_in,
    parts_of,
    ways_of,
)
from bayes_nqp.data.reading.steps._step import Reading

_DATE: Final = re.compile(r"((?:19|20)\d\d\s*年(?:\s*\d\d?\s*月(?:\s*\d\d?\s*日)?)?|(?:19|20)\d\d)")
_HEAD: Final = re.compile(rf"{_DATE.pattern}|^第?[一二三四五六七八九十\d]+[批期轮]")
"""Column names that give the date or batch of the names below."""
_ABOVE: Final = re.compile(r"第?\s*[一二三四五六七八九十\d]+\s*[批期轮]")
"""Batch in a row above its names."""
_BATCHES, _NAMES = "批次", "名单"
_SEVERAL: Final = 2
_ALIKE: Final = 0.8
_KEYS: Final = ("sheet", "unit", "since", "of", "dates", "names")
_NEEDED: Final = _KEYS[:3]
_EXAMPLE: Final = 'policy = { first = { sheet = "list", unit = "city", since = "date" } }'


@dataclass(slots=True)
class Listed:
    """Names of a list, matched to the names in the data.

    Parameters
    ----------
    dates : dict
        Date of first treatment, by name in the data.
    matched, absent : list of str
        Listed names found in the data, and not found.
    near : dict of str to list of str
        Uncertain matches: possible names in the data, by listed name.
    undated : list of str
        Names without a year or with several possible years.
    """

    dates: dict[str, Any] = field(default_factory=dict)
    matched: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    near: dict[str, list[str]] = field(default_factory=dict)
    undated: list[str] = field(default_factory=list)

    @property
    def names(self) -> int:
        """Return the number of names in the list."""
        return len(self.matched) + len(self.absent) + len(self.near)


def listed(reading: Reading, source: Mapping[str, Any]) -> Listed:
    """Match the names of a list to the names in the data."""
    names, stated, match = source.get("names", {}), _dates(reading, source), Listed()
    stems: dict[str, list[str]] = {}
    for unit in names_in(reading, source):
        for key in keys_of(unit):
            stems.setdefault(key, []).append(unit)
    for name, dates in stated.items():
        called = names.get(name, name)
        if called == "":
            match.absent.append(name)
            continue
        meant, near = _match(called, stems)
        if meant is None:
            match.near |= {name: near} if near else {}
            match.absent += [] if near else [name]
            continue
        match.matched.append(name)
        date = match.dates.get(meant, dates[0])
        if year_of(date) is None or {*map(year_of, dates)} != {year_of(date)}:
            match.undated.append(name)
        else:
            match.dates[meant] = date
    for name, near in [*match.near.items()]:
        match.near[name] = [x for x in near if x not in match.dates]
        if not match.near[name]:
            del match.near[name]
            match.absent.append(name)
    return match


def _dates(reading: Reading, source: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the date of each name; names listed as not treated are excluded."""
    table, words = _checked(reading, source), source.get("dates", {})
    dates: dict[str, list[Any]] = {}
    for cell, since in zip(table[source["unit"]], table[source["since"]], strict=True):
        for name in [] if pd.isna(cell) else parts_of(cell):
            if pd.isna(since):
                dates.setdefault(name, []).append(None)
            elif not is_never(since):
                word = since.strip() if isinstance(since, str) else since
                date = words.get(word, word)
                dates.setdefault(name, []).append(date_of(date) if is_remark(date) else date)
    return dates


def _match(name: str, stems: Mapping[str, list[str]]) -> tuple[str | None, list[str]]:
    """Return the name in the data that a listed name means, or possible matches."""
    text = bare_name(name)
    for way in ways_of(text):
        units = stems.get(key_of(way), [])
        kinds = {kind_of(x) for x in (way, *units)} - {""}
        if way in units:
            return way, []
        if len(units) == 1 and len(kinds) <= 1:
            return units[0], []
        if units:
            return None, units
    stem, units = key_of(text), [x for names in stems.values() for x in names]
    near = [] if text.isdecimal() else get_close_matches(text, units, n=3, cutoff=_ALIKE)
    if len(stem) > 1 and not stem.isascii():
        near += [x for x in units if x.startswith(stem)]
        near += [x for key in stems if len(key) > 1 and stem.startswith(key) for x in stems[key]]
    return None, [*dict.fromkeys(near)]


def _checked(reading: Reading, source: Mapping[str, Any]) -> pd.DataFrame:
    """Return the sheet of a list, after a check that its columns exist."""
    for key in _NEEDED:
        if not isinstance(source.get(key), str):
            raise PanelError(Message("policy: {!r} is missing", key), hint=_EXAMPLE)
    for key in source:
        if key not in _KEYS:
            raise PanelError(
                Message("policy: {!r} is not a valid key", key), hint=nearest(key, _KEYS)
            )
    sheet, of = source["sheet"], source.get("of")
    if sheet not in reading.grids:
        raise PanelError(
            Message("policy: sheet {!r} is not in {}", sheet, reading.path.name),
            hint=nearest(sheet, reading.grids),
        )
    table = table_of(reading, sheet)
    for key in ("unit", "since"):
        if source[key] not in table.columns:
            raise PanelError(
                Message("policy: {!r} is not a column of sheet {!r}", source[key], sheet),
                hint=nearest(source[key], table.columns),
            )
    if of is not None and of not in reading.frame.columns:
        raise PanelError(
            Message("policy: of={!r} is not a column of the data", of),
            hint=nearest(of, reading.frame.columns),
        )
    return table


def doubt_of(source: Mapping[str, Any], matches: Listed) -> PanelError | None:
    """Return an error for names that may be units or have no year; matches are not guessed."""
    places, hints = [], []
    if matches.near:
        pairs = [f"{name} ({' / '.join(near)})" for name, near in matches.near.items()]
        places.append(Message("possibly units of the data with another name: {}", shown(pairs, 8)))
        names = (f'"{name}" = "{near[0]}"' for name, near in matches.near.items())
        hints.append(
            Message(
                'names = {} under policy in [data.read] maps listed names to units; use "" '
                "for a unit that is not in the data",
                f"{{ {', '.join(names)} }}",
            )
        )
    if matches.undated:
        places.append(
            Message("without a year or with several years: {}", shown(matches.undated, 8))
        )
        hints.append(
            Message(
                "write one date for each in {}; or, if the column names batches, dates = {} "
                "under policy in [data.read]",
                source["since"],
                '{ "第一批" = 2013 }',
            )
        )
    if not places:
        return None
    return PanelError(
        Message(
            "the list in {!r} does not identify all treated units and their first treated periods",
            source["sheet"],
        ),
        where=separated(places),
        hint=separated(hints),
    )


def ended(reading: Reading, source: Mapping[str, Any]) -> list[PanelError]:
    """Return errors for names with an end of the policy in the list."""
    table = table_of(reading, source["sheet"])
    for name in map(str, table.columns):
        if name == source["since"] or not says_end(name):
            continue
        left = table[[not is_never(x) for x in table[name]] & ~missing(table[name])]
        if len(left):
            return [
                PanelError(
                    Message(
                        "column {} of the list in {!r} gives the end of the policy",
                        name,
                        source["sheet"],
                    ),
                    where=shown(map(plain, left[source["unit"]]), 6),
                    hint="treatment must not end: exclude units whose policy ended from the "
                    "file, or omit this column if the policy ends after the last period",
                )
            ]
    return []


def table_of(reading: Reading, sheet: str) -> pd.DataFrame:
    """Read a sheet below its header; batches in adjacent columns are stacked."""
    grid = reading.grids[sheet]
    rows = header_rows(grid)
    names = joined_names(grid, rows)
    body = grid.iloc[rows[-1] :]
    columns = [k for k, name in enumerate(names) if name and name not in names[:k]]
    table = body.iloc[:, columns].set_axis([names[k] for k in columns], axis=1)
    if len(columns) < _SEVERAL or not all(map(_HEAD.search, table.columns)):
        return _under_batches(table)
    return table.rename(columns=_when).melt(var_name=_BATCHES, value_name=_NAMES).dropna()


def _under_batches(table: pd.DataFrame) -> pd.DataFrame:
    """Move batches that have a row above their names into a column."""
    alone = table.notna().sum(axis=1) == 1
    first = table.bfill(axis=1).iloc[:, 0] if len(table.columns) else pd.Series(dtype=object)
    heads = first.where(alone & first.map(lambda x: bool(_ABOVE.match(str(x).strip()))))
    if not heads.notna().any() or _BATCHES in table.columns:
        return table
    below = table.assign(**{_BATCHES: heads.ffill()})[heads.isna()]
    return below[below[_BATCHES].notna()].assign(
        **{_BATCHES: lambda rows: rows[_BATCHES].map(lambda head: _when(str(head)))}
    )


def _when(head: str) -> str:
    """Return the date in the name of a column, or its batch."""
    return match[1] if (match := _DATE.search(head)) else head
