"""Start a studio in a separate process, and a browser if there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("shiny", reason="without the extra 'studio'")


class Served:
    """A studio: its address and its process."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        environment = {
            **os.environ,
            "BAYES_NQP_STORE": str(folder / "store"),
            "TMPDIR": str(folder),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bayes_nqp", "studio", "--no-browse", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
            cwd=folder, env=environment,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()

    def end(self) -> str:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.communicate(timeout=60)[0]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*arguments: str) -> Served:
        started.append(Served(tmp_path, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.end()


@pytest.fixture
def tab(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(
        viewport={"width": 1200, "height": 900}, locale="en-GB",
        reduced_motion="reduce",  # colours on their way from one to another have no contrast
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(90_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    elsewhere = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
    assert [url for url in asked if not url.startswith(elsewhere)] == []
