"""Lines of the table, stopwatches, and fresh processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Line:
    """One measured claim: a value, and the bar that it is held to.

    Parameters
    ----------
    what, measured, bar : str
        As shown.
    met : bool or None
        None where there is no bar, or nothing was measured.
    detail : str
        Absolute numbers behind it.
    """

    what: str
    measured: str
    bar: str = ""
    met: bool | None = None
    detail: str = ""

    def markdown(self) -> str:
        verdict = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {self.what} | {self.measured} | {self.bar} | {verdict} | {self.detail} |"


@dataclass(frozen=True)
class Settings:
    """What the command line chose."""

    quick: bool = False
    with_causalpy: bool = False
    causalpy_limit: float = 600.0
    say: Callable[[str], None] = field(default=lambda text: None)

    def sampler(self, **changes: Any) -> Any:
        """NUTS as it is compared: the same numbers on both sides."""
        import bayes_nqp as nqp

        short = {"draws": 200, "tune": 200} if self.quick else {"draws": 1000, "tune": 1000}
        return nqp.NUTS(**{"seed": 1, "chains": 4, "target_accept": 0.9, **short, **changes})


@dataclass
class Watch:
    """Seconds of wall clock, and of processor time in this process."""

    wall: float = 0.0
    cpu: float = 0.0

    def __str__(self) -> str:
        return f"{seconds(self.wall)} (CPU {seconds(self.cpu)})"


@contextmanager
def watch() -> Iterator[Watch]:
    found = Watch()
    wall, cpu = time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def best(call: Callable[[], object], repeats: int = 3) -> Watch:
    """The quickest of several runs: what the machine does when left alone."""
    runs = []
    for _ in range(repeats):
        with watch() as w:
            call()
        runs.append(w)
    return min(runs, key=lambda w: w.wall)


def seconds(value: float) -> str:
    """Seconds with the digits that mean something."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    if value < 0.1:
        return f"{value * 1e3:.1f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def times(value: float) -> str:
    """A ratio."""
    return f"{value:.2f}×" if value < 10 else f"{value:,.0f}×"


def user_environment(**changes: str) -> dict[str, str]:
    """The environment as a user would have it: threads are the library's business."""
    env = {k: v for k, v in os.environ.items() if k not in THREADS}
    return {**env, **changes}


def fresh(arguments: list[str], env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run the probe in a fresh process; its last line is JSON."""
    command = [sys.executable, "-m", "benchmarks._speed.probe", *arguments]
    began = time.time()
    run = subprocess.run(
        [*command, "--began", repr(began)],
        cwd=ROOT, env=dict(env or user_environment()), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout.splitlines()[-1])
