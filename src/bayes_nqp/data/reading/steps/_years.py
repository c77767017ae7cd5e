"""Read years in words or with a word, in mixed columns: 二〇一一年, 2011年, 2013."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import Cells, cells
from bayes_nqp.data.reading._values import plain
from bayes_nqp.data.reading._vocabulary import Part, sounds_like
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_YEAR: Final = re.compile(r"(?:FY\s*)?((?:1[89]|20|21)\d\d)(?:\.0+)?\s*(?:年度|年末|年底|年|度)?")
_SHORT: Final = re.compile(
    r"['’‘](\d\d)|(\d\d)\s*年(?:度|末|底)?(?:\s*(?:0?[1-9]|1[0-2])\s*月(?:\s*\d\d?\s*日)?)?"
)
"""'15, 15年, 15年3月: years only in columns with a time name."""
_FISCAL: Final = re.compile(
    r"((?:19|20)\d\d)\s*[-–—/]\s*((?:19|20)?\d\d)\s*(?:学年度?|年度|财年|年)?"
)
"""2014-15, 2014/2015, 2014-2015学年: years that start in the first of the two."""
_CENTURY: Final = 50
_MONTHS: Final = 12
_YEARS: Final = (1900, 2200)
_PARTS: Final[tuple[Part, ...]] = ("time", "cohort")
_WRITTEN: Final = re.compile(r"[〇○零一二三四五六七八九]{4}\s*(?:年度|年末|年底|年)?")


@step("years", place=35)
class Years(Step):
    """Step that reads 2011年 as 2011."""

    label = Message("Years stored as text")
    text = (
        "Columns of years that are stored as text or in several formats: 2011年, 2013; 15年, "
        "FY2015, 2015-16 and 2015.3 in columns named like periods."
    )
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns in which all cells are years, some with a word."""
        names, count = [], 0
        examples: list[str] = []
        for name, column in reading.frame.items():
            if _dotted(column, str(name)):
                names.append(str(name))
                count += int(column.notna().sum())
                examples = examples or [plain(x) for x in column.dropna().iloc[:1]]
                continue
            entries = _short(column, str(name))
            if entries is None:
                entries = cells(column)
                if entries is None or not _all_years(entries):
                    continue
            texts = [x for x in entries.values if isinstance(x, str) and x and not x.isdigit()]
            kinds = {type(x) for x in entries.values if x != ""}
            if not texts and len(kinds) < 2:
                continue
            texts = texts or [x for x in entries.values if isinstance(x, str) and x]
            names.append(str(name))
            count += entries.count(set(texts).__contains__)
            if not examples:
                bare = next((plain(x) for x in entries.values if x not in texts), None)
                examples = [*(texts[:1] or []), *([bare] if bare else [])]
        if not names:
            return None
        reason = Message("years written with words or in several formats in {}", some(names))
        after = some([_year(x) for x in examples])
        return Found(names, reason, count, some(examples), after)

    def applied(self, reading: Reading, value: Any) -> int:
        """Convert to numbers."""
        count = 0
        for name in value:
            column = reading.frame[name]
            if pd.api.types.is_float_dtype(column.dtype):
                floors = np.floor(column)
                changed = int((floors != column).sum() - floors.isna().sum())
                if changed and (name == reading.roles.get("outcome") or not _with_months(column)):
                    raise PanelError(
                        Message(
                            "years: some numbers of {!r} are not years, such as {}",
                            name,
                            plain(column[column.notna() & (floors != column)].iloc[0]),
                        ),
                        hint=Message("remove {!r} from years", name),
                    )
                count += changed
                reading.frame = reading.frame.assign(**{name: floors})
                continue
            entries = cells(reading.frame[name], named=True)
            if entries is not None:
                read = [x if (y := _year(x)) is None and x != "" else y for x in entries.values]
                reading.frame = reading.frame.assign(**{name: entries.mapped(read)})
                count += entries.count(lambda x: isinstance(x, str) and _year(x) is not None)
        return count


def _dotted(column: pd.Series[Any], name: str) -> bool:
    """Return True if numbers in a column of dates are years with months: 2015.3, 2017.11."""
    floats = pd.api.types.is_float_dtype(column.dtype)
    return floats and sounds_like("cohort", name) and _with_months(column)


def _with_months(column: pd.Series[Any]) -> bool:
    observed = column[np.isfinite(column)].unique()
    months = np.round((observed % 1) * np.array([[10.0], [100.0]]), 6)
    dated = ((months % 1 == 0) & (months <= _MONTHS)).any(axis=0)
    years = (observed >= _YEARS[0]) & (observed < _YEARS[1])
    return bool(len(observed)) and bool((observed % 1 != 0).any()) and bool((years & dated).all())


def _short(column: pd.Series[Any], name: str) -> Cells | None:
    """Return two-digit years of a column of dates, if the other cells are dates."""
    if not any(sounds_like(part, name) for part in _PARTS):
        return None
    entries = cells(column, named=True)
    texts = [] if entries is None else [x for x in entries.values if x != ""]
    if not any(isinstance(x, str) and _unusual(x) for x in texts):
        return None
    return entries if all(_year(x) or year_of(x) for x in texts) else None


def _unusual(text: str) -> bool:
    """Return True if a text gives a year in a form that is valid only in columns of dates."""
    fiscal = _FISCAL.fullmatch(text)
    spans = fiscal is not None and _fiscal(text) is not None and int(fiscal[2]) > _MONTHS
    return spans or text[:2].upper() == "FY" or _SHORT.fullmatch(text) is not None


def _fiscal(text: str) -> int | None:
    """Return the first of two consecutive years."""
    match = _FISCAL.fullmatch(text)
    if match is None or (int(match[1]) + 1) % 100 != int(match[2]) % 100:
        return None
    return int(match[1])


def _all_years(entries: Cells) -> bool:
    observed = [x for x in entries.values if x != ""]
    return len(observed) > 0 and all(_year(x) is not None for x in observed)


def _year(cell: Any) -> int | None:
    match = _YEAR.fullmatch(plain(cell)) if isinstance(cell, str | int | float) else None
    if match is not None:
        return int(match[1])
    if isinstance(cell, str) and (short := _SHORT.fullmatch(cell)):
        year = int(short[1] or short[2])
        return year + (2000 if year < _CENTURY else 1900)
    if isinstance(cell, str) and (fiscal := _fiscal(cell)):
        return fiscal
    return year_of(cell) if isinstance(cell, str) and _WRITTEN.fullmatch(cell) else None
