"""Read dates in remarks: 2016年1月获批（第二批）, 2015.3 国函〔2015〕44号."""

from __future__ import annotations

from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._date_remarks import date_of, is_remark, unclear
from bayes_nqp.data.reading._number_words import cells
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step


@step("approvals", place=34)
class Approvals(Step):
    """Step that reads 2016年1月获批（第二批） as 2016-01, if no cell has several possible years."""

    label = Message("Dates inside remarks")
    text = (
        "Columns of remarks from which the first treated period is read, as a year or, if given, "
        'a month: "2016年1月获批（第二批）", "2015.3 国函〔2015〕44号".'
    )
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns with a policy name in which all cells give one year or never treated."""
        names, count, example = [], 0, ""
        for name, column in reading.frame.items():
            if not (sounds_like("cohort", str(name)) or sounds_like("treated", str(name))):
                continue
            entries = cells(column, named=True)
            if entries is None or unclear(entries.values):
                continue
            remarks = [x for x in entries.values if is_remark(x)]
            if not remarks:
                continue
            names.append(str(name))
            count += entries.count(set(remarks).__contains__)
            example = example or remarks[0]
        if not names:
            return None
        after = date_of(example)
        reason = Message(
            "the first treated period is read from the remarks in {}: {} as {}",
            some(names),
            example,
            after,
        )
        return Found(names, reason, count, example, after)

    def applied(self, reading: Reading, value: Any) -> int:
        """Replace remarks by their dates; cells without a unique date are kept."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is None:
                continue
            count += entries.count(is_remark)
            read = [date_of(x) if is_remark(x) else x for x in entries.values]
            reading.frame = reading.frame.assign(**{name: entries.mapped(read)})
        return count
