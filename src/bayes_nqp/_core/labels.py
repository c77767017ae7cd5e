"""Labels of variables, levels and units by language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from bayes_nqp._core.texts import cleaned, one_line

__all__ = ["ATTR", "UNLABELLED", "Labels", "labels_of"]

_JOINTS = re.compile("( × | − |: | = )")
"""What the library puts between names that stand together."""
_OF = (": ", " = ")
"""Behind a column and before its level."""
_CODE = 5
"""Digits of a code; a shorter number may be a size or a year where no column is known."""
_LABEL, _LEVELS = "label", "levels"


@dataclass(frozen=True)
class Labels:
    """Labels of columns and of their levels, by language.

    Parameters
    ----------
    entries : tuple of (language, column, level, label)
        The level is None for the label of a column. Labels are `cleaned`, and blank ones omitted.

    Examples
    --------
    >>> from bayes_nqp._core.labels import Labels
    >>> labels = Labels.of({"en": {"city": {"label": "City", "levels": {"330100": "Hangzhou"}}}})
    >>> labels.name("330100", "en"), labels.name("330100", "zh")
    ('Hangzhou', '330100')
    """

    entries: tuple[tuple[str, str, str | None, str], ...] = ()

    def __post_init__(self) -> None:
        """Clean and sort labels."""
        entries = [
            (language, column, None if level is None else one_line(level), text)
            for language, column, level, label in self.entries
            if (text := cleaned(label))
        ]
        entries.sort(key=lambda x: (x[0], x[1], x[2] or "", x[3]))
        object.__setattr__(self, "entries", tuple(entries))

    @classmethod
    def of(cls, words: Mapping[str, Any] | Labels | None) -> Labels:
        """Read labels written by a user.

        Parameters
        ----------
        words : mapping, Labels or None
            Labels by language and column: the column's label, or a mapping of ``label`` and
            ``levels``, the latter by level.

        Raises
        ------
        TypeError
            If the form is invalid, with the place.
        """
        if isinstance(words, Labels):
            return words
        return cls(tuple(_entries({} if words is None else words)))

    def __bool__(self) -> bool:
        """Return True if there is any label."""
        return bool(self.entries)

    def __or__(self, other: Labels) -> Labels:
        """Combine labels; labels on the right have precedence."""
        if not other:
            return self
        merged = {entry[:3]: entry for entry in (*self.entries, *other.entries)}
        return Labels(tuple(merged.values()))

    @property
    def words(self) -> dict[str, dict[str, Any]]:
        """Return the labels in the format of `of`."""
        tables: dict[str, dict[str, Any]] = {}
        for language, column, level, label in self.entries:
            table = tables.setdefault(language, {}).setdefault(column, {})
            if level is None:
                table[_LABEL] = label
            else:
                table.setdefault(_LEVELS, {})[level] = label
        return tables

    @property
    def text(self) -> str:
        """Return the labels as JSON, as stored in files and draws."""
        return json.dumps(self.words, ensure_ascii=False)

    def name(self, text: str, language: str, column: str = "") -> str:
        """Return the label of a name, or the name itself without a label.

        Parameters
        ----------
        text : str
            A column, a level, or several of them in the library's joined form.
        column : str, default ""
            Column of the level; by default the label is used only if it is unique for the name.
        """
        if not self.entries:
            return text
        of_columns, columns, levels = self._by_language.get(language, ({}, {}, {}))
        single = levels | columns
        label = of_columns.get(column, {}).get(text) or single.get(text)
        if label is not None:
            return label
        first, *remainder = _JOINTS.split(text)
        joints, parts = remainder[::2], remainder[1::2]
        if {first, *parts} - {*columns} and not {*joints} & {*_OF}:  # levels, not columns
            single = columns | levels
        named = single.get(first, first)
        for joint, part in zip(joints, parts, strict=True):
            levels_of = of_columns.get(first, {}) if joint in _OF else {}
            named += joint + (levels_of.get(part) or single.get(part, part))
        return named

    @cached_property
    def _by_language(
        self,
    ) -> dict[str, tuple[dict[str, dict[str, str]], dict[str, str], dict[str, str]]]:
        """Return labels of levels by column, of columns, and of levels with a unique label."""
        lexicons = {}
        for language in dict.fromkeys(entry[0] for entry in self.entries):
            columns: dict[str, str] = {}
            levels: dict[str, dict[str, str]] = {}
            for spoken, column, level, label in self.entries:
                if spoken == language and level is None:
                    columns[column] = label
                elif spoken == language and level is not None:
                    levels.setdefault(column, {})[level] = label
            levels = {column: _distinct(table) for column, table in levels.items()}
            words: dict[str, set[str]] = {}
            for table in levels.values():
                for level, label in table.items():
                    words.setdefault(level, set()).add(label)
            single = {
                level: next(iter(some))
                for level, some in words.items()
                if len(some) == 1 and not (level.isdigit() and len(level) < _CODE)
            }
            lexicons[language] = (levels, columns, single)
        return lexicons


UNLABELLED: Final = Labels()
ATTR: Final = "words"
"""The attr of frames and of draws that carries their labels."""


def labels_of(source: object) -> Labels:
    """Return the labels of a panel, a fit, draws or a check result."""
    carried = getattr(source, "labels", None)
    if isinstance(carried, Labels):
        return carried
    attrs = getattr(source, "attrs", None)
    text = attrs.get(ATTR) if isinstance(attrs, Mapping) else None
    return _parsed(text) if isinstance(text, str) else UNLABELLED


@lru_cache(maxsize=16)
def _parsed(text: str) -> Labels:
    return Labels.of(json.loads(text))


def _entries(words: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None, str]]:
    for language, columns in _table(words, "labels").items():
        for column, entry in _table(columns, f"labels.{language}").items():
            place = f"labels.{language}.{column}"
            if isinstance(entry, str):
                yield language, column, None, entry
                continue
            table = _table(entry, place)
            if wrong := [key for key in table if key not in (_LABEL, _LEVELS)]:
                raise TypeError(f"{place}.{wrong[0]}: a column has a label and levels")
            if _LABEL in table:
                yield language, column, None, str(table[_LABEL])
            for level, label in _table(table.get(_LEVELS, {}), f"{place}.levels").items():
                yield language, column, level, str(label)


def _table(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{place} is {value!r}, and not a table of names")
    return {str(key): item for key, item in value.items()}


def _distinct(table: Mapping[str, str]) -> dict[str, str]:
    """Add names to equal labels of different levels."""
    labels = list(table.values())
    return {
        level: label if labels.count(label) == 1 else f"{label} ({level})"
        for level, label in table.items()
    }
