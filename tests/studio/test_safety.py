"""Accepted requests, accepted messages, and files that are served as pages."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.studio.conftest import Served

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.studio import serve

connect = pytest.importorskip("websockets.sync.client", reason="without websockets").connect
InvalidStatus = pytest.importorskip("websockets.exceptions").InvalidStatus


class Caller:
    """A client that has the complete address."""

    def __init__(self, served: Served) -> None:
        self.folder = served.folder
        self.host, self.token = re.fullmatch(r"http://([^/]+)/([^/]+)/", served.address).groups()

    def ask(
        self, way: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Request an address behind the token; a header of None keeps its default."""
        connection = HTTPConnection(self.host, timeout=60)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, f"/{self.token}/{way}", body, named)
        answer = connection.getresponse()
        found = answer.status, {k.lower(): x for k, x in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def send(self, name: str, content: bytes) -> str:
        """Upload a file; its id."""
        status, _, body = self.ask(f"upload?name={quote(name)}", "POST", content)
        assert status == 200, body
        return str(json.loads(body)["id"])

    def open(self, upload: Any) -> dict[str, str]:
        """Send a file to the page, and return the resulting outputs by name."""
        shown: dict[str, str] = {}
        with connect(f"ws://{self.host}/{self.token}/websocket/", origin=self.origin) as socket:
            start = {
                ".clientdata_output_pages_hidden": False, "language": "en",
                ".clientdata_output_failure_hidden": False,
                ".clientdata_output_body_data_hidden": False,
            }  # fmt: skip
            socket.send(json.dumps({"method": "init", "data": start}))
            for message in self._until(socket, shown, "body_data"):
                del message
            shown.pop("body_data")
            socket.send(json.dumps({"method": "update", "data": {"upload": upload}}))
            for message in self._until(socket, shown, "body_data"):
                del message
        return shown

    @property
    def origin(self) -> Any:
        return f"http://{self.host}"

    @staticmethod
    def _until(socket: Any, shown: dict[str, str], name: str) -> Iterator[Any]:
        while name not in shown:
            message = json.loads(socket.recv(timeout=60))
            for key, value in (message.get("values") or {}).items():
                shown[key] = value["html"] if isinstance(value, dict) else str(value)
            yield message


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    folder = tmp_path_factory.mktemp("studio")
    (folder / "secret.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    served = Served(folder, "--keep", "kept")
    yield Caller(served)
    served.end()


@pytest.fixture(scope="module")
def rows() -> bytes:
    panel = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1).panel
    return panel.frame.to_csv(index=False).encode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:80"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
    ],
)
def test_another_host_or_origin_is_refused(
    caller: Caller, headers: dict[str, str], status: int
) -> None:
    assert caller.ask("", **headers)[0] == status


def test_a_socket_of_another_origin_is_refused(caller: Caller) -> None:
    way = f"ws://{caller.host}/{caller.token}/websocket/"
    for origin in ("http://evil.example", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus, match="403"), connect(way, origin=origin):
            pass


@pytest.mark.parametrize(
    "forged",
    [
        [{"name": "secret.csv", "datapath": "SECRET", "size": 9, "type": "text/csv"}],
        "SECRET", "../secret.csv", "unknown", 5, {"id": "SECRET"},
    ],
)  # fmt: skip
def test_a_message_with_a_path_copies_nothing(caller: Caller, forged: Any) -> None:
    secret = str(caller.folder / "secret.csv")
    shown = caller.open(json.loads(json.dumps(forged).replace("SECRET", secret)))
    assert "the file was not received" in shown["failure"]
    assert not [*(caller.folder / "kept").glob("*secret*")]


def test_uploads_are_saved_and_never_shown(caller: Caller, rows: bytes) -> None:
    page = caller.send("x.html", b"<script>alert(1)</script>")
    assert "format that cannot be read" in caller.open(page)["failure"]
    assert caller.ask("files/x.html")[0] == 404
    shown = caller.open(caller.send("50%_#1_.csv", rows))
    assert "50%_#1_.csv" in shown["body_data"]
    status, headers, body = caller.ask(f"files/{quote('50%_#1_.csv')}")
    assert (status, body) == (200, rows)
    assert headers["content-disposition"].startswith("attachment")
    assert headers["content-security-policy"].startswith("sandbox")
    for way in (".lock", ".studies/50%25_%231_.toml", "../secret.csv", "%2e%2e/secret.csv",
                quote(str(caller.folder / "secret.csv"))):  # fmt: skip
        assert caller.ask(f"files/{way}")[0] in (403, 404)


def test_what_is_too_large_is_refused_before_it_is_read(caller: Caller) -> None:
    connection = HTTPConnection(caller.host, timeout=60)
    connection.putrequest("POST", f"/{caller.token}/upload?name=large.csv")
    connection.putheader("Content-Length", "2000000000")
    connection.endheaders()  # and not one byte of the file
    assert connection.getresponse().status == 413
    connection.close()
    assert caller.ask("session/x/upload/y", "POST", b"a")[0] == 403  # shiny's own has no limit


@pytest.mark.slow
def test_a_second_tab_sees_the_file_of_the_first(caller: Caller, rows: bytes) -> None:
    with connect(f"ws://{caller.host}/{caller.token}/websocket/", origin=caller.origin) as second:
        start = {
            ".clientdata_output_pages_hidden": False, "language": "en",
            ".clientdata_output_body_data_hidden": False,
        }  # fmt: skip
        second.send(json.dumps({"method": "init", "data": start}))
        shown: dict[str, str] = {}
        [*caller._until(second, shown, "body_data")]
        assert "of_the_first.csv" not in shown.pop("body_data")
        caller.open(caller.send("of_the_first.csv", rows))
        [*caller._until(second, shown, "body_data")]
        assert "of_the_first.csv" in shown["body_data"]


@pytest.mark.parametrize("port", [70_000, -1])
def test_a_port_that_is_none_is_refused_in_words(port: int) -> None:
    with pytest.raises(StudyError, match=f"port={port} is not a valid port"):
        serve(port=port)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root enters all")
def test_a_folder_that_may_not_be_entered_is_refused_in_words(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    for keep in (closed, closed / "inner"):
        with pytest.raises(StudyError, match="permission denied"):
            serve(keep=keep)


def test_a_folder_below_a_file_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="is not a folder"):
        serve(keep=tmp_path / "file")
    with pytest.raises(StudyError, match="is a file, not a folder"):
        serve(keep=tmp_path / "file" / "inner")


@pytest.mark.slow
def test_a_folder_that_the_system_refuses_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("filelock.FileLock.acquire", refuse)
        with pytest.raises(StudyError, match="permission denied"):
            serve(keep=tmp_path / "kept")
