"""A campaign against a small run: kills, two at once, a full disk, too little memory, reruns.

    python tests/interruptions.py [--kills 20] [--only moves kills two disk memory reruns]
    python tests/interruptions.py --only reruns --kills 10 --study models/city_pilot_zones.toml

After each of them every folder of results is whole, no earlier result is lost, and what a killed
run left goes with the next one. A rerun ends in the bytes of an undisturbed run, and computes
nothing that was done before. `tests/studies/test_interruptions.py` runs a few of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from small_study import write_study

from bayes_nqp._core.io import write_text

SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")
STEPS = ("reading the study", "writing tables")
PATIENCE = 3_600.0
"""Seconds after which a run is given up, on a machine that has other work to do."""
PROGRAM = "from bayes_nqp.cli import main; main()"
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv.pop(1)),) * 2)
from bayes_nqp.cli import main
main()
"""
MOVER = """
import sys
from bayes_nqp._core.io import place, write_text
from bayes_nqp._core.interrupts import stoppable
try:
    with stoppable():
        for k in range(10_000):
            with place(sys.argv[1], force=True) as ready:
                for name in "abc":
                    write_text(ready.draft / f"{name}.txt", str(k))
                ready.finish()
            print(k, flush=True)
except KeyboardInterrupt:
    pass
"""
WRITERS = """
import sys
from pathlib import Path
import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
fit, disk = nqp.load(sys.argv[1]), Path(sys.argv[2])
frame = nqp.summary(nqp.att(fit))
for name, write in {
    "save": lambda: fit.save(disk / "fit.nc"),
    "replace": lambda: fit.save(disk / "mine.bin"),
    "report": lambda: nqp.report(fit, disk / "report", checks=[], progress=False),
    "export": lambda: nqp.export(fit, disk / "export"),
    "export_stata": lambda: nqp.export_stata(fit, disk / "stata"),
    "figure": lambda: nqp.plots.event_study(fit).savefig(disk / "figure.png", dpi=600),
    "table": lambda: nqp.table(fit).to_docx(disk / "table.docx"),
}.items():
    try:
        write()
        print(name, "written")
    except StudyError as error:
        print(name, error.what)
"""
RESULTS = re.compile(r"out(\.\d+)?")


@dataclass
class Tally:
    """What was tried, and what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def expect(self, true: bool, what: str) -> None:
        if not true:
            self.wrong.append(what)


class Bench:
    """A folder with a small study, and runs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = write_study(folder)
        self.out = folder / "out"
        self.store = "none"
        self.mine = {p.name for p in folder.iterdir()}

    def start(
        self, *more: str, limit: int | None = None, out: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start a run into ``out``."""
        code = [PROGRAM] if limit is None else [LIMITED, str(limit)]
        typed = ["run", str(self.study), "--out", str(out or self.out), *more]
        return subprocess.Popen(
            [sys.executable, "-c", *code, *typed],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            env={**os.environ, "MPLBACKEND": "Agg", "COLUMNS": "200",
                 "BAYES_NQP_STORE": self.store},
        )  # fmt: skip

    def run(self, *more: str) -> tuple[float, str]:
        """Run undisturbed; say how many seconds it took, and what it said."""
        began = time.perf_counter()
        process = self.start(*more)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return time.perf_counter() - began, err

    def results(self, tally: Tally) -> set[str]:
        """Checksums of all results that are there, each of which must be whole."""
        found = set()
        for folder in self.folder.iterdir():
            if RESULTS.fullmatch(folder.name):
                problem = broken(folder)
                tally.expect(not problem, f"{folder.name}: {problem}")
                if not problem:
                    found.add(digest(folder / "provenance.json"))
        return found

    def left(self) -> set[str]:
        """What is there besides the study, its data and results."""
        names = {p.name for p in self.folder.iterdir()} - self.mine
        return {name for name in names if not RESULTS.fullmatch(name)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def broken(folder: Path) -> str:
    """Say what is wrong with a folder of results; "" for nothing."""
    record = folder / "provenance.json"
    if not record.is_file():
        return "half-written: no provenance"
    files = json.loads(record.read_text(encoding="utf-8"))["files"]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if there != {*files, "provenance.json"}:
        return f"other files than provenance says: {sorted(there ^ {*files, 'provenance.json'})}"
    return ", ".join(name for name, sha in files.items() if digest(folder / name) != sha)


def reached(process: subprocess.Popen[str], step: str) -> None:
    """Wait until a run says that it begins a step."""
    assert process.stderr is not None
    while (line := process.stderr.readline()) and not line.startswith(step):
        pass


def timed(bench: Bench) -> dict[str, float]:
    """Seconds of an undisturbed run, from each of two steps to its end."""
    process, began = bench.start("--force"), {}
    for step in STEPS:
        reached(process, step)
        began[step] = time.perf_counter()
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return {step: time.perf_counter() - at for step, at in began.items()}


def kills(bench: Bench, number: int, seed: int) -> Tally:
    """Kill runs at random moments, half of them while they write, and look what is there."""
    tally, rng = Tally(), random.Random(seed)
    seconds = timed(bench)
    for k in range(number):
        name, step = SIGNALS[k % len(SIGNALS)], STEPS[k // len(SIGNALS) % 2]
        before, litter = bench.results(tally), bench.left()
        process = bench.start("--force")
        reached(process, step)
        time.sleep(rng.uniform(0, seconds[step]))
        if process.poll() is None:
            process.send_signal(getattr(signal, name))
        process.communicate(timeout=PATIENCE)
        code, left = process.returncode, bench.left()
        tally.counts[f"{name} {'finished before' if code == 0 else f'exit {code}'}"] += 1
        tally.expect(before <= bench.results(tally), f"kill {k} ({name}): a result is lost")
        if name == "SIGKILL":
            tally.counts["SIGKILL that left a draft"] += bool(left - litter)
        else:
            n = getattr(signal, name).value
            # When the command is over and Python ends, the system ends it as ever.
            tally.expect(code in (0, 128 + n, -n), f"kill {k} ({name}): exit code {code}")
            tally.expect(left <= litter, f"kill {k} ({name}): left {left}")
    bench.run("--force")
    bench.results(tally)
    tally.expect(not bench.left(), f"after the next run: {bench.left()}")
    return tally


def moves(folder: Path, number: int, seed: int) -> Tally:
    """Kill a program that does nothing but write folders, moving the earlier ones aside."""
    tally, rng = Tally(), random.Random(seed)
    for k in range(number):
        name, at = SIGNALS[k % len(SIGNALS)], folder / str(k)
        at.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", MOVER, str(at / "out")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(1 + k % 5)]
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(getattr(signal, name))
        try:
            said = "".join((*first, process.communicate(timeout=60)[0]))
        except subprocess.TimeoutExpired as late:
            process.kill()
            said = "".join((*first, process.communicate()[0]))
            tally.expect(False, f"{k} ({name}): goes on: {late.stderr or b''!r}")
        names = {p.name for p in at.iterdir()}
        kept = [p for p in at.iterdir() if RESULTS.fullmatch(p.name)]
        numbers = {
            (p / "b.txt").read_text(encoding="utf-8") for p in kept if (p / "b.txt").exists()
        }
        tally.expect(all(len(list(p.iterdir())) == 3 for p in kept), f"{k} ({name}): half-written")
        tally.expect(set(said.split()) <= numbers, f"{k} ({name}): a result is lost")
        tally.counts[f"{name}: folders written"] += len(kept)
        tally.counts[f"{name}: killed without a folder at its place"] += "out" not in names
        if name == "SIGKILL":
            tally.counts["SIGKILL that left a draft"] += any(n.endswith(".part") for n in names)
            write_text(at / "next.txt", "")
            names = {p.name for p in at.iterdir()} - {"next.txt"}
        tally.expect(all(map(RESULTS.fullmatch, names)), f"{k} ({name}): left {names}")
        shutil.rmtree(at, ignore_errors=True)
    return tally


def two(bench: Bench, rounds: int) -> Tally:
    """Two runs at once into one folder, without and with ``--force``."""
    tally = Tally()
    for k in range(rounds):
        more = ["--force"] if bench.out.exists() else []
        before = bench.results(tally)
        both = [bench.start(*more), bench.start(*more)]
        said = [process.communicate(timeout=PATIENCE)[1] for process in both]
        codes = sorted(process.returncode for process in both)
        refused = sum("is being written by another run" in text for text in said)
        tally.counts[f"{'--force' if more else 'new'}: exit {codes[0]} and {codes[1]}"] += 1
        tally.expect(codes == [0, 2] and refused == 1, f"round {k}: {codes}, {said}")
        after = bench.results(tally)
        tally.expect(before <= after, f"round {k}: an earlier result is lost")
        tally.expect(len(after) == len(before) + 1, f"round {k}: {len(after)} results")
        tally.expect(not bench.left(), f"round {k}: left {bench.left()}")
    return tally


@contextmanager
def small_disk(folder: Path, size: str = "500k") -> Iterator[Path | str]:
    """Mount a small disk; or say why that cannot be."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    ) if hasattr(os, "geteuid") and os.geteuid() == 0 else None  # fmt: skip
    if done is None or done.returncode:
        folder.rmdir()
        yield "only root mounts disks" if done is None else done.stderr.strip()
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


def disk(bench: Bench, posterior: Path, where: Path) -> Tally:
    """Every writer on a disk of 500 kB on which there is little room."""
    tally = Tally()
    with small_disk(where) as found:
        if isinstance(found, str):
            tally.counts[f"skipped: {found}"] += 1
            return tally
        mine = found / "mine.bin"
        mine.write_bytes(bytes(490_000))
        full = digest(mine)

        def look(what: str) -> None:
            names = {p.name for p in found.iterdir()}
            tally.expect(names == {"mine.bin"} and digest(mine) == full, f"{what}: left {names}")

        run = bench.start(out=found / "out")
        err = run.communicate(timeout=PATIENCE)[1]
        tally.counts[f"run: exit {run.returncode}"] += 1
        tally.expect(run.returncode == 2 and "the disk is full" in err, f"run: {err}")
        look("run")
        done = subprocess.run(
            [sys.executable, "-c", WRITERS, str(posterior), str(found)],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        tally.expect(done.returncode == 0, done.stderr)
        for line in done.stdout.splitlines():
            name, _, said = line.partition(" ")
            tally.counts[f"{name}: {'full' if 'the disk is full' in said else said}"] += 1
            tally.expect("the disk is full" in said, line)
        look("writers")
        with (found / "more.bin").open("wb", buffering=0) as file:
            while _grown(file):
                pass
        new = subprocess.run(
            [sys.executable, "-c", PROGRAM, "new", str(bench.folder / "cities.csv"), "--out",
             str(found / "new.toml")],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        (found / "more.bin").unlink()
        tally.counts[f"new: exit {new.returncode}"] += 1
        tally.expect(new.returncode == 2 and "the disk is full" in new.stderr, new.stderr)
        look("new")
    return tally


def full_store(bench: Bench, where: Path) -> Tally:
    """A run whose store is on a disk of 100 kB."""
    tally = Tally()
    with small_disk(where, "100k") as found:
        if isinstance(found, str):
            tally.counts[f"skipped: {found}"] += 1
            return tally
        bench.store = str(found)
        process = bench.start()
        told, err = process.communicate(timeout=PATIENCE)
        tally.counts[f"run: exit {process.returncode}"] += 1
        tally.expect(process.returncode == 0, f"the store cost the run: {err}")
        tally.expect("Some results could not be stored" in told, "nothing was said of it")
    tally.expect(len(bench.results(tally)) == 1, "no result")
    return tally


def computed(told: str) -> list[str]:
    """Fits and checks that a run said it computes."""
    steps = [line.removesuffix(" …") for line in told.splitlines()]
    return [step for step in steps if step.startswith(("sampling", "checking: "))]


def ended(steps: list[str]) -> list[str]:
    """Those that had ended when a run was killed: neither the last, nor the check that it is of."""
    last = max((k for k, step in enumerate(steps) if step.startswith("checking: ")), default=-1)
    return [step for k, step in enumerate(steps[:-1]) if k != last]


def content(folder: Path) -> dict[str, str]:
    """Checksums of all files but the one in which times may stand."""
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "provenance.json")
    return {p.relative_to(folder).as_posix(): digest(p) for p in files}


def reruns(bench: Bench, number: int, seed: int) -> Tally:
    """Kill runs at random moments, and run them again with what they left in their stores."""
    tally, rng = Tally(), random.Random(seed)
    bench.store = str(bench.folder / "store")
    seconds, told = bench.run()
    whole, every = content(bench.out), Counter(computed(told))
    for k in range(number):
        name = ("SIGTERM", "SIGKILL")[k % 2]
        shutil.rmtree(bench.out)
        shutil.rmtree(bench.store)
        process = bench.start()
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds * rng.uniform(0.1, 0.9))
        process.send_signal(getattr(signal, name))
        first = computed(process.communicate(timeout=PATIENCE)[1])
        shutil.rmtree(bench.out, ignore_errors=True)
        process = bench.start()
        _, told = process.communicate(timeout=PATIENCE)
        twice = Counter(ended(first)) + Counter(computed(told)) - every
        tally.counts[f"{name}: {len(first)} steps begun, {len(computed(told))} after it"] += 1
        tally.expect(process.returncode == 0, f"rerun {k}: {told}")
        tally.expect(not twice, f"rerun {k}: computed twice: {sorted(twice)}")
        differ = {x for x, _ in whole.items() ^ content(bench.out).items()}
        tally.expect(not differ, f"rerun {k}: other bytes in {sorted(differ)}")
    return tally


def _grown(file: FileIO) -> bool:
    try:
        file.write(bytes(1024))
    except OSError:
        return False
    return True


def memory(bench: Bench, megabytes: list[int]) -> Tally:
    """Runs that may take only so much memory."""
    tally = Tally()
    if not bench.out.exists():
        bench.run()
    for size in megabytes:
        before = bench.results(tally)
        process = bench.start("--force", limit=size << 20)
        err = process.communicate(timeout=PATIENCE)[1]
        how = ", with a traceback" if "Traceback" in err else ""
        tally.counts[f"{size} MB: exit {process.returncode}{how}"] += 1
        after = bench.results(tally)
        tally.expect(before <= after, f"{size} MB: an earlier result is lost")
    bench.run("--force")
    tally.expect(not bench.left(), f"after the next run: {bench.left()}")
    return tally


def main() -> None:
    """Run the campaign, and print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--study", type=Path, help="what is run again; a small study by default")
    everything = ["moves", "kills", "two", "disk", "memory", "reruns"]
    parser.add_argument("--only", nargs="*", default=everything)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:

        def bench(name: str) -> Bench:
            (Path(folder) / name).mkdir()
            return Bench(Path(folder) / name)

        def on_disk() -> Tally:
            at = bench("disk")
            at.run()
            return disk(at, at.out / "posterior.nc", Path(folder) / "small")

        def again() -> Tally:
            at = bench("reruns")
            at.study = asked.study or at.study
            return reruns(at, asked.kills, asked.seed)

        parts: dict[str, Callable[[], Tally]] = {
            "moves": lambda: moves(Path(folder), 10 * asked.kills, asked.seed),
            "kills": lambda: kills(bench("kills"), asked.kills, asked.seed),
            "two": lambda: two(bench("two"), asked.rounds),
            "disk": on_disk,
            "reruns": again,
            "memory": lambda: memory(bench("memory"), [512, 1024, 1536, 2048, 2560, 3072]),
        }
        wrong = 0
        for name in asked.only:
            began = time.perf_counter()
            tally = parts[name]()
            wrong += len(tally.wrong)
            print(f"{name}  ({time.perf_counter() - began:.0f} s)")
            for what, count in sorted(tally.counts.items()):
                print(f"  {count:4d}  {what}")
            for problem in tally.wrong:
                print(f"  WRONG {problem}")
        print(f"{wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
