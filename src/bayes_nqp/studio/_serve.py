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

from bayes_nqp.errors import StudyError
from bayes_nqp.files import is_folder, no_file, text_path
from bayes_nqp.language import Message

HOST: Final = "127.0.0.1"
_PREFIX: Final = "bayes-nqp-studio-"
_LOCK: Final = ".lock"


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
    from bayes_nqp.studio._desk import Desk

    with _socket(port) as heard, _workplace(keep) as folder:
        desk, token = Desk(), secrets.token_urlsafe(24)
        os.environ.setdefault("BAYES_NQP_STORE", str(folder / ".store"))
        tempfile.tempdir = str(folder / ".uploads")
        try:
            if file is not None:
                desk.open(file)
            settings = uvicorn.Config(
                application(desk, token), log_level="error", access_log=False, ws_max_size=2**26,
                timeout_graceful_shutdown=1, lifespan="on",
            )  # fmt: skip
            heard.listen()
            ready(f"http://{HOST}:{heard.getsockname()[1]}/{token}/")
            uvicorn.Server(settings).run([heard])
        finally:
            desk.cancel()
            tempfile.tempdir = None


def _check_extra() -> None:
    """Refuse where what pages are made of is not installed."""
    for name in ("shiny", "tomlkit"):
        if find_spec(name) is None:
            raise StudyError(f"{name} is not installed", hint="pip install 'bayes-nqp[studio]'")


@contextmanager
def _socket(port: int) -> Iterator[socket.socket]:
    """Listen on this machine alone."""
    with socket.socket() as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            heard.bind((HOST, port))
        except OSError:
            raise StudyError(f"port {port} is taken", hint="another --port, or none") from None
        yield heard


@contextmanager
def _workplace(keep: Path | None) -> Iterator[Path]:
    """Work in a folder: one that is kept, or one that goes at the end.

    Those of studios that were killed go when the next one starts.
    """
    _swept()
    if keep is not None:
        keep = text_path(keep, "--keep").absolute()
        keep.mkdir(parents=True, exist_ok=True)
        if not is_folder(keep):
            raise StudyError(f"{str(keep)!r} is no folder", hint="another --keep")
    folder = keep if keep is not None else Path(tempfile.mkdtemp(prefix=_PREFIX))
    before = Path.cwd()
    try:
        with FileLock(folder / _LOCK, timeout=0):
            os.chdir(folder)
            uploads = folder / ".uploads"
            uploads.mkdir(exist_ok=True)
            try:
                yield folder
            finally:
                os.chdir(before)
                shutil.rmtree(uploads, ignore_errors=True)
    except Timeout:
        raise StudyError(
            f"another studio works in {str(folder)!r}", hint="close it, or another --keep"
        ) from None
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _swept() -> None:
    """Remove the folders that killed studios left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with FileLock(folder / _LOCK, timeout=0):
                pass
        except (Timeout, OSError):
            continue
        shutil.rmtree(folder, ignore_errors=True)
