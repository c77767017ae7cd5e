"""Hints of errors, written as Python, as a study file or for the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Final, Literal, Self

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.labels import UNLABELLED, Labels

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
    """Write the hints of errors and messages in the form of one language.

    Parameters
    ----------
    dialect : {"python", "toml", "page"}
        Form of hints; "toml" for study files. Within "page" other forms are ignored.
    """
    token = _DIALECT.set("page" if _DIALECT.get() == "page" else dialect)
    try:
        yield
    finally:
        _DIALECT.reset(token)


@dataclass(frozen=True, slots=True)
class Hint:
    """Suggested argument and value, written in the form of the reader's language.

    Parameters
    ----------
    argument : str
        Argument of a design, or "sampler"; or "check".
    value : object
        Suggested value: a registered value or plain data; for a check its name.

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
    varies: ClassVar[bool] = True

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


class Code(Message):
    """Python code, and in studies the key or the result file that corresponds to it.

    Parameters
    ----------
    python : str
        Code for users of Python.
    study : str or Message
        Key of a study with its value, or a description of the result of a study.

    Examples
    --------
    >>> from bayes_nqp._core.hints import Code, speaking
    >>> code = Code("nqp.Mediation(..., lag=1)", "[channels] lag = 1")
    >>> print(code)
    nqp.Mediation(..., lag=1)
    >>> with speaking("toml"):
    ...     print(code.in_("en"))
    [channels] lag = 1
    """

    __slots__ = ("python", "study")
    python: str
    study: str

    def __new__(cls, python: str, study: str) -> Self:
        """Keep both forms."""
        instance = super().__new__(cls, "{}", python if _DIALECT.get() == "python" else study)
        instance.python, instance.study, instance.varies = python, study, True
        return instance

    def __getnewargs_ex__(self) -> tuple[tuple[object, ...], dict[str, object]]:
        """Copy and pickle both forms."""
        return (self.python, self.study), {}

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render the form for the current reader."""
        if _DIALECT.get() == "python":
            return self.python
        return self.study.in_(language) if isinstance(self.study, Message) else self.study


DETAILS: Final = Message("the details of this check in the report")
"""Where a study shows the evidence of a check."""


def evidence_of(check: str) -> Code:
    """Return where the evidence of a check is: an attribute in Python, the report in a study.

    Parameters
    ----------
    check : str
        Name of the check.
    """
    return Code(f'nqp.check(fit, "{check}").evidence', DETAILS)


class Spoken(Message):
    """Message with one form for commands or code and another for pages of the studio.

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
        """Copy and pickle both forms."""
        return (self.typed, self.page), {}

    def in_(self, language: str, labels: Labels = UNLABELLED) -> str:
        """Render the form for the current reader."""
        return (self.page if _DIALECT.get() == "page" else self.typed).in_(language, labels)


def as_python(value: object) -> str:
    """Write a value as Python code: a registered value as its call, without defaults."""
    if "__family__" not in vars(type(value)):
        plain = isinstance(value, int) and not isinstance(value, bool)
        return f"{value:_}" if plain else repr(value)
    arguments = (f"{name}={as_python(x)}" for name, x in _stated(value).items())
    return f"nqp.{type(value).__name__}({', '.join(arguments)})"


def as_toml(value: object) -> str:
    """Write a value as in a study: a registered value as a table, without defaults."""
    if "__family__" in vars(type(value)):
        items = {"type": type(value).__name__, **_stated(value)}
        return f"{{ {', '.join(f'{name} = {as_toml(x)}' for name, x in items.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_python(value)
    return json.dumps(value, ensure_ascii=False)


def _stated(value: Any) -> dict[str, object]:
    """Return the arguments of a registered value that differ from their defaults."""
    pairs = {f.name: (getattr(value, f.name), f) for f in fields(value)}
    return {
        name: x
        for name, (x, f) in pairs.items()
        if x != (f.default if f.default_factory is MISSING else f.default_factory())
    }
