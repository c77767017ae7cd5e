"""Exceptions of the library: the problem, its place, and a suggestion.

Every error derives from `NQPError`, so ``except NQPError`` catches errors of this library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Self

from bayes_nqp._core.hints import Hint, Spoken, as_python, speaking
from bayes_nqp._core.i18n import ENGLISH, Message, Translator, cut, either, message
from bayes_nqp._core.i18n import listed as shown
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.texts import UNPRINTABLE

__all__ = [
    "ArgumentError",
    "ChoiceError",
    "ConvergenceError",
    "Hint",
    "IdentificationError",
    "NQPError",
    "NotApplicable",
    "PanelError",
    "Spoken",
    "StudyError",
    "UnknownLabelError",
    "UnknownNameError",
    "as_python",
    "brief",
    "cut",
    "nearest",
    "once",
    "one_of",
    "shown",
    "speaking",
]
_PART = 1_500
"""Characters that a part of a message has at most; real ones are far shorter."""
_WHAT, _WHERE, _TRY = Message("{}"), Message("Where: {}"), Message("Try: {}")


class NQPError(ValueError):
    """Base class of the library's errors.

    Parameters
    ----------
    problem : str
        Description of the problem with the argument; a Message if it can appear in a report.
    where : str, optional
        Rows, units, cells or keys concerned; a Message if it can appear in a report.
    hint : str or Hint, optional
        Suggestion; a Message if a Hint is part of it.
    about : str, optional
        Kind of problem, such as "cohort varies", by which callers choose other hints.
    column : str, optional
        Column concerned, for these hints.

    Attributes
    ----------
    what : str
        Description of the problem.
    language : str
        Language of the invalid file, if known; otherwise "".
    """

    language: str = ""

    about: str = ""
    column: str = ""

    def __init__(
        self,
        problem: str,
        *,
        where: str = "",
        hint: str | Hint = "",
        about: str = "",
        column: str = "",
    ) -> None:
        self.about, self.column = about, column
        text = Message("{}", hint) if isinstance(hint, Hint) else hint
        parts = (message(_printable(part)) for part in (problem, where, text))
        self.what, self.where, self.hint = parts
        super().__init__(self.in_(ENGLISH))

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Return problem, place and suggestion in a language, one per line."""
        lines = []
        for template, part in ((_WHAT, self.what), (_WHERE, self.where), (_TRY, self.hint)):
            text = Translator(language, labels).name(part).rstrip(".。")
            end = "" if text.endswith(("?", "？")) else Message(".", context="end").in_(language)
            lines += [template.fill(text).in_(language) + end] if text else []
        return "\n".join(lines)

    def reworded(
        self, problem: str | None = None, *, where: str | None = None, hint: str | None = None
    ) -> Self:
        """Return the error with other parts, about the same kind of problem."""
        parts = (self.what, self.where, self.hint)
        text, place, advice = (
            old if new is None else new
            for old, new in zip(parts, (problem, where, hint), strict=True)
        )
        other = type(self)(text, where=place, hint=advice)
        other.about, other.column = self.about, self.column
        return other

    @property
    def hints(self) -> tuple[Hint, ...]:
        """Return the suggested arguments as values."""
        return tuple(_hints_in(self.hint))


def _hints_in(part: object) -> Iterator[Hint]:
    if isinstance(part, Hint):
        yield part
    for inner in part.parts if isinstance(part, Message) else ():
        yield from _hints_in(inner)


class PanelError(NQPError):
    """Error in the data."""


class IdentificationError(NQPError):
    """Error for designs with effects that the data do not identify."""


class ConvergenceError(NQPError):
    """Error for draws that cannot be used."""


class StudyError(NQPError):
    """Error in a study file or in an argument of the library."""


class UnknownNameError(StudyError, AttributeError):
    """Error for an unknown or removed name, with its replacement. Also an AttributeError."""


class UnknownLabelError(StudyError, KeyError):
    """Error for an unknown column, dim or label of a dim. Also a KeyError."""

    __str__ = Exception.__str__


class ArgumentError(StudyError, TypeError):
    """Error for an unknown, missing or invalid argument. Also a TypeError."""


class ChoiceError(StudyError):
    """Error for an argument that a design does not have.

    Parameters
    ----------
    problem, where, hint
        As for every error.
    name : str
        Name of the argument.
    """

    def __init__(self, problem: str, *, where: str = "", hint: str = "", name: str = "") -> None:
        super().__init__(problem, where=where, hint=hint)
        self.name = name


class NotApplicable(Exception):  # noqa: N818 - no error: a check turns it into a verdict
    """Error for a check that does not apply to a fit.

    Parameters
    ----------
    why : Message
        The reason, as a sentence.
    """

    def __init__(self, why: Message) -> None:
        self.why = why
        super().__init__(why)


def _printable(text: str) -> str:
    """Escape control characters and unencodable characters, and shorten long texts."""
    printable = UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], cut(text, _PART))
    return text if text == printable else printable


def one_of(name: str, value: object, values: Iterable[object]) -> None:
    """Raise an error for a value that is not one of the choices.

    Parameters
    ----------
    name : str
        Name of the argument.

    Raises
    ------
    StudyError
        If the value is not a choice, with the choices.
    """
    every = list(values)
    if value not in every:
        raise StudyError(Message("{!r} is {!r}", name, value), hint=either(map(repr, every)))


def once(name: str, values: Sequence[str]) -> None:
    """Raise an error for repeated names.

    Parameters
    ----------
    name : str
        Name of the argument.

    Raises
    ------
    StudyError
        If a name occurs twice, with the first such name.
    """
    twice = next((value for value in values if list(values).count(value) > 1), None)
    if twice is not None:
        raise StudyError(
            Message("'{}' contains {!r} twice", name, twice), hint="write each name once"
        )


def brief(value: object, most: int = 120) -> str:
    """Return a quoted value, shortened in the middle if long.

    Parameters
    ----------
    most : int, default 120
        Maximal number of characters.
    """
    return cut(reply(lambda: repr(value), lambda _: f"<{type(value).__name__}>"), most)


def nearest(name: str, choices: Iterable[object], cutoff: float = 0.5) -> Message:
    """Suggest the known name closest to a misspelled one.

    Parameters
    ----------
    name : str
        Requested name.
    choices : iterable
        Existing names.
    cutoff : float, default 0.5
        Minimal similarity of two names, from 0 to 1.

    Returns
    -------
    Message
        A hint such as ``did you mean 'region'?``, or the list of existing names.
    """
    names = [cut(str(k)) for k in choices]
    close = get_close_matches(cut(str(name)), names, n=1, cutoff=cutoff)
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    folded_close = get_close_matches(cut(str(name)).casefold(), folded, n=1, cutoff=cutoff)
    close = close or [folded[candidate] for candidate in folded_close]
    # Letters in another order, which count as less alike in a short name than in a long one.
    close = close or [candidate for candidate in names if sorted(candidate) == sorted(str(name))]
    if close:
        return Message("did you mean {!r}?", close[0])
    if not names:
        return Message("no value is available here")
    return Message("choose one of: {}", shown(names, 12))
