"""Catalogues hold what the sources say: nothing lacks, nothing is left over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from catalogues import TOOL
from doors import _catalogue

from bayes_nqp._core.i18n import Message, languages

CHINESE = re.compile("[\u4e00-\u9fff]")

SAID = set(TOOL.extracted())
CATALOGUES: dict[str, Catalog] = {
    name: TOOL.read(TOOL.LOCALES / name / "LC_MESSAGES" / "bayes_nqp.po")
    for name in languages()[1:]
}


def _bare(value: str) -> str:
    """A template without its places."""
    return re.sub(r"\{[^}]*\}", "", value)


def _numbers(value: str) -> set[str]:
    """Numbers outside places, whatever separates their digits: .05 is 0,05 elsewhere."""
    numbers = re.findall(r"\d(?:[\d.,]*\d)?", _bare(value))
    return {re.sub("[.,]", "", number).lstrip("0") for number in numbers}


@pytest.fixture(params=CATALOGUES)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return CATALOGUES[request.param]


def test_nothing_is_missing_or_unused(catalogue: Catalog) -> None:
    """`python -m tools.catalogue` adds what is missing and leaves out what is unused."""
    held = {(m.context or "", *(*TOOL.strings(m.id), "")[:2]) for m in catalogue if m.id}
    assert held - SAID == set()
    assert SAID - held == set()
    assert not catalogue.obsolete


def test_chinese_is_whole() -> None:
    """What other languages lack is said in English."""
    chinese = CATALOGUES["zh"]
    assert [m.id for m in chinese if m.id and not all(TOOL.strings(m.string))] == []
    assert [m.id for m in chinese if m.id and m.fuzzy] == []


def test_plurals_have_the_forms_of_the_language(catalogue: Catalog) -> None:
    plurals = {len(m.string) for m in catalogue if m.pluralizable and all(m.string)}
    assert plurals <= {catalogue.num_plurals}


def test_translations_hold_the_same_parts(catalogue: Catalog) -> None:
    assert [m.id for m in catalogue if m.id and TOOL.misplaced(m)] == []


def test_translations_hold_the_same_numbers(catalogue: Catalog) -> None:
    for message in (m for m in catalogue if m.id):
        english = _numbers(TOOL.strings(message.id)[0])
        for text in filter(None, TOOL.strings(message.string)):
            assert not english or english == _numbers(text), message.id


def test_sentences_are_in_chinese() -> None:
    for message in (m for m in CATALOGUES["zh"] if m.id):
        english, chinese = (_bare(TOOL.strings(x)[0]) for x in (message.id, message.string))
        if re.search("[a-z]{3} [a-z]{2}", english) and english != "time effects ":
            assert CHINESE.search(chinese), english


def test_there_are_many_messages() -> None:
    assert len(SAID) > 400


@pytest.fixture
def locales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own, where Chinese and a beginning of French are."""
    shutil.copytree(TOOL.LOCALES / "zh", tmp_path / "zh")
    for module, name in ((TOOL, "LOCALES"), (_catalogue, "FOLDER")):
        monkeypatch.setattr(module, name, tmp_path)
    _catalogue.catalogue_of.cache_clear()
    TOOL.main(["fr"])
    yield tmp_path
    _catalogue.catalogue_of.cache_clear()


def filled(folder: Path, **translations: str | tuple[str, str]) -> bytes:
    """Translate messages, given by a name, and read what then stands in the file."""
    path = folder / "fr" / "LC_MESSAGES" / "bayes_nqp.po"
    catalogue = TOOL.read(path)
    for name, text in translations.items():
        catalogue[MESSAGES[name]].string = text
    TOOL.write(catalogue, path)
    return path.read_bytes()


MESSAGES = {"direct": "Direct", "without": "without {}", "row": "{n} treated observation"}


@pytest.mark.slow
def test_a_language_that_is_there_keeps_its_translations(
    locales: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = filled(locales, direct="Effet direct", row=("{n} ligne", "{n} lignes"))
    chinese = (locales / "zh" / "LC_MESSAGES" / "bayes_nqp.po").read_bytes()
    TOOL.main(["fr", "zh"])
    assert (locales / "fr" / "LC_MESSAGES" / "bayes_nqp.po").read_bytes() == text
    assert (locales / "zh" / "LC_MESSAGES" / "bayes_nqp.po").read_bytes() == chinese
    lacking = len(SAID) - 2
    assert f"{lacking} without a translation" in capsys.readouterr().out
    assert not list(locales.rglob("*.new"))


@pytest.mark.slow
@pytest.mark.parametrize("code", ["qq", "en", "../fr", "FR", ""])
def test_what_is_no_language_is_refused_before_anything_is_made(locales: Path, code: str) -> None:
    before = sorted(locales.rglob("*"))
    with pytest.raises(SystemExit, match="no language to translate into"):
        TOOL.main(["de", code])
    assert sorted(locales.rglob("*")) == before


@pytest.mark.slow
def test_what_has_no_translation_is_said_in_english(locales: Path) -> None:
    row = "{n} treated observation"
    for n, english in (
        (0, "0 treated observations"),
        (1, "1 treated observation"),
        (5, "5 treated observations"),
    ):
        assert Message(row, plural=f"{row}s", n=n).in_("fr") == english
    filled(locales, row=("{n} ligne", ""))
    _catalogue.catalogue_of.cache_clear()
    assert Message(row, plural=f"{row}s", n=5).in_("fr") == "5 treated observations"


@pytest.mark.slow
def test_an_untranslated_plural_has_its_english_form_where_there_is_one_form(locales: Path) -> None:
    path = locales / "zh" / "LC_MESSAGES" / "bayes_nqp.po"
    chinese = TOOL.read(path)
    chinese["{n} treated observation"].string = ("",)
    TOOL.write(chinese, path)
    assert (
        Message("{n} treated observation", plural="{n} treated observations", n=5).in_("zh")
        == "5 treated observations"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", ["sans {0} {1}", "sans {}{0}", "sans {nom}", "sans {", "sans {:d}"]
)
def test_wrong_places_are_told_and_english_is_said(
    locales: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    filled(locales, without=wrong, direct="Effet direct")
    TOOL.main([])
    assert f"fr: other places than the English has: ('{wrong}',)" in capsys.readouterr().out
    assert Message("without {}", "x").in_("fr") == "without x"
    assert Message("Direct").in_("fr") == "Effet direct"
