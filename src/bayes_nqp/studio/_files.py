"""Uploads by their ids, and downloads by their paths."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.studio._workspace import Desk

LARGEST: Final = 500_000_000
"""Maximum size of an upload in bytes; larger tables should be reduced first."""
_SHOWN: Final = (".html", ".png")
"""Endings of result files that the page displays; all other files are saved."""
_SANDBOX: Final = "sandbox; default-src 'none'"


class Uploads:
    """Uploaded files, by the ids that the browser receives for them.

    Parameters
    ----------
    folder : Path
        Folder of the files until they are opened.
    largest : int
        Maximum size of a file in bytes.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder, self._largest = folder, largest
        self._names: dict[str, str] = {}

    async def receive(self, request: Request) -> Response:
        """Write an upload to the disk as it arrives, and return its id.

        An upload that is too large, or does not state its size, is refused before it is read.
        """
        size = request.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > self._largest:
            return PlainTextResponse("413: the file is too large\n", 413, {"connection": "close"})
        key = secrets.token_urlsafe(12)
        try:
            with (self._folder / key).open("wb") as file:
                async for chunk in request.stream():
                    file.write(chunk)
        except OSError as error:
            (self._folder / key).unlink(missing_ok=True)
            return PlainTextResponse(f"507: {error.strerror}\n", 507)
        self._names[key] = request.query_params.get("name", "")
        return JSONResponse({"id": key})

    def take(self, key: object, act: Callable[[Path, str], None]) -> None:
        """Apply a function to an upload and its name, and remove the upload.

        Raises
        ------
        StudyError
            If no upload has that id.
        """
        if not isinstance(key, str) or key not in self._names:
            raise StudyError(
                Message("the file was not received"), hint=Message("choose the file again")
            )
        path = self._folder / key
        try:
            act(path, self._names.pop(key))
        finally:
            path.unlink(missing_ok=True)


def address(path: Path) -> str:
    """Return the address of a file, relative to that of the page."""
    return f"files/{quote(path.as_posix())}"


def served(desk: Desk) -> Callable[[Request], object]:
    """Serve the files of the current study, and no others.

    Reports and figures of runs are displayed; all other files, such as uploaded pages, are saved.
    """

    async def answer(request: Request) -> Response:
        path = Path(request.path_params["path"])
        folders = [folder for run in desk.runs for folder in (run.folder, run.early)]
        inside = ".." not in path.parts and any(path.is_relative_to(x) for x in folders)
        logs = [run.log for run in desk.runs]
        if not path.is_file() or not (inside or path in (desk.file, desk.path, *logs)):
            return PlainTextResponse("404: there is no such file\n", 404)
        if inside and path.suffix in _SHOWN:
            return FileResponse(path)
        return FileResponse(
            path, headers={"content-disposition": "attachment", "content-security-policy": _SANDBOX}
        )

    return answer
