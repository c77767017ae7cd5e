"""Many independent tasks: in parallel, with progress, resumed where they were interrupted."""

from __future__ import annotations

import hashlib
import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from itertools import batched
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp import progress
from bayes_nqp.errors import shown
from bayes_nqp.files import write_bytes, writing
from bayes_nqp.language import Message
from bayes_nqp.machine import one_thread
from bayes_nqp.seal import SEAL, seal_of, sealed

__all__ = ["Kept", "Numbers", "batch"]

type Numbers = dict[str, npt.NDArray[Any]]
"""What a task returns: arrays by name, small enough to travel and to keep."""


class Kept(MutableMapping[str, Numbers]):
    """Results of tasks in a folder, one file each, so that a later batch finds them.

    A file is sealed, called by the digest of its key, and holds that key: one that was cut, edited,
    renamed or not written here is as good as none, though its key counts as there (``in``). Files
    are moved to their place whole, so that several batches can share a folder; where they compute
    the same task, the last one's result stays.

    Parameters
    ----------
    folder : str or Path
        Is made if it is not there.

    Raises
    ------
    StudyError
        If it cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        with writing(self.folder, "store"):
            self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / f"{digest}.npz"

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and os.path.lexists(self._path(key))

    def __getitem__(self, key: str) -> Numbers:
        stored = _stored_at(self._path(key))
        if stored is None or stored[0] != key:
            raise KeyError(key)
        return stored[1]

    def __setitem__(self, key: str, value: Numbers) -> None:
        content = io.BytesIO()
        head = np.frombuffer(json.dumps([key, *value]).encode("ascii"), dtype=np.uint8)
        np.savez(content, head, *value.values(), allow_pickle=False)
        write_bytes(self._path(key), sealed(content.getvalue()))

    def __delitem__(self, key: str) -> None:
        try:
            self._path(key).unlink()
        except FileNotFoundError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        for path in sorted(self.folder.glob("*.npz")):
            stored = _stored_at(path)
            if stored is not None and self._path(stored[0]) == path:
                yield stored[0]

    def __len__(self) -> int:
        return sum(1 for _ in self)


_TASKS: Final = 4
"""A worker's share at a time, where a backend gives back nothing before all of them are done."""


def batch(
    function: Callable[..., Numbers],
    tasks: Mapping[str, tuple[Any, ...]],
    *,
    store: MutableMapping[str, Numbers] | None = None,
    work: str = Message("refitting"),
) -> dict[str, Numbers]:
    """Run a function on many arguments.

    Tasks run in threads of this process, as many as there are processors, unless the caller
    chose another backend: inside ``joblib.parallel_config(backend="loky")``, or any that is
    registered with joblib, the same tasks go to processes or to a cluster. Every task carries its
    design and data; workers compile for themselves. Backends that give back nothing before all is
    done, as joblib's own "multiprocessing" and that of Ray, get a few tasks a worker at a time.

    Parameters
    ----------
    function : callable
        Defined in a module, so that it can travel; takes a task's arguments.
    tasks : mapping of str to tuple
        Arguments by a key that names the task and all that its result depends on.
    store : mutable mapping of str to dict, optional
        Results by key: those found there are not computed again, and new ones are put there as
        soon as they are known, so that an interrupted batch loses nothing. Those that are spoilt
        are computed again, with a warning.
    work : str, default "refitting"
        The work, for progress.

    Returns
    -------
    dict of str to dict of ndarray
        In the order of ``tasks``.
    """
    results = {} if store is None else _stored(tasks, store, work)
    missing = [key for key in tasks if key not in results]
    done = len(results)
    progress.say(work, done, len(tasks))
    # Threads that each set this for themselves would undo it for one another.
    with one_thread():
        for key, value in _results(function, {key: tasks[key] for key in missing}):
            results[key] = value
            if store is not None:
                store[key] = value
            done += 1
            progress.say(work, done, len(tasks))
    return {key: results[key] for key in tasks}


def _results(
    function: Callable[..., Numbers], tasks: Mapping[str, tuple[Any, ...]]
) -> Iterator[tuple[str, Numbers]]:
    """Yield results as soon as the backend gives them."""
    from joblib import Parallel, delayed
    from joblib.parallel import SequentialBackend, get_active_backend

    backend, chosen = get_active_backend(prefer="threads")
    jobs = -1 if chosen is None else chosen
    calls = [delayed(_keyed)(function, key, arguments) for key, arguments in tasks.items()]
    if backend.supports_return_generator or isinstance(backend, SequentialBackend):
        yield from Parallel(jobs, prefer="threads", return_as="generator_unordered")(calls)
        return
    with Parallel(jobs) as workers:
        for some in batched(calls, _TASKS * backend.effective_n_jobs(jobs)):
            yield from workers(some)


def _stored(
    tasks: Mapping[str, object], store: MutableMapping[str, Numbers], work: str
) -> dict[str, Numbers]:
    # Before they are read: another batch may store more meanwhile.
    there = [key for key in tasks if key in store]
    results = {key: value for key in there if (value := store.get(key)) is not None}
    spoilt = [key for key in there if key not in results]
    if spoilt:
        warnings.warn(
            f"{work}: {len(spoilt)} stored results are spoilt, or were not stored by this version, "
            f"and are computed again: {shown(spoilt, 3)}",
            skip_file_prefixes=(str(Path(__file__).parents[1]),),
        )
    return results


def _stored_at(path: Path) -> tuple[str, Numbers] | None:
    """The key and the result in a file; None where its seal is not that of its bytes."""
    try:
        content = path.read_bytes() if path.is_file() else b""
        if seal_of(io.BytesIO(content)) != "whole":
            return None
        with np.load(io.BytesIO(content[:-SEAL]), allow_pickle=False) as stored:
            key, *names = json.loads(stored["arr_0"].tobytes())
            return str(key), {str(name): stored[f"arr_{k}"] for k, name in enumerate(names, 1)}
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        return None


def _keyed(
    function: Callable[..., Numbers], key: str, arguments: tuple[Any, ...]
) -> tuple[str, Numbers]:
    return key, function(*arguments)
