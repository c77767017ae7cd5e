"""Next steps of checks that assume parallel trends, if a fit's pre-trend test is open."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, advice_of, joined, unadvised
from bayes_nqp.checks.shared import CHECKS, GIVEN_PARALLEL, OPEN, CheckResult
from bayes_nqp.inference.fitting import Fit, once

PRETRENDS: Final = "pretrends"
_CONDITIONAL: Final = frozenset({"anticipation", "placebo_time", "control_group", "displacement"})
"""Checks that attribute every divergence to one violation, given parallel trends otherwise."""


def tests_trends(result: CheckResult) -> bool:
    """Return True if a verdict is due to a divergence before adoption, by its evidence."""
    return bool(getattr(result.evidence, "attrs", {}).get(GIVEN_PARALLEL, False))


def trends_first(result: CheckResult, fit: Fit) -> CheckResult:
    """Replace the next step of a check by that of `pretrends`, if the check assumes its result.

    The check's own next step applies under parallel trends only.
    """
    conditional = result.name in _CONDITIONAL or tests_trends(result)
    own, test = advice_of(result.sentence), CHECKS.get(PRETRENDS)
    if not (conditional and own and test and fit.facts.adopted and fit.facts.parallel):
        return result
    trends = once(fit, PRETRENDS, lambda: test(fit))
    first = advice_of(trends.sentence)
    if trends.verdict not in OPEN or not first:
        return result
    why = Message(
        "This check assumes parallel trends, so the next step is that of {}.",
        Hint("check", PRETRENDS),
    )
    sentence = joined([unadvised(result.sentence), first])
    return replace(result, sentence=sentence, details=joined([result.details, why]))
