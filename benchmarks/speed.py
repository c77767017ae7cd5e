"""Speed and memory against the row-by-row model and peers, as a Markdown table.

python -m benchmarks.speed [--quick] [--only NAME …] [--write benchmarks/results/speed.md]
                           [--with-causalpy] [--causalpy-limit SECONDS]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks._speed.measure import THREADS, Line, Settings

GROUPS = ("imports", "first", "sampling", "rows", "memory", "units", "reduction", "causalpy")
PACKAGES = ("pymc", "nutpie", "numba", "numpy", "pyfixest")
HEAD = ("| what | measured | bar | met | behind it |", "| --- | ---: | ---: | --- | --- |")


def group(name: str) -> Callable[[Settings], Iterator[Line]]:
    from benchmarks._speed import growth, peer, process, reduction, sampling

    return {
        "imports": process.import_lines,
        "first": process.first_lines,
        "sampling": sampling.lines,
        "rows": growth.rows_lines,
        "memory": growth.memory_lines,
        "units": growth.units_lines,
        "reduction": reduction.lines,
        "causalpy": peer.lines,
    }[name]


def measured(names: Iterable[str], settings: Settings) -> list[Line]:
    """Every line of some groups; a group that fails says so and stops no other."""
    found = []
    for name in names:
        try:
            for line in group(name)(settings):
                found.append(line)
                settings.say(line.markdown())
        except Exception as error:
            traceback.print_exc()
            found.append(Line(name, "failed", "", False, str(error).splitlines()[-1][:200]))
    return found


def document(lines: list[Line], command: str, took: float) -> str:
    packages = ", ".join(f"{p} {version(p)}" for p in PACKAGES)
    held = [line for line in lines if line.met is not None]
    return "\n".join(
        [
            "# Speed",
            "",
            f"Made by `{command}` in {took / 60:.0f} minutes on {os.cpu_count()} cores; Python "
            f"{platform.python_version()}, {packages}. {sum(line.met for line in held)} of "
            f"{len(held)} bars are met.",
            "",
            *HEAD,
            *[line.markdown() for line in lines],
            "",
            *NOTES,
            "",
        ]
    )


NOTES = (
    "Every ratio has both sides from one run, with the same draws, tuning, chains and",
    "target acceptance, chains on all cores and one BLAS thread on either side. Effective draws",
    "are the smallest bulk ESS over all cell effects and the ATT. *Demeaned rows* is the fastest",
    "row-by-row model we could write: on a balanced panel with independent errors unit effects can",
    "be taken out by demeaning, exactly, so that they are no parameters. *Sampling* leaves out",
    "compilation (row by row) and the plan (compressed), and counts our start, recovery of",
    "coefficients, diagnostics and labels. A *first fit* is counted from the start of the process,",
    "a *refit* is the call of `fit` alone, later in that process, the quickest of three.",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the harness")
    parser.add_argument("--only", choices=GROUPS, nargs="+", default=GROUPS)
    parser.add_argument("--write", type=Path, help="also write the table to this file")
    parser.add_argument("--with-causalpy", action="store_true", help="build its environment")
    parser.add_argument("--causalpy-limit", type=float, default=600.0, metavar="SECONDS")
    options = parser.parse_args()
    for name in THREADS:
        os.environ[name] = "1"
    settings = Settings(
        options.quick,
        options.with_causalpy,
        options.causalpy_limit,
        listener=lambda text: print(text, file=sys.stderr, flush=True),
    )
    began = time.perf_counter()
    lines = measured(options.only, settings)
    command = " ".join(["python -m benchmarks.speed", *sys.argv[1:]])
    text = document(lines, command, time.perf_counter() - began)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
