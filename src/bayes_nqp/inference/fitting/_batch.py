"""Many independent tasks: in parallel, with progress, resumed where they were interrupted."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, MutableMapping
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from multiprocessing import TimeoutError as Late
from multiprocessing.pool import IMapIterator, ThreadPool
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core import progress
from bayes_nqp._core.exceptions import StudyError, brief, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import Shelf
from bayes_nqp._core.parallel import Dispatch, crew, pickled
from bayes_nqp._core.threads import n_threads, one_thread
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting._serialize import packed, unpacked

type Numbers = dict[str, npt.NDArray[Any]]
"""Result of a task: arrays by name, small enough to transfer and to store."""


_PULSE: Final = 0.5
"""Seconds after which waiting starts again."""


class Kept(MutableMapping[str, Numbers]):
    """Results of tasks in a folder, so that a later batch finds them.

    A result is stored completely or not at all, with a digest that includes its key. A damaged
    result counts as missing, although its key is found by ``in``. Several batches can share a
    folder; if they compute the same task, the last result is kept.

    Parameters
    ----------
    folder : str, Path or Shelf
        Created if it does not exist.
    prefix : str, default ""
        Prefix of keys in the folder, so that several mappings can share it.

    Raises
    ------
    StudyError
        If the folder cannot be created.
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


def batch(
    function: Callable[..., Numbers],
    tasks: Mapping[str, tuple[Any, ...]],
    *,
    store: MutableMapping[str, Numbers] | None = None,
    work: str = Message("refitting"),
) -> dict[str, Numbers]:
    """Run a function on many arguments.

    Tasks run in threads of this process, as many as are available, or on `workers`.

    Parameters
    ----------
    function : callable
        Defined in a module, so that it can be pickled; takes a task's arguments.
    tasks : mapping of str to tuple
        Arguments by a key that names the task and all inputs of its result.
    store : mutable mapping of str to dict, optional
        Results by key. Results in it are not computed again, and new ones are added as soon as they
        are known, so that an interrupted batch loses nothing. Damaged results are computed again,
        with a warning. If nothing more can be stored, as on a full disk, the batch continues
        without storing, with a warning.
    work : str, default "refitting"
        Description of the work, for progress.

    Returns
    -------
    dict of str to dict of ndarray
        In the order of ``tasks``.

    Raises
    ------
    StudyError
        If tasks lost their worker twice; all others are stored then.
    """
    results = {} if store is None else _stored(tasks, store, work)
    missing = {key: tasks[key] for key in tasks if key not in results}
    done = len(results)
    progress.say(work, done, len(tasks))
    chosen = crew()
    sent = Dispatch(chosen, function, _lighter(function, missing)) if chosen is not None else None
    with closing(_here(function, missing) if sent is None else iter(sent)) as arrivals:
        for key, value in arrivals:
            results[key] = {name: np.asarray(x, order="C") for name, x in value.items()}
            store = _deposit(store, key, results[key], work)
            done += 1
            progress.say(work, done, len(tasks))
    if done < len(tasks) and sent is not None:
        raise _lost(len(tasks) - done, len(tasks), store, sent.fault)
    return {key: results[key] for key in tasks}


def _lighter(
    function: Callable[..., Numbers], tasks: Mapping[str, tuple[Any, ...]]
) -> dict[str, tuple[Any, ...]]:
    """Remove from panels the columns without a role whose names occur nowhere in the task."""
    parts = {id(part): part for arguments in tasks.values() for part in arguments}
    panels = {place: part for place, part in parts.items() if isinstance(part, Panel)}
    others = [part for place, part in parts.items() if place not in panels]
    words = b"".join(map(pickled, [function, *others]))
    lighter = {place: _narrow(panel, words) for place, panel in panels.items()}
    return {
        key: tuple(lighter.get(id(part), part) for part in arguments)
        for key, arguments in tasks.items()
    }


def _narrow(panel: Panel, words: bytes) -> Panel:
    roles = {column for _, column in panel.roles.named()}
    frame = panel.frame[[c for c in panel.frame if c in roles or str(c).encode() in words]]
    frame.attrs = {}
    return replace(panel, frame=frame)


def _here(
    function: Callable[..., Numbers], tasks: Mapping[str, tuple[Any, ...]]
) -> Generator[tuple[str, Numbers]]:
    """Do tasks in threads of this process, in no order; one by one where there is one thread."""
    attempt, threads = partial(_attempt, function), min(n_threads(), len(tasks))
    if threads < 2:
        for key, value, error in map(attempt, tasks.items()):
            if error is not None:
                raise error
            yield key, value
        return
    # Unlike an executor's, its threads do not prevent an interrupted program from ending.
    pool = ThreadPool(threads)
    try:
        results = pool.imap_unordered(attempt, tasks.items())
        for _ in tasks:
            key, value, error = _awaited(results)
            if error is not None:
                raise error
            yield key, value
    finally:
        pool.terminate()


def _attempt(
    function: Callable[..., Numbers], task: tuple[str, tuple[Any, ...]]
) -> tuple[str, Numbers, BaseException | None]:
    key, arguments = task
    try:
        with one_thread():
            return key, function(*arguments), None
    except BaseException as error:  # raised by the thread that waits for it
        return key, {}, error


def _awaited[T](results: IMapIterator[T]) -> T:
    """The next result: waiting without an end would be deaf to Ctrl-C on Windows."""
    while True:
        with suppress(Late):
            return results.next(timeout=_PULSE)


def _lost(
    missing: int,
    total: int,
    store: MutableMapping[str, Numbers] | None,
    fault: BaseException | None,
) -> StudyError:
    """Name the tasks that lost their worker twice, and the results that are kept."""
    if isinstance(store, Kept):
        hint = "nothing is lost: run it again"
    elif store is not None:
        hint = (
            "run it again: finished refits stay in memory with the fit; store= keeps them on disk"
        )
    else:
        hint = "run it again, with store=, which keeps finished refits"
    return StudyError(
        f"{missing:,} of {total:,} refits are missing: their worker processes ended twice",
        where=f"{type(fault).__name__}: {brief(str(fault), 300)}",
        hint=f"{hint}; fewer workers, if memory was short",
    )


def _stored(
    tasks: Mapping[str, object], store: MutableMapping[str, Numbers], work: str
) -> dict[str, Numbers]:
    # Before they are read, because another batch may store results meanwhile.
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
    warnings.warn(text, skip_file_prefixes=(str(Path(__file__).parents[2]),))
