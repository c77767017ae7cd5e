"""Execution of refits by threads, by processes of this machine, or by an executor."""

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
    """Protocol of executors that return futures, as in ``concurrent.futures``."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Submit a function call; the future has ``result`` and ``add_done_callback``."""


class Crew:
    """Executor for the duration of a ``with`` block, renewed after a failure.

    Parameters
    ----------
    given : int or Executor
        Number of processes of this machine, started with the first batch; or an executor, which is
        not closed.
    """

    def __init__(self, pool: int | Executor) -> None:
        self._given = pool
        self._own: Any = None

    @property
    def executor(self) -> Executor:
        """Return the current executor."""
        if self._own is None:
            if not isinstance(self._given, int):
                return self._given
            self.renew(self._given)
        pool: Executor = self._own
        return pool

    def renew(self, processes: int) -> None:
        """Start new processes, by default as many as requested originally."""
        from loky import ProcessPoolExecutor

        self.close()
        number = self._given if isinstance(self._given, int) else processes
        self._own = ProcessPoolExecutor(
            number, timeout=_IDLE, initializer=_bound_to, initargs=(os.getpid(),)
        )

    def close(self) -> None:
        """End the processes started by this object."""
        if self._own is not None:
            self._own.shutdown(kill_workers=True)
            self._own = None


def _bound_to(parent: int) -> None:
    """End a process together with its parent, even if the parent was killed."""

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
    """Return the executor of refits in this context; None for threads of this process."""
    return _CREW.get()


@door
@contextmanager
def workers(executor: Annotated[int, Ge(1)] | Executor) -> Iterator[None]:
    """Compute refits of checks and calibrations in other processes inside a ``with`` block.

    Without it, refits are computed by threads of this process; ``BAYES_NQP_THREADS`` sets their
    number. Results are identical to the last bit. It is a context manager because it describes the
    machine and not the analysis: it applies to all calls inside, and its processes end with the
    block.

    Observations are sent to each worker once, without columns that have no role and are not used by
    the design; tasks contain their digest. Linear algebra uses one thread inside a task. If a
    worker ends during a task, for example for lack of memory, the task is repeated once, on new
    processes of this machine if the executor is broken. A second failure raises an error. Completed
    results are kept in the fit, and in ``store``, for the next call.

    Parameters
    ----------
    executor : int or object with ``submit``
        Number of processes of this machine (1 to 16 per core), which end with the block; or an
        executor of ``concurrent.futures``, loky, Dask (its client) or mpi4py. Workers need this
        version of the library. They receive your data, and tasks are sent by pickle: use trusted
        executors only.

    Raises
    ------
    StudyError
        In the block, if a design or panel cannot be pickled, or tasks lost their worker twice.

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
