"""Run: python -m benchmarks.peers (or: make bench-peers); an interrupted run goes on.

Average effects by this library and by others on the same panels, in worlds where parallel trends
hold and where they fail. Writes docs/peers.md. Others run in `.venv-peers`, which
benchmarks/peers_env.sh makes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.errors import NQPError
from bayes_nqp.simulation import Simulated, staggered

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".cache" / "peers"
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
OURS = {
    "bayes_nqp": nqp.StaggeredDiD(),
    "bayes_nqp, differential trends": nqp.StaggeredDiD(trends=nqp.DifferentialTrends()),
}
BATCH = 10
"""Panels that one process of the others estimates."""


def simulated(world: str, number: int) -> Simulated:
    """Make a panel of 60 units and 14 periods, seven cohorts."""
    seed = SEED + 1_000 * list(WORLDS).index(world) + number
    return staggered(**{**COMMON, **WORLDS[world]}, seed=seed)


def ours(world: str, number: int) -> list[dict[str, object]]:
    """Estimate a panel by every design of ours; a fit that fails its gate is a miss."""
    panel, lines = simulated(world, number).panel, []
    for name, design in OURS.items():
        began = time.process_time()
        line: dict[str, object] = {"world": world, "number": number, "estimator": name}
        try:
            fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False, threads=1)
            draws = nqp.att(fit).to_numpy()
            low, high = np.quantile(draws, [0.025, 0.975])
            if fit.gate.passed:
                line |= {"mean": float(draws.mean()), "low": float(low), "high": float(high)}
        except NQPError as error:
            line["error"] = str(error)
        lines.append({**line, "seconds": time.process_time() - began})
    return lines


def theirs(world: str, numbers: range, folder: Path) -> list[dict[str, object]]:
    """Estimate panels by the others, in their environment."""
    frames = [simulated(world, k).panel.frame.assign(world=world, number=k) for k in numbers]
    source, target = folder / "panels.csv", folder / "answers.json"
    pd.concat(frames).to_csv(source, index=False)
    rivals = ROOT / "benchmarks" / "_peers" / "rivals.py"
    subprocess.run([PEERS, rivals, source, target], check=True)
    return json.loads(target.read_text(encoding="utf-8"))


def run(panels: int) -> None:
    """Estimate what is not there yet."""
    STORE.mkdir(parents=True, exist_ok=True)
    for first in range(0, panels, BATCH):
        for place, world in enumerate(WORLDS):
            path = STORE / f"{place}-{first}.json"
            if not path.exists():
                numbers = range(first, min(first + BATCH, panels))
                lines = theirs(world, numbers, STORE)
                for number in numbers:
                    truth = float(nqp.att(simulated(world, number).truth).mean())
                    lines += ours(world, number)
                    for line in lines:
                        if line["number"] == number:
                            line["truth"] = truth
                path.write_text(json.dumps(lines), encoding="utf-8")


def table() -> str:
    """Lay bias, RMSE, coverage, width and seconds out, world by world."""
    frame = pd.DataFrame(
        [line for p in sorted(STORE.glob("*-*.json")) for line in json.loads(p.read_text("utf-8"))]
    )
    frame["error_of_mean"] = frame["mean"] - frame["truth"]
    frame["covered"] = (frame["low"] <= frame["truth"]) & (frame["truth"] <= frame["high"])
    frame["width"] = frame["high"] - frame["low"]
    out = ["| world | estimator | panels | bias | RMSE | coverage | width | CPU s |"]
    out.append("|" + " --- |" * 8)
    for (world, name), part in frame.groupby(["world", "estimator"], sort=False):
        rmse = np.sqrt((part["error_of_mean"] ** 2).mean())
        bias = part["error_of_mean"].mean()
        out.append(
            f"| {world} | {name} | {len(part)} | {bias:+.2f} | {rmse:.2f} | "
            f"{part['covered'].mean():.2f} | {part['width'].mean():.2f} | "
            f"{part['seconds'].mean():.2f} |"
        )
    return "\n".join(out)


HEAD = """# Beside other packages

Made by `make bench-peers`. Panels of 60 units and 14 periods, seven cohorts, AR(1) errors; worlds
and seeds in `benchmarks/peers.py`. The estimand is the average effect over treated rows; intervals
are of 95 %. The others are estimators of diff-diff, with their defaults; synthetic DiD is run
cohort by cohort against the never treated, and its variances are summed. A fit that fails its gate,
and a panel that an estimator refuses, count as misses.

"""


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200, help="of each world")
    parser.add_argument("--show", action="store_true", help="print the table of what is there")
    asked = parser.parse_args()
    if not asked.show:
        run(asked.panels)
        (ROOT / "docs" / "peers.md").write_text(HEAD + table() + "\n", encoding="utf-8")
    print(table())


if __name__ == "__main__":
    main()
