"""Execution of tasks in a worker, with the parts received before."""

from __future__ import annotations

import os
import pickle
import socket
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bayes_nqp._core.exceptions import NQPError, brief
from bayes_nqp._core.threads import one_thread, within

_MOST: Final = 8
"""Parts that a worker holds: those that came last."""
_held: dict[str, Any] = {}
"""What this process was brought, by its digest."""

type Part = bytes | str
"""Of a task, pickled; or the digest of one that a worker may hold."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply of a worker.

    Parameters
    ----------
    worker : str
        Machine and process of the worker.
    value : object
        Result of the task.
    error : BaseException, optional
        Error of the task.
    lacks : bool, default False
        True if the task was not run because a part was missing.
    """

    worker: str
    value: Any = None
    error: BaseException | None = None
    lacks: bool = False


def outcome(number: int, parts: tuple[Part, ...], brought: Mapping[str, bytes]) -> Reply:
    """Run a task in a worker.

    Parameters
    ----------
    number : int
        Number of the call: Dask treats calls with equal arguments as one.
    parts : tuple
        Parts of the task: its function, then its arguments.
    brought : mapping of str to bytes
        Common parts of several tasks, by digest.
    """
    worker = f"{socket.gethostname()} {os.getpid()}"
    try:
        for digest, content in brought.items():
            _held[digest] = pickle.loads(content)
        held = dict(_held)
        if any(isinstance(part, str) and part not in held for part in parts):
            return Reply(worker, lacks=True)
        for digest in list(held)[:-_MOST]:
            _held.pop(digest, None)
        function, *arguments = (
            held[part] if isinstance(part, str) else pickle.loads(part) for part in parts
        )
        with one_thread(), within(1):
            return Reply(worker, function(*arguments))
    except BaseException as error:  # raised where it is awaited
        return Reply(worker, error=_portable(error))


def _portable(error: BaseException) -> BaseException:
    """Return an error that can be pickled, with its traceback if it is from other code."""
    if not isinstance(error, NQPError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except (pickle.PickleError, TypeError, AttributeError, ValueError, ImportError):
        return RuntimeError(f"{type(error).__name__}: {brief(str(error), 300)}")
    return error
