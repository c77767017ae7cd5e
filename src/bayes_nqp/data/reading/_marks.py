"""Read marks of treatment status: 是 and 否, Y and N, √ and an empty cell."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._values import plain
from bayes_nqp.data.reading._words import WORDS

_YES: Final = frozenset(WORDS["marks"]["yes"])
_NO: Final = frozenset(WORDS["marks"]["no"])
_PLAIN: Final = frozenset(("0", "1", "True", "False"))
_EMPTY: Final = frozenset(("", "-", "--", "–", "—", "——", "/", "\\", "."))
"""Texts that count as an empty cell."""
_NEGATIONS: Final = tuple(WORDS["marks"]["negations"])
_DENIALS: Final = tuple(WORDS["marks"]["denials"])
"""Beginnings of longer texts that mean untreated."""
_AFFIRMATIONS: Final = tuple(WORDS["marks"]["affirmations"])


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Column of treatment marks.

    Parameters
    ----------
    values : Series of float
        1, 0, and NaN where missing.
    treated, untreated : tuple of str
        Marks of treated and untreated rows; without a mark for untreated, empty cells are
        untreated.
    plain : bool
        True if the marks are 0 and 1.
    """

    values: pd.Series[Any]
    treated: tuple[str, ...]
    untreated: tuple[str, ...]
    plain: bool

    @property
    def words(self) -> Message:
        """Describe the interpretation of the marks."""
        listed = shown(self.treated) if self.treated else Message("nothing")
        others: Message | str = shown(self.untreated)
        if not self.untreated and (self.values == 0.0).any():
            others = Message("empty cells")
        if not others:
            return Message("{} read as treated", listed)
        return Message("{} read as treated, {} as untreated", listed, others)


def marks_of(column: pd.Series[Any]) -> Marks | None:
    """Read a column of treatment marks.

    Width, case and blanks are ignored. Empty cells are untreated if no other cell is untreated, and
    missing otherwise.

    Returns
    -------
    Marks or None
        None if some cell is not a mark.
    """
    codes, values = pd.factorize(column)
    keys = [_key(x) for x in values]
    answers = _said({key for key in keys if key not in _EMPTY})
    if answers is None:
        return None
    empty = np.nan if 0.0 in answers.values() else 0.0
    numbers = np.array([answers.get(key, empty) for key in (*keys, "")], dtype=np.float64)
    read = pd.Series(numbers[codes], index=column.index, name=column.name)
    written = {plain(x): answers.get(key) for x, key in zip(values, keys, strict=True)}
    treated, untreated = (
        tuple(text for text, answer in written.items() if answer == wanted) for wanted in (1, 0)
    )
    complete = 0.0 in answers.values() or bool(column.notna().all())
    return Marks(read, treated, untreated, {*written} <= _PLAIN and complete)


def unsaid(column: pd.Series[Any]) -> list[Any]:
    """List the distinct cells that are neither marks nor numbers.

    Returns
    -------
    list
        Cells in order of appearance.
    """
    values = pd.factorize(column)[1]
    vocabulary = _YES | _NO | _EMPTY
    words = [x for x in values if isinstance(x, str) and _key(x) not in vocabulary]
    return [x for x in words if pd.isna(pd.to_numeric(x, errors="coerce"))]


def says_no(cell: str) -> bool:
    """Return True if a text means untreated: 否, 未获批, or a dash."""
    key = _key(cell)
    return key in _NO or key in _EMPTY or key.startswith(_DENIALS)


def _key(cell: Any) -> str:
    text = unicodedata.normalize("NFKC", plain(cell)).replace("\ufe0f", "").strip().casefold()
    return text.removesuffix(".0")


def _said(keys: set[str]) -> dict[str, float] | None:
    """Return the meaning of each distinct cell; None if a cell has none or there are no cells."""
    answers = {key: float(key in _YES) for key in keys if key in _YES or key in _NO}
    if keys and len(answers) == len(keys):
        return (
            answers if 1.0 in answers.values() or "x" not in answers else None
        )  # x alone may be a tick
    if len(keys) == 2:
        for yes, no in (sorted(keys), sorted(keys, reverse=True)):
            if any(no == f"{negation}{core}" for negation in _NEGATIONS for core in _cores(yes)):
                return {yes: 1.0, no: 0.0}
    return None


def _cores(text: str) -> tuple[str, ...]:
    return (text, *(text.removeprefix(x) for x in _AFFIRMATIONS if text.startswith(x)))
