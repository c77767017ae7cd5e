"""Run: python -m benchmarks.selection --panels 200 [--only WORLD …].

How often the check `selection` speaks, and intervals of the average effect cover its truth of one,
which is that of outcomes as they were before any of them was lost.

Panels of 60 and of 200 units × 12 periods in two strata, four cohorts, AR(1) errors of .5, of which
rows are missing for reasons that matter and for others.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

import bayes_nqp as nqp

from .earned import markdown

Array = npt.NDArray[np.float64]

PERIODS, SEED = 12, 23_000_000
UNITS = (60, 200)
WORLDS = (
    "nothing is missing",
    "5 % at random",
    "units of low outcomes lack more, at random",
    "the same, t(3) errors",
    "after bad outcomes",
    "units leave after bad outcomes",
    "5 % at random, logarithms of large whole numbers",
    "logarithms of counts, zeros dropped",
    "log(1 + y) of counts",
    "outcomes below a floor dropped",
    "outcomes 2 sd from the mean of their unit deleted",
    "2.5 % at either end of the outcome deleted",
    "the treated lack 12 % more",
    "the highest tenth written as the bound, adopters high",
    "the highest and the lowest hundredth written as bounds",
)


def simulated(world: str, units: int, number: int) -> nqp.Panel:
    """Make a panel; effects of one."""
    rng = np.random.default_rng(SEED + number)
    shape = (units, PERIODS)
    cohort = rng.choice([4, 5, 7, 9, 99], units, p=[0.15, 0.15, 0.15, 0.15, 0.4])
    stratum = np.arange(units) % 2
    on = np.arange(PERIODS) >= cohort[:, None]
    level = rng.normal(0, 1.5, (units, 1))
    time = np.cumsum(rng.normal(0, 0.3, (2, PERIODS)), axis=1)[stratum]
    error = errors(rng, shape, heavy="t(3)" in world)
    if "adopters high" in world:
        level = level + 1.5 * (cohort[:, None] < PERIODS)
    outcome = level + time + on + error
    there = np.ones(shape, dtype=bool)
    if "at random" in world:
        low = 0.15 / (1 + np.exp(2 * level)) if "low" in world else 0.05
        there = rng.random(shape) > low
    elif "t(3)" in world:
        there = rng.random(shape) > 0.15 / (1 + np.exp(2 * level))
    elif world.startswith("after bad"):
        there[:, 1:] = (error[:, :-1] > -1.2) | (rng.random((units, PERIODS - 1)) > 0.6)
    elif world.startswith("units leave"):
        bad = (error < -1.5) & (rng.random(shape) < 0.3)
        there[:, 1:] = ~np.maximum.accumulate(bad, axis=1)[:, :-1]
    elif "floor" in world:
        there = outcome > -2.0
    elif "of their unit" in world:
        distance = outcome - outcome.mean(axis=1, keepdims=True)
        there = np.abs(distance) < 2.0 * distance.std()
    elif "either end" in world:
        low, high = np.quantile(outcome, (0.025, 0.975))
        there = (outcome > low) & (outcome < high)
    elif "bound" in world:
        share = 0.1 if "tenth" in world else 0.01
        low = -np.inf if "tenth" in world else np.quantile(outcome, share)
        outcome = np.clip(outcome, low, np.quantile(outcome, 1.0 - share))
    elif "treated" in world:
        there = rng.random(shape) > 0.05 + 0.12 * on
    if "large" in world:
        outcome = np.log(np.round(np.exp(8 + 0.5 * outcome)))
    elif "counts" in world:
        mean = 0.5 + 0.6 * level + 0.3 * time + 0.3 * on + 0.4 * error
        count = rng.poisson(np.exp(mean)).astype(np.float64)
        dropped = "dropped" in world
        there = count > 0 if dropped else there
        outcome = np.log(np.maximum(count, 1.0)) if dropped else np.log1p(count)
    unit = np.repeat(np.arange(units), PERIODS)
    frame = pd.DataFrame(
        {
            "unit": unit,
            "time": np.tile(np.arange(PERIODS), units),
            "cohort": np.where(cohort == 99, np.nan, cohort)[unit],
            "zone": np.array(["a", "b"])[stratum[unit]],
            "y": outcome.ravel(),
        }
    )[there.ravel()]
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y", "strata": "zone"}
    return nqp.Panel.from_frame(frame, **roles)


def errors(rng: np.random.Generator, shape: tuple[int, int], *, heavy: bool) -> Array:
    """AR(1) of .5, stationary; with innovations of t(3)."""
    steps = rng.standard_t(3, shape) if heavy else rng.normal(0, 1, shape)
    steps[:, 0] /= 0.75**0.5
    for t in range(1, shape[1]):
        steps[:, t] += 0.5 * steps[:, t - 1]
    return steps


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=WORLDS)
    arguments = parser.parse_args()
    panels = arguments.panels
    design = nqp.StaggeredDiD(nqp.CompletePooling(), unidentified="drop")
    rows: list[list[object]] = [["rows that are missing", "units", "covers", "caution", "failed"]]
    for world in arguments.only:
        for units in UNITS:
            said: Counter[str] = Counter()
            covered = 0
            for number in range(panels):
                panel = simulated(world, units, number)
                sampler = nqp.Importance(draws=500, seed=1)
                fit = nqp.fit(design, panel, sampler, progress=False)
                low, high = np.quantile(nqp.att(fit), (0.025, 0.975))
                covered += int(low < 1.0 < high)
                said[nqp.check(fit, "selection", progress=False).verdict] += 1
            rates = [f"{said[verdict] / panels:.2f}" for verdict in ("caution", "failed")]
            covers = "–" if "log" in world else f"{covered / panels:.2f}"
            rows.append([world, units, covers, *rates])
    print(markdown(rows))


if __name__ == "__main__":
    main()
