"""Serialised tasks, with common parts replaced by their digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import cloudpickle

from bayes_nqp._core.exceptions import StudyError, brief
from bayes_nqp._core.parallel._outcome import Part

_SMALL: Final = 2_000
"""Bytes of a part that may as well go with every task."""


class Payload:
    """Pickled tasks; large parts shared by several tasks are replaced by digests.

    Parameters
    ----------
    function : callable
        Function of all tasks.
    tasks : mapping of str to tuple
        Arguments by key.

    Raises
    ------
    StudyError
        If a part cannot be pickled.
    """

    def __init__(self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]]) -> None:
        self._tasks = {key: (function, *arguments) for key, arguments in tasks.items()}
        every = [part for parts in self._tasks.values() for part in parts]
        uses = Counter(map(id, every))
        common = {id(part): part for part in every if uses[id(part)] > 1}
        self._common = {place: pickled(part) for place, part in common.items()}
        self._digests = {
            place: sha256(content).hexdigest()
            for place, content in self._common.items()
            if len(content) > _SMALL
        }

    def parts(self, key: str) -> tuple[Part, ...]:
        """Return the parts of a task, with digests of large common parts."""
        return tuple(
            self._digests.get(id(part)) or self._common.get(id(part)) or pickled(part)
            for part in self._tasks[key]
        )

    def contents(self, key: str) -> dict[str, bytes]:
        """Return the parts with given digests."""
        places = {id(part) for part in self._tasks[key]} & self._digests.keys()
        return {self._digests[place]: self._common[place] for place in places}


def pickled(part: object) -> bytes:
    """Return a part as bytes; functions of scripts and notebooks include their code."""
    try:
        content: bytes = cloudpickle.dumps(part)
    except Exception as error:
        raise StudyError(
            f"a {type(part).__name__} cannot be sent to 'workers': {brief(str(error), 300)}",
            hint="without nqp.workers, refits stay in this process",
        ) from error
    return content
