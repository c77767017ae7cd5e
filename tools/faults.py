"""Plant faults, one at a time, and say which the tests catch.

A fault is one line of the library written wrongly, as a tired author would: a sign, an index, a
missing log determinant, a label on the wrong path. Tests that ought to see it run on a copy of the
package; one that passes all the same stands for a promise that nobody keeps. The table of faults is
`faults.toml`, beside this file.

    python tools/faults.py              all of them; exits with 1 if fewer than 38 in 40 are caught
    python tools/faults.py --only NAME  one of them, or several
    python tools/faults.py --list       what there is
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("faults.toml")
LEAST = 38 / 40
"""Share of the faults that tests are to catch."""

type Verdict = Literal["caught", "missed", "no answer"]

_LONGEST = 900.0
"""Seconds after which tests are stopped: a fault may keep them from ending."""
_FAILED = 1
"""Exit status of pytest where tests ran and one failed; an error of collection is none of them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the library, and how it is written wrongly.

    Parameters
    ----------
    name : str
        What is wrong.
    file : str
        Inside the package.
    old, new : str
        Text that stands in the file exactly once, and what is put in its place.
    tests : tuple of str
        Files or single tests, inside ``tests``, that ought to fail.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def planted(self, text: str) -> str:
        """The file's text with the fault in it.

        Parameters
        ----------
        text : str

        Returns
        -------
        str

        Raises
        ------
        ValueError
            If the text to replace does not stand there exactly once: the table is out of date.
        """
        count = text.count(self.old)
        if count != 1:
            raise ValueError(f"{self.name}: {self.file} has {self.old!r} {count} times")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What tests said of a fault.

    Parameters
    ----------
    fault : Fault
    verdict : {"caught", "missed", "no answer"}
    test : str
        The first that failed; or the end of pytest's output, where it gave no answer.
    seconds : float
    """

    fault: Fault
    verdict: Verdict
    test: str
    seconds: float


def read_faults(table: Path = TABLE) -> tuple[Fault, ...]:
    """Read the table of faults.

    Parameters
    ----------
    table : Path

    Returns
    -------
    tuple of Fault
    """
    rows = tomllib.loads(table.read_text(encoding="utf-8"))["fault"]
    return tuple(Fault(**{**row, "tests": tuple(row["tests"])}) for row in rows)


def outcome_of(fault: Fault) -> Outcome:
    """Plant a fault into a copy of the package and run its tests.

    Parameters
    ----------
    fault : Fault

    Returns
    -------
    Outcome
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bayes_nqp-fault-") as folder:
        source = copied(Path(folder))
        path = source / "bayes_nqp" / fault.file
        text = fault.planted(path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
        status, said = run_tests(source, fault.tests, "-x", limit=_LONGEST)
    verdict: Verdict = {0: "missed", _FAILED: "caught"}.get(status, "no answer")  # type: ignore[assignment]
    failed = failures(said)
    test = failed[0] if failed else said.strip().rpartition("\n")[2] if status else ""
    return Outcome(fault, verdict, test, time.perf_counter() - began)


def copied(folder: Path) -> Path:
    """Copy the package, and put the studies where it looks for them.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        For `PYTHONPATH`.
    """
    source = folder / "src"
    shutil.copytree(ROOT / "src", source)
    shutil.copytree(ROOT / "models", folder / "models")
    return source


def run_tests(
    source: Path, tests: Sequence[str], *options: str, limit: float | None = None
) -> tuple[int, str]:
    """Run tests on a package.

    Parameters
    ----------
    source : Path
        Where the package lies.
    tests : sequence of str
        Inside ``tests``.
    *options : str
        Of pytest.
    limit : float, optional
        Seconds after which they are stopped.

    Returns
    -------
    tuple of int and str
        Its exit status, and what it said.
    """
    command = [
        sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider",
        "--hypothesis-profile=faults", *options, *(f"tests/{test}" for test in tests),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(source)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, f"no end after {limit:.0f} s"
    return done.returncode, done.stdout


def failures(said: str) -> list[str]:
    """Tests that failed, or could not be set up, as pytest lists them.

    Parameters
    ----------
    said : str

    Returns
    -------
    list of str
    """
    lines = [line.partition(" ") for line in said.splitlines()]
    return [
        rest.partition(" - ")[0].removeprefix("tests/")
        for word, _, rest in lines
        if word in ("FAILED", "ERROR")
    ]


def failing_without(faults: Sequence[Fault]) -> list[str]:
    """Tests of the table that fail where nothing is planted: what they catch means nothing.

    Parameters
    ----------
    faults : sequence of Fault

    Returns
    -------
    list of str
    """
    tests = list(dict.fromkeys(test for fault in faults for test in fault.tests))
    status, said = run_tests(ROOT / "src", tests)
    return failures(said) or ([said.strip().rpartition("\n")[2]] if status else [])


def chosen(names: Sequence[str]) -> tuple[Fault, ...]:
    """Faults by their names, all by default.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    tuple of Fault
    """
    faults = read_faults()
    unknown = set(names) - {fault.name for fault in faults}
    if unknown:
        sys.exit(f"no fault is called {', '.join(sorted(unknown))}; --list shows them")
    return tuple(fault for fault in faults if not names or fault.name in names)


def main() -> int:
    """Plant faults, print a table, and count."""
    parser = argparse.ArgumentParser(description="Plant faults; say which the tests catch.")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="repeat it")
    parser.add_argument("--list", action="store_true", help="show the table and plant nothing")
    parser.add_argument("--jobs", type=int, default=1, help="faults planted side by side")
    parser.add_argument(
        "--unplanted", action=argparse.BooleanOptionalAction, default=True,
        help="first run all tests of the table without any fault",
    )  # fmt: skip
    asked = parser.parse_args()
    faults = chosen(asked.only)
    width = max(len(fault.name) for fault in faults)
    for fault in faults:
        path = ROOT / "src" / "bayes_nqp" / fault.file
        fault.planted(path.read_text(encoding="utf-8"))
        if asked.list:
            print(f"{fault.name:<{width}}  {fault.file}")
    if asked.list:
        return 0
    if asked.unplanted and (broken := failing_without(faults)):
        print("These fail without any fault:", *broken, sep="\n  ")
        return 2
    outcomes = []
    with ThreadPoolExecutor(asked.jobs) as pool:
        for one in pool.map(outcome_of, faults):
            outcomes.append(one)
            line = f"{one.fault.name:<{width}}  {one.verdict:<9}  {one.seconds:5.0f} s  {one.test}"
            print(line, flush=True)
    caught = sum(one.verdict == "caught" for one in outcomes)
    least = len(faults) if asked.only else math.ceil(LEAST * len(faults))
    print(f"{caught} of {len(faults)} faults caught; {least} are asked for")
    return int(caught < least)


if __name__ == "__main__":
    sys.exit(main())
