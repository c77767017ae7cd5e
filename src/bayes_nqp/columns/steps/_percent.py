"""Shares that are written in per cent, as text."""

from __future__ import annotations

from typing import Any

from bayes_nqp.columns._number_words import cells, number, percent, words_beside
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message


@step("percent", place=40)
class Percent(Step):
    """17.2% as 0.172."""

    label = Message("Per cent")
    text = "Columns of texts such as 17.2%, which are read as shares: 0.172."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns whose numbers are all in per cent: plain ones beside them may be either."""
        names, count, example = [], 0, ""
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None:
                continue
            shares = [x for x in entries.values if percent(x) is not None]
            others = [x for x in entries.values if percent(x) is None and x != ""]
            if not shares or len(words_beside(others, lambda _: False)) < len(others):
                continue
            names.append(str(name))
            count += entries.count(set(shares).__contains__)
            example = example or str(shares[0])
        if not names:
            return None
        reason = Message("shares in per cent in {}", some(names))
        return Found(names, reason, count, example, str(percent(example)))

    def applied(self, reading: Reading, value: Any) -> int:
        """Read them as shares."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is None:
                continue
            count += entries.count(lambda x: percent(x) is not None)
            read = [_share(x) for x in entries.values]
            reading.frame = reading.frame.assign(**{name: entries.mapped(read)})
        return count


def _share(cell: Any) -> Any:
    share = percent(cell)
    if share is not None:
        return share
    plain = number(cell)
    return cell if plain is None else plain
