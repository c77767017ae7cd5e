"""Many independent tasks: in parallel, with progress, resumed where they were interrupted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from itertools import batched
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp import progress
from bayes_nqp.errors import StudyError, shown
from bayes_nqp.files import Shelf
from bayes_nqp.fitting._parcels import packed, unpacked
from bayes_nqp.language import Message
from bayes_nqp.machine import one_thread

type Numbers = dict[str, npt.NDArray[Any]]
"""What a task returns: arrays by name, small enough to travel and to keep."""


class Kept(MutableMapping[str, Numbers]):
    """Results of tasks in a folder, so that a later batch finds them.

    A result is there whole or not at all, and sealed with its key: one that was damaged is as good
    as none, though its key counts as there (``in``). Several batches can share a folder; where they
    compute the same task, the last one's result stays.

    Parameters
    ----------
    folder : str, Path or Shelf
        Is made if it is not there.
    prefix : str, default ""
        What keys begin with there, so that several mappings share it.

    Raises
    ------
    StudyError
        If it cannot be made.
    """

    def __init__(self, folder: str | Path | Shelf, prefix: str = "") -> None:
        self.shelf = folder if isinstance(folder, Shelf) else Shelf(Path(folder))
        self.prefix = prefix

    def __getitem__(self, key: str) -> Numbers:
        try:
            head, arrays = unpacked(self.shelf[self.prefix + key])
            return dict(zip(head["names"], arrays, strict=True))
        except (TypeError, ValueError):
            raise KeyError(key) from None

    def __setitem__(self, key: str, value: Numbers) -> None:
        self.shelf[self.prefix + key] = packed({"names": list(value)}, [*value.values()])

    def __delitem__(self, key: str) -> None:
        del self.shelf[self.prefix + key]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.prefix + key in self.shelf

    def __iter__(self) -> Iterator[str]:
        names = (name for name in self.shelf if name.startswith(self.prefix))
        return (name.removeprefix(self.prefix) for name in names)

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
        are computed again, with a warning; where nothing more can be stored, as on a full disk,
        the batch goes on without, with a warning.
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
    with one_thread():
        for key, value in _results(function, {key: tasks[key] for key in missing}):
            results[key] = {name: np.asarray(x, order="C") for name, x in value.items()}
            store = _deposit(store, key, results[key], work)
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
    keys = [key for key in tasks if key in store]
    results = {key: value for key in keys if (value := store.get(key)) is not None}
    spoilt = [key for key in keys if key not in results]
    if spoilt:
        _warn(
            f"{work}: {len(spoilt)} stored results are spoilt, or were not stored by this version, "
            f"and are computed again: {shown(spoilt, 3)}"
        )
    return results


def _deposit(
    store: MutableMapping[str, Numbers] | None, key: str, value: Numbers, work: str
) -> MutableMapping[str, Numbers] | None:
    """Store a result; where that fails, nothing more is stored, and the batch goes on."""
    if store is None:
        return None
    try:
        store[key] = value
    except StudyError as error:
        _warn(f"{work}: results are not stored any more: {error.what}")
        return None
    return store


def _warn(text: str) -> None:
    warnings.warn(text, skip_file_prefixes=(str(Path(__file__).parents[1]),))


def _keyed(
    function: Callable[..., Numbers], key: str, arguments: tuple[Any, ...]
) -> tuple[str, Numbers]:
    return key, function(*arguments)
