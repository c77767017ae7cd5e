"""First fits in fresh processes, refits, checks, and import times."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._speed.measure import (
    Line,
    Settings,
    best,
    fresh,
    seconds,
    user_environment,
)

ONE_THREAD = dict.fromkeys(
    ("BAYES_NQP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)


def first_lines(settings: Settings) -> Iterator[Line]:
    """A first fit in a fresh process with empty caches, one again, refits; all on one thread."""
    label = "300 × 13, 2 × 2 strata, unit deviations, AR(1)"
    with tempfile.TemporaryDirectory() as folder:
        env = user_environment(**ONE_THREAD, XDG_CACHE_HOME=folder)
        settings.say("first fit, empty caches")
        cold = min((fresh(["first"], env) for _ in range(2)), key=lambda f: f["cpu"])
        settings.say("all checks of castle doctrine")
        checked = fresh(["checks"], env)
    yield Line(
        f"first fit, {label}: fresh process, empty caches, imports included, CPU",
        seconds(cold["cpu"]),
        "≤ 5 s",
        cold["cpu"] <= 5,
        f"wall {seconds(cold['whole'])}; {seconds(cold['fit'])} in fit; gate {cold['gate']}; best "
        "of 2",
    )
    yield Line(
        "the same, warm, plan included, CPU",
        seconds(cold["same_cpu"]),
        "≤ 1 s",
        cold["same_cpu"] <= 1,
        f"wall {seconds(cold['same'])}",
    )
    for what, key in {"outcome simulated": "outcome", "cohorts dealt": "cohorts"}.items():
        yield Line(
            f"refit of a check ({what} anew), plan included, CPU",
            seconds(cold[f"{key}_cpu"]),
            "≤ .25 s",
            cold[f"{key}_cpu"] <= 0.25,
            f"wall {seconds(cold[key])}",
        )
    yield Line(
        f"all {checked['checks']} checks of castle doctrine, CPU",
        seconds(checked["cpu"]),
        "≤ 10 s",
        checked["cpu"] <= 10,
        f"wall {seconds(checked['wall'])}",
    )


def import_lines(settings: Settings) -> Iterator[Line]:
    env = user_environment()
    commands = {
        "import bayes_nqp": [sys.executable, "-c", "import bayes_nqp"],
        "bayes-nqp --help": [str(Path(sys.executable).with_name("bayes-nqp")), "--help"],
    }
    for name, command in commands.items():
        settings.say(name)
        took = best(
            lambda c=command: subprocess.run(c, env=env, check=True, capture_output=True), 5
        )
        yield Line(
            f"`{name}`, start of Python included",
            seconds(took.wall),
            "≤ 0.5 s",
            took.wall <= 0.5,
            "best of 5",
        )
