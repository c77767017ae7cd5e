"""The studio as a program: a folder of its own, a token, and a server of this machine alone."""

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
        Opened at once.
    keep : Path, optional
        A folder for files, studies and results; by default they go with the studio.
    port : int, default 0
        Any free one by default.
    ready : callable
        Told the address.

    Raises
    ------
    StudyError
        If the extra is not installed, or the file is not there.
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
    """Refuse where what pages are made of is not installed."""
    for name in ("shiny", "tomlkit"):
        if find_spec(name) is None:
            raise StudyError(f"{name} is not installed", hint="pip install 'bayes-nqp[studio]'")


@contextmanager
def _socket(port: int) -> Iterator[socket.socket]:
    """Listen on this machine alone."""
    if not 0 <= port <= _LAST_PORT:
        raise StudyError(
            Message("port={} is no port: these are 0 to {}", str(port), _LAST_PORT),
            hint="another --port, or none",
        )
    with socket.socket() as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            heard.bind((HOST, port))
        except PermissionError:
            raise StudyError(
                Message("port {} may not be used: permission denied", port),
                hint="a --port above 1023, or none",
            ) from None
        except OSError:
            raise StudyError(f"port {port} is taken", hint="another --port, or none") from None
        yield heard


@contextmanager
def _workplace(keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """Work in a folder, with one for uploads in it: one that is kept, or goes at the end.

    Those of studios that were killed go when the next one starts.
    """
    _swept()
    if keep is not None:
        keep = text_path(keep, "--keep").absolute()
        if is_there(keep) and not is_folder(keep):
            raise StudyError(f"{str(keep)!r} is no folder", hint="another --keep")
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
    """Take a folder for one studio alone, if it may be entered and written to."""
    with writing(folder, "--keep"):
        try:
            lock.acquire()
        except Timeout:
            raise StudyError(
                f"another studio works in {str(folder)!r}", hint="close it, or another --keep"
            ) from None
        os.chdir(folder)
    with lock:
        lock.release()  # the first of the two times that it was taken
        yield


def _swept() -> None:
    """Remove the folders that killed studios left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with FileLock(folder / _LOCK, timeout=0):
                pass
        except (Timeout, OSError):
            continue
        shutil.rmtree(folder, ignore_errors=True)
