"""Columns and levels of simulated tables, in English and Chinese."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final, Literal, cast

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.labels import Labels
from bayes_nqp.data.column_inference import place_labels
from bayes_nqp.data.datasets import province_names
from bayes_nqp.data.index import IndexSystem
from bayes_nqp.data.simulation._policy import FACTORS

Language = Literal["en", "zh"]

_WORDS: Final = tomllib.loads(
    files("bayes_nqp.data.simulation").joinpath("words.toml").read_text(encoding="utf-8")
)
_CHINESE: Final[Mapping[str, str]] = _WORDS["columns"]["zh"]
NAMES: Final[Mapping[str, Mapping[str, str]]] = {"en": {}, **_WORDS["columns"]}
"""Chinese names of columns."""
_LEVELS: Final[Mapping[str, Mapping[str, str]]] = {"en": {}, **_WORDS["levels"]}
PLACES: Final[Mapping[str, Mapping[str, str]]] = _WORDS["places"]
"""Attributes of a city in the table."""


def spoken(names: str) -> Language:
    """Check the language of the names.

    Raises
    ------
    StudyError
        If the language is not available.
    """
    if names not in NAMES:
        raise StudyError(f"'names' is {names!r}", hint=nearest(str(names), NAMES))
    return cast(Language, names)


def say(word: str, names: str) -> str:
    """Return the name of a column in a language.

    Returns
    -------
    str
        The word itself if it has no Chinese name.
    """
    return NAMES[names].get(word, word)


def levels_of(levels: Iterable[str], names: Language) -> tuple[str, ...]:
    """Return the names of the levels of a factor in a language."""
    return tuple(_LEVELS[names].get(level, level) for level in levels)


def columns_of(system: IndexSystem, names: Language) -> IndexSystem:
    """Set the columns of a system to the columns of a simulated table."""
    if not NAMES[names]:
        return system
    return system.using({x.key: x.name_zh or x.data for x in system.indicators})


def labelled(frame: pd.DataFrame, names: Language) -> Labels:
    """Add labels of columns, levels and places in the other language."""
    entries: list[tuple[str, str, str | None, str]] = []
    for other in (x for x in NAMES if x != names):
        for word in (x for x in _CHINESE if say(x, names) in frame.columns):
            column = say(word, names)
            entries.append((other, column, None, say(word, other)))
            entries += [
                (other, column, _LEVELS[names].get(x, x), _LEVELS[other].get(x, x))
                for x in FACTORS.get(word, ())
            ]
        provinces = zip(*(_provinces(language) for language in (names, other)), strict=True)
        entries += [(other, say("province", names), x, y) for x, y in provinces]
    city = say("city", names)
    places = place_labels(frame, city) if city in frame else {}
    return Labels(tuple(entries)) | Labels.of(places)


def _provinces(names: str) -> list[str]:
    """Return the names of the provinces in a language."""
    by_name = province_names()
    return list(by_name.values() if PLACES[names]["province"] == "province_name" else by_name)
