"""Run: python -m benchmarks.earned; an interrupted run goes on where it stopped.

How large the log Bayes factor of parallel over differential trends is where trends are parallel and
where they are not, at several sizes and lengths of the time before adoption. `--choose` gives the
threshold from seeds of its own, `--rates` what it does on others.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.checks.trends._bayes_factor import log_bayes_factor
from bayes_nqp.errors import NQPError
from bayes_nqp.simulation import staggered

STORE = Path(__file__).resolve().parents[1] / ".cache" / "earned"
SEEDS = {"choose": 11_000_000, "rates": 12_000_000}
"""Panel k has the seed of its set plus k: those of `choose` fix the threshold, of `rates` not."""
WORLDS = {"parallel": "none", "lines": "lines", "bend": "bend", "one factor": "factor"}
UNITS = (30, 60, 150, 285)
BEFORE = (4, 6, 8)
AFTER = 5


def factor(which: str, world: str, units: int, before: int, number: int) -> float:
    """Log Bayes factor of one panel: three cohorts, adopting within four periods."""
    panel = staggered(
        units=units, periods=before + AFTER, cohorts=(before + 1, before + 2, before + 4),
        strata={}, effect="growing", growth=0.1, drift=WORLDS[world], seed=SEEDS[which] + number,
    ).panel  # fmt: skip
    try:
        return log_bayes_factor(nqp.StaggeredDiD(), panel, nqp.AR1(), number)[0]
    except NQPError:
        return float("nan")


def run(which: str, panels: int) -> None:
    """Compute what is not there yet."""
    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / f"{which}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    ready = {tuple(json.loads(line)[:4]) for line in lines}
    with path.open("a", encoding="utf-8") as file:
        for number, units, before, world in product(range(panels), UNITS, BEFORE, WORLDS):
            if (world, units, before, number) not in ready:
                value = factor(which, world, units, before, number)
                file.write(json.dumps([world, units, before, number, value]) + "\n")
                file.flush()


def table(which: str) -> pd.DataFrame:
    """Read the factors of a set of seeds."""
    lines = (STORE / f"{which}.jsonl").read_text(encoding="utf-8").splitlines()
    columns = ["world", "units", "before", "number", "factor"]
    return pd.DataFrame([json.loads(line) for line in lines], columns=columns)


def rates(frame: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Share of panels that hold, by world and units."""
    frame = frame.assign(holds=frame["factor"] > threshold, fails=frame["factor"] < -3.0)
    keys = ["world", "units", "before"]
    return frame.groupby(keys, sort=False)[["holds", "fails"]].mean().unstack("before").round(2)


def main() -> None:
    """Run, choose, or show rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=list(SEEDS))
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--threshold", type=float, default=3.0)
    asked = parser.parse_args()
    if not asked.show:
        run(asked.which, asked.panels)
    frame = table(asked.which)
    wrong = frame[frame["world"].isin(["lines", "bend"])]
    for quantile in (0.9, 0.95):
        highest = wrong.groupby(["world", "units", "before"])["factor"].quantile(quantile)
        print(f"{quantile:.0%} of factors in lines and bend lie below", highest.round(2).to_dict())
    print(rates(frame, asked.threshold).to_string())
    print(frame.groupby(["world", "units"])["factor"].quantile([0.1, 0.5, 0.9]).unstack().round(2))
    print("largest 90 % quantile:", np.nanmax(highest))


if __name__ == "__main__":
    main()
