"""Who is treated since when, as another sheet lists it: 试点名单, with dates or batches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

import pandas as pd

from bayes_nqp.columns._number_words import narrow
from bayes_nqp.columns._twins import kind_of
from bayes_nqp.columns._values import counted, missing, plain
from bayes_nqp.columns._vocabulary import Part, sounds_like
from bayes_nqp.columns._years import year_of
from bayes_nqp.columns.steps._header import header_rows, joined_names
from bayes_nqp.columns.steps._names import bare
from bayes_nqp.columns.steps._step import Found, Reading, Step, step
from bayes_nqp.errors import PanelError, nearest, shown
from bayes_nqp.language import Message, Translator, language_of, separated

_CALLED: Final = re.compile(r"名单|批|list|adopt|roll.?out", re.IGNORECASE)
"""What sheets are called that list who has the policy, beside words for the policy itself."""
_BATCH: Final = re.compile(
    r"第?([一二三四五六七八九十\d]+)(?:批|期|轮|波)|(?:batch|wave|round)(\d+)"
)
_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=年|\D|$)")
_BETWEEN: Final = re.compile(r"[、，,；;\n]+")
_PROVINCE: Final = re.compile(r"^.{2,6}?(?:省|自治区)(?=..)")
_NEVER: Final = re.compile(r"未.*|否|无|没有|从未|[-—–/]+|no|none|never", re.IGNORECASE)
_HALF: Final = 0.5
"""Share of a list's names that are units, of units named, or of cells that are years, at least."""
_FEWEST: Final = 2
"""Units with a year, at least."""
_YEARLY: Final = 0.85
"""Share of rows that are the only one of a unit in a year, at least."""
_ALIKE: Final = 0.8
_EXAMPLE: Final = 'policy = { first = { sheet = "list", unit = "city", since = "date" } }'
_FIRST: Final = Message("first_treated")

_PARTS: Final[tuple[Part, ...]] = ("cohort", "treated")

type Source = dict[str, Any]


@dataclass(slots=True)
class _Listed:
    """Names of a list, matched to units.

    Parameters
    ----------
    since : dict
        First treated years by unit.
    matched, absent : list of str
        Names that are units, and that are none.
    near : dict of str to list of str
        Units that a name may mean, none of them surely.
    undated : list of str
        Names of which no year, or several, can be told.
    """

    since: dict[str, int] = field(default_factory=dict)
    matched: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    near: dict[str, list[str]] = field(default_factory=dict)
    undated: list[str] = field(default_factory=list)

    @property
    def names(self) -> int:
        """How many names the list has."""
        return len(self.matched) + len(self.absent) + len(self.near)


@step("policy", place=90)
class PolicyList(Step):
    """The first treated year of each unit, from the sheet that lists them."""

    label = Message("List of the policy")
    text = (
        "A column of first treated years that another sheet lists: { first = { sheet = "
        '"试点名单", unit = "城市", since = "批次", dates = { 第一批 = 2013 }, names = { 大理州 = '
        '"大理白族自治州" } } }. `since` holds dates, or words that `dates` tells; `names` says '
        'what a listed name is called in the data, "" for a unit that is not there. Who is not '
        "listed is never treated."
    )
    kind = dict[str, dict[str, str | dict[str, int | str]]]
    by_column = False
    of = "unit"
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find a sheet of policy whose names are units, with a year or a batch for each."""
        if len(reading.grids) < 2 or not _yearly(reading) or _own(reading):
            return None
        units, times = _units(reading), reading.frame[reading.roles["time"]].dropna().map(year_of)
        lists = []
        for named, source in _sources(reading):
            since = (listed := _listed(reading, source, units)).since
            inside = sum(times.min() <= year <= times.max() for year in since.values())
            share = max(len(listed.matched) / max(listed.names, 1), len(since) / len(units))
            if len(since) >= _FEWEST and share >= _HALF and inside >= _HALF * len(since):
                lists.append((named, len(since), "dates" not in source, source, since))
        if not lists:
            return None
        named, count, _, source, since = max(lists, key=lambda one: one[:3])
        others = [x for tier, *_, x, years in lists if tier == named and years != since]
        if others:
            places = [f"{x['sheet']}: {x['since']}" for x in (source, *others)]
            reading.doubts.append(PanelError(
                "several lists could say who is treated when, and they differ",
                where=shown(places, 6),
                hint="keep the one that is the policy in the line policy of [data.read]",
            ))  # fmt: skip
        reason = Message("sheet {} lists who is treated, and its column {} since when",
                         source["sheet"], source["since"])  # fmt: skip
        example = next(iter(since))
        name = _called(reading)
        return Found({name: source}, reason, count, plain(example), str(since[example]))

    def applied(self, reading: Reading, value: Any) -> int:
        """Add the column; say which names are no units, and refuse those that may be."""
        count = 0
        for name, source in value.items():
            if len(reading.parts) != 1:
                raise PanelError(
                    Message("policy = {!r} needs one column that names the unit", name),
                    hint="leave it out, and give each row its first treated period",
                )
            units = _units(reading)
            listed = _listed(reading, source, units)
            reading.notes.append(_said(name, source, listed, len(units)))
            if (doubt := _doubt(source, listed)) is not None:
                reading.doubts.append(doubt)
            unit = reading.frame[reading.parts[0]]
            since = {x: listed.since.get(_bare(x)) for x in unit.dropna().unique()}
            column = unit.map(since).astype("float64")
            reading.frame = reading.frame.assign(**{name: column})
            count += len(listed.since)
        return count


def _yearly(reading: Reading) -> bool:
    """Whether periods are years, one row of a unit each."""
    time = reading.roles.get("time")
    if len(reading.parts) != 1 or time not in reading.frame.columns:
        return False
    frame = reading.frame[~missing(reading.frame[time])]
    years = frame[time].map({x: year_of(x) for x in frame[time].unique()})
    if not len(frame) or years.isna().any():
        return False
    return bool(years.groupby(frame[reading.parts[0]]).nunique().sum() > _YEARLY * len(frame))


def _own(reading: Reading) -> bool:
    """Whether a column of the table itself tells since when."""
    keys = (*reading.parts, reading.roles["time"])
    unit = reading.frame[reading.parts[0]]
    for name, column in reading.frame.items():
        if name in keys:
            continue
        observed = column.dropna()
        if sounds_like("cohort", str(name)) and any(year_of(x) for x in observed.unique()):
            return True
        if sounds_like("treated", str(name)) and (observed.groupby(unit).nunique() > 1).any():
            return True
    return False


def _called(reading: Reading) -> str:
    """What to call the column, in the language of the file."""
    words = "".join(map(str, reading.frame.columns))
    name = str(Translator(language_of(words))(_FIRST))
    return name if name not in reading.frame.columns else f"{name} *"


def _table(reading: Reading, sheet: str) -> pd.DataFrame:
    """A sheet below its names; columns without one are left out."""
    grid = reading.grids[sheet]
    rows = header_rows(grid)
    names = joined_names(grid, rows)
    body = grid.iloc[rows[-1] :]
    kept = [k for k, name in enumerate(names) if name and name not in names[:k]]
    return body.iloc[:, kept].set_axis([names[k] for k in kept], axis=1)


def _sources(reading: Reading) -> Iterator[tuple[bool, Source]]:
    """Columns of other sheets that may say who, and since when; and whether their name says so."""
    read = reading.sheet if isinstance(reading.sheet, str) else next(iter(reading.grids))
    units = {_key(x) for x in _units(reading)}
    for sheet in reading.grids:
        if sheet == read or not len(reading.grids[sheet]):
            continue
        table = _table(reading, sheet)
        hits = {
            name: sum(_means(x, units) for cell in table[name].dropna() for x in _parts(cell))
            for name in map(str, table.columns)
        }
        unit = max(hits, key=lambda name: hits[name], default="")
        if not hits.get(unit):
            continue
        for name in hits:
            named = _policy(name)
            if name == unit or not (named or (_policy(sheet) and sounds_like("time", name))):
                continue
            cells = [x for x in table[name].dropna().unique() if not _never(x)]
            source: Source = {"sheet": sheet, "unit": unit, "since": name}
            if cells and sum(year_of(x) is not None for x in cells) >= _HALF * len(cells):
                yield named, source
            elif cells and all(isinstance(x, str) and _batch(x) for x in cells):
                dates = _dates_of(reading, cells, read)
                if dates:
                    yield named, source | {"dates": dates}


def _policy(name: str) -> bool:
    """Whether a column or a sheet is called like a policy, or a list of it."""
    words = any(sounds_like(part, name) for part in _PARTS)
    return words or _CALLED.search(name) is not None


def _dates_of(reading: Reading, batches: Iterable[str], read: str) -> dict[str, int]:
    """The year of each batch: in its own words, or beside them or in a sentence of any sheet."""
    years: dict[str, set[int]] = {}
    for sheet, grid in reading.grids.items():
        if sheet == read:
            continue
        for row in grid.to_numpy(dtype=object):
            cells = [x for x in row if not pd.isna(x) and x != ""]
            for place, cell in enumerate(cells):
                if not isinstance(cell, str):
                    continue
                beside = [y for x in cells[place + 1 :] if (y := year_of(x)) is not None]
                for part in re.split(r"[；;。\n]", cell):
                    named = {_batch(x[0]) for x in _BATCH.finditer(_bare(part))}
                    stated = {int(x[1]) for x in _YEAR.finditer(_bare(part))}
                    told = stated or set(beside[:1])
                    if len(named) == 1 and len(told) == 1:
                        years.setdefault(named.pop(), set()).update(told)
    return {
        batch: found.pop()
        for batch in batches
        if len(found := set(years.get(_batch(batch), ()))) == 1
    }


def _listed(reading: Reading, source: Mapping[str, Any], units: list[str]) -> _Listed:
    """Match the names of a list to units."""
    table = _checked(reading, source)
    dates, names = source.get("dates", {}), source.get("names", {})
    years: dict[str, set[int | None]] = {}
    for cell, since in zip(table[source["unit"]], table[source["since"]], strict=True):
        for name in [] if pd.isna(cell) else _parts(cell):
            if pd.isna(since) or not _never(since):
                word = since.strip() if isinstance(since, str) else since
                year = None if pd.isna(since) else year_of(dates.get(word, since))
                years.setdefault(name, set()).add(year)
    listed = _Listed()
    stems: dict[str, list[str]] = {}
    for unit in units:
        stems.setdefault(_key(unit), []).append(unit)
    for name, found in years.items():
        called = names.get(name, name)
        year = next(iter(found)) if len(found) == 1 else None
        if called == "":
            listed.absent.append(name)
            continue
        meant, near = _match(called, stems)
        if meant is None:
            listed.near |= {name: near} if near else {}
            listed.absent += [] if near else [name]
            continue
        listed.matched.append(name)
        if year is None or listed.since.get(meant, year) != year:
            listed.undated.append(name)
        else:
            listed.since[meant] = year
    for name, near in [*listed.near.items()]:
        left = [x for x in near if x not in listed.since]
        listed.near[name] = left
        if not left:
            del listed.near[name]
            listed.absent.append(name)
    return listed


def _match(name: str, stems: Mapping[str, list[str]]) -> tuple[str | None, list[str]]:
    """The unit that a name means; or none, and those that it may mean."""
    text = _bare(name)
    for one in _ways(text):
        units = stems.get(_key(one), [])
        kinds = {kind_of(x) for x in (one, *units)} - {""}
        if one in units:
            return one, []
        if len(units) == 1 and len(kinds) <= 1:
            return units[0], []
        if units:
            return None, units
    stem, units = _key(text), [x for names in stems.values() for x in names]
    near = [] if text.isdecimal() else get_close_matches(text, units, n=3, cutoff=_ALIKE)
    if len(stem) > 1 and not stem.isascii():
        near += [x for x in units if x.startswith(stem)]
        near += [x for key in stems if len(key) > 1 and stem.startswith(key) for x in stems[key]]
    return None, [*dict.fromkeys(near)]


def _checked(reading: Reading, source: Mapping[str, Any]) -> pd.DataFrame:
    """The sheet of a list, if all that is said of it is there."""
    for key in ("sheet", "unit", "since"):
        if not isinstance(source.get(key), str):
            raise PanelError(
                Message("policy: {!r} is missing", key),
                hint=_EXAMPLE,
            )
    for key in source:
        if key not in ("sheet", "unit", "since", "dates", "names"):
            raise PanelError(
                Message("policy: {!r} is no key", key),
                hint=nearest(key, ("sheet", "unit", "since", "dates", "names")),
            )
    sheet = source["sheet"]
    if sheet not in reading.grids:
        raise PanelError(
            Message("policy: sheet {!r} is not in {}", sheet, reading.path.name),
            hint=nearest(sheet, reading.grids),
        )
    table = _table(reading, sheet)
    for key in ("unit", "since"):
        if source[key] not in table.columns:
            raise PanelError(
                Message("policy: {!r} is no column of sheet {!r}", source[key], sheet),
                hint=nearest(source[key], table.columns),
            )
    return table


def _said(name: str, source: Mapping[str, Any], listed: _Listed, units: int) -> Message:
    """How much of a list was found, and what becomes of the others."""
    parts = [Message("{} from the list in {!r}: {} of {} names are units of the data", name,
                     source["sheet"], len(listed.matched), listed.names)]  # fmt: skip
    if listed.absent:
        parts.append(Message("not among them: {}", shown(listed.absent, 8)))
    rest = units - len(listed.since) - len(listed.undated)
    if rest > 0:
        parts.append(Message("the others, {}, count as never treated", counted(rest, "unit")))
    return separated(parts)


def _doubt(source: Mapping[str, Any], listed: _Listed) -> PanelError | None:
    """Say which names may be units, or have no year: what they are must not be guessed."""
    places, hints = [], []
    if listed.near:
        pairs = [f"{name} ({' / '.join(near)})" for name, near in listed.near.items()]
        places.append(Message("perhaps units of the data under another name: {}", shown(pairs, 8)))
        names = (f'"{name}" = "{near[0]}"' for name, near in listed.near.items())
        hints.append(Message('names = {} in policy of [data.read] says which they are; "" for a '
                             "unit that is not there", f"{{ {', '.join(names)} }}"))  # fmt: skip
    if listed.undated:
        places.append(Message("without a year, or with several: {}", shown(listed.undated, 8)))
        hints.append(Message("one date for each in {}; or, if it names batches, dates = {} in "
                             "policy of [data.read]", source["since"],
                             '{ "第一批" = 2013 }'))  # fmt: skip
    if not places:
        return None
    return PanelError(
        Message("the list in {!r} does not say surely who is treated when", source["sheet"]),
        where=separated(places),
        hint=separated(hints),
    )


def _units(reading: Reading) -> list[str]:
    """Names of units that have a row, as they are compared."""
    column = reading.frame[reading.parts[0]]
    timed = ~missing(column)
    if (time := reading.roles.get("time")) in reading.frame.columns:
        timed &= ~missing(reading.frame[time])
    return list(dict.fromkeys(map(_bare, column[timed].unique())))


def _parts(cell: Any) -> list[str]:
    """The names in a cell: 保定市、唐山市 are two."""
    return [x for part in _BETWEEN.split(plain(cell)) if (x := part.strip())]


def _bare(name: Any) -> str:
    """A name without blanks between its characters, or marks of notes."""
    text = bare(str(narrow(plain(name))))
    return str(int(text)) if text.isdecimal() else text


def _ways(name: str) -> tuple[str, str]:
    """A name with and without the province before it."""
    return name, _PROVINCE.sub("", name)


def _means(name: str, keys: Collection[str]) -> bool:
    """Whether a name may be one of some units."""
    return any(_key(x) in keys for x in _ways(_bare(name)))


def _key(name: Any) -> str:
    """A name without the word for what it is."""
    text = _bare(name)
    return text.removesuffix(kind_of(text))


def _batch(text: str) -> str:
    """The number of a batch; "" for other words."""
    match = _BATCH.search(_bare(text).casefold())
    return "" if match is None else (match[1] or match[2]).translate(_DIGITS)


_DIGITS: Final = str.maketrans("一二三四五六七八九", "123456789")


def _never(cell: Any) -> bool:
    """Whether a cell of dates says that there is none."""
    return isinstance(cell, str) and _NEVER.fullmatch(cell.strip()) is not None
