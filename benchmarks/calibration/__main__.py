"""Run: python -m benchmarks.calibration; an interrupted run goes on where it stopped."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.calibration.cache import Cache
from benchmarks.calibration.replicate import refit
from benchmarks.calibration.scenarios import RHOS, TRUTHS, Scenario, scenarios
from benchmarks.calibration.tables import page
from benchmarks.sbc import MARK

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("partial", "iid", "separate")
Task = tuple[Scenario, int, str]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--replications", type=int, default=500, help="a scenario")
    parser.add_argument("--separate", type=int, default=100, help="of them also without pooling")
    parser.add_argument("--truth", action="append", choices=list(TRUTHS), help="all by default")
    parser.add_argument("--rho", action="append", type=float, choices=RHOS, help="all by default")
    parser.add_argument("--draws", type=int, default=250, help="a chain, of four")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=ROOT / ".cache" / "coverage")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benchmarks" / "results" / "calibration.md"
    )
    parser.add_argument("--collect", action="store_true", help="write the table of what is there")
    parser.add_argument("--fresh", action="store_true", help="forget earlier replications")
    return parser.parse_args()


def tasks(options: argparse.Namespace, done: set[tuple[str, int, str]]) -> list[Task]:
    """What is left to do, replication by replication, so that every scenario grows alike."""
    return [
        (scenario, replication, method)
        for replication in range(options.replications)
        for scenario in scenarios(options.truth, options.rho)
        for method in METHODS
        if method != "separate" or replication < options.separate
        if (scenario.name, replication, method) not in done
    ]


def results(todo: list[Task], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from loky import ProcessPoolExecutor, as_completed

    with ProcessPoolExecutor(options.workers, initializer=alone) as pool:
        for done in as_completed([pool.submit(refit, *task, options.draws) for task in todo]):
            yield done.result()


def alone() -> None:
    """Give linear algebra one thread in a process of its own."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def main() -> None:
    options = arguments()
    cache = Cache(options.cache, options.draws)
    if options.fresh:
        cache.clear()
    known = {(r["scenario"], r["replication"], r["method"]) for r in cache.records()}
    todo = [] if options.collect else tasks(options, known)
    print(f"{len(todo)} fits to do, {len(known)} done; cache {cache.path.name}", flush=True)
    began = time.perf_counter()
    step = 1 if sys.stderr.isatty() else max(1, len(todo) // 200)
    for count, record in enumerate(results(todo, options) if todo else (), start=1):
        cache.add(record)
        if count % step == 0 or count == len(todo):
            spent = time.perf_counter() - began
            left = spent / count * (len(todo) - count)
            end = "\n" if step > 1 or count == len(todo) else "\r"
            print(f"{count}/{len(todo)} fits, {spent / 60:.1f} min, {left / 60:.1f} min to go",
                  end=end, flush=True)  # fmt: skip
    records = cache.records()
    if not records:
        sys.exit("nothing to collect yet")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    # The other half of the page is not ours.
    old = options.out.read_text(encoding="utf-8") if options.out.is_file() else ""
    _, mark, theirs = old.partition(MARK)
    text = page(records, options.draws) + ("\n" + mark + theirs if mark else "")
    options.out.write_text(text, encoding="utf-8")
    print(f"wrote {options.out.name}")


if __name__ == "__main__":
    main()
