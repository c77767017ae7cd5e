"""Read a saved fit in a process that may crash, and tell what became of it."""

from __future__ import annotations

import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from fuzzing import assert_worded

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

SECONDS = 300.0


def fate_of(path: str) -> str:
    """Return "read", "refused", or the traceback of what is neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            repr(nqp.load(path))
        except StudyError as error:
            assert_worded(error, "fit.nc")
            return "refused"
        except BaseException:
            return traceback.format_exc()
    return "read"


class Reader:
    """A process that reads files, and a new one where that crashed."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def fate_of(self, path: str) -> str:
        """Return what became of a file; "crashed" where it died, "no end" after SECONDS."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        try:
            return self._pool.submit(fate_of, path).result(timeout=SECONDS)
        except (BrokenProcessPool, TimeoutError) as error:
            self.close()
            return "no end" if isinstance(error, TimeoutError) else "crashed"

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            for process in (self._pool._processes or {}).values():
                process.kill()  # shutdown would wait for what it reads
            self._pool.shutdown()
        self._pool = None
