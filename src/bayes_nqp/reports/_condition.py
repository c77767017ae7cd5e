"""The condition that every likelihood rests on: said where a section first needs it."""

from __future__ import annotations

from bayes_nqp.language import Message


class Grade(str):
    """A grade of confidence in words.

    Parameters
    ----------
    again : bool
        Whether the section that says it has stated the condition before.
    """

    again: bool

    def __new__(cls, words: str, *, again: bool) -> Grade:
        made = super().__new__(cls, words)
        made.again = again
        return made


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
