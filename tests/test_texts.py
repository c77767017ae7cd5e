"""Texts that enter: nothing in them that no page can carry, and nothing else taken out."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_nqp._core.labels import Labels
from bayes_nqp._core.texts import cleaned, narrowed, one_line, printable, shortened, size_of

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
GONE = {"Cc", "Cs", "Zl", "Zp"}
"""Categories of which nothing stays; line ends and tabs become blanks."""


def test_what_is_taken_out_is_what_nobody_sees_or_xml_refuses() -> None:
    lines = {c: one_line(f"a{c}b") for c in EVERY}
    gone = [c for c, line in lines.items() if line == "ab"]
    blank = [c for c, line in lines.items() if line == "a b"]
    assert {unicodedata.category(c) for c in gone} <= {"Cc", "Cs", "Cf", "Cn"}
    assert {c for c in EVERY if unicodedata.category(c) in GONE} <= {*gone, *blank}
    assert {c for c in blank if unicodedata.category(c) != "Zs"} == set(
        "\t\n\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"
    )
    for mark in "\u202e\u2066\u200b\ufeff\ufffe\x00\x1b\ud800":
        assert mark in gone
    for kept in "\u200d\u200c\u00ad\u0301\U0001f469\ue000\U0010ffff":  # joiners make letters
        assert one_line(f"a{kept}b") == f"a{kept}b"


def test_words_are_composed_and_names_keep_their_letters() -> None:
    assert cleaned(" Que\u0301bec\r\n\tPQ ") == "Qu\u00e9bec PQ"
    assert one_line("Que\u0301bec") == "Que\u0301bec"
    assert one_line("Z" + 9 * "\u0301" + "b") == "Z" + 6 * "\u0301" + "b"
    assert printable("a\r\nb\x1b[31mc\u2028d") == "a\nb[31mc\nd"


@given(st.text())
def test_what_is_clean_stays(text: str) -> None:
    for clean in (cleaned, one_line, printable):
        assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "short"),
    [("x" * 9, "x" * 9), ("x" * 11, "x" * 8 + "…"), ("\U0001f600" * 6, "\U0001f600" * 4 + "…")],
)
def test_a_shortened_text_has_as_many_units_as_office_programs_count(text: str, short: str) -> None:
    assert shortened(text, 9) == short
    assert len(short.encode("utf-16-le")) <= 18


@given(st.text(max_size=30), st.integers(1, 20))
def test_a_narrowed_text_is_no_wider(text: str, most: int) -> None:
    assert size_of(narrowed(text, most)) <= most
    assert narrowed(text, most) == text or narrowed(text, most).endswith("…")


def test_labels_are_clean_whatever_they_come_from() -> None:
    words = {
        "en": {"nqp": "a\x01b\u202e", "region": {"label": " ", "levels": {"e\nast": "E\tast"}}}
    }
    labels = Labels.of(words)
    assert labels.entries == (("en", "nqp", None, "ab"), ("en", "region", "e ast", "E ast"))
    assert Labels((("en", "nqp", None, "a\x01b\u202e"),)).name("nqp", "en") == "ab"
    assert labels.name("e ast", "en", "region") == "E ast"
    assert labels.name("region", "en") == "region"  # a blank label is none
