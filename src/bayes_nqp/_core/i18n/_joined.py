"""Join messages into sentences and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Final

from bayes_nqp._core.i18n._message import Message, cut, message

_MARKS: Final = ("advice", "detail")
"""Contexts of sentences that are not part of a finding."""
NOTHING: Final = Message("")
"""Where there is nothing to say."""


def joined(sentences: Iterable[str]) -> Message:
    """Join sentences.

    Parameters
    ----------
    sentences : iterable of str
        Sentences; empty ones are omitted.
    """
    return _chained(
        (x for x in sentences if x), lambda a, b: Message("{} {}", a, b, context="sentences")
    )


def advised(sentence: str) -> Message:
    """Mark a sentence as advice to the person who runs the study."""
    return Message("{}", sentence, context="advice")


def detailed(sentence: str) -> Message:
    """Mark a sentence as a detail, which is shown below the finding and not as part of it."""
    return Message("{}", sentence, context="detail")


def unadvised(sentence: str) -> Message:
    """Return a chain of sentences without advice."""
    return _with(sentence, "", "detail")


def undetailed(sentence: str) -> Message:
    """Return a chain of sentences without details, advice last."""
    return joined([_with(sentence, ""), _with(sentence, "advice")])


def advice_of(sentence: str) -> Message:
    """Return the advice in a chain of sentences."""
    return _with(sentence, "advice")


def details_of(sentence: str) -> Message:
    """Return the details in a chain of sentences, without their mark."""
    details = (x.parts[0] for x in _links(sentence) if x.context == "detail")
    return joined(x for x in details if isinstance(x, str))


def _with(sentence: str, *marks: str) -> Message:
    """Return the sentences of a chain that have one of several marks; "" is for no mark."""
    return joined(
        x for x in _links(sentence) if (x.context if x.context in _MARKS else "") in marks
    )


def _links(sentence: str) -> Iterator[Message]:
    """Yield the sentences of a chain in order; a mark on a chain is a mark on each sentence."""
    text = message(sentence)
    if text.context == "sentences":
        for part in text.parts:
            if isinstance(part, str):
                yield from _links(part)
    elif text.context in _MARKS and isinstance(text.parts[0], str):
        for part in _links(text.parts[0]):
            yield part if part.context in _MARKS else Message("{}", part, context=text.context)
    elif text:
        yield text


def separated(parts: Iterable[str]) -> Message:
    """Join parts by semicolons."""
    return _chained(parts, lambda a, b: Message("{}; {}", a, b))


def listed(items: Iterable[object], most: int = 6) -> Message:
    """List the first items and the number of further ones.

    Parameters
    ----------
    most : int, default 6
        Maximal number of listed items.
    """
    names = [_name(item) for item in items]
    first = _chained(names[:most], lambda a, b: Message("{}, {}", a, b))
    left_out = len(names) - most
    return Message("{}, and {} more", first, left_out) if left_out > 0 else first


def crossed(columns: Iterable[object]) -> Message:
    """Join the names of columns by crosses, with the labels of columns."""
    return _chained(map(_name, columns), lambda a, b: Message("{} × {}", a, b))


def either(items: Iterable[str]) -> Message:
    """List alternatives, each once."""
    return _chained(dict.fromkeys(items), lambda a, b: Message("{} or {}", a, b))


def enumerated(items: Iterable[object]) -> Message:
    """List all items as in a sentence, with "and" before the last."""
    names = [_name(item) for item in items]
    if len(names) < 2:
        return listed(names)
    return Message("{} and {}", listed(names[:-1], len(names)), names[-1])


def _name(item: object) -> str:
    return item if isinstance(item, Message) else cut(str(item))


def _chained(parts: Iterable[str], pair: Callable[[str, str], Message]) -> Message:
    texts = list(parts)
    chain = reduce(pair, texts) if texts else NOTHING
    return chain if isinstance(chain, Message) else Message("{}", chain)
