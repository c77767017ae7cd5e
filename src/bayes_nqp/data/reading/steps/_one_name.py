"""Merge units with two names, such as 保定 in some periods and 保定市 in others."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import distinct
from bayes_nqp.data.reading._unit_name_variants import kind_of, pairs_apart
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, refuse_absent, some, step


@step("one_name", place=78)
class OneName(Step):
    """Step that reads 保定 before 2015 and 保定市 from 2015 on as 保定市."""

    label = Message("Units with two names")
    text = (
        "Units with two names, where one lacks the last word of the other and both never appear "
        "in the same period: { 保定 = 保定市 }."
    )
    kind = dict[str, str]
    by_column = False
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find names without administrative type that never share a period with the full name."""
        frame, time, parts = reading.frame, reading.roles.get("time"), reading.parts
        if len(parts) != 1 or time not in frame.columns:
            return None
        pairs = [
            x for x in pairs_apart(frame[parts[0]], frame[time]) if x[1] == x[0] + kind_of(x[1])
        ]
        often = Counter(name for name, _ in pairs)
        stands = {name: full for name, full in pairs if often[name] == 1}
        if not stands:
            return None
        listed = some([f"{name} / {full}" for name, full in stands.items()])
        reason = Message("units with two names, which never appear in the same period: {}", listed)
        count = int(frame[parts[0]].isin(stands).sum())
        return Found(stands, reason, count, some(list(stands)), some([*stands.values()]))

    def applied(self, reading: Reading, value: Any) -> int:
        """Replace the names by the given names."""
        if len(reading.parts) != 1:
            return 0
        column = reading.frame[reading.parts[0]]
        refuse_absent(self.key, value, {*distinct(column)})
        other = column.isin(value)
        read = column.mask(other, column.map(value))
        reading.frame = reading.frame.assign(**{reading.parts[0]: read})
        return int(other.sum())
