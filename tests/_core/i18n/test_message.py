"""Messages: English where they are said, other languages from catalogues, parts included."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_nqp._core.i18n import (
    NOTHING,
    Message,
    Numeral,
    Sized,
    Translator,
    decoded,
    encoded,
    enumerated,
    joined,
    languages,
    listed,
    recalled,
    separated,
)

NAMED = Message("{:.2f} of {}", 0.125, Message("as fitted"))


def test_english_is_the_text_and_chinese_comes_from_the_catalogue() -> None:
    message = Message("Before adoption {} moved.", Message("as fitted"))
    assert message == "Before adoption as fitted moved." == message.in_("en")
    assert message.in_("zh") == "Before adoption 基准模型 moved."
    assert Message("as fitted").in_("zh") == "基准模型"
    assert languages()[0] == "en"
    assert "zh" in languages()


def test_what_no_catalogue_has_stays_english() -> None:
    assert Message("This nobody says: {}.", 1).in_("zh") == "This nobody says: 1."
    assert NOTHING.in_("zh") == ""


def test_it_is_copied_pickled_and_compared_as_text() -> None:
    for again in (copy.copy(NAMED), copy.deepcopy(NAMED), pickle.loads(pickle.dumps(NAMED))):
        assert again == NAMED == "0.12 of as fitted"
        assert again.in_("zh") == NAMED.in_("zh") == "0.12 of 基准模型"
    assert {NAMED: 1}["0.12 of as fitted"] == 1


@pytest.mark.parametrize(
    ("n", "english"), [(1, "1 treated observation"), (0, "0 treated observations")]
)
def test_plural_forms_are_those_of_each_language(n: int, english: str) -> None:
    message = Message("{n} treated observation", plural="{n} treated observations", n=n)
    assert message == english
    assert message.in_("zh").startswith(f"{n} 个")
    assert pickle.loads(pickle.dumps(message)).in_("zh") == message.in_("zh")


def test_a_context_tells_equal_english_apart() -> None:
    with_controls = Message("with {}", "x", context="controls")
    assert with_controls == Message("with {}", "x")
    assert (with_controls.in_("zh"), Message("with {}", "x").in_("zh")) == ("x 时", "与 x")


def test_chains_follow_the_language() -> None:
    one = Message("as fitted")
    assert joined([Message("No channels."), "", "B."]) == "No channels. B."
    assert joined(["甲。", "乙。"]).in_("zh") == "甲。乙。"
    assert separated([one, "b"]).in_("zh") == "基准模型；b"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    assert enumerated(["a", "b", "c"]).in_("zh") == "a、b、c"
    assert listed(["a"] * 9, 2) == "a, a, and 7 more"
    assert listed(["a"] * 9, 2).in_("zh") == "a、a 等（另有 7 项）"


def test_names_of_the_users_own_stay() -> None:
    assert listed(["overall"]).in_("zh") == "overall"
    assert Translator("zh").name("overall") == "overall"
    assert Translator("zh").name(Message("overall")) == "总体"
    assert Translator("zh")("overall") == "总体"


def test_chinese_closes_the_spaces_around_chinese_names() -> None:
    assert Message("without {}", "数字化").in_("zh") == "剔除数字化"
    assert Message("without {}", "digital").in_("zh") == "剔除 digital"
    assert "所在所在" not in Message("their {}", "所在地区").in_("zh")


@pytest.mark.parametrize(
    ("template", "value", "wanted"),
    [
        ("moves by {:+.1f} sd", -1.94, "moves by −1.9 sd"),
        ("[{:.2g}]", 2.14e-05, "[0.000021]"),
        ("{:.2g} in all", 1.5e12, "1.5×10¹² in all"),
        ("{:.3g} a period", 1224.0, "1,224 a period"),
        ("{:+.2g}", -176.0, "−176"),
        ("event time {}", -1, "event time −1"),
        ("without {}", "P -107", "without P -107"),
        ("without {}", "50%-100%", "without 50%-100%"),
        ("without {!s}", "B1e-3", "without B1e-3"),
        ("{:.0%} of it", -0.05, "−5 % of it"),
    ],
)
def test_numbers_are_typeset_and_names_are_not(template: str, value: object, wanted: str) -> None:
    assert Message(template, value) == wanted


@pytest.mark.parametrize(("language", "wanted"), [("en", "60 % (95 %)"), ("zh", "60%（95%）")])
def test_the_space_before_a_per_cent_sign_is_that_of_the_language(
    language: str, wanted: str
) -> None:
    assert Message("{} ({})", Message("{:.0%}", 0.6), Numeral("95%")).in_(language) == wanted


@pytest.mark.slow
@given(st.lists(st.sampled_from(["att", "overall", "x"]), max_size=9), st.integers(1, 9))
def test_messages_pass_through_files(names: list[str], most: int) -> None:
    message = Message("delay in periods: {}", listed(map(Message, names), most))
    (again,) = decoded(encoded([message]))
    assert again == message
    assert again.in_("zh") == message.in_("zh")


def test_texts_in_files_are_recalled_by_their_templates() -> None:
    known = (Message("{} ({})"), Message("bulk ESS {}"), Message("overall"))
    assert recalled("bulk ESS 300 (overall)", known).in_("zh") == "主体有效样本量 300（总体）"
    assert recalled("whatever", known).in_("zh") == "whatever"


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [
        (0.1764, 0.081, "0.176 (0.081)"), (8.409, 0.52, "8.41 (0.52)"),  # as ever
        (12345.678, 2310.0, "12,346 (2,310)"), (-1234.5, 520.0, "−1,234 (520)"),
        (105.1234, 0.0512, "105.12 (0.051)"), (12345.678, 0.5, "12,345.7 (0.5)"),
        (0.00012, 0.00003, "0.00012 (0.00003)"), (8.409e-5, 5.2e-6, "0.0000841 (0.0000052)"),
        (3e-9, 1e-9, "3×10⁻⁹ (1×10⁻⁹)"), (0.0, 0.1, "0 (0.1)"),
    ],
)  # fmt: skip
def test_digits_go_by_the_posterior_sd(value: float, sd: float, text: str) -> None:
    """Three of ordinary sizes; all before the point of large ones, and one of the sd at least."""
    written = Message("{:.3g} ({:.2g})", Sized(value, sd), sd)
    assert str(written) == text
    assert str(decoded(encoded([written]))[0]) == text
    assert str(pickle.loads(pickle.dumps(written))) == text
