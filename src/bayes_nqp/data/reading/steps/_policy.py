"""Read treatment dates from a list in another sheet, such as 试点名单."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message, Translator, language_of, separated
from bayes_nqp.data.reading._date_remarks import is_never, is_remark
from bayes_nqp.data.reading._values import counted, is_text, missing, plain
from bayes_nqp.data.reading._vocabulary import Part, sounds_like
from bayes_nqp.data.reading._years import month_of, year_of
from bayes_nqp.data.reading.steps._list_names import (
    BATCH,
    bare_name,
    batch_of,
    keys_of,
    means,
    names_in,
    parts_of,
)
from bayes_nqp.data.reading.steps._listed import Listed, doubt_of, ended, listed, table_of
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, step

_CALLED: Final = re.compile(
    r"名单|批|list|adopt|roll.?out|\b(?:wave|round|phase|tranche)", re.IGNORECASE
)
"""Names of sheets with a policy list, in addition to words for a policy."""
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:年(\d\d?)月)?(?=年|\D|$)")
_HALF: Final = 0.5
"""Minimum share of listed names that are units, of units listed, or of cells that are years."""
_FEWEST: Final = 2
"""Minimum number of units with a year."""
_YEARLY: Final = 0.85
"""Minimum share of rows that are unique by unit and year."""
_FIRST: Final = Message("first_treated")

_PARTS: Final[tuple[Part, ...]] = ("cohort", "treated")

type Source = dict[str, Any]


@step("policy", place=90)
class PolicyList(Step):
    """Step that reads the first treated year of each unit from a list in another sheet."""

    label = Message("Policy list")
    text = (
        "A column of first treated years that is taken from a list in another sheet: { first = { "
        'sheet = "试点名单", unit = "城市", since = "批次", dates = { 第一批 = 2013 }, '
        'names = { 大理州 = "大理白族自治州" } } }. `since` contains dates, or words that `dates` '
        'translates; `names` maps listed names to the names in the data, "" for a name that is not '
        "in the data; `of` is the data column that contains these names, if it is not the unit: "
        "firms are treated when their city is. Units that are not listed are never treated."
    )
    kind = dict[str, dict[str, str | dict[str, int | str]]]
    by_column = False
    of = "unit"
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find a sheet with a policy list: names that occur in the data, with years or batches."""
        if len(reading.grids) < 2:
            return None
        if len(reading.parts) > 1:
            _passed_over(reading)
        if not yearly(reading) or _own(reading):
            return None
        lists = next((x for of in _named_by(reading) if (x := _lists(reading, of))), None)
        if lists is None:
            return None
        named, _, _, source, dates = max(lists, key=lambda one: one[:3])
        others = [x for tier, *_, x, more in lists if tier == named and _differ(more, dates)]
        if others:
            places = [f"{x['sheet']}: {x['since']}" for x in (source, *others)]
            reading.doubts.append(
                PanelError(
                    "several lists give conflicting first treated periods",
                    where=shown(places, 6),
                    hint="keep only the list of the policy under study in the line policy of "
                    "[data.read]",
                )
            )
        reading.doubts += ended(reading, source)
        reason = Message(
            "sheet {} lists the treated units, and its column {} gives the first treated period",
            source["sheet"],
            source["since"],
        )
        if "of" in source:
            reason = Message("{}; units are treated when their {} is treated", reason, source["of"])
        example, name = next(iter(dates)), _called(reading)
        count = int(_units_of(reading, source, dates).nunique())
        return Found({name: source}, reason, count, plain(example), str(year_of(dates[example])))

    def applied(self, reading: Reading, value: Any) -> int:
        """Add the column, report names that are not units, and reject uncertain matches."""
        count = 0
        for name, source in value.items():
            if len(reading.parts) != 1:
                raise PanelError(
                    Message("policy = {!r} requires a single column that names the units", name),
                    hint="omit policy, and add a column with the first treated period of each unit",
                )
            match = listed(reading, source)
            if (doubt := doubt_of(source, match)) is not None:
                reading.doubts.append(doubt)
            column = reading.frame[source.get("of", reading.parts[0])]
            dates = {x: match.dates.get(bare_name(x)) for x in column.dropna().unique()}
            reading.dated[name] = column.map(dates)
            since = column.map({x: year_of(date) for x, date in dates.items()}).astype("float64")
            reading.frame = reading.frame.assign(**{name: since})
            treated = int(_units_of(reading, source, match.dates).nunique())
            count += treated
            reading.notes.append(_said(reading, name, source, match, treated))
        return count


def _passed_over(reading: Reading) -> None:
    """Report that a list was not read because several columns identify the units."""
    lists = [x for x in reading.grids if _policy(x) and x != reading.sheet]
    if lists:
        reading.notes.append(
            Message(
                "the list in {} was not read, because {} together name the units. Try: "
                "one column with the full name, such as 福州市鼓楼区, in both sheets",
                shown(map(repr, lists)),
                shown(reading.parts),
            )
        )


def _named_by(reading: Reading) -> list[str]:
    """Return the columns that a list may refer to: units, then groups, the finest first."""
    frame, (unit, *_) = reading.frame, reading.parts
    keys = (unit, reading.roles["time"])
    places = [str(name) for name, x in frame.items() if name not in keys and is_text(x)]
    return [unit, *sorted(places, key=lambda name: -frame[name].nunique())]


def _lists(reading: Reading, of: str) -> list[tuple[bool, int, bool, Source, dict[str, Any]]]:
    """Find lists with the names of a column, most of them dated within the data."""
    times = reading.frame[reading.roles["time"]].dropna().map(year_of)
    low, high, lists = times.min(), times.max(), []
    for named, source in _sources(reading, of):
        match = listed(reading, source)
        if "of" in source and len({*match.matched}) < _rows_named(reading, source):
            continue  # such as provinces in a list of cities
        dates, units = match.dates, len(names_in(reading, source))
        inside = sum(low <= (year_of(x) or 0) <= high for x in dates.values())
        share = max(len(match.matched) / max(match.names, 1), len(dates) / units)
        if len(dates) >= _FEWEST and share >= _HALF and inside >= _HALF * len(dates):
            lists.append((named, len(dates), "dates" not in source, source, dates))
    return lists


def _rows_named(reading: Reading, source: Source) -> int:
    """Count the rows of a list with names that are in the data."""
    cells = table_of(reading, source["sheet"])[source["unit"]].dropna()
    keys = {key for x in names_in(reading, source) for key in keys_of(x)}
    return sum(means(x, keys) for cell in cells for x in parts_of(cell))


def _differ(dates: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return True if two lists give other dates for a name, or other names."""
    return {k: year_of(x) for k, x in dates.items()} != {k: year_of(x) for k, x in other.items()}


def _units_of(reading: Reading, source: Source, dates: dict[str, Any]) -> pd.Series[Any]:
    """Return the unit of each row for which a list gives a date."""
    unit = reading.parts[0]
    column, units = reading.frame[str(source.get("of", unit))], reading.frame[unit]
    dated = [x for x in column.dropna().unique() if bare_name(x) in dates]
    return units[column.isin(dated)]


def _said(reading: Reading, name: str, source: Source, match: Listed, treated: int) -> Message:
    """Report the share of listed names found and the status of the other units."""
    matched, names = len(match.matched), match.names
    if "of" in source:
        parts = [
            Message(
                "{} from the list in {!r}: {} of {} names appear in {}, which cover {}",
                name,
                source["sheet"],
                matched,
                names,
                source["of"],
                counted(treated, "unit"),
            )
        ]
    else:
        parts = [Message("{} from the list in {!r}: {} of {} names are units of the data", name,
                         source["sheet"], matched, names)]  # fmt: skip
    if match.absent:
        parts.append(Message("not found in the data: {}", shown(match.absent, 8)))
    others = len(names_in(reading, {})) - treated - (0 if "of" in source else len(match.undated))
    if others > 0:
        parts.append(Message("the remaining {} are never treated", counted(others, "unit")))
    return separated(parts)


def yearly(reading: Reading) -> bool:
    """Return True if periods are years with one row per unit."""
    time = reading.roles.get("time")
    if len(reading.parts) != 1 or time not in reading.frame.columns:
        return False
    frame = reading.frame[~missing(reading.frame[time])]
    years = frame[time].map({x: year_of(x) for x in frame[time].unique()})
    if not len(frame) or years.isna().any():
        return False
    return bool(years.groupby(frame[reading.parts[0]]).nunique().sum() > _YEARLY * len(frame))


def _own(reading: Reading) -> bool:
    """Return True if a column of the table itself gives first treated periods."""
    keys = (*reading.parts, reading.roles["time"])
    unit = reading.frame[reading.parts[0]]
    for name, column in reading.frame.items():
        if name in keys:
            continue
        present = column.notna().to_numpy(dtype=bool)
        observed = column[present]
        if sounds_like("cohort", str(name)) and any(year_of(x) for x in observed.unique()):
            return True
        if not sounds_like("treated", str(name)):
            continue
        # Rows of several sheets keep their numbers, so that numbers may repeat.
        if (observed.groupby(unit[present].to_numpy()).nunique() > 1).any():
            return True
    return False


def _called(reading: Reading) -> str:
    """Return the name of the added column, in the language of the file."""
    words = "".join(map(str, reading.frame.columns))
    name = str(Translator(language_of(words))(_FIRST))
    return name if name not in reading.frame.columns else f"{name} *"


def _sources(reading: Reading, of: str) -> Iterator[tuple[bool, Source]]:
    """Yield candidate lists in other sheets, with True if the date column is named so."""
    read = reading.sheet if isinstance(reading.sheet, str) else next(iter(reading.grids))
    by: Source = {} if of == reading.parts[0] else {"of": of}
    keys = {key for x in names_in(reading, by) for key in keys_of(x)}
    for sheet in reading.grids:
        if sheet == read or not len(reading.grids[sheet]):
            continue
        table = table_of(reading, sheet)
        hits = {
            name: sum(means(x, keys) for cell in table[name].dropna() for x in parts_of(cell))
            for name in map(str, table.columns)
        }
        unit = max(hits, key=lambda name: hits[name], default="")
        if not hits.get(unit):
            continue
        for name in hits:
            named = _policy(name)
            if name == unit or not (named or (_policy(sheet) and sounds_like("time", name))):
                continue
            cells = [x for x in table[name].dropna().unique() if not is_never(x)]
            source: Source = {"sheet": sheet, "unit": unit, "since": name} | by
            if cells and sum(_dated(x) for x in cells) >= _HALF * len(cells):
                yield named, source
            elif cells and all(isinstance(x, str) and batch_of(x) for x in cells):
                dates = _dates_of(reading, cells, read)
                if dates:
                    yield named, source | {"dates": dates}


def _dated(cell: Any) -> bool:
    """Return True if a cell contains a year, alone or in a remark."""
    return year_of(cell) is not None or is_remark(cell)


def _policy(name: str) -> bool:
    """Return True if the name of a column or sheet refers to a policy or its list."""
    words = any(sounds_like(part, name) for part in _PARTS)
    return words or _CALLED.search(name) is not None


def _dates_of(reading: Reading, batches: Iterable[str], read: str) -> dict[str, int | str]:
    """Return the date of each batch, from its own words, a column, or any sheet's text."""
    days: dict[str, set[tuple[int, int | None]]] = {}
    for sheet, grid in reading.grids.items():
        if sheet == read:
            continue
        for row in grid.to_numpy(dtype=object):
            cells = [x for x in row if not pd.isna(x) and x != ""]
            for place, cell in enumerate(cells):
                if not isinstance(cell, str):
                    continue
                beside = [(y, month_of(x)) for x in cells[place + 1 :] if (y := year_of(x))]
                for part in re.split(r"[；;。\n]", cell):
                    text = bare_name(part)
                    named = {batch_of(x[0]) for x in BATCH.finditer(text)}
                    stated = {(int(x[1]), int(x[2] or 0) or None) for x in _YEAR.finditer(text)}
                    dates = stated or {*beside[:1]}
                    if len(named) == 1 and len({year for year, _ in dates}) == 1:
                        days.setdefault(named.pop(), set()).update(dates)
    return {x: date for x in batches if (date := _one_date(days.get(batch_of(x), set())))}


def _one_date(days: set[tuple[int, int | None]]) -> int | str | None:
    """Return the year that all texts give, with its month if they give one."""
    years, months = {year for year, _ in days}, {month for _, month in days} - {None}
    if len(years) != 1:
        return None
    year = years.pop()
    return f"{year}-{months.pop():02d}" if len(months) == 1 else year
