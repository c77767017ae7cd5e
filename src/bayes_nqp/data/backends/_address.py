"""Parse the address of a table: files, a database table, or an environment variable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from bayes_nqp._core.exceptions import NQPError, PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import is_folder, no_file

_READERS: Final = {
    ".parquet": "read_parquet", ".csv": "read_csv", ".tsv": "read_csv", ".gz": "read_csv",
}  # fmt: skip
_DATABASE: Final = "duckdb:"
_VARIABLE: Final = "env:"
_SECRETS: Final = (
    (re.compile(r"://[^/\s'\"]*@"), "://…@"),
    (re.compile(r"(://[^\s'\"?#]*)\?[^\s'\"#]*"), r"\1?…"),
    (re.compile(r"(?i)\b(pass\w*|pwd|token|secret|user\w*)(\s*[=:]\s*)\S+"), r"\1\2…"),
)
_WORDS: Final = 300
"""Maximum length of a driver's message."""


@dataclass(frozen=True, slots=True)
class Address:
    """Location of a table.

    Parameters
    ----------
    kind : {"files", "database", "url", "variable"}
        Files with tables, possibly with ``*``; a table of a DuckDB file; a table of a server; or an
        environment variable that contains the address.
    place : str
        Path, URL, or name of the variable.
    table : str
        Table of a database; empty otherwise.
    """

    kind: Literal["files", "database", "url", "variable"]
    place: str
    table: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Parse an address; an address with a password is rejected.

        Raises
        ------
        StudyError
            If the address contains a user or a password, or lacks the table of a database.
        """
        if text.startswith(_VARIABLE):
            return cls("variable", text.removeprefix(_VARIABLE))
        if re.search(r"://[^/\s]*@", text):
            raise StudyError(
                Message("the address {!r} contains a user name or a password", redacted(text)),
                hint=Message(
                    'write "env:NAME", and store the address in the environment variable NAME'
                ),
            )
        return cls._plain(text)

    @classmethod
    def _plain(cls, text: str) -> Self:
        if not text.startswith(_DATABASE) and _suffix(text) in _READERS:
            return cls("files", text)
        if not text.startswith(_DATABASE) and "://" not in text:
            raise PanelError(
                Message("rows={!r} is not a readable table", redacted(text)),
                hint=Message(
                    "{}; or a relation or lazy frame of a database engine", shown([*_READERS])
                ),
            )
        place, _, table = text.removeprefix(_DATABASE).partition("#")
        if not table:
            raise StudyError(
                Message("the address {!r} does not give a table", redacted(text)),
                hint=Message('add the table name after #, as in "duckdb:firms.duckdb#rows"'),
            )
        return cls("database" if text.startswith(_DATABASE) else "url", place, table)

    @property
    def folder(self) -> Path | None:
        """Return the folder of the files; None for other addresses."""
        if self.kind not in {"files", "database"} or "://" in self.place:
            return None
        parts = Path(self.place).parts
        fixed = next((k for k, x in enumerate(parts) if "*" in x or "?" in x), len(parts) - 1)
        return Path(*parts[: min(fixed, len(parts) - 1)])

    @property
    def files(self) -> list[Path]:
        """Return the local files of the address."""
        if self.folder is None:
            return []
        pattern = str(Path(self.place).relative_to(self.folder))
        return sorted(x for x in self.folder.glob(pattern) if not is_folder(x))

    def moved(self, way: Callable[[str], str]) -> Address:
        """Return the address with another path of its files."""
        return self if self.folder is None else replace(self, place=way(self.place))

    def found(self) -> Address:
        """Return the address stored in an environment variable.

        Raises
        ------
        StudyError
            If the variable is not set.
        """
        if self.kind != "variable":
            return self
        text = os.environ.get(self.place, "")
        if not text or text.startswith(_VARIABLE):
            raise StudyError(
                Message("the environment variable {!r} does not contain an address", self.place),
                hint=Message(
                    'an address such as "firms/*.parquet", or a URL followed by # and the'
                    " table name"
                ),
            )
        return Address._plain(text)

    def __str__(self) -> str:
        """Return the address as text."""
        head = {"database": _DATABASE, "variable": _VARIABLE}.get(self.kind, "")
        return f"{head}{self.place}" + (f"#{self.table}" if self.table else "")


def redacted(text: str) -> str:
    """Remove users, passwords and query strings from displayed text."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


@contextmanager
def opened(rows: Any, memory: str | None) -> Iterator[tuple[Any, str]]:
    """Open the table at an address; other objects are returned unchanged.

    Parameters
    ----------
    rows : str, Path, or any lazy frame
        Address, or an object of an engine.
    memory : str or None
        Memory limit of DuckDB, beyond which it writes to disk, such as ``"2GB"``.

    Yields
    ------
    tuple of object and str
        Object for narwhals, and the host and database of a server.

    Raises
    ------
    PanelError
        If the engine cannot read the table; messages of a driver are shown without users and
        passwords.
    """
    if not isinstance(rows, str | Path):
        if memory is not None:
            raise StudyError(
                Message("memory={!r} applies only to rows given by an address", memory),
                hint="set the memory limit of the connection to which the rows belong",
            )
        yield rows, ""
        return
    named = Address.of(str(rows))
    address = named.found()
    for file in address.files:
        if wrong := no_file(file):
            raise PanelError(
                Message(
                    "rows={!r} cannot be read: {!r} {}", redacted(str(named)), file.name, wrong
                ),
                hint=Message("files that contain tables"),
            )
    remote = address.kind == "url"
    engine = imported("ibis" if remote else "duckdb")
    faults = Exception if remote else engine.Error
    with TemporaryDirectory(prefix="bayes_nqp-") as spilled:
        try:
            if remote:
                url = urlsplit(address.place)
                where = f"{url.hostname or ''}{url.path}"
                yield engine.connect(address.place).table(address.table), where
            else:
                with _connected(engine, address, spilled, memory) as native:
                    yield native, ""
        except NQPError:
            raise
        except faults as error:
            words = str(error).replace(address.place, "…") if named != address else str(error)
            shown_as = Path(named.place).name if named.kind == "files" else redacted(str(named))
            # The error of the driver contains the address and is therefore not chained.
            raise PanelError(
                Message("rows={!r} cannot be read: {}", shown_as, redacted(words)[:_WORDS]),
                hint="check the path or address, and the columns",
            ) from None


@contextmanager
def _connected(engine: Any, address: Address, spilled: str, memory: str | None) -> Iterator[Any]:
    """Return a relation of DuckDB."""
    limits = {"temp_directory": spilled, "preserve_insertion_order": False}
    limits |= {} if memory is None else {"memory_limit": memory}
    base = address.kind == "database"
    place = address.place if base else ":memory:"
    with engine.connect(place, read_only=base, config=limits) as connection:
        connection.execute("SET enable_progress_bar = false")
        if base:
            yield connection.table(address.table)
        else:
            yield getattr(connection, _READERS[_suffix(address.place)])(address.place)


def _suffix(place: str) -> str:
    return Path(urlsplit(place).path if "://" in place else place).suffix.lower()


def imported(name: str) -> Any:
    """Import a package of an optional dependency group."""
    try:
        return import_module(name)
    except ImportError as error:
        raise StudyError(
            Message("{} is not installed", name), hint="pip install 'bayes-nqp[tables]'"
        ) from error
