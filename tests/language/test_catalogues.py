"""Catalogues hold what the sources say: nothing lacks, nothing is left over."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from babel.messages import Catalog
from catalogues import TOOL

from bayes_nqp.language import languages

CHINESE = re.compile("[\u4e00-\u9fff]")

SAID = set(TOOL.extracted())
CATALOGUES: dict[str, Catalog] = {
    name: TOOL.read(TOOL.LOCALES / name / "LC_MESSAGES" / "bayes_nqp.po")
    for name in languages()[1:]
}


def _pair(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _bare(value: object) -> str:
    """A template without its places."""
    return re.sub(r"\{[^}]*\}", "", _pair(value)[0])


@pytest.fixture(params=CATALOGUES)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return CATALOGUES[request.param]


def test_nothing_is_missing_or_unused(catalogue: Catalog) -> None:
    """`python -m tools.catalogue` adds what is missing and leaves out what is unused."""
    held = {(m.context or "", *(*_pair(m.id), "")[:2]) for m in catalogue if m.id}
    assert held - SAID == set()
    assert SAID - held == set()
    assert not catalogue.obsolete


def test_every_entry_is_translated(catalogue: Catalog) -> None:
    assert [m.id for m in catalogue if m.id and not all(_pair(m.string))] == []
    assert [m.id for m in catalogue if m.id and m.fuzzy] == []
    plurals = {len(_pair(m.string)) for m in catalogue if isinstance(m.id, list | tuple)}
    assert plurals <= {catalogue.num_plurals}


def _fields(template: str) -> set[tuple[str, str | None]]:
    """Places that a template holds, with their formats; `.0` leaves out what is in a place."""
    fields = [part for part in Formatter().parse(template) if part[1] is not None]
    unnamed = iter(range(len(fields)))
    return {
        (name or str(next(unnamed)), "" if form == ".0" else form) for _, name, form, _ in fields
    }


def test_translations_hold_the_same_parts(catalogue: Catalog) -> None:
    for message in (m for m in catalogue if m.id):
        for english in _pair(message.id):
            for other in _pair(message.string):
                assert _fields(english) == _fields(other), english


def test_translations_hold_the_same_numbers(catalogue: Catalog) -> None:
    for message in (m for m in catalogue if m.id):
        both = (_bare(message.id), _bare(message.string))
        english, other = (set(re.findall(r"\d+(?:\.\d+)?", text)) for text in both)
        assert not english or english == other, message.id


def test_sentences_are_in_chinese() -> None:
    for message in (m for m in CATALOGUES["zh"] if m.id):
        english, chinese = (_bare(x) for x in (message.id, message.string))
        if re.search("[a-z]{3} [a-z]{2}", english) and english != "time effects ":
            assert CHINESE.search(chinese), english


def test_there_are_many_messages() -> None:
    assert len(SAID) > 400
