"""How far a policy reaches: coverage of the curve of decay, and of effects over all lengths.

    python -m benchmarks.decay [--panels N] [--seed FIRST] [--collect]

120 places in a square of 600 km, 8 periods, four in ten adopt at dates of 3 to 6; units receive
theta exp(-d / l) of each one in force, l being among the lengths asked (15, 30, 60, 120, 240 km) or
between them. Errors AR(1) of .5. Intervals of 95 %, and how far the mean of log l is off (se). A
row a panel in .cache/decay, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from ._coverage import holds
from ._store import Store
from .earned import markdown

STORE = Store("decay", ("world", "seed"))
UNITS, PERIODS, RHO = 120, 8, 0.5
GRID = (15, 30, 60, 120, 240)
LENGTHS = {"on the grid": (30, 60, 120), "between": (42, 85)}
PLACES = (10, 50, 100, 200)


def answer(world: str, seed: int) -> dict[str, Any]:
    """Of one panel: what intervals hold, and which length is the most probable."""
    rng = np.random.default_rng([seed, len(world)])
    length, theta = float(rng.choice(LENGTHS[world])), float(rng.choice([0.2, 0.5]))
    place = np.column_stack([rng.uniform(110, 116, UNITS), rng.uniform(28, 33.4, UNITS)])
    start = np.where(rng.random(UNITS) < 0.6, 99, rng.integers(3, 7, UNITS))
    time, ids = np.arange(PERIODS), [f"u{k:03d}" for k in range(UNITS)]
    frame = pd.DataFrame(
        {"unit": np.repeat(ids, PERIODS), "y": rng.standard_normal(UNITS * PERIODS),
         "time": np.tile(time, UNITS), "longitude": np.repeat(place[:, 0], PERIODS),
         "latitude": np.repeat(place[:, 1], PERIODS),
         "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS)}
    )  # fmt: skip
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
    blank = nqp.Panel.from_frame(frame, **roles)
    weights = nqp.spatial_weights.exponential(blank, length, standardised="none")
    policy = (time >= start[:, None]) * 1.0
    near = theta * weights.aligned(ids).matrix.toarray() @ policy
    errors = rng.standard_normal((UNITS, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += RHO * errors[:, t - 1]
    common = rng.standard_normal((UNITS, 1)) + rng.standard_normal(PERIODS)
    y = policy + near + 0.4 * errors + common
    panel = nqp.Panel.from_frame(frame.assign(y=y.ravel()), **roles)
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=500), progress=False)
    found = nqp.decay(fit, km=GRID)
    curve = found.at(PLACES)
    true = theta * np.exp(-np.array(PLACES) / length)
    shares = found.probabilities
    middle = float(np.exp((np.log(shares.index) * shares).sum()))
    off = round(float(np.log(middle / length)), 5)
    out: dict[str, Any] = {"length": length, "theta": theta, "off": off}
    for km, low, high, value in zip(PLACES, curve["lower"], curve["upper"], true, strict=True):
        out[f"{km} km"] = int(low <= value <= high)
    after = (policy == 0.0) & (time >= start.min())
    truths = {
        "own": (nqp.att(found, path="direct"), 1.0),
        "total": (nqp.att(found), 1.0 + near[policy == 1.0].mean()),
        "received": (nqp.spillover_effects(found.effects), near[after].mean()),
    }
    return out | {name: holds(*pair) for name, pair in truths.items()}


def main() -> None:
    """Run what is missing, panel after panel through both worlds, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=100)
    parser.add_argument("--seed", type=int, default=71_000)
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.panels)
    rows = STORE.fill([(world,) for world in LENGTHS], seeds, answer)
    held = [*(f"{km} km" for km in PLACES), "own", "total", "received"]
    lines: list[list[Any]] = [["length", "theta", "panels", "mean of log l", *held]]
    for (world, theta), part in rows.groupby(["world", "theta"]):
        off = f"{part['off'].mean():+.2f} ({part['off'].std() / np.sqrt(len(part)):.2f})"
        shares = (f"{share:.2f}" for share in part[held].mean())
        lines.append([world, theta, len(part), off, *shares])
    print(markdown(lines))
    if asked.collect:
        STORE.keep()


if __name__ == "__main__":
    main()
