"""First fits in fresh processes, refits, and import times."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._speed.measure import (
    Line,
    Settings,
    best,
    fresh,
    seconds,
    times,
    user_environment,
)


def first_lines(settings: Settings) -> Iterator[Line]:
    import bayes_nqp as nqp

    samplers = ["default", "NUTS"] if hasattr(nqp, "Importance") else ["NUTS"]
    for name in samplers:
        with tempfile.TemporaryDirectory() as folder:
            env = _caches(Path(folder))
            settings.say(f"first fit ({name}), empty caches")
            cold = fresh(["first", "--sampler", name], env)
            settings.say(f"first fit ({name}), warm caches")
            same = fresh(["first", "--sampler", name], env)
            other = ["first", "--sampler", name, "--units", "310", "--levels", "3", "--seed", "7"]
            warm = min((fresh(other, env) for _ in range(2)), key=lambda f: f["whole"])
        yield from _first(name, cold, warm, same)


def _caches(folder: Path) -> dict[str, str]:
    compiled = f"base_compiledir={folder / 'pytensor'}"
    return user_environment(NUMBA_CACHE_DIR=str(folder / "numba"), PYTENSOR_FLAGS=compiled)


def _first(
    name: str, cold: dict[str, Any], warm: dict[str, Any], same: dict[str, Any]
) -> Iterator[Line]:
    label = f"first fit, 300 × 13, unit deviations, AR(1), {name} sampler"
    yield Line(
        f"{label}: fresh process, warm caches, new panel and structure",
        seconds(warm["whole"]),
        "≤ 5 s",
        warm["whole"] <= 5,
        f"best of 2; {seconds(warm['before'])} until the panel is there, "
        f"{seconds(warm['fit'])} in fit; CPU {seconds(warm['cpu'])}; gate {warm['gate']}",
    )
    yield Line(
        f"{label}: fresh process, empty caches",
        seconds(cold["whole"]),
        "≤ 15 s",
        cold["whole"] <= 15,
        f"{seconds(cold['before'])} until the panel is there, {seconds(cold['fit'])} in fit; "
        f"CPU {seconds(cold['cpu'])}",
    )
    equal = cold["draws"] == same["draws"]
    yield Line(
        f"same seed, empty and filled cache, {name} sampler",
        "identical draws" if equal else "different draws",
        "identical draws",
        equal,
    )
    refits = {"new outcome": "outcome", "permuted cohorts": "cohorts"}
    for what, key in refits.items():
        took = min(cold[key], warm[key], same[key])
        cpu = min(f[f"{key}_cpu"] for f in (cold, warm, same))
        for caches, first in (("warm", warm), ("empty", cold)):
            ratio = took / first["whole"]
            yield Line(
                f"refit ({what}) ÷ first fit with {caches} caches, {name} sampler",
                times(ratio),
                "≤ 0.1×",
                ratio <= 0.1,
                f"{seconds(took)} ÷ {seconds(first['whole'])}; by CPU {times(cpu / first['cpu'])}; "
                f"÷ the first call of fit alone {times(took / first['fit'])}",
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
