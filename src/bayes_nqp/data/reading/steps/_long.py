"""Stack years in columns: 2011 and 2012, or GDP2011 and GDP2012."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.i18n import Message, Translator, language_of
from bayes_nqp.data.reading._number_words import counts, narrow
from bayes_nqp.data.reading._rows import left_out
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading._year_parts import says_part
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_DATED: Final = re.compile(r"(.*?)[\s_.\-(（]*((?:19|20)\d\d)\s*(?:年度|年)?[)）]?\s*(.*)")
_GENERIC: Final = re.compile(r"(?:sheet|工作表|数据|data|附?表).{0,6}", re.IGNORECASE)
_APART: Final = re.compile(
    r"(?:19|20)\d\d\s*(?:年度|年)?|[,.。:;—–()\[\]【】《》“”]|\s(?=[^ -~])|(?<=[^ -~])\s"
)
"""Separators in a title: years, marks, and blanks next to Chinese characters."""
_PLACES: Final = re.compile(
    r"^(?:附?表\s*\d+)?(?:(?:中国|全国|我国|各[省市县]|各地区?|省域|省级|城市|地级市|县域|[份区市])+的?)?"
)
"""Table number and places before the quantity in a title."""
_AND: Final = re.compile(r"[与和及、]|\band\b|影响|关系|面板|数据|\bdata|\bpanel", re.IGNORECASE)
"""Words in titles with several quantities or none."""
_LONGEST: Final = 32
"""Maximum length of the name of a quantity."""
_FEW: Final = 3
"""Minimum number of periods of a variable."""


type Period = int | str


@step("long", place=20)
class Long(Step):
    """Step that converts one column per year to one row per year."""

    label = Message("Periods as columns")
    text = (
        "Name of the time column and, if columns are named by year only, of the values, for a "
        'table with years as columns: ["year", "gdp"].'
    )
    kind = list[str]
    by_column = False
    of = "column"

    def found(self, reading: Reading) -> Found | None:
        """Find columns that differ only by year, if there is no time column."""
        stems = _stems(reading.frame)
        unfolded = {name for by_year in stems.values() for name in by_year.values()}
        others = [str(name) for name in reading.frame if name not in unfolded]
        if not stems or any(_periods(reading.frame, name) for name in others):
            return None
        plain, dated = Translator(language_of("".join(map(str, reading.frame.columns)))), stems
        time = reading.roles.get("time")
        value = reading.roles.get("outcome")
        parted = any(isinstance(x, str) for by_year in dated.values() for x in by_year)
        period = time if isinstance(time, str) else str(plain(_PART if parted else _YEAR))
        period = f"{period} *" if period in reading.frame.columns else period
        named = isinstance(value, str) and value not in dated
        called = value if named else _called(reading) or str(plain(_VALUE))
        columns = [name for by_year in dated.values() for name in by_year.values()]
        names = [x or called for x in dated]
        reason = Message("{} columns are named by year", len(columns))
        if parted:
            reason = Message("{} columns are named by quarter, month or half-year", len(columns))
        return Found([period, called], reason, len(columns), some(columns, 2),
                     some([period, *names], 4))  # fmt: skip

    def applied(self, reading: Reading, value: Any) -> int:
        """Stack these columns; the other columns are repeated."""
        period, called = [*value, "value"][:2]
        frame, stems = reading.frame, _stems(reading.frame)
        if not stems:
            return 0
        dated = {name for by_year in stems.values() for name in by_year.values()}
        constant = [name for name in frame.columns if name not in dated]
        bare = ~frame[[*dated]].map(_says_number).any(axis=1).to_numpy(dtype=bool)
        if bare.any() and not bare.all():  # a note below the table is not a unit
            reading.notes.append(left_out(frame, bare, _NOTHING))
            frame = frame[~bare]
        years = [*dict.fromkeys(year for by_year in stems.values() for year in by_year)]
        if not any(isinstance(year, str) for year in years):
            years.sort()
        parts = []
        for year in years:
            part = frame[constant].copy()
            part[period] = year
            for stem, by_year in stems.items():
                part[stem or called] = frame[by_year[year]] if year in by_year else None
            parts.append(part)
        long = pd.concat(parts)
        order = sorted(range(len(long)), key=lambda k: (k % len(frame), k // len(frame)))
        reading.frame = long.iloc[order].infer_objects()
        return len(dated)


def _called(reading: Reading) -> str:
    """Return the name of the values: the name of one of several sheets, or a title."""
    if len(reading.grids) > 1 and isinstance(reading.sheet, str):
        name = reading.sheet
        if name and not _GENERIC.fullmatch(name) and year_of(name) is None:
            return name
    sheet = reading.sheet if isinstance(reading.sheet, str) else next(iter(reading.grids), "")
    above = reading.grid.iloc[: reading.header[0] - 1] if reading.grid is not None else None
    rows = [] if above is None else [row.dropna().unique() for _, row in above.iterrows()]
    titles = [str(row[0]) for row in rows if len(row) == 1]
    named = [x for x in map(_quantity, [sheet, *titles]) if x]
    return next((x for x in named if x not in reading.frame.columns), "")


def _quantity(title: str) -> str:
    """Return the single outcome named in a title; "" if there is none or several."""
    pieces = [x.strip() for x in _APART.split(str(narrow(title)))]
    named = [x for x in pieces if sounds_like("outcome", x)]
    name = _PLACES.sub("", named[0]) if len(named) == 1 else ""
    return name if len(name) <= _LONGEST and not _AND.search(name) else ""


def _stems(frame: pd.DataFrame) -> dict[str, dict[Period, str]]:
    """Group columns by their names without the year or part of a year.

    If some columns are named by parts of years, such as quarters, columns named by years are
    unchanged.
    """
    years: dict[str, dict[Period, str]] = {}
    parts: dict[str, dict[Period, str]] = {}
    for name in frame.columns:
        match = _DATED.fullmatch(text := str(narrow(name)))
        if match is None:
            continue
        behind = text[match.start(2) :].strip(" )）")
        if says_part(behind):
            parts.setdefault(match[1].strip("_ -(（"), {})[behind] = str(name)
        else:
            stem = " ".join(x for x in (match[1].strip(), match[3].strip()) if x)
            years.setdefault(stem.strip("_ -"), {})[int(match[2])] = str(name)
    many = {stem: columns for stem, columns in parts.items() if len(columns) >= _FEW}
    return many or {stem: columns for stem, columns in years.items() if len(columns) >= _FEW}


def _periods(frame: pd.DataFrame, name: str) -> bool:
    """Return True if the column already contains periods."""
    column = frame[name]
    if not sounds_like("time", str(name)) or sounds_like("cohort", str(name)):
        return False
    return bool(column.notna().mean() > 0.5 and column.duplicated().mean() > 0.5)


def _says_number(cell: Any) -> bool:
    return bool(pd.notna(cell)) and counts(narrow(cell))


_NOTHING = Message("no number in any year")
_YEAR, _PART, _VALUE = Message("year"), Message("period"), Message("value")
