"""Messages through files that hold text alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from bayes_nqp._core.i18n._message import Message
from bayes_nqp._core.i18n._typesetting import Numeral, Sized


def encoded(messages: Iterable[str]) -> str:
    """Write messages, and what they were made from, as text.

    Parameters
    ----------
    messages : iterable of Message or str
        With parts that are messages, text or numbers.
    """
    return json.dumps([_plain(message) for message in messages], ensure_ascii=False)


def decoded(text: str) -> list[Message]:
    """Read what `encoded` wrote."""
    return [_restored(message) for message in json.loads(text)]


def _plain(value: object) -> object:
    if not isinstance(value, Message):
        if isinstance(value, Integral):
            return int(value)
        if isinstance(value, Numeral):
            return {"numeral": value}
        if isinstance(value, Sized):
            return {"sized": [float(value), value.sd]}
        return float(value) if isinstance(value, Real) else str(value)
    parts, named = [_plain(x) for x in value.parts], value.named.items()
    return [value.template, parts, {k: _plain(x) for k, x in named}, value.plural, value.context]


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return Sized(*value["sized"]) if "sized" in value else Numeral(value["numeral"])
    if not isinstance(value, list):
        return value
    template, parts, named, plural, context = value
    named = {name: _restored(x) for name, x in named.items()}
    return Message(template, *map(_restored, parts), plural=plural, context=context, **named)


def recalled(text: str, messages: Iterable[Message]) -> Message:
    """Find the message that a text in a file was written from.

    Parameters
    ----------
    text : str
        In English.
    messages : iterable of Message
        That wait for their parts; the first one counts whose template the text has. Parts are
        recalled in turn.

    Returns
    -------
    Message
        Text that is none of them renders alike in all languages.
    """
    candidates = tuple(messages)
    for candidate in candidates:
        pattern = re.sub(r"\\\{\\\}", "(.+?)", re.escape(candidate.template))
        match = re.fullmatch(pattern, text)
        if match:
            parts = (recalled(part, candidates) for part in match.groups())
            return candidate.fill(*parts) if match.groups() else candidate
    return Message("{}", text)
