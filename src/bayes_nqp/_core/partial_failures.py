"""Partial failures: an error in one figure, table or file omits only this part."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bayes_nqp._core.exceptions import NQPError, StudyError, cut
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import unloaded
from bayes_nqp._core.safe_calls import no_exit
from bayes_nqp._core.texts import one_line

__all__ = ["Omission", "collected", "omitted", "recorded", "warn"]

_LONGEST = 300
"""Characters of an error's words."""
_OF_A_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
"""What the system says of one file's name; anything else it says of the disk, for all files."""


@dataclass(frozen=True, slots=True)
class Omission:
    """Part that could not be created, with the reason.

    Parameters
    ----------
    what : Message
        Name of the part, such as "The figure forest".
    error : Exception
        Error that was raised.
    """

    what: Message
    error: Exception

    @property
    def reason(self) -> str:
        """Return the message of an error, with its type if it is not an error of the library."""
        if isinstance(self.error, NQPError):
            return self.error.what
        return ": ".join(filter(None, [type(self.error).__name__, one_line(str(self.error))]))

    @property
    def sentence(self) -> Message:
        """Return the part and the reason in one sentence."""
        reason = self.reason
        return Message(
            "{} could not be created: {}",
            self.what,
            reason if isinstance(reason, Message) else cut(reason, _LONGEST),
        )


_OPEN: Final[ContextVar[list[Omission] | None]] = ContextVar("omissions", default=None)


@contextmanager
def collected() -> Iterator[list[Omission]]:
    """Collect errors of `omitted` parts inside a ``with`` block in a list.

    Outside the block such errors are raised.
    """
    omissions: list[Omission] = []
    token = _OPEN.set(omissions)
    try:
        yield omissions
    finally:
        _OPEN.reset(token)


@contextmanager
def omitted(name: Message) -> Iterator[None]:
    """Omit a part that raises an error inside a ``with`` block, if errors are collected.

    Errors of the disk are raised, because they concern all files.

    Parameters
    ----------
    name : Message
        Name of the part.
    """
    try:
        with no_exit():
            yield
    except Exception as error:
        omissions = _OPEN.get()
        if omissions is None or _of_the_disk(error):
            raise
        _add(Omission(name, error), omissions)


def _add(omission: Omission, omissions: list[Omission]) -> None:
    if all(omission.sentence != each.sentence for each in omissions):
        omissions.append(omission)


def recorded() -> tuple[Omission, ...]:
    """Return the omitted parts so far, with plug-ins that could not be loaded first."""
    packages = (
        Omission(Message("{} of the package {}", value, package), error)
        for (package, value), error in unloaded().items()
    )
    return (*packages, *(_OPEN.get() or ()))


def warn(omissions: Iterable[Omission], language: str) -> None:
    """Pass omitted parts to the collecting block, or warn if there is none.

    Parameters
    ----------
    language : str
        Language of the warning.
    """
    outer = _OPEN.get()
    for omission in omissions:
        if outer is not None:
            _add(omission, outer)
            continue
        warnings.warn(
            omission.sentence.in_(language),
            UserWarning,
            skip_file_prefixes=(str(Path(__file__).parent),),
        )


def _of_the_disk(error: Exception) -> bool:
    cause = error.__cause__ if isinstance(error, StudyError) else error
    return isinstance(cause, OSError) and cause.errno not in _OF_A_NAME
