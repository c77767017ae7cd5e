"""How confidence is worded: the grade, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping

from bayes_nqp.checks._confidence import Confidence, Subject, confidence_of
from bayes_nqp.reports._context import Context

__all__ = ["Grounds", "worded"]

_NAMED = 4
"""Checks that a sentence names; the rest is counted."""


def worded(confidence: Confidence, say: Mapping[str, str], *, brief: bool = False) -> str:
    """Put a grade of confidence into words, to stand behind a likelihood.

    Parameters
    ----------
    confidence : Confidence
    say : mapping of str to str
        Words of the report's language.
    brief : bool, default False
        Only the grade, where its grounds were given just before.

    Returns
    -------
    str
    """
    grade = say[f"confidence_{confidence.grade}"]
    if brief:
        return grade
    grounds = [] if confidence.converged else [say["ground_gate"]]
    for key in ("failed", "doubtful", "unanswered"):
        names = getattr(confidence, key)
        if names:
            grounds.append(say[f"ground_{key}"].format(_named(names, say)))
    if not grounds:
        grounds = [say["ground_none"].format(confidence.answered)]
    return say["confidence_says"].format(grade, say["ground_and"].join(grounds))


def _named(names: tuple[str, ...], say: Mapping[str, str]) -> str:
    words = [say.get(f"check_{name}", name) for name in names[:_NAMED]]
    more = len(names) - _NAMED
    return say["ground_comma"].join(words) + (say["ground_more"].format(more) if more > 0 else "")


class Grounds:
    """Words confidence for one section: its grounds once, then the grade alone.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._given: set[Confidence] = set()

    def __call__(self, subject: Subject) -> str:
        """Word the confidence in a result.

        Parameters
        ----------
        subject : {"average", "contrast", "channel"}

        Returns
        -------
        str
        """
        context = self._context
        confidence = confidence_of(
            context.checks,
            subject,
            converged=context.fit.gate.passed,
            adopted=context.staggered,
        )
        brief = confidence in self._given
        self._given.add(confidence)
        return worded(confidence, context.say, brief=brief)
