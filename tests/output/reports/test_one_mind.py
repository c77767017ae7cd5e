"""No two sentences of a report disagree: boxes, grades, leads, and advice that stands elsewhere."""

from __future__ import annotations

import re
from itertools import chain

import numpy as np
import pytest
import xarray as xr
from claims import CHECKS, PANELS, SHAPES, case, fit_of, grade_in, results_of
from doors import SECTIONS, Alarm, Bullets, Context, Paragraph, Strip, Tiles, joint_of

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, advised, decoded, encoded, joined, unadvised
from bayes_nqp.checks import CheckResult

DOUBT = {"en": "Checks that require caution", "zh": "存疑"}
UNSAVED = {"en": "saved without its observations", "zh": "未包含观测数据"}
"""Why fits of these tests have no model average."""


def told(name: str, verdict: str) -> CheckResult:
    """A check that says what it found, and what to try."""
    hint = advised(Message("Next: {}.", Hint("trends", nqp.DifferentialTrends())))
    sentence = joined([Message("Found {}.", 3), hint])
    return CheckResult(name, "Is it so?", verdict, "", sentence)  # type: ignore[arg-type]


def first_page(context: Context) -> tuple[list[Alarm], list[str], list[str]]:
    """Its boxes, its sentences, and what its tiles say."""
    boxes, texts, tiles = [], [], []
    for block in chain.from_iterable(
        SECTIONS[name](context) for name in ("top", "short", "failures")
    ):
        boxes += [block] if isinstance(block, Alarm) else []
        texts += [block.text] if isinstance(block, Paragraph) else []
        texts += block.items if isinstance(block, Alarm | Bullets) else ()
        tiles += [tile.value for tile in block.items] if isinstance(block, Tiles) else []
    return boxes, [x for x in texts if UNSAVED[context.language] not in x], tiles


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("checks", [*CHECKS, "one not asked"])
def test_the_box_of_doubts_follows_from_the_grade(checks: str, language: str) -> None:
    one = case("one cohort", "growing", 0.15)
    known = "all hold" if checks == "one not asked" else checks
    results = [x for x in results_of(known, None) if checks == known or x.name != "identification"]
    context = Context(fit_of(one), results, language, by=("region",), outcome="exports")  # type: ignore[arg-type]
    boxes, texts, tiles = first_page(context)
    grade = context.confidence("average").grade
    doubts = [box for box in boxes if box.tone == "doubt"]
    assert bool([box for box in boxes if box.tone == "bad"]) == ("failed" in CHECKS[known])
    if grade in ("high", "medium"):
        assert not doubts
    if doubts:
        assert grade in ("low", "very low", "not assessed")
    if checks == "one not asked":
        assert grade == "low"
        assert doubts
    assert [x for tile in tiles if (x := grade_in(tile, language))] == [grade]
    assert not any(grade_in(text, language) for text in texts)
    assert not any("should be believed" in text for text in texts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_advice_stays_with_the_check_and_its_answer_stands_once(language: str) -> None:
    one = case("one cohort", "growing", 0.15)
    doubtful = ("trend_sensitivity", "identification", "model_fit", "influence")
    results = [told("pretrends", "failed"), *(told(name, "caution") for name in doubtful)]
    context = Context(fit_of(one), tuple(results), language, by=("region",), outcome="exports")
    boxes, texts, _ = first_page(context)
    assert {box.tone for box in boxes} == {"bad", "doubt"}
    boxed = [text for box in boxes for text in box.items]
    assert sum("Is it so?" in text for text in boxed) == 5
    texts += [x.text for x in SECTIONS["evidence"](context) if isinstance(x, Paragraph)]
    assert sum("Found 3" in text for text in texts) == 5  # once, where checks are explained
    assert not any("nqp." in text or "Next" in text for text in texts)
    assert "nqp.DifferentialTrends" in results[0].said(language)


@pytest.mark.slow
@pytest.mark.parametrize("doubtful", [("influence",), ("identification", "model_fit", "influence")])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_doubtful_check_found_stands_once(doubtful: tuple[str, ...], language: str) -> None:
    one = case("one cohort", "growing", 0.15)
    results = [*(told(name, "caution") for name in doubtful), told("pretrends", "inconclusive")]
    context = Context(fit_of(one), tuple(results), language, by=("region",), outcome="exports")
    _, texts, _ = first_page(context)
    texts += [x.text for x in SECTIONS["evidence"](context) if isinstance(x, Paragraph)]
    assert sum("Found 3" in text for text in texts) == len(doubtful) + 1
    assert not any("nqp." in text for text in texts)


def test_advice_is_known_where_a_run_before_left_it() -> None:
    (kept,) = decoded(encoded([told("pretrends", "failed").sentence]))
    assert "DifferentialTrends" in str(kept)
    assert unadvised(kept) == "Found 3."
    assert unadvised("Plain {text}.") == "Plain {text}."


def leads_at(z: list[float]) -> xr.DataArray:
    """Independent leads whose means are z of their sds."""
    noise = np.random.default_rng(1).normal(size=(4, 1000, len(z)))
    noise = (noise - noise.mean((0, 1))) / noise.std((0, 1))
    coords = {"event_time": np.arange(-1 - len(z), -1)}
    draws = xr.DataArray(noise + z, dims=("chain", "draw", "event_time"), coords=coords)
    return draws.assign_coords(rows=("event_time", [10] * len(z)))


@pytest.mark.parametrize(
    ("z", "alone", "together"),
    [
        ([0.5, -0.5, 1.0, 0.0], (), ()),
        ([2.3, -0.5, 1.0, 0.0], (-5,), ()),
        ([0.5, -4.0, 2.2, 0.0], (-4, -3), (-4,)),
    ],
)
def test_leads_that_leave_zero_out_are_named(
    z: list[float], alone: tuple[int, ...], together: tuple[int, ...]
) -> None:
    joint = joint_of(leads_at(z), 1.0, 100.0)
    assert joint.alone == alone
    assert joint.together == together


SAID = {
    "en": {
        "average": (r"that the policy (raised|lowered)", r"direction of the effect"),
        "groups": (r"larger in coastal than|larger in inland than", r"which effect is larger"),
        "growth": (r"moves upwards|moves downwards", r"direction of change"),
    },
    "zh": {
        "average": (r"政策(?!是)\S{0,8}(提高|降低)", r"是提高还是降低了"),
        "groups": (r"coastal ?的效应大于|inland ?的效应大于", r"哪一组的效应更大|哪一方的效应更大"),
        "growth": (r"效应\S{0,8}上升（P|效应\S{0,8}下降（P", r"上升还是下降"),
    },
}
"""What a report may claim of a thing, one of two ways, and how it leaves the thing open."""
OF_GROUPS = r"^For |^就|^对于|^对|^在.*?的单位中"


def _number_in(sentence: str) -> str | None:
    """How many checks a sentence says fail."""
    found = re.search(r"(\d+) failed checks?|(\d+) 项检验未通过", sentence)
    return None if found is None else found[1] or found[2]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("k", range(len(PANELS) * len(SHAPES)))
def test_no_two_sentences_disagree(k: int, language: str) -> None:
    panel, shape = list(PANELS)[k % len(PANELS)], list(SHAPES)[k // len(PANELS)]
    checks = list(CHECKS)[k % len(CHECKS)]
    one, results = case(panel, shape, (0.15, 1.0)[k % 2]), results_of(checks, None)
    context = Context(fit_of(one), results, language, by=("region",), outcome="exports")  # type: ignore[arg-type]
    names = ("top", "short", "failures", "results", "event_study")
    blocks = list(chain.from_iterable(SECTIONS[name](context) for name in names))
    texts = [x.text for x in blocks if isinstance(x, Paragraph)]
    ends = r"(?<=[.])\s+(?=[A-Z])" if language == "en" else r"(?<=。)"
    said = [s for text in texts for s in re.split(ends, text)]
    for what, (claim, left_open) in SAID[language].items():
        about = [s for s in said if what != "average" or not re.search(OF_GROUPS, s)]
        ways = {found for s in about for found in re.findall(claim, s)}
        opened = [s for s in about if re.search(left_open, s)]
        assert len(ways) + bool(opened) <= 1, (what, ways, opened)
    (tiles,) = (x for x in blocks if isinstance(x, Tiles))
    grade = context.confidence("average").grade
    graded = [grade_in(tile.value, language) for tile in tiles.items]
    assert [x for x in graded if x] == [grade]
    assert not [s for s in said if grade_in(s, language)]
    fails = CHECKS[checks].count("failed")
    tones = [x.tone for x in blocks if isinstance(x, Paragraph)]
    assert ("failed" in tones) == (fails > 0)
    assert [x.tone for x in blocks if isinstance(x, Alarm)].count("bad") == (fails > 0)
    condition = {"en": "f the assumptions hold", "zh": "若各项假定成立"}[language]
    assert not [s for s in said if condition in s and "P " in s]
    strips = [x for x in blocks if isinstance(x, Strip)]
    assert [[tone for _, tone in x.marks].count("bad") for x in strips] in ([], [fails])
    if fails:
        # each failure is told before what it speaks to: first, of groups, or of channels
        firsts = [re.split(ends, x.text)[0] for x in blocks if getattr(x, "tone", "") == "failed"]
        counts = [int(n) for x in firsts if isinstance(n := _number_in(x), str)]
        assert sum(counts) == fails
        if context.confidence("average").failed:
            assert texts[0].startswith(firsts[0])
        assert grade in ("low", "very low")
