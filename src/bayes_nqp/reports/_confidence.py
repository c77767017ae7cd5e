"""How confidence is worded: the grade, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_nqp.checks import Confidence, Subject, title_of
from bayes_nqp.language import Message, Translator, listed, separated
from bayes_nqp.reports._condition import Grade
from bayes_nqp.reports._context import Context

_NAMED = 4
"""Checks that a sentence names; the rest is counted."""


_CONFIDENCE: Final = {
    "high": Message("high confidence"),
    "medium": Message("medium confidence"),
    "low": Message("low confidence"),
    "very low": Message("very low confidence"),
    "not assessed": Message("confidence not assessed"),
}
_GROUND: Final = {
    "failed": Message("failed: {}", context="ground"),
    "doubtful": Message("in doubt: {}"),
    "unasked": Message("not asked: {}"),
    "unanswered": Message("without an answer: {}"),
}


def graded(grade: str) -> Message:
    """Name a grade of confidence."""
    return _CONFIDENCE[grade]


def worded(
    confidence: Confidence,
    translate: Translator,
    *,
    brief: bool = False,
    failures_first: bool = False,
) -> str:
    """Put a grade of confidence into words, to stand behind a likelihood.

    Parameters
    ----------
    translate : Translator
        Words of the report's language.
    brief : bool, default False
        Only the grade, where its grounds were given just before.
    failures_first : bool, default False
        Whether it was said just before what failed.
    """
    grade = translate(_CONFIDENCE[confidence.grade])
    grounds = "" if brief else grounds_of(confidence, translate, failures_first=failures_first)
    return translate("{} ({})", grade, grounds) if grounds else grade


def grounds_of(
    confidence: Confidence, translate: Translator, *, failures_first: bool = False
) -> str:
    """Say what a grade of confidence rests on.

    Parameters
    ----------
    failures_first : bool, default False
        Whether it was said just before what failed, so that it is left out.
    """
    grounds = (
        [] if confidence.converged or failures_first else [Message("the convergence gate failed")]
    )
    for key, ground in _GROUND.items():
        names = getattr(confidence, key)
        if names and not (failures_first and key == "failed"):
            grounds.append(ground.fill(named(names)))
    if confidence.converged and not confidence.failed and not grounds:
        answered = confidence.answered
        grounds = [Message("of the {} checks that count, none fails or is in doubt", answered)]
    return translate.name(separated(grounds)) if grounds else ""


def named(names: Sequence[str]) -> Message:
    """List checks by their titles, and count those beyond the first few."""
    titles = listed((title_of(name) for name in names[:_NAMED]), _NAMED)
    more = len(names) - _NAMED
    return Message("{} and {} more", titles, more) if more > 0 else titles


class Grounds:
    """Words confidence for one section: its condition and its grounds once, then the grade alone.

    Parameters
    ----------
    failures_first : bool, default False
        Whether the section says first what failed.
    """

    def __init__(self, context: Context, *, failures_first: bool = False) -> None:
        self._context = context
        self._failures_first = failures_first
        self._given: set[Confidence] = set()
        self._conditioned = False

    def __call__(self, subject: Subject) -> Grade:
        """Word the confidence in a result."""
        context = self._context
        confidence = context.confidence(subject)
        brief = confidence in self._given
        self._given.add(confidence)
        words = worded(
            confidence, context.translate, brief=brief, failures_first=self._failures_first
        )
        again, self._conditioned = self._conditioned, True
        return Grade(words, again=again)
