"""Who computes refits: threads of this process, processes of this machine, or an executor."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, Final, Protocol

from annotated_types import Ge

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.threads import n_threads
from bayes_nqp._core.validation import door


class Executor(Protocol):
    """What takes a call, and gives a future: any executor of ``concurrent.futures``, and others."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Call a function somewhere else; the answer has ``result`` and ``add_done_callback``."""


class Crew:
    """An executor for the length of a ``with`` block, and a new one where it broke.

    Parameters
    ----------
    given : int or Executor
        Processes of this machine, which begin when the first batch needs them; or an executor,
        which stays its owner's.
    """

    def __init__(self, pool: int | Executor) -> None:
        self._given = pool
        self._own: Any = None

    @property
    def executor(self) -> Executor:
        """The one that takes tasks now."""
        if self._own is None:
            if not isinstance(self._given, int):
                return self._given
            self.renew(self._given)
        pool: Executor = self._own
        return pool

    def renew(self, processes: int) -> None:
        """Go on with so many new processes of this machine; with as many as were asked for."""
        from loky import ProcessPoolExecutor

        self.close()
        number = self._given if isinstance(self._given, int) else processes
        self._own = ProcessPoolExecutor(
            number, timeout=_IDLE, initializer=_bound_to, initargs=(os.getpid(),)
        )

    def close(self) -> None:
        """End the processes that are its own."""
        if self._own is not None:
            self._own.shutdown(kill_workers=True)
            self._own = None


def _bound_to(parent: int) -> None:
    """Let a process end with the one that began it, even where that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_EACH: Final = 16
"""Processes a core, at most."""
_WATCH: Final = 1.0
"""Seconds between two looks at whether the first process is still there."""
_IDLE: Final = 300
"""Seconds after which a process without a task ends; the next batch begins another one."""
_CREW: ContextVar[Crew | None] = ContextVar("crew", default=None)


def crew() -> Crew | None:
    """Who computes refits in this context; None for threads of this process."""
    return _CREW.get()


@door
@contextmanager
def workers(executor: Annotated[int, Ge(1)] | Executor) -> Iterator[None]:
    """Let others compute the refits of checks and calibrations inside a ``with`` block.

    Without it they are computed by threads of this process, as many as ``BAYES_NQP_THREADS`` says.
    Results are the same to the last bit. It is a context and no argument of a call: it belongs to
    the machine and not to the question, counts for all that is called inside, and its processes
    end with it.

    Rows go to each worker once, without columns that neither have a role nor are named by the
    design; a task carries their digest. Inside a task linear algebra has one thread. Where a
    worker ends in the middle of a task, as when memory is short, the task is done once more, on
    new processes of this machine where the executor is broken; a second end raises. What is done
    by then is kept by the fit, and by ``store``, for the next call.

    Parameters
    ----------
    executor : int or object with ``submit``
        Processes of this machine (from 1 to 16 a core), which end with the block. Or an executor of
        yours: of ``concurrent.futures``, loky, Dask (its client), mpi4py.
        Its workers need this version of the library and are trusted with your rows, as it is
        with your machine: tasks travel by pickle.

    Raises
    ------
    StudyError
        In the block, if a design or panel cannot travel, or tasks lost their worker twice.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> with nqp.workers(2):
    ...     result = nqp.check(fit, "placebo_space", repetitions=20, progress=False)
    >>> result.name
    'placebo_space'
    """
    most = _EACH * max(os.cpu_count() or 1, n_threads())
    if isinstance(executor, int) and executor > most:
        raise StudyError(
            Message("'executor' is {:,} processes, but this machine has {} cores", executor,
                    os.cpu_count() or 1),
            hint=Message("use nqp.workers({}), one process per core", n_threads()),
        )  # fmt: skip
    chosen = Crew(executor)
    token = _CREW.set(chosen)
    try:
        yield
    finally:
        _CREW.reset(token)
        chosen.close()
