"""Run: python -m benchmarks.functional_form --panels N; an interrupted run goes on.

What `functional_form` says where trends are parallel in levels, and where they are in logarithms,
of fits to levels; how often the interval of the average effect covers, in levels. Rows a panel
in .cache/functional_form. `--collect` keeps them in benchmarks/measured, and writes
benchmarks/results/checks.md.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from ._store import ROOT, Program, Store
from .earned import markdown
from .worlds import COHORTS, PERIODS, ar1

STORE = Store("functional_form")
SEED: Final = 35_000_000
PAGE = ROOT / "benchmarks" / "results" / "checks.md"
LEVELS = ("levels", "levels that differ much", "levels, three degrees of freedom", "of logarithms")
LOGS = ("in proportion", "in proportion, from the fifth period on", "in proportion, no growth")
SIZES = (60, 200)


def outcomes(
    world: str, rng: np.random.Generator, ever: np.ndarray, force: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes with the policy and without it (unit, period)."""
    units, t = ever.size, np.arange(PERIODS)
    z, errors = rng.standard_normal((units, 1)), ar1(rng, units, 0.5, 1.0)
    policy = force * (1.0 + 0.3 * rng.standard_normal((units, 1)))
    if world in LOGS:
        growth = {"in proportion": 0.06 * t, "in proportion, no growth": 0.0 * t}
        late = 0.10 * np.maximum(t - 5, 0)
        y = 0.6 * z + 0.5 * ever[:, None] + growth.get(world, late) + 0.12 * errors
        return np.exp(y + 0.15 * policy), np.exp(y)
    y = {
        "levels": 12.0 + 2.0 * z + 0.3 * t + errors,
        "levels that differ much": 4.0 + np.exp(2.0 + 0.8 * z) + 0.3 * t + 0.8 * errors,
        "levels, three degrees of freedom": 15.0 + 2.0 * z + 0.3 * t
        + rng.standard_t(3, errors.shape) / np.sqrt(3.0),
        "of logarithms": 2.5 + 0.5 * z + 0.06 * t + 0.12 * errors,
    }[world]  # fmt: skip
    y = np.maximum(y, 0.05)
    return y + (0.15 if world == "of logarithms" else 1.0) * policy, y


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """What is said of one panel."""
    rng = np.random.default_rng([SEED, [*LEVELS, *LOGS].index(world), units, number])
    ever = np.argsort(np.argsort(rng.random(units))) / units < 2 / 3
    start = np.where(ever, COHORTS[rng.integers(0, COHORTS.size, units)], PERIODS)
    force = (np.arange(PERIODS) >= start[:, None]) * 1.0
    y, untreated = outcomes(world, rng, ever, force)
    i = np.repeat(np.arange(units), PERIODS)
    frame = pd.DataFrame(
        {"unit": [f"u{k}" for k in i], "time": np.tile(np.arange(PERIODS), units),
         "cohort": np.where(ever, start, np.nan)[i], "y": y.ravel(),
         "region": np.where(i % 2 == 1, "inland", "coastal")}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"]
    )
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=number), progress=False)
    low, high = np.quantile(nqp.att(fit), (0.025, 0.975))
    truth = float((y - untreated)[force == 1.0].mean())
    said = nqp.check(fit, "functional_form", progress=False)
    shares = dict(zip(("share", "share_in_logs"), said.evidence["mean"].round(4), strict=True))
    row = {"world": world, "units": units, "number": number, "covers": bool(low <= truth <= high)}
    return row | {"verdict": said.verdict, **shares}


def table() -> str:
    """Coverage, verdicts and silence, by world and size."""
    head = ["world", "units", "panels", "covers", "caution", "inconclusive", "wrong and holds"]
    rows: list[list[Any]] = [head]
    frame = STORE.rows()
    for world in (*LEVELS, *LOGS):
        for units in SIZES:
            part = frame[(frame["world"] == world) & (frame["units"] == units)]
            if part.empty:
                continue
            said, covers = part["verdict"], part["covers"].astype(bool)
            shares = [(said == x).mean() for x in ("caution", "inconclusive")]
            numbers = [covers.mean(), *shares, (~covers & (said == "passed")).mean()]
            rows.append([world, units, len(part), *(f"{x:.2f}" for x in numbers)])
    return markdown(rows)


if __name__ == "__main__":
    Program(STORE, PAGE, (*LEVELS, *LOGS), SIZES, measured, table).run(__doc__)
