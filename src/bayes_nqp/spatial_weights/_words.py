"""What weights are called, in words that other languages have."""

from __future__ import annotations

import re
from functools import reduce
from typing import Final

from bayes_nqp.language import Message

_PLUS, _TIMES = " + ", " × "
_CALLED: Final = (
    (re.compile(r"(\d+) nearest"), Message("{} nearest")),
    (re.compile(r"within (\S+) km"), Message("within {} km")),
    (re.compile(r"inverse distance within (\S+) km"), Message("inverse distance within {} km")),
    (re.compile(r"inverse distance"), Message("inverse distance")),
    (re.compile(r"economic \((.+)\)"), Message("economic ({})")),
    (re.compile(r"contiguity"), Message("contiguity")),
    (re.compile(r"matrix"), Message("matrix")),
)
_SHARE: Final = re.compile(r"([\d.]+) (.+)")


def worded(label: str) -> Message:
    """Take a label, as weights and files hold it, for a message of the same English.

    Parameters
    ----------
    label : str
        Of the library's own making, such as "5 nearest", or of the user's, which stays as it is.
    """
    if _PLUS in label:
        return reduce(lambda a, b: Message("{} + {}", a, b), map(_shared, label.split(_PLUS)))
    if _TIMES in label:
        return reduce(lambda a, b: Message("{} × {}", a, b), map(worded, label.split(_TIMES)))
    for pattern, words in _CALLED:
        if (match := pattern.fullmatch(label)) is not None:
            return words.fill(*match.groups())
    return Message("{}", label)


def _shared(part: str) -> Message:
    """A part of a composite, with its share."""
    match = _SHARE.fullmatch(part)
    return worded(part) if match is None else Message("{} {}", match[1], worded(match[2]))
