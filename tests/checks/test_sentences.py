"""The sentence of a check: a finding, its meaning and a next step, each one sentence."""

from __future__ import annotations

import re

import pytest

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Message, advised, detailed, joined
from bayes_nqp.checks import run_checks
from bayes_nqp.checks.shared import CHECKS, OPEN, CheckResult, Finding, Guide, asks

END = re.compile(r"[.!?](?=\s+[A-Z“\"`]|$)")


def sentences_of(text: str) -> int:
    """Count the sentences of an English text; periods inside brackets of code do not count."""
    return len(END.findall(re.sub(r"\([^()]*\)|\[[^\[\]]*\]|`[^`]*`", "()", text)))


@pytest.fixture(scope="module")
def results() -> list[CheckResult]:
    panel = nqp.datasets.castle_doctrine()
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]))
    return run_checks(nqp.fit(design, panel, nqp.Importance(seed=1), progress=False))


@pytest.mark.slow
def test_open_checks_have_at_most_three_sentences(results: list[CheckResult]) -> None:
    several = {x.name: x.sentence for x in results if x.verdict in OPEN}
    assert several
    assert {name: text for name, text in several.items() if sentences_of(text) > 3} == {}
    assert all("Next" in text for text in several.values())


@pytest.mark.slow
def test_other_checks_have_at_most_two_sentences(results: list[CheckResult]) -> None:
    several = {x.name: x.sentence for x in results if x.verdict not in OPEN}
    assert {name: text for name, text in several.items() if sentences_of(text) > 2} == {}


def test_every_check_of_the_library_has_a_reference_entry() -> None:
    ours = [x for x in CHECKS.values() if x.find.__module__.startswith("bayes_nqp.")]
    assert [x.name for x in ours if x.guide is None] == []
    for check in ours:
        guide = check.guide
        assert guide is not None
        assert not guide.remedy.endswith(".")
        for text in (guide.statistic, guide.thresholds, guide.failure):
            assert text.endswith("."), (check.name, text)


@pytest.mark.slow
def test_marks_part_a_chain_of_sentences() -> None:
    fit = nqp.fit(
        nqp.StaggeredDiD(), nqp.datasets.castle_doctrine(), nqp.Importance(seed=1), progress=False
    )
    guide = Guide(*(Message(x) for x in ("Number.", "Rule.", "Bias.", "sample longer")))

    @asks("Is it marked?", guide=guide)
    def marked(fit: nqp.Fit) -> Finding:
        parts = [detailed(Message("A detail.")), Message("A finding.")]
        return Finding("caution", Message("1"), joined(parts))

    @asks("Is it marked, with advice?", guide=guide)
    def marked_with_advice(fit: nqp.Fit) -> Finding:
        parts = [advised(Message("Next: look.")), Message("A finding."), detailed("More.")]
        return Finding("failed", Message("1"), joined(parts))

    try:
        first = nqp.check(fit, "marked", progress=False)
        second = nqp.check(fit, "marked_with_advice", progress=False)
    finally:
        for name in ("marked", "marked_with_advice"):
            del CHECKS[name]
    assert (first.sentence, first.details) == ("A finding. Next: sample longer.", "A detail.")
    assert (second.sentence, second.details) == ("A finding. Next: look.", "More.")
