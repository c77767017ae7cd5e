"""Years in words, or with a word behind them, beside others: 二〇一一年, 2011年, 2013."""

from __future__ import annotations

import re
from typing import Any, Final

from bayes_nqp.columns._number_words import Cells, cells
from bayes_nqp.columns._values import plain
from bayes_nqp.columns._years import year_of
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message

_YEAR: Final = re.compile(r"(?:FY\s*)?((?:1[89]|20|21)\d\d)(?:\.0+)?\s*(?:年度|年末|年底|年|度)?")
_WRITTEN: Final = re.compile(r"[〇○零一二三四五六七八九]{4}\s*(?:年度|年末|年底|年)?")


@step("years", place=35)
class Years(Step):
    """2011年 as 2011."""

    label = Message("Years as text")
    text = "Columns of years that are written as text, or in several ways: 2011年, 2013."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns all of whose cells are years, some with a word."""
        names, count = [], 0
        examples: list[str] = []
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None or not _all_years(entries):
                continue
            texts = [x for x in entries.values if isinstance(x, str) and x and not x.isdigit()]
            kinds = {type(x) for x in entries.values if x != ""}
            if not texts and len(kinds) < 2:
                continue
            names.append(str(name))
            count += entries.count(set(texts).__contains__)
            if not examples:
                bare = next((plain(x) for x in entries.values if x not in texts), None)
                examples = [*(texts[:1] or []), *([bare] if bare else [])]
        if not names:
            return None
        reason = Message("years written with words, or in several ways, in {}", some(names))
        after = some([_year(x) for x in examples])
        return Found(names, reason, count, some(examples), after)

    def applied(self, reading: Reading, value: Any) -> int:
        """Read them as numbers."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is not None:
                read = [x if (y := _year(x)) is None and x != "" else y for x in entries.values]
                reading.frame = reading.frame.assign(**{name: entries.mapped(read)})
                count += entries.count(lambda x: isinstance(x, str) and _year(x) is not None)
        return count


def _all_years(entries: Cells) -> bool:
    observed = [x for x in entries.values if x != ""]
    return len(observed) > 0 and all(_year(x) is not None for x in observed)


def _year(cell: Any) -> int | None:
    match = _YEAR.fullmatch(plain(cell)) if isinstance(cell, str | int | float) else None
    if match is None:
        return year_of(cell) if isinstance(cell, str) and _WRITTEN.fullmatch(cell) else None
    return int(match[1])
