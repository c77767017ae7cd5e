"""Persistent store of bytes by name, with bounded size."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io._words import writing

_FILE: Final = "kept.sqlite"
_PATIENCE = 10.0
"""Seconds for which another process that writes is waited for."""
_PAUSE = 0.01
"""Seconds between two attempts to open the file."""
_SETUP = (
    "PRAGMA auto_vacuum = FULL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "CREATE TABLE IF NOT EXISTS entry "
    "(name BLOB PRIMARY KEY, used INTEGER, size INTEGER, seal BLOB, content BLOB)",
)
"""A write survives the end of its process at any moment, and costs no wait for the disk."""
_ROOM = 0.8
"""Share of the bound that is left once the oldest entries had to go."""


class Shelf(MutableMapping[str, bytes]):
    """Store of bytes by name, in one SQLite file of a folder.

    Entries are written completely or not at all, with a checksum that includes the name. Damaged
    entries count as missing, and a damaged file is created again. Several processes may share a
    folder; the last write of a name is kept. If entries exceed the bound, the least recently used
    ones are removed.

    Parameters
    ----------
    folder : Path
        Folder of the file; created if missing, with access for its owner only.
    most : int, optional
        Maximal bytes of all entries; unbounded by default.

    Raises
    ------
    StudyError
        If the file cannot be created, read or written.
    """

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self.folder, self.most = folder, most
        self._lock = threading.RLock()
        self._opened: tuple[int, sqlite3.Connection] | None = None
        with writing(folder, "store"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._asked("SELECT 1 FROM entry LIMIT 1")

    def __getitem__(self, name: str) -> bytes:
        rows = self._asked("SELECT seal, content FROM entry WHERE name = ?", _coded(name))
        if not rows or rows[0][0] != _seal(name, rows[0][1]):
            raise KeyError(name)
        with suppress(StudyError):  # where it may only be read
            self._asked("UPDATE entry SET used = ? WHERE name = ?", time.time_ns(), _coded(name))
        return bytes(rows[0][1])

    def __setitem__(self, name: str, content: bytes) -> None:
        if self.most is not None and len(content) > self.most:
            return
        row = (_coded(name), time.time_ns(), len(content), _seal(name, content), content)
        with self._lock:
            self._asked("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)", *row)
            if self.most is not None:
                self._bound(self.most)

    def __delitem__(self, name: str) -> None:
        if not self._asked("DELETE FROM entry WHERE name = ? RETURNING name", _coded(name)):
            raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return bool(self._asked("SELECT 1 FROM entry WHERE name = ?", _coded(name)))

    def __iter__(self) -> Iterator[str]:
        names = self._asked("SELECT name FROM entry ORDER BY name")
        return iter([name.decode("utf-8", "surrogatepass") for (name,) in names])

    def __len__(self) -> int:
        return int(self._asked("SELECT count(*) FROM entry")[0][0])

    @property
    def size(self) -> int:
        """Return the bytes of all entries."""
        return int(self._asked("SELECT coalesce(sum(size), 0) FROM entry")[0][0])

    def _bound(self, most: int) -> None:
        """Remove the least recently used entries if the store is too large."""
        size = self.size
        if size <= most:
            return
        for name, each in self._asked("SELECT name, size FROM entry ORDER BY used"):
            self._asked("DELETE FROM entry WHERE name = ?", name)
            size -= each
            if size <= _ROOM * most:
                return

    def _asked(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of one SQL statement, executed completely or not at all."""
        try:
            return self._attempt(lambda file: file.execute(statement, values).fetchall())
        except sqlite3.Error as error:
            raise StudyError(
                f"'store' {str(self.folder)!r} cannot be used: {error}",
                hint="free disk space, or use another folder",
            ) from error

    def _attempt[T](self, act: Callable[[sqlite3.Connection], T]) -> T:
        """Run an action on the file; if the file is damaged, create it again and retry once.

        SQLite itself waits for other writers, except while the first connection of all turns on
        the write-ahead log and while the last one removes it: these two are retried here.
        """
        until = time.monotonic() + _PATIENCE
        with self._lock:
            while True:
                try:
                    return act(self._file())
                except sqlite3.OperationalError as error:
                    # the lower byte is the primary code of an extended error code
                    busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > until:
                        raise
                    time.sleep(_PAUSE)
                except sqlite3.DatabaseError:
                    self._discard()
                    return act(self._file())

    def _file(self) -> sqlite3.Connection:
        """Return the connection of this process: connections are not valid after a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            file = sqlite3.connect(
                self.folder / _FILE, timeout=_PATIENCE, isolation_level=None,
                check_same_thread=False,
            )  # fmt: skip
            try:
                for statement in _SETUP:
                    file.execute(statement)
            except sqlite3.Error:
                file.close()
                raise
            self._opened = os.getpid(), file
            weakref.finalize(self, _close, *self._opened)
        return self._opened[1]

    def _discard(self) -> None:
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):
                (self.folder / f"{_FILE}{ending}").unlink()


def _close(process: int, file: sqlite3.Connection) -> None:
    """Close a connection in the process that opened it: a fork shares it."""
    if process == os.getpid():
        file.close()


def _coded(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _seal(name: str, content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(_coded(name)).digest() + content).digest()
