"""Read numbers followed by a unit of measurement, stored as text: 84.80万元, 94个."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import cells, marked, scale, suffixed, words_beside
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_BEHIND: Final = re.compile(r"[(（]([^()（）]+)[)）]$")


@step("measures", place=50)
class Measures(Step):
    """Step that reads 84.80万元 and 1.2亿元 as 84.8 and 12000, in 万元."""

    label = Message("Numbers with units of measurement")
    text = (
        "Columns of text such as 84.80万元, each with the unit of measurement to which the numbers "
        'are converted: { 贷款 = "万元" }.'
    )
    kind = dict[str, str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns of numbers with compatible units, or with the unit stated in the file."""
        names: dict[str, str] = {}
        count, example = 0, ""
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None:
                continue
            read = {x: y for x in entries.values if (y := suffixed(x)) is not None}
            others = [x for x in entries.values if x not in read and x != ""]
            stated = _stated(reading, str(name))
            if stated:
                others = [x for x in others if marked(x) is None]
            if not read or len(words_beside(others, lambda _: False)) < len(others):
                continue
            rows = Counter[str]()
            for x, n in zip(entries.values, entries.counts, strict=True):
                if x in read:
                    rows[read[x][1]] += int(n)
            bases = {base for word in (*rows, stated) if (base := (scale(word) or (0, ""))[1])}
            if len(bases) > 1 or any(_bare(x, stated) for x in rows):
                continue
            names[str(name)] = stated or rows.most_common(1)[0][0]
            count += sum(rows.values())
            example = example or next(iter(read))
        if not names:
            return None
        name = next(iter(names))
        after = f"{_in(example, names[name])} ({names[name]})"
        return Found(
            names,
            Message("numbers followed by a unit of measurement in {}", some(names)),
            count,
            example,
            after,
        )

    def applied(self, reading: Reading, value: Any) -> int:
        """Convert numbers to the given unit; numbers without a unit are already in this unit."""
        count = 0
        for name, unit in value.items():
            entries = cells(reading.frame[name], named=True)
            if entries is not None:
                count += entries.count(lambda x: suffixed(x) is not None)
                read = [_in(x, unit) for x in entries.values]
                reading.frame = reading.frame.assign(**{name: entries.mapped(read)})
        return count


def _bare(word: str, stated: str) -> bool:
    """Return True if 万 in a column of 亿元 is ambiguous: ten thousand 亿元, or 万元."""
    read, unit = scale(word), scale(stated) if stated else None
    if read is None or unit is None or not unit[1]:
        return False
    return not read[1] and unit[0] not in (1.0, read[0])


def _stated(reading: Reading, name: str) -> str:
    """Return the unit of a column given below or in its name; "" if there is none."""
    behind = _BEHIND.search(name)
    word = reading.units.get(name) or (behind[1] if behind else "")
    return word if scale(word) else ""


def _in(cell: Any, unit: str) -> Any:
    measure, target = suffixed(cell), scale(unit)
    if measure is None or target is None:
        plain = marked(cell)
        return cell if plain is None else plain
    value, word = measure
    unit_of = scale(word)
    if unit_of is None or (unit_of[1] and target[1] and unit_of[1] != target[1]):
        return cell
    return float(f"{value * unit_of[0] / target[0]:.12g}")
