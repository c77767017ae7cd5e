"""Dates inside remarks: 2016年1月获批（第二批）, 2015.3 国函〔2015〕44号."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from bayes_nqp.columns._marks import says_no
from bayes_nqp.columns._number_words import cells, narrow
from bayes_nqp.columns._vocabulary import sounds_like
from bayes_nqp.columns._years import year_of
from bayes_nqp.columns.steps._listed import is_never
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message

_NUMBER: Final = re.compile(
    r"〔\s*((?:19|20)\d\d)\s*〕\s*(?:第?\s*\d+\s*号)?|[\[(【]\s*((?:19|20)\d\d)\s*[\])】]\s*第?\s*\d+\s*号"
)
"""The number of a document, 〔2015〕44号: its year counts where nothing else says one."""
_STATED: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:\s*[年./-]\s*(0?[1-9]|1[0-2])(?!\d)|(?!\d))")
_OTHERWISE: Final = re.compile(
    r"未|非|不|没|取消|退出|撤销|撤回|摘牌|落选|拟|计划|申报|申请|暂缓|终止|停|前|截至|截止|至(?!今)|"
    r"\bnot?\b|cancel|withdr|until|before|plan|appl|reject|ended",
    re.IGNORECASE,
)
"""What turns a year into another than the first under the policy, or may."""

type Date = tuple[int, int | None]


@step("approvals", place=34)
class Approvals(Step):
    """2016年1月获批（第二批） as 2016-01; no column in which a cell could mean several years."""

    label = Message("Dates inside remarks")
    text = (
        "Columns of remarks that say since when units are treated, of which the year, and the "
        'month where it is said, is read: "2016年1月获批（第二批）", "2015.3 国函〔2015〕44号".'
    )
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns called like a policy, whose cells all say one year, or that it is never."""
        names, count, example = [], 0, ""
        for name, column in reading.frame.items():
            if not (sounds_like("cohort", str(name)) or sounds_like("treated", str(name))):
                continue
            entries = cells(column, named=True)
            if entries is None or unclear(entries.values):
                continue
            remarks = [x for x in entries.values if _remark(x)]
            if not remarks:
                continue
            names.append(str(name))
            count += entries.count(set(remarks).__contains__)
            example = example or remarks[0]
        if not names:
            return None
        after = _written(example)
        reason = Message("since when units are treated is read out of remarks in {}: {} as {}",
                         some(names), example, after)  # fmt: skip
        return Found(names, reason, count, example, after)

    def applied(self, reading: Reading, value: Any) -> int:
        """Put the date in the place of its remark; cells of which none can be told stay."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is None:
                continue
            count += entries.count(_remark)
            read = [_written(x) if _remark(x) else x for x in entries.values]
            reading.frame = reading.frame.assign(**{name: entries.mapped(read)})
        return count


def unclear(values: Iterable[Any]) -> list[str]:
    """List cells with words that say neither one year nor that there is none."""
    words = [x for x in values if isinstance(x, str) and x and not says_never(x)]
    return [x for x in words if year_of(x) is None and date_in(x) is None]


def date_in(cell: str) -> Date | None:
    """The one year that a remark says, and its month; None where it is none, or may be another."""
    text = str(narrow(cell))
    if _OTHERWISE.search(text):
        return None
    stated = [(int(x[1]), int(x[2] or 0) or None) for x in _STATED.finditer(_NUMBER.sub(" ", text))]
    stated = stated or [(int(x[1] or x[2]), None) for x in _NUMBER.finditer(text)]
    years, months = {year for year, _ in stated}, {month for _, month in stated}
    if len(years) != 1:
        return None
    return years.pop(), months.pop() if len(months) == 1 else None


def says_never(cell: Any) -> bool:
    """Whether a cell says in words that there is no date."""
    if not isinstance(cell, str) or _STATED.search(cell):
        return False
    return is_never(cell) or says_no(cell)


def _remark(cell: Any) -> bool:
    """Whether a cell says its year among other words."""
    return (
        isinstance(cell, str)
        and year_of(cell) is None
        and not says_never(cell)
        and date_in(cell) is not None
    )


def _written(cell: str) -> str:
    year, month = date_in(cell) or (0, None)
    return f"{year}-{month:02d}" if month else str(year)
