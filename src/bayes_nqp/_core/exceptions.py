"""What can go wrong, in words: what happened, where, and what to try.

Every error derives from `NQPError`, so ``except NQPError`` catches what this library
refuses and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from typing import Any, Final, Literal, Self

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


type Dialect = Literal["python", "toml", "page"]
"""How hints are shown: to who writes Python, or a study's file (also at the command line), or
fills in a page."""

_DIALECT: Final[ContextVar[Dialect]] = ContextVar("dialect", default="python")
_TABLES: Final = {
    "priors": "priors", "sampler": "sampler", "mediators": "channels", "lag": "channels",
    "interaction": "channels", "vary_by": "channels", "moderates": "channels",
}  # fmt: skip
"""Tables of studies by the argument that they hold; the others are in [design]."""


@contextmanager
def speaking(dialect: Dialect) -> Iterator[None]:
    """Show the hints of what is raised and said within as one language writes them.

    Parameters
    ----------
    dialect : {"python", "toml", "page"}
        "toml" for who writes a study's file. Within "page" all others stand for it.
    """
    token = _DIALECT.set("page" if _DIALECT.get() == "page" else dialect)
    try:
        yield
    finally:
        _DIALECT.reset(token)


@dataclass(frozen=True, slots=True)
class Hint:
    """An argument to try, and its value: shown as who reads it would write it.

    Parameters
    ----------
    argument : str
        Of a design, or "sampler"; or "check".
    value : object
        What to try: a value that is registered, or plain data; of a check its name.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from bayes_nqp._core.exceptions import Hint, speaking
    >>> hint = Hint("errors", nqp.AR1())
    >>> str(hint)
    'errors=nqp.AR1()'
    >>> with speaking("toml"):
    ...     print(hint)
    [design] errors = { type = "AR1" }
    """

    argument: str
    value: object

    def __str__(self) -> str:
        if self.argument == "check":
            call, study = f'nqp.check(fit, "{self.value}")', f'[checks] run = ["{self.value}"]'
            return call if _DIALECT.get() == "python" else study
        if _DIALECT.get() == "python":
            return f"{self.argument}={as_python(self.value)}"
        table = _TABLES.get(self.argument, "design")
        if self.value is None:
            return f"[{table}] # {self.argument}"
        text = as_toml(self.value)
        if table == self.argument:
            return f"[{table}] {text.removeprefix('{ ').removesuffix(' }')}"
        return f"[{table}] {self.argument} = {text}"


class Spoken(Message):
    """Words for who types commands or code, and others for who fills in a page.

    Parameters
    ----------
    typed, page : Message
        The two forms.
    """

    __slots__ = ("page", "typed")
    typed: Message
    page: Message

    def __new__(cls, typed: Message, page: Message) -> Self:
        """Keep both forms."""
        instance = super().__new__(cls, "{}", page if _DIALECT.get() == "page" else typed)
        instance.typed, instance.page = typed, page
        return instance

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        """Copy and pickle what it was made from."""
        return (self.typed, self.page), {}

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render the form for who reads it."""
        return (self.page if _DIALECT.get() == "page" else self.typed).in_(language, labels)


def as_python(value: object) -> str:
    """Write a value as Python states it: a registered one as its call, without defaults."""
    if "__family__" not in vars(type(value)):
        plain = isinstance(value, int) and not isinstance(value, bool)
        return f"{value:_}" if plain else repr(value)
    arguments = (f"{name}={as_python(x)}" for name, x in _stated(value).items())
    return f"nqp.{type(value).__name__}({', '.join(arguments)})"


def as_toml(value: object) -> str:
    """Write a value as a study states it: a registered one as a table, without defaults."""
    if "__family__" in vars(type(value)):
        items = {"type": type(value).__name__, **_stated(value)}
        return f"{{ {', '.join(f'{name} = {as_toml(x)}' for name, x in items.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_python(value)
    return json.dumps(value, ensure_ascii=False)


def _stated(value: Any) -> dict[str, object]:
    """Arguments of a registered value that are not its defaults."""
    pairs = {f.name: (getattr(value, f.name), f) for f in fields(value)}
    return {
        name: x
        for name, (x, f) in pairs.items()
        if x != (f.default if f.default_factory is MISSING else f.default_factory())
    }


_WHAT, _WHERE, _TRY = Message("{}"), Message("Where: {}"), Message("Try: {}")


class NQPError(ValueError):
    """Base class of the library's errors.

    Parameters
    ----------
    problem : str
        What is wrong, quoting the argument; a Message where it can end in a report.
    where : str, optional
        The rows, units, cells or keys concerned; likewise.
    hint : str or Hint, optional
        What to try: a Message where a Hint is a part of it.

    Attributes
    ----------
    what : str
        The problem.
    language : str
        Of the file that is refused, where it is known; else "".
    """

    language: str = ""

    def __init__(self, problem: str, *, where: str = "", hint: str | Hint = "") -> None:
        text = Message("{}", hint) if isinstance(hint, Hint) else hint
        parts = (message(_printable(part)) for part in (problem, where, text))
        self.what, self.where, self.hint = parts
        super().__init__(self.in_(ENGLISH))

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Say what, where and what to try in a language, a line each."""
        lines = []
        for template, part in ((_WHAT, self.what), (_WHERE, self.where), (_TRY, self.hint)):
            text = Translator(language, labels).name(part).rstrip(".。")
            end = "" if text.endswith(("?", "？")) else Message(".", context="end").in_(language)
            lines += [template.fill(text).in_(language) + end] if text else []
        return "\n".join(lines)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """Arguments to try, as values."""
        return tuple(_hints_in(self.hint))


def _hints_in(part: object) -> Iterator[Hint]:
    if isinstance(part, Hint):
        yield part
    for inner in part.parts if isinstance(part, Message) else ():
        yield from _hints_in(inner)


class PanelError(NQPError):
    """The data are malformed."""


class IdentificationError(NQPError):
    """The data cannot identify what the design asks for."""


class ConvergenceError(NQPError):
    """The sampler's draws cannot be used."""


class StudyError(NQPError):
    """A study file, or an argument of the library, cannot be understood."""


class UnknownNameError(StudyError, AttributeError):
    """There is no such name, or no longer; it says what stands for it. Also an AttributeError."""


class UnknownLabelError(StudyError, KeyError):
    """There is no such column, dim or label of a dim. Also a KeyError."""

    __str__ = Exception.__str__


class ArgumentError(StudyError, TypeError):
    """An argument of a call is unknown, lacking or of the wrong kind; also a TypeError."""


class ChoiceError(StudyError):
    """A design has no such argument, so that there is nothing to choose.

    Parameters
    ----------
    problem, where, hint
        As of every error.
    name : str
        Of the argument.
    """

    def __init__(self, problem: str, *, where: str = "", hint: str = "", name: str = "") -> None:
        super().__init__(problem, where=where, hint=hint)
        self.name = name


class NotApplicable(Exception):  # noqa: N818 - no error: a check turns it into a verdict
    """Raised where a fit has nothing to ask of.

    Parameters
    ----------
    why : Message
        The reason, as a sentence.
    """

    def __init__(self, why: Message) -> None:
        self.why = why
        super().__init__(why)


def _printable(text: str) -> str:
    """Escape what a terminal would obey or no encoding can carry; leave out a long middle."""
    printable = UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], cut(text, _PART))
    return text if text == printable else printable


def one_of(name: str, value: object, values: Iterable[object]) -> None:
    """Refuse a value that is not one of those that there are.

    Parameters
    ----------
    name : str
        Of the argument.

    Raises
    ------
    StudyError
        With the values that there are.
    """
    every = list(values)
    if value not in every:
        raise StudyError(Message("{!r} is {!r}", name, value), hint=either(map(repr, every)))


def once(name: str, values: Sequence[str]) -> None:
    """Refuse names that stand twice.

    Parameters
    ----------
    name : str
        Of the argument.

    Raises
    ------
    StudyError
        With the first that does.
    """
    twice = next((value for value in values if list(values).count(value) > 1), None)
    if twice is not None:
        raise StudyError(
            Message("'{}' contains {!r} twice", name, twice), hint="write each name once"
        )


def brief(value: object, most: int = 120) -> str:
    """Quote a value, and cut a long one in its middle.

    Parameters
    ----------
    most : int, default 120
        Characters to show.
    """
    return cut(reply(lambda: repr(value), lambda _: f"<{type(value).__name__}>"), most)


def nearest(name: str, choices: Iterable[object], cutoff: float = 0.5) -> Message:
    """Suggest the known name closest to a misspelt one.

    Parameters
    ----------
    name : str
        What was asked for.
    choices : iterable
        What exists.
    cutoff : float, default 0.5
        How alike two names must be, of 1.

    Returns
    -------
    Message
        A hint such as ``did you mean 'region'?``, or the list of what exists.
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
