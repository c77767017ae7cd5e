"""Submission of tasks to an executor; tasks of a lost worker are repeated once."""

from __future__ import annotations

import warnings
from asyncio import CancelledError
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from bayes_nqp._core.exceptions import NQPError, brief
from bayes_nqp._core.parallel._outcome import Reply, outcome
from bayes_nqp._core.parallel._payload import Payload
from bayes_nqp._core.parallel._workers import Crew
from bayes_nqp._core.threads import n_threads

_AHEAD: Final = 4
"""Tasks a worker that wait with the executor."""
_PULSE: Final = 0.5
"""Seconds after which waiting begins anew: without an end it is deaf to Ctrl-C on Windows."""


class Dispatch:
    """Results of tasks on an executor, in order of completion.

    Only slightly more tasks than workers are submitted at a time. A worker that lacks a common part
    reports it, and the task is sent again with the part. The number of tasks sent with parts equals
    the number of workers that lack some.

    Parameters
    ----------
    crew : Crew
        Executor of the tasks.
    function, tasks
        As for `Payload`.

    Attributes
    ----------
    fault : BaseException or None
        Last error instead of a result.
    """

    def __init__(
        self, crew: Crew, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]]
    ) -> None:
        self.fault: BaseException | None = None
        self._crew, self._payload = crew, Payload(function, tasks)
        self._waiting = deque(tasks)
        self._flying: dict[int, tuple[str, Any, bool]] = {}
        self._ended: SimpleQueue[int] = SimpleQueue()
        self._numbers = count()
        self._known: set[str] = set()
        self._lacking: set[str] = set()
        self._lost: Counter[str] = Counter()
        self._renewed = False

    def __iter__(self) -> Generator[tuple[str, Any]]:
        """Yield keys with results; tasks that lost their worker twice are omitted."""
        try:
            while self._waiting or self._flying:
                self._send()
                if self._flying:
                    yield from self._received()
        finally:
            for _, future, _ in self._flying.values():
                getattr(future, "cancel", int)()

    def _send(self) -> None:
        ahead = _AHEAD * max(len(self._known), n_threads())
        while self._waiting and len(self._flying) < ahead:
            key, number = self._waiting[0], next(self._numbers)
            carries = sum(carrying for *_, carrying in self._flying.values()) < len(self._lacking)
            contents = self._payload.contents(key) if carries else {}
            parts = self._payload.parts(key)
            try:
                future = self._crew.executor.submit(outcome, number, parts, contents)
            except (RuntimeError, OSError) as error:  # broken, shut down or out of reach
                self._break(error)
                continue
            if not all(hasattr(future, name) for name in ("result", "add_done_callback")):
                raise self._unusable(f"submit gave {brief(future)}, and no future")
            self._waiting.popleft()
            self._flying[number] = key, future, carries
            future.add_done_callback(lambda _, number=number: self._ended.put(number))

    def _received(self) -> Iterator[tuple[str, Any]]:
        number = None
        while number is None:
            with suppress(Empty):
                number = self._ended.get(timeout=_PULSE)
        key, future, carried = self._flying.pop(number)
        try:
            answer = future.result()
        except (Exception, CancelledError) as error:  # the executor's own
            self.fault = error
            self._lost[key] += 1
            if self._lost[key] == 1:
                self._waiting.append(key)
            return
        if not isinstance(answer, Reply):
            raise self._unusable(f"the result of a task is {brief(answer)}, and not what it gave")
        self._known.add(answer.worker)
        if answer.lacks:
            self._lacking.add(answer.worker)
            self._waiting.appendleft(key)
            return
        if answer.worker in self._lacking:
            self._lacking.remove(answer.worker)
        elif carried and self._lacking:  # who still lacks it says so again
            self._lacking.pop()
        if answer.error is not None:
            raise answer.error
        yield key, answer.value

    def _unusable(self, problem: str) -> NQPError:
        """Return an error that checks do not mistake for a design that cannot be fitted."""
        return NQPError(
            f"the executor of nqp.workers, a {type(self._crew.executor).__name__}, cannot be used: "
            f"{problem}",
            hint="submit(function, *arguments) must call the function and return a future of "
            "concurrent.futures; or use nqp.workers(2)",
        )

    def _break(self, error: Exception) -> None:
        """Continue with new processes if an executor fails; stop the second time."""
        self.fault = self.fault or error
        if self._renewed:
            self._waiting.clear()
            return
        reason = f"{type(self.fault).__name__}: {brief(str(self.fault), 200)}"
        warnings.warn(
            f"workers take no more tasks ({reason}); what is missing is done once more, by new "
            "processes of this machine",
            skip_file_prefixes=(str(Path(__file__).parents[2]),),
        )
        self._crew.renew(min(max(len(self._known), 1), n_threads()))
        self._known, self._lacking, self._renewed = set(), set(), True
