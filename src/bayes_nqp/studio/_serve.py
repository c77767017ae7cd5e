"""The studio as a program: a working directory, a token, and a local server."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import is_folder, is_there, no_file, text_path, writing

HOST: Final = "127.0.0.1"
_PREFIX: Final = "bayes-nqp-studio-"
_LOCK: Final = ".lock"
_LAST_PORT: Final = 65_535


def serve(
    file: Path | None = None,
    *,
    keep: Path | None = None,
    port: int = 0,
    ready: Callable[[str], object] = print,
) -> None:
    """Serve the studio until it is stopped.

    Parameters
    ----------
    file : Path, optional
        File that is opened at the start.
    keep : Path, optional
        Folder for files, studies and results; by default they are deleted with the studio.
    port : int, default 0
        Port of the server; by default any free port.
    ready : callable
        Called with the address.

    Raises
    ------
    StudyError
        If the extra is not installed, or the file does not exist.
    """
    _check_extra()
    if file is not None:
        file = text_path(file, "FILE").absolute()
        if wrong := no_file(file):
            raise StudyError(Message("the file {!r} {}", str(file), wrong), hint="its whole path")
    import uvicorn

    from bayes_nqp.studio._app import application
    from bayes_nqp.studio._workspace import Desk

    with _socket(port) as heard, _workplace(keep) as (folder, uploads):
        desk, token = Desk(), secrets.token_urlsafe(24)
        os.environ.setdefault("BAYES_NQP_STORE", str(folder / ".store"))
        try:
            if file is not None:
                desk.open(file)
            settings = uvicorn.Config(
                application(desk, token, uploads), log_level="error", access_log=False,
                ws_max_size=2**26, timeout_graceful_shutdown=1, lifespan="on",
            )  # fmt: skip
            heard.listen()
            ready(f"http://{HOST}:{heard.getsockname()[1]}/{token}/")
            uvicorn.Server(settings).run([heard])
        finally:
            desk.cancel()


def _check_extra() -> None:
    """Raise if the packages of the extra are not installed."""
    for name in ("shiny", "tomlkit"):
        if find_spec(name) is None:
            raise StudyError(f"{name} is not installed", hint="pip install 'bayes-nqp[studio]'")


@contextmanager
def _socket(port: int) -> Iterator[socket.socket]:
    """Return a socket that listens on this computer only."""
    if not 0 <= port <= _LAST_PORT:
        raise StudyError(
            Message("port={} is not a valid port: use 0 to {}", str(port), _LAST_PORT),
            hint="choose another --port, or leave it out",
        )
    with socket.socket() as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            heard.bind((HOST, port))
        except PermissionError:
            raise StudyError(
                Message("port {} cannot be used: permission denied", port),
                hint="a --port above 1023, or none",
            ) from None
        except OSError:
            raise StudyError(
                f"port {port} is already in use", hint="choose another --port, or leave it out"
            ) from None
        yield heard


@contextmanager
def _workplace(keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """Create a working folder with a folder for uploads; it is kept, or deleted at the end.

    Folders of studios that were killed are deleted when the next one starts.
    """
    _swept()
    if keep is not None:
        keep = text_path(keep, "--keep").absolute()
        if is_there(keep) and not is_folder(keep):
            raise StudyError(
                f"{str(keep)!r} is not a folder", hint="choose another folder with --keep"
            )
        with writing(keep, "--keep"):
            keep.mkdir(parents=True, exist_ok=True)
    folder = keep if keep is not None else Path(tempfile.mkdtemp(prefix=_PREFIX))
    before, lock = Path.cwd(), FileLock(folder / _LOCK, timeout=0)
    try:
        with _locked(lock, folder), tempfile.TemporaryDirectory(
            prefix=".uploads-", dir=folder, ignore_cleanup_errors=True
        ) as uploads:  # fmt: skip
            yield folder, Path(uploads)
    finally:
        os.chdir(before)
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(lock: FileLock, folder: Path) -> Iterator[None]:
    """Lock a folder for one studio, if it can be entered and written to."""
    with writing(folder, "--keep"):
        try:
            lock.acquire()
        except Timeout:
            raise StudyError(
                f"another studio works in {str(folder)!r}", hint="close it, or another --keep"
            ) from None
        os.chdir(folder)
    with lock:
        lock.release()  # the lock was acquired twice
        yield


def _swept() -> None:
    """Delete the folders of killed studios."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with FileLock(folder / _LOCK, timeout=0):
                pass
        except (Timeout, OSError):
            continue
        shutil.rmtree(folder, ignore_errors=True)
