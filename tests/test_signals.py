"""Signals that end a program clean up as Ctrl-C does; a library leaves them alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from filelock import BaseFileLock

from bayes_nqp._core.interrupts import Stopped, heed, interruption, stoppable
from bayes_nqp._core.io import write_text

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX"),
    pytest.mark.usefixtures("heard_signals"),
]

STOPPED = [signal.SIGTERM, signal.SIGHUP] if os.name == "posix" else []

PROGRAM = """
import sys, time
import bayes_nqp as nqp
from small_tasks import slow
from bayes_nqp._core import progress
from bayes_nqp._core.io import place, write_text
from bayes_nqp.inference.fitting import batch
from bayes_nqp._core.threads import within
from bayes_nqp._core.interrupts import stoppable

def tell(what, done, total):
    if done == 4:
        print("begun", flush=True)

try:
    with stoppable(), place(sys.argv[1], force=True) as ready:
        write_text(ready.draft / "a.txt", "half")
        if sys.argv[2] == "alone":
            print("begun", flush=True)
            time.sleep(60)
        where = nqp.workers(2) if sys.argv[2] == "workers" else within(2)
        with where, progress.listening(tell):
            batch(slow, {f"task {k}": (k, sys.argv[1]) for k in range(12)})
        ready.finish()
except KeyboardInterrupt as stop:
    sys.exit(getattr(stop, "code", 130))
"""


@pytest.mark.parametrize("number", STOPPED)
def test_a_signal_is_an_interruption(number: int) -> None:
    with pytest.raises(Stopped) as stopped, stoppable():
        signal.raise_signal(number)
    assert isinstance(stopped.value, KeyboardInterrupt)
    assert (stopped.value.number, stopped.value.code) == (number, 128 + number)
    assert signal.getsignal(number) is signal.SIG_DFL


def test_what_swallows_the_exception_does_not_swallow_the_signal() -> None:
    with stoppable():
        assert type(interruption()) is KeyboardInterrupt
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert isinstance(interruption(), Stopped)
        with pytest.raises(Stopped):
            heed()
    with stoppable():
        heed()
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt) as stopped:
            heed()
        assert type(stopped.value) is KeyboardInterrupt
    heed()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_while_a_lock_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python prints what a `__del__` raises, and goes on."""
    collected = BaseFileLock.__del__

    def struck(lock: BaseFileLock) -> None:
        signal.raise_signal(signal.SIGTERM)
        collected(lock)

    monkeypatch.setattr(BaseFileLock, "__del__", struck)
    with pytest.raises(Stopped), stoppable():
        write_text(tmp_path / "a.txt", "whole")
    monkeypatch.undo()
    assert {p.name: p.read_text(encoding="utf-8") for p in tmp_path.iterdir()} == {"a.txt": "whole"}


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_an_ignored_signal_and_a_host_s_handler_stay(handler: object) -> None:
    former = signal.signal(signal.SIGHUP, handler)  # type: ignore[arg-type]
    try:
        with stoppable():
            assert signal.getsignal(signal.SIGHUP) is handler
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is handler
    finally:
        signal.signal(signal.SIGHUP, former)


def test_another_thread_changes_nothing() -> None:
    found = []

    def inside() -> None:
        with stoppable():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]


def test_a_system_without_hangup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP")
    with pytest.raises(Stopped), stoppable():
        signal.raise_signal(signal.SIGTERM)


def _alive(group: int) -> list[str]:
    """Processes of a group that are more than a zombie."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [row[-1] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


def _waited(true: Callable[[], bool]) -> bool:
    for _ in range(100):
        if true():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ps") is None, reason="ps lists processes")
@pytest.mark.parametrize("backend", ["alone", "threads", "workers"])
@pytest.mark.parametrize("number", [signal.SIGINT, *STOPPED])
def test_a_stopped_program_leaves_nothing(tmp_path: Path, number: int, backend: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "out"), backend],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    assert len(list(tmp_path.iterdir())) == 2
    process.send_signal(number)
    _, err = process.communicate(timeout=50)
    assert process.returncode == 128 + number, err
    assert not list(tmp_path.iterdir())
    assert _waited(lambda: not _alive(process.pid)), "its workers are still there"
