"""Encoding of messages as text, for files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from bayes_nqp._core.i18n._message import Message
from bayes_nqp._core.i18n._typesetting import Numeral, Sized


def encoded(messages: Iterable[str]) -> str:
    """Encode messages with their templates and parts as text.

    Parameters
    ----------
    messages : iterable of Message or str
        Messages with parts that are messages, text or numbers.
    """
    return json.dumps([_plain(message) for message in messages], ensure_ascii=False)


def decoded(text: str) -> list[Message]:
    """Decode text written by `encoded`."""
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
    """Return the message that a text in a file was rendered from.

    Parameters
    ----------
    text : str
        Rendered text in English.
    messages : iterable of Message
        Messages without parts; the first with a matching template is used. Parts are recalled
        recursively.

    Returns
    -------
    Message
        Message; text without a match is the same in all languages.
    """
    candidates = tuple(messages)
    for candidate in candidates:
        pattern = re.sub(r"\\\{\\\}", "(.+?)", re.escape(candidate.template))
        match = re.fullmatch(pattern, text)
        if match:
            parts = (recalled(part, candidates) for part in match.groups())
            return candidate.fill(*parts) if match.groups() else candidate
    return Message("{}", text)
