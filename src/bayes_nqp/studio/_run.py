"""Run in a separate process: its progress so far, and its cancellation."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any, Final, Literal

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, languages
from bayes_nqp.studio._worker import FIRST

type State = Literal["running", "done", "cancelled", "refused", "broken"]

_GRACE: Final = 1.2
"""Seconds for a run to stop by itself."""
_ENDS: Final[dict[str, State]] = {"done": "done", "refused": "refused", "stopped": "cancelled"}
_KEPT: Final = Message(
    "press Run again; finished computations are kept, and the run continues from there"
)
_KILLED: Final = StudyError(
    Message("the operating system stopped the run, most often because memory ran out"),
    hint=Message("close other programs, or choose fewer columns and groups; then {}", _KEPT),
)
_FAILED: Final = StudyError(
    Message(
        "the run stopped because of an error in the program; your file and your study are"
        " not the cause"
    ),
    hint=Message("{}; if it stops again, send its log to the authors of the program", _KEPT),
)


@dataclass(eq=False)
class Run:
    """Run of a study.

    Parameters
    ----------
    number : int
        Number of the run, from 1 on.
    text : str
        Text of the study.
    folder : Path
        Folder of the results.
    expected : int
        Number of checks in the study.
    """

    number: int
    text: str
    folder: Path
    expected: int = 0
    state: State = "running"
    step: dict[str, Any] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    answered: bool = False
    assumed: bool = False
    error: dict[str, str] = field(default_factory=dict)
    told: int = 0
    """Events so far; displays of a run poll this list."""
    began: float | None = field(default_factory=time.monotonic)
    first: float = 0.0
    ended: float = 0.0
    _process: subprocess.Popen[str] | None = None

    @property
    def early(self) -> Path:
        """Folder of the results that are shown before all checks are finished."""
        return self.folder.with_name(f"{self.folder.name}-{FIRST}")

    @property
    def study(self) -> Path:
        """File of the study's text at the start of the run."""
        return self.folder.with_name(f"{self.folder.name}.toml")

    @property
    def log(self) -> Path:
        """File to which the process writes its log."""
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def seconds(self) -> float | None:
        """Run time so far in seconds; None if unknown."""
        return None if self.began is None else (self.ended or time.monotonic()) - self.began

    @property
    def left(self) -> float | None:
        """Estimated number of seconds left, from the finished checks.

        The first checks are quick; there is no estimate before a third of them are finished.
        """
        done = len(self.checks)
        if not self.answered or 3 * done < self.expected:
            return None
        return (time.monotonic() - self.first) / done * max(self.expected - done, 0)

    def start(self, study: Path) -> None:
        """Start the process in the folder of the study."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bayes_nqp.studio._worker", study.name, str(self.folder)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                encoding="utf-8", errors="replace", cwd=study.parent, start_new_session=True,
                env={**os.environ, "PYTHONUTF8": "1"},
            )  # fmt: skip
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def cancel(self) -> None:
        """Ask the process to stop; then stop it with all its child processes."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self.state = "cancelled"
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        _end(process)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the process has ended and all its output is read."""
        until = None if seconds is None else time.monotonic() + seconds
        while not self.ended and (until is None or time.monotonic() < until):
            time.sleep(0.02)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        end: State = "broken"
        with process:
            for line in process.stdout or ():
                with contextlib.suppress(
                    ValueError, KeyError, TypeError
                ):  # not an event of the run
                    event = json.loads(line)
                    end = _ENDS.get(event["event"], end)
                    self._hear(event)
        _end(process)
        if self.state == "running":
            self.state = end
        if self.state == "broken":
            words = _KILLED if process.returncode < 0 else _FAILED
            self.error = {x: words.in_(x) for x in languages()}
        else:
            self.log.unlink(missing_ok=True)
        self.ended = time.monotonic()
        self.told += 1

    def _hear(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "step":
                self.step = event
            case "answer":
                self.answered, self.first = True, time.monotonic()
            case "assumptions":
                self.assumed = True
            case "check":
                self.checks.append(event)
            case "refused":
                self.error = event["text"]
        self.told += 1


def kept_runs(stem: str) -> list[Run]:
    """Find the finished runs of a study that an earlier studio left in the working directory.

    Parameters
    ----------
    stem : str
        Stem of the study's file name.
    """
    runs = []
    for report in Path("results").glob(f"{escape(stem)}-*/report/report.html"):
        folder = report.parent.parent
        number = folder.name.removeprefix(f"{stem}-")
        if number.isdecimal():
            run = Run(int(number), "", folder, state="done", answered=True, ended=time.monotonic())
            if run.study.exists():
                run.began = None
                with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                    facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
                    run.began = run.ended - float(facts["seconds"])
                with contextlib.suppress(OSError, ValueError):
                    run.text = run.study.read_text(encoding="utf-8")
                    runs.append(run)
    return sorted(runs, key=lambda run: run.number)


def _end(process: subprocess.Popen[str]) -> None:
    """Stop a process and its children, which form one process group."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
    else:
        process.kill()
