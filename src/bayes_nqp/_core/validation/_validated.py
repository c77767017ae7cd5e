"""Argument validation: a decorator that checks calls against their signatures."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, wraps
from types import FunctionType
from typing import Any, Final, cast, dataclass_transform, overload

from bayes_nqp._core.exceptions import ArgumentError, NotApplicable, StudyError, nearest, shown
from bayes_nqp._core.plugins import register
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.types import annotations_of
from bayes_nqp._core.validation._advice import EXAMPLES, KEYWORDS, MADE_BY, advice, told
from bayes_nqp._core.validation._kinds import ArgumentKind, kind_of
from bayes_nqp._core.validation._synonyms import FOREIGN

_VARIABLE: Final[dict[Any, type]] = {
    inspect.Parameter.VAR_POSITIONAL: tuple,
    inspect.Parameter.VAR_KEYWORD: dict,
}


@overload
def door[T: Callable[..., Any]](item: T) -> T: ...
@overload
def door[T: Callable[..., Any]](*, trusted: tuple[str, ...]) -> Callable[[T], T]: ...
def door(item: Any = None, *, trusted: tuple[str, ...] = ()) -> Any:
    """Validate the arguments of a function, or of a class and its public methods.

    Unknown keywords and arguments of the wrong kind raise an error before any computation. Numbers
    must be finite, and integers if the signature requires it; ranges and choices are tested in the
    call itself. Numbers of numpy are converted to Python numbers, and generators to tuples.
    Signatures, docstrings and types do not change.

    Parameters
    ----------
    trusted : tuple of str, default ()
        Methods that validate their arguments themselves.
    """
    if item is None:
        return lambda given: door_of(given, trusted)
    return door_of(item, ())


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value[T](family: str, word: str = "") -> Callable[[type[T]], type[T]]:
    """Turn a class into a registered frozen dataclass with validated arguments.

    Parameters
    ----------
    family, word : str
        As in `register`.
    """

    def decorate(kind: type[T]) -> type[T]:
        return register(family, word)(door(dataclass(frozen=True, slots=True)(kind)))

    return decorate


def method_door[F: Callable[..., Any]](function: F, owner: str) -> F:
    """Validate the arguments of a function that becomes a method of a class elsewhere."""
    held = _held(function, f"{owner}.{function.__name__}", bound=True, kinds=True)
    signature = inspect.signature(function)
    bound, *others = signature.parameters.values()
    bound = bound.replace(annotation=inspect.Parameter.empty)
    held.__signature__ = signature.replace(parameters=[bound, *others])
    return cast("F", held)


def door_of(item: Any, trusted: tuple[str, ...]) -> Any:
    """Validate the arguments of a function, or of a class and its public methods."""
    if not isinstance(item, type):
        return _held(item, item.__name__, bound=False, kinds=True)
    for name, method in list(vars(item).items()):
        public = not name.startswith("_") or name == "__init__"
        kinds = name not in trusted
        label = item.__name__ if name == "__init__" else f"{item.__name__}.{name}"
        if public and isinstance(method, FunctionType):
            owner = item if name == "__init__" else None
            setattr(item, name, _held(method, label, bound=True, kinds=kinds, owner=owner))
        elif public and isinstance(method, classmethod):
            held = _held(method.__func__, label, bound=True, kinds=kinds)
            setattr(item, name, classmethod(held))
        elif public and isinstance(method, staticmethod):
            held = _held(method.__func__, label, bound=False, kinds=kinds)
            setattr(item, name, staticmethod(held))
    return item


def held_arguments(call: Any, arguments: Mapping[str, Any], where: str) -> None:
    """Validate arguments against a signature before the call.

    Parameters
    ----------
    call : callable
        Function or class with the signature.
    arguments : mapping of str to object
        Values by argument.
    where : str
        Name of the place, for messages.

    Raises
    ------
    ArgumentError
        If an argument is of the wrong kind.
    """
    types = annotations_of(call)
    for name, value in arguments.items():
        held(value, types.get(name, Any), f"{where}.{name}", call.__name__)


def held(value: object, annotation: object, name: str, label: str = "") -> None:
    """Validate a value against an annotation.

    Parameters
    ----------
    annotation : type
        Type of the argument.
    name, label : str
        Names of the argument and the call, for messages.

    Raises
    ------
    ArgumentError
        If the value is of the wrong kind.
    """
    _one(label, name, value, kind_of(annotation))


def held_to_kinds(value: object) -> None:
    """Validate the fields of a dataclass that was created without validation.

    Raises
    ------
    ArgumentError
        If a field is of the wrong kind.
    """
    kind = type(value)
    if not hasattr(kind.__init__, "__door__"):
        for name, annotation in annotations_of(kind).items():
            _one(kind.__name__, name, getattr(value, name), kind_of(annotation))


def _held(function: Any, label: str, *, bound: bool, kinds: bool, owner: type | None = None) -> Any:
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[1 if bound else 0 :]

    @cache
    def wanted() -> dict[str, ArgumentKind]:
        return _kinds(owner or function, parameters)

    @wraps(function)
    def held(*args: Any, **kwargs: Any) -> Any:
        positional, name = (args[1:], _bound_label(label, args)) if bound else (args, label)
        try:
            call = signature.bind(*args, **kwargs)
        except TypeError:
            _match(name, parameters, positional, kwargs)
            for parameter, value in zip(parameters, positional, strict=False):
                if kinds and parameter.name in wanted():  # what is there may be out of place
                    _taken(name, parameter.name, value, wanted()[parameter.name])
            raise _incomplete(name, _lacking(parameters, positional, kwargs)) from None
        for key, value in call.arguments.items() if kinds else ():
            if key in wanted():
                call.arguments[key] = _taken(name, key, value, wanted()[key])
        try:
            with _usual_errors():
                return function(*call.args, **call.kwargs) if kinds else function(*args, **kwargs)
        except NotApplicable as missing:
            if sys._getframe(1).f_globals.get("__name__", "").startswith("bayes_nqp."):
                raise  # a check turns it into a verdict
            raise StudyError(
                missing.why, hint="nqp.check(fit) lists the checks that apply"
            ) from missing

    held.__door__, held.__kinds__ = label, wanted  # type: ignore[attr-defined]
    return held


def _usual_errors() -> AbstractContextManager[object]:
    """Let numpy warn where a session lets it raise; other settings do not change."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return nullcontext()
    raised = [kind for kind, does in numpy.geterr().items() if does in ("raise", "call")]
    return cast(
        "AbstractContextManager[object]",
        numpy.errstate(**{kind: "ignore" if kind == "under" else "warn" for kind in raised}),
    )


def _bound_label(label: str, args: tuple[Any, ...]) -> str:
    """Return a method's label with the class of its object, also for inherited methods."""
    _, dot, method = label.partition(".")
    owner = args[0] if isinstance(args[0], type) else type(args[0])
    return f"{owner.__name__}.{method}" if dot else label


def _kinds(call: Any, parameters: list[inspect.Parameter]) -> dict[str, ArgumentKind]:
    """Return the kinds of all annotated arguments."""
    types = annotations_of(call)
    return {
        p.name: replace(kind_of(types[p.name]), variable=_VARIABLE.get(p.kind))
        for p in parameters
        if p.name in types
    }


def _match(
    label: str,
    parameters: list[inspect.Parameter],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    """Raise an error for arguments that do not match the signature."""
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(args) > len(places) and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise _too_many(label, parameters, places, args)
    placed = {p.name for p, _ in zip(places, args, strict=False)}
    keywords = [p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variable = any(p.kind is p.VAR_KEYWORD for p in parameters)
    unknown = {name: value for name, value in kwargs.items() if name not in keywords}
    if unknown and not variable:
        raise _unknown(label, unknown, keywords)
    twice = [name for name in kwargs if name in placed and name in keywords]
    if twice:
        raise ArgumentError(
            f"{label} got {twice[0]!r} twice, by position and by name",
            hint=f"use {twice[0]}=… once, and name the other arguments too",
        )


def _lacking(
    parameters: list[inspect.Parameter], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> list[inspect.Parameter]:
    """Return the required arguments that a call does not give."""
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    placed = {p.name for p, _ in zip(places, args, strict=False)}
    return [
        p
        for p in parameters
        if p.default is p.empty
        and p.kind not in _VARIABLE
        and p.name not in placed
        and not (p.name in kwargs and p.kind is not p.POSITIONAL_ONLY)
    ]


def _incomplete(label: str, lacking: list[inspect.Parameter]) -> ArgumentError:
    """Return the error for missing arguments."""
    example = "" if any(p.name == "draws" for p in lacking) else EXAMPLES.get(label, "")
    ways = (p.name if p.kind is p.POSITIONAL_ONLY else f"{p.name}=…" for p in lacking)
    return ArgumentError(
        f"{label} lacks {shown(repr(p.name) for p in lacking)}",
        hint=MADE_BY.get(label) or example or f"{label.rpartition('.')[2]}({', '.join(ways)})",
    )


def _unknown(label: str, unknown: dict[str, Any], keywords: list[str]) -> ArgumentError:
    """Return the error for an unknown keyword."""
    maker = MADE_BY.get(label) or EXAMPLES.get(label)
    hints = [maker] if maker else [
        KEYWORDS.get((label, k)) or _instead(k, x, keywords) for k, x in unknown.items()
    ]  # fmt: skip
    count = "arguments" if len(unknown) > 1 else "argument"
    return ArgumentError(
        f"{label} has no {count} {shown(map(repr, unknown))}", hint="; ".join(dict.fromkeys(hints))
    )


def _instead(keyword: str, value: Any, keywords: list[str]) -> str:
    if "by" in keywords and (keyword in _DIMS or _level(keyword, value, keywords)):
        return f"what is of one group: by={keyword!r}, and .sel({keyword}=…) of the draws"
    foreign = FOREIGN.get(keyword)
    ours = [name for name in foreign.ours if name in keywords] if foreign else []
    if ours:
        return f"{ours[0]}=… here"
    if foreign is not None:
        return foreign.elsewhere
    return nearest(keyword, keywords, _ALIKE) if keywords else "it takes no arguments"


def _level(keyword: str, value: Any, keywords: list[str]) -> bool:
    """Return True if a keyword and its value may be a group and its level: region="North"."""
    close = get_close_matches(keyword, keywords, cutoff=_ALIKE)
    words = close or keyword in FOREIGN or keyword in _NO_GROUPS
    return isinstance(value, str) and not words


_ALIKE: Final = 0.65
"""Of keywords, of which one is misspelt: not of ``digits`` and ``weights``."""
_NO_GROUPS: Final = frozenset(
    ("caption", "note", "notes", "legend", "label", "name", "theme", "font", "template", "ic",
     "criterion", "scale", "link", "model", "family", "dir", "folder", "backend")
)  # fmt: skip
"""Keywords of text that name no group."""
_DIMS: Final = ("unit", "cohort", "event_time")


def _too_many(
    label: str,
    parameters: list[inspect.Parameter],
    places: list[inspect.Parameter],
    args: tuple[Any, ...],
) -> ArgumentError:
    """Return the error for too many positional arguments."""
    named_only = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    hint = f"name the others, such as {named_only[0]}=…" if named_only else "leave the others out"
    places_ = f"takes {len(places)} by place" if places else "takes none by place"
    listed = f" ({shown(p.name for p in places)})" if places else ""
    return ArgumentError(
        f"{label} was given {len(args)} positional arguments, but {places_}{listed}",
        where=f"the first extra argument is {told(args[len(places)])}",
        hint=MADE_BY.get(label) or EXAMPLES.get(label, hint),
    )


def _taken(label: str, name: str, value: Any, kind: ArgumentKind) -> Any:
    """Convert an argument; raise an error if it is of the wrong kind."""
    if kind.variable is tuple:
        return tuple(_one(label, name, item, kind) for item in value)
    if kind.variable is dict:
        return {key: _one(label, key, item, kind) for key, item in value.items()}
    return _one(label, name, value, kind)


def _one(label: str, name: str, value: Any, kind: ArgumentKind) -> Any:
    plain = reply(lambda: kind.plain(value), lambda _: value)
    if not reply(lambda: kind.takes(plain), lambda _: False):
        raise ArgumentError(f"'{name}' is {told(value)}", hint=advice(kind, value, label, name))
    return plain
