"""Run: python -m benchmarks.peers (or: make bench-peers); an interrupted run goes on.

Average effects by this library and by others on the same panels, in worlds where parallel trends
hold and where they fail. Writes benchmarks/results/peers.md. Others run in `.venv-peers`, which
benchmarks/peers_env.sh makes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.checks.trends._bayes_factor import log_bayes_factor
from bayes_nqp.data.simulation import Simulated, staggered

from ._peers import tables
from ._peers.tables import DRIFTING, FACTOR, PARALLEL, ROOT, SECOND, SLOW, STORE, SWIFT, stored

PEERS = ROOT / ".venv-peers" / "bin" / "python"
SEED = 31_000_000
COMMON = {"strata": {}, "effect": "growing", "growth": 0.1}
WORLDS: dict[str, dict[str, object]] = {
    "parallel": {},
    "AR(1) of .8": {"rho": 0.8},
    "cohorts differ": {"effect": "cohorts", "spread": 0.6},
    "effects grow fast": {"growth": 0.4},
    "few treated": {"never": 0.85},
    "gaps": {"missing": 0.15},
    "one factor": {"drift": "factor"},
    "two factors": {"drift": "two factors"},
    "lines": {"drift": "lines"},
    "bend": {"drift": "bend"},
}
DESIGNS = {
    PARALLEL: nqp.StaggeredDiD(),
    DRIFTING: nqp.StaggeredDiD(trends=nqp.DifferentialTrends()),
}
DOUBT = 3.0
"""Log Bayes factor up to which richer errors are not tried: no threshold is lower."""
BATCH = 5
"""Panels of every world that are estimated before the next ones; slow estimators have the first."""


@cache
def simulated(world: str, number: int) -> Simulated:
    """Make a panel of 60 units and 14 periods, seven cohorts."""
    seed = SEED + 1_000 * list(WORLDS).index(world) + number
    return staggered(**{**COMMON, **WORLDS[world]}, seed=seed)


def truth(world: str, number: int) -> float:
    """Average effect over the treated rows of a panel."""
    return float(nqp.att(simulated(world, number).truth).mean())


def average(name: str, panel: nqp.Panel, number: int) -> dict[str, object]:
    """Estimate by a design of ours; a fit that fails its gate is a miss."""
    fit = nqp.fit(DESIGNS[name], panel, nqp.Importance(seed=number), progress=False, threads=1)
    draws = nqp.att(fit).to_numpy()
    low, high = np.quantile(draws, [0.025, 0.975])
    if not fit.gate.passed:
        return {"error": "the gate"}
    return {"mean": float(draws.mean()), "low": float(low), "high": float(high)}


def factors(panel: nqp.Panel, number: int) -> dict[str, object]:
    """Log Bayes factors and their errors, under AR(1) and, where these decide, richer errors."""
    noise, values = nqp.AR1(), []
    for errors in (noise, *noise.richer[:1]):
        values.append(log_bayes_factor(DESIGNS[PARALLEL], panel, errors, number))
        if not values[0][0] > DOUBT:
            break
    return {"factors": values}


def answer(name: str, world: str, number: int) -> dict[str, object]:
    """Line of a design of ours, or of the factors: an error is an answer too."""
    panel, began = simulated(world, number).panel, time.process_time()
    try:
        line = factors(panel, number) if name == FACTOR else average(name, panel, number)
    except NQPError as error:
        line = {"error": str(error)}
    return {
        "world": world, "number": number, "estimator": name, "truth": truth(world, number),
        **line, "seconds": time.process_time() - began,
    }  # fmt: skip


def ours(numbers: range) -> None:
    """Estimate what is not there yet by the designs of ours, and weigh their trends."""
    ready = {(x["world"], x["number"], x["estimator"]) for x in stored("ours")}
    with (STORE / "ours.jsonl").open("a", encoding="utf-8") as file:
        for number, world, name in product(numbers, WORLDS, (*DESIGNS, FACTOR)):
            if (world, number, name) not in ready:
                file.write(json.dumps(answer(name, world, number)) + "\n")
                file.flush()


def theirs(part: str, names: tuple[str, ...], numbers: range) -> None:
    """Estimate what is not there yet by the others, in their environment."""
    ready = {(x["world"], x["number"], x["estimator"]) for x in stored(part)}
    frames = [
        simulated(world, k).panel.frame.assign(world=world, number=k, truth=truth(world, k))
        for k in numbers for world in WORLDS if not {(world, k, x) for x in names} <= ready
    ]  # fmt: skip
    if frames:
        source = STORE / f"{part}-{numbers.start}.csv"
        target = STORE / f"{part}.jsonl"
        pd.concat(frames).to_csv(source, index=False)
        rivals = ROOT / "benchmarks" / "_peers" / "rivals.py"
        threads = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"
        alone = {**dict.fromkeys(threads, "1"), "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
        subprocess.run([PEERS, rivals, source, target, *names], check=True, env=os.environ | alone)


def run(panels: int, part: int, parts: int) -> None:
    """Estimate what is not there yet, a few panels of every world at a time."""
    STORE.mkdir(parents=True, exist_ok=True)
    if part == 0:
        theirs("second", tuple(SECOND), range(1))
    for first in range(part * BATCH, panels, parts * BATCH):
        numbers = range(first, min(first + BATCH, panels))
        theirs("swift", SWIFT, numbers)
        ours(numbers)
        theirs("slow", SLOW, numbers[:1])


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=tables.ASKED, help="of each world")
    parser.add_argument("--part", default="0/1", help="k/n: every n-th batch, from the k-th on")
    parser.add_argument("--collect", action="store_true", help="write the page of what is there")
    arguments = parser.parse_args()
    if not arguments.collect:
        run(arguments.panels, *map(int, arguments.part.split("/")))
    tables.write(list(WORLDS), [world for world in WORLDS if "drift" in WORLDS[world]])


if __name__ == "__main__":
    main()
