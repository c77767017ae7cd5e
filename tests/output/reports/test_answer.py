"""The answer: one set of numbers in its sentences, its tiles and ``answer.json``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from claims import CHECKS, PANELS, SHAPES, case, fit_of, results_of
from doors import (
    SECTIONS,
    Answer,
    Context,
    Document,
    Folded,
    Paragraph,
    Strip,
    Tiles,
    explained,
    writers,
)

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Message, advised, joined
from bayes_nqp.checks import CheckResult

SURE = {"virtually certain": 0.99, "extremely likely": 0.95, "very likely": 0.9}


def context_of(panel: str, shape: str, checks: str, language: str, scale: str = "") -> Context:
    one = case(panel, shape, 0.15 if shape == "growing" else 1.0)
    results = tuple(results_of(checks, None))
    how = {"by": ("region",), "outcome": "exports", "outcome_scale": scale, "author": "A. B."}
    return Context(fit_of(one), results, language, **how)  # type: ignore[arg-type]


def numbers(text: str) -> list[float]:
    return [float(x.replace("−", "-")) for x in re.findall(r"[−+]?\d+\.\d+", text)]


@pytest.mark.sample(10)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("k", range(len(PANELS) * len(SHAPES)))
def test_paragraph_tiles_and_facts_are_one(k: int, language: str) -> None:
    panel, shape = list(PANELS)[k % len(PANELS)], list(SHAPES)[k // len(PANELS)]
    context = context_of(panel, shape, list(CHECKS)[k % len(CHECKS)], language, "log")
    facts, blocks = Answer(context).facts(), list(SECTIONS["short"](context))
    average = nqp.summary(nqp.att(context.effects)).iloc[0]
    found, share = facts["average"], facts["share_of_untreated_level"]
    assert isinstance(found, dict)
    assert isinstance(share, dict)
    assert found["mean"] == pytest.approx(average["mean"])
    assert (found["lower"], found["upper"]) == pytest.approx((average["lower"], average["upper"]))
    draws = np.expm1(nqp.att(context.effects))
    assert share["mean"] == pytest.approx(float(draws.mean()))
    (tiles,) = (block for block in blocks if isinstance(block, Tiles))
    lead = next(block.text for block in blocks if isinstance(block, Paragraph))
    said, shown = numbers(lead), numbers(tiles.items[0].value + " " + tiles.items[0].aside)
    assert len(shown) == 3
    assert set(shown) <= set(said)
    for number, exact in zip(shown, (found["mean"], found["lower"], found["upper"]), strict=True):
        assert number == pytest.approx(exact, abs=0.06 * found["sd"])
    percents = numbers(tiles.items[1].value + " " + tiles.items[1].aside)
    exact = [share["mean"]] if facts["direction"] else []  # a sign that is open is none in per cent
    exact += [share["lower"], share["upper"]]
    assert percents == pytest.approx([100 * x for x in exact], abs=0.06)
    assert set(percents) <= set(said)
    word = facts["likelihood"]
    assert (word is None) == (facts["direction"] is None)
    if word is not None:
        assert max(found["p_positive"], 1 - found["p_positive"]) >= SURE[str(word)]
        assert facts["direction"] == ("raised" if found["mean"] > 0 else "lowered")
    elif language == "en":
        assert "do not determine" in lead


@pytest.mark.parametrize("checks", CHECKS)
def test_the_strip_has_a_mark_a_check(checks: str) -> None:
    context = context_of("one cohort", "flat", checks, "en")
    strips = [x for x in SECTIONS["short"](context) if isinstance(x, Strip)]
    assert [len(x.marks) for x in strips] == ([len(CHECKS[checks])] if CHECKS[checks] else [])
    for strip in strips:
        tones = [tone for _, tone in strip.marks]
        assert tones.count("bad") == CHECKS[checks].count("failed")
        assert tones == sorted(tones, key=["bad", "doubt", "", "good", "faint"].index)


def test_a_share_is_told_only_where_the_scale_is() -> None:
    assert Answer(context_of("one cohort", "flat", "all hold", "en")).share is None
    assert len(Answer(context_of("one cohort", "flat", "all hold", "en")).tiles().items) == 3


def test_facts_are_written_as_they_are(tmp_path: Path) -> None:
    facts = Answer(context_of("one cohort", "flat", "one doubt", "zh")).facts()
    writers()["json"](Document("t", "s", (), "zh", facts), tmp_path)
    read = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert read == json.loads(json.dumps(facts))
    assert read["confidence"]["grade"] == "medium"
    assert read["confidence"]["doubtful"] == ["placebo_time"]
    assert read["author"] == "A. B."


def test_details_have_the_next_step_of_the_result_or_else_the_remedy_of_the_guide() -> None:
    context = context_of("one cohort", "flat", "all hold", "en")
    finding = joined([Message("A finding."), advised(Message("Next: look at region 3."))])
    for sentence, step in ((finding, "Next: look at region 3."), ("", "What to try first:")):
        result = CheckResult("anticipation", "?", "failed", "", sentence)
        folded = next(x for x in explained(context, [result], 3) if isinstance(x, Folded))
        steps = [x for x in folded.items if x.startswith(("Next", "What to try"))]
        assert len(steps) == 1
        assert steps[0].startswith(step)
