"""What is claimed, on a condition that a section says where it first needs it; and what is not."""

from __future__ import annotations

from bayes_nqp.language import Message
from bayes_nqp.reports._posterior import UNDECIDED, Posterior, stated


class Grade(str):
    """A grade of confidence in words.

    Parameters
    ----------
    again : bool
        Whether the section that says it has stated the condition before.
    """

    again: bool

    def __new__(cls, words: str, *, again: bool) -> Grade:
        grade = super().__new__(cls, words)
        grade.again = again
        return grade


def claimed(claim: Message, grade: str, language: str) -> str:
    """Say a claim, after its condition where the section has not stated that yet.

    Parameters
    ----------
    claim : Message
        A sentence without its beginning and its end: "it is very likely that …".
    grade : str
        The confidence that it ends with.
    """
    words = claim.in_(language)
    if isinstance(grade, Grade) and grade.again:
        return Message("{}.", words[:1].upper() + words[1:]).in_(language)
    return Message("If the assumptions hold, {}.", words).in_(language)


def unclaimed(posterior: Posterior, subject: str = "P(> 0)") -> Message:
    """State a probability that claims no direction, and why, where it alone would bear one."""
    p = stated(posterior.p_positive, subject)
    if posterior.p_direction < UNDECIDED:
        return p
    if posterior.lower < 0 < posterior.upper:
        return Message("{}, but the interval holds zero", p)
    return Message("{}, but not jointly with the others", p)
