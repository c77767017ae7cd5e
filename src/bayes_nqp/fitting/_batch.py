"""Many independent tasks: in parallel, with progress, resumed where they were interrupted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import numpy.typing as npt

from bayes_nqp import progress
from bayes_nqp.machine import one_thread

__all__ = ["Kept", "Numbers", "batch"]

type Numbers = dict[str, npt.NDArray[Any]]
"""What a task returns: arrays by name, small enough to travel and to keep."""


class Kept(MutableMapping[str, Numbers]):
    """Results of tasks in a folder, one file each, so that a later batch finds them.

    Parameters
    ----------
    folder : str or Path
        Is made if it is not there.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{quote(key, safe='')}.npz"

    def __getitem__(self, key: str) -> Numbers:
        try:
            with np.load(self._path(key), allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except FileNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: Numbers) -> None:
        handle, beside = tempfile.mkstemp(dir=self.folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **value)  # type: ignore[arg-type]
            Path(beside).replace(self._path(key))
        finally:
            Path(beside).unlink(missing_ok=True)

    def __delitem__(self, key: str) -> None:
        self._path(key).unlink()

    def __iter__(self) -> Iterator[str]:
        return (unquote(path.stem) for path in sorted(self.folder.glob("*.npz")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def batch(
    function: Callable[..., Numbers],
    tasks: Mapping[str, tuple[Any, ...]],
    *,
    kept: MutableMapping[str, Numbers] | None = None,
    what: str = "refitting",
) -> dict[str, Numbers]:
    """Run a function on many arguments.

    Tasks run in threads of this process, as many as there are processors, unless the caller
    chose another backend: inside ``joblib.parallel_config(backend="loky")``, or "dask" or
    "ray", the same tasks go to processes or to a cluster. Every task carries its design and
    data; workers compile for themselves.

    Parameters
    ----------
    function : callable
        Defined in a module, so that it can travel; takes a task's arguments.
    tasks : mapping of str to tuple
        Arguments by a key that names the task and all that its result depends on.
    kept : mutable mapping of str to dict, optional
        Results by key: those found there are not computed again, and new ones are put there as
        soon as they are known, so that an interrupted batch loses nothing.
    what : str, default "refitting"
        The work, for progress.

    Returns
    -------
    dict of str to dict of ndarray
        In the order of ``tasks``.
    """
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    known: MutableMapping[str, Numbers] = {} if kept is None else kept
    missing = [key for key in tasks if key not in known]
    done = len(tasks) - len(missing)
    progress.say(what, done, len(tasks))
    chosen = get_active_backend()[1]
    workers = Parallel(
        n_jobs=-1 if chosen is None else chosen,
        prefer="threads",
        return_as="generator_unordered",
    )
    # Threads that each set this for themselves would undo it for one another.
    with one_thread():
        for key, value in workers(delayed(_keyed)(function, key, tasks[key]) for key in missing):
            known[key] = value
            done += 1
            progress.say(what, done, len(tasks))
    return {key: known[key] for key in tasks}


def _keyed(
    function: Callable[..., Numbers], key: str, arguments: tuple[Any, ...]
) -> tuple[str, Numbers]:
    return key, function(*arguments)
