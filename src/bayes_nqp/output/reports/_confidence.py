"""Wording of the confidence grade and its grounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bayes_nqp._core.i18n import Message, Translator, listed, separated
from bayes_nqp.checks import SUPPORTED, Confidence, title_of

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
    "doubtful": Message("caution: {}"),
    "unasked": Message("not run: {}"),
    "unanswered": Message("inconclusive or not applicable: {}"),
}


def graded(grade: str) -> Message:
    """Return the name of a confidence grade."""
    return _CONFIDENCE[grade]


def grounds_of(confidence: Confidence, translate: Translator) -> str:
    """Return the grounds of a confidence grade."""
    grounds = [] if confidence.converged else [Message("the convergence diagnostics failed")]
    for key, ground in _GROUND.items():
        names = getattr(confidence, key)
        if names:
            grounds.append(ground.fill(named(names)))
    if confidence.support is not None and confidence.support < SUPPORTED:
        grounds.append(
            Message(
                "the most probable assumption has posterior probability {:.2f}", confidence.support
            )
        )
    if confidence.converged and not confidence.failed and not grounds:
        answered = confidence.answered
        grounds = [Message("none of the {} relevant checks failed or requires caution", answered)]
    return translate.name(separated(grounds)) if grounds else ""


def named(names: Sequence[str]) -> Message:
    """List checks by their titles, and count those beyond the first few."""
    titles = listed((title_of(name) for name in names[:_NAMED]), _NAMED)
    more = len(names) - _NAMED
    return Message("{} and {} more", titles, more) if more > 0 else titles
