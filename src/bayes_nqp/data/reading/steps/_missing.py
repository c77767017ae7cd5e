"""Detect texts that mark missing numbers: —, x, 暂无."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import MOST, Cells, cells, marked, number, words_beside
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step


@step("missing", place=60)
class Missing(Step):
    """Step that replaces texts in columns of numbers by empty cells."""

    label = Message("Missing values")
    text = 'Texts that mark missing values in columns of numbers, such as "—".'
    kind = list[str]
    by_column = False

    def found(self, reading: Reading) -> Found | None:
        """Find short texts without digits in columns of numbers."""
        words: dict[str, None] = {}
        names, count = [], 0
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None or _says_treatment(str(name)):
                continue
            numbers = entries.count(_is_number)
            absent = words_beside(entries.values, _is_number)
            if (
                not absent
                or numbers < MOST * entries.counts[[x != "" for x in entries.values]].sum()
            ):
                continue
            words |= dict.fromkeys(absent)
            names.append(str(name))
            count += entries.count(set(absent).__contains__)
        if not words:
            return None
        reason = Message("text in place of numbers in {}", some(names))
        return Found(list(words), reason, count, some(words), "")

    def applied(self, reading: Reading, value: Any) -> int:
        """Replace them by empty cells if all other cells are numbers."""
        words, count = {"", *value}, 0
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None or _says_treatment(str(name)) or not words & {*entries.values}:
                continue
            if read := _without(entries, words):
                reading.frame = reading.frame.assign(**{str(name): entries.mapped(read)})
                count += entries.count(words.__contains__)
        return count


def _without(entries: Cells, words: set[str]) -> list[Any]:
    """Return the cells without these words; empty if other text remains."""
    left = [x for x in entries.values if not (isinstance(x, str) and x in words)]
    if not left or not all(map(_is_number, left)):
        return []
    texts = [np.nan if isinstance(x, str) and x in words else x for x in entries.values]
    plain = [number(x) for x in texts]
    return plain if None not in plain else texts


def _is_number(cell: Any) -> bool:
    return marked(cell) is not None


def _says_treatment(name: str) -> bool:
    """Return True if a word in this column may mean never treated."""
    return sounds_like("cohort", name) or sounds_like("treated", name)
