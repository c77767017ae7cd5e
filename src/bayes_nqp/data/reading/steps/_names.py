"""Clean names with blanks between characters or a note mark at the end: 青　县, 赵县①."""

from __future__ import annotations

import re
from typing import Any, Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import EDGES
from bayes_nqp.data.reading._texts import distinct, texts_of
from bayes_nqp.data.reading._values import is_text
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_MARK: Final = re.compile(r"\s*(?:[①-⑳⁰¹²³⁴-⁹]|[(（\[［]注\s*\d*[)）\]］])+$")
_MAY: Final = re.compile(r"[①-⑳⁰¹²³⁴-⁹注]|[\u3400-\u9fff][ \u3000\xa0\t]")
"""Pattern of texts with blanks or a note mark to remove."""
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


@step("names", place=72)
class Names(Step):
    """Step that reads 青　县 and 赵县① as 青县 and 赵县."""

    label = Message("Names with blanks or note marks")
    text = "Columns of names in which blanks between characters and note marks are removed."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns of repeated names with such blanks or marks."""
        names, count, example, after = [], 0, "", ""
        for name, column in reading.frame.items():
            if not is_text(column):
                continue
            texts = texts_of(column)
            if texts.run_on.isascii() or not _MAY.search(texts.joined):
                continue
            values = distinct(column)
            if len(values) > 0.5 * len(column):
                continue
            called = _called(values)
            if called:
                names.append(str(name))
                count += int(column.isin(called).sum())
                example, after = (example, after) if example else next(iter(called.items()))
        if not names:
            return None
        reason = Message(
            "blanks between characters, or note marks, in the names in {}", some(names)
        )
        return Found(names, reason, count, example, after)

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove the blanks and marks."""
        count = 0
        for name in value:
            column = reading.frame[name]
            changed = _called(distinct(column))
            count += int(column.isin(changed).sum())
            read = column.map(lambda x, known=changed: known.get(x, x), na_action="ignore")
            reading.frame = reading.frame.assign(**{name: read})
        return count


def _called(values: list[Any]) -> dict[str, str]:
    """Return the names to replace: 南昌　市 becomes 南昌市 if this name exists."""
    read = {x: bare(x) for x in values if isinstance(x, str)}
    names = {*read.values()}
    for x, name in read.items():
        compact = "".join(name.split())
        if compact != name and compact in names and not compact.isascii():
            read[x] = compact
    return {x: name for x, name in read.items() if x.strip(EDGES) != name}


def bare(text: str) -> str:
    """Return a name without note marks, and without blanks between all its characters."""
    name = _MARK.sub("", text).strip(EDGES)
    parts = name.split()
    spaced = len(parts) > 1 and all(len(x) == 1 and _HAN.match(x) for x in parts)
    return "".join(parts) if spaced else name or text.strip(EDGES)
