"""Run: python -m benchmarks.spatial_silence [--panels N] [--collect]; an interrupted run goes on.

How often spatial models that are wrong give wrong intervals while no check of space speaks. Worlds:

- "reach": spillovers to 200 km (benchmarks.spillovers), and one ring of 60 km;
- "policy in W": outcomes follow the five nearest by .4, and W links units to those that adopt: two
  of its five links are drawn among these, as flows do that the policy has moved;
- "common shocks": nothing is received, errors of the five nearest are shared (.5); SDM and SAR;
- "Durbin errors": .4 of the neighbours' policy is received, .3 of their x, and errors are shared;
  SDM, and SDEM, which is right;
- "right": outcomes follow the five nearest by .4, and so they do in the fit, but for SDEM;
- of linked units' treatment without a lag (SLX), 120 units, errors half as large: "shares", which
  is right, .6 of the share of the five nearest in force; "growing", right too, .3 and .1 more with
  each period; "saturates", .6 from the first of them on; "adds up", .25 of each unit in force
  within 150 km, and W has their share; "onto untreated", .8 of the share, and nothing onto treated;
  "on the way", .6 of the share, and units that never adopt grow by .2 a period times the share of
  the five that ever do.

Wrong: the 95 % interval of the total, own or received effect misses; in SLX worlds, of what
untreated units receive too. Silent: no check asked fails, is in doubt, or cannot tell; in SLX
worlds, where checks of every clean panel could not tell, fails or is in doubt. There
`receivers`
and `pretrends` are asked too, and what they name next is fitted. A row a panel in
.cache/spatial_silence, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from . import spatial_received, spillovers
from ._coverage import holds
from ._store import Store
from .earned import markdown

STORE = Store("spatial_silence", ("world", "number"))
PATHS = ("total", "direct", "received")
SEED, UNITS, PERIODS, RHO, DELTA = 33_700_000, 80, 10, 0.5, 0.4
SPEAKING = ("failed", "caution", "inconclusive")
OF_RINGS = ("ring_reach", "donut", "moran", "spatial_lm")
OF_LAGS = ("spatial_form", "spatial_weights", "spatial_lag", "moran", "spatial_lm")
WORLDS = (
    "reach", "policy in W", "common shocks", "common shocks, SAR", "right", "right, SDEM",
    "Durbin errors", "Durbin errors, SDEM", *spatial_received.WORLDS,
)  # fmt: skip


def places(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates, and links to the five nearest, rows summing to one."""
    place = np.column_stack([105 + 12 * rng.random(UNITS), 25 + 12 * rng.random(UNITS)])
    apart = np.linalg.norm(place[:, None] - place, axis=2) + 1e9 * np.eye(UNITS)
    links = np.zeros((UNITS, UNITS))
    links[np.arange(UNITS)[:, None], np.argsort(apart, axis=1)[:, :5]] = 0.2
    return place, links


def lagged(world: str, seed: int) -> tuple[nqp.Fit, dict[str, float]]:
    """A fit of a spatial lag, and what is true."""
    rng = np.random.default_rng(seed)
    place, near = places(rng)
    start = np.where(rng.random(UNITS) < 0.4, rng.integers(4, 8, UNITS), 99)
    time, eye, ids = np.arange(PERIODS), np.eye(UNITS), [f"u{k:02d}" for k in range(UNITS)]
    policy = (time >= start[:, None]) * 1.0
    x, errors = rng.standard_normal((2, UNITS, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += RHO * errors[:, t - 1]
    used, spills = near, world.startswith(("policy in W", "right"))
    inverse = np.linalg.inv(eye - (DELTA if spills else 0.5) * near)
    common = rng.standard_normal((UNITS, 1)) + rng.standard_normal(PERIODS)
    own, total = policy, policy
    if spills:
        y = inverse @ (policy + 0.5 * x + common + errors)
        total, own = inverse @ policy, np.diag(inverse)[:, None] * policy
        used = near.copy()
        for i in range(UNITS if world == "policy in W" else 0):
            dropped = rng.choice(np.flatnonzero(near[i]), 2, replace=False)
            adopters = np.flatnonzero((start < 99) & (used[i] == 0) & (np.arange(UNITS) != i))
            used[i, dropped] = 0.0
            used[i, rng.choice(adopters, 2, replace=False)] = 0.2
    else:
        y = policy + 0.5 * x + common + inverse @ errors
    if world.startswith("Durbin"):
        total = policy + 0.4 * near @ policy
        y = y + total - policy + 0.3 * near @ x
    frame = pd.DataFrame(
        {"unit": np.repeat(ids, PERIODS), "time": np.tile(time, UNITS), "y": y.ravel(),
         "x": x.ravel(), "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS),
         "longitude": np.repeat(place[:, 0], PERIODS),
         "latitude": np.repeat(place[:, 1], PERIODS)}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", covariates=["x"]
    )
    weights = nqp.spatial_weights.matrix(pd.DataFrame(used, ids, ids))
    shared = world.endswith("SDEM")
    term = nqp.SpatialLag(weights, durbin=not world.endswith("SAR"), error=shared)
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), time=nqp.TimeEffects(), spillovers=term
    )
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=500), progress=False)
    inside = policy == 1.0
    truth = {
        "total": total[inside].mean(), "direct": own[inside].mean(),
        "received": (total - own)[inside].mean(),
    }  # fmt: skip
    return fit, {name: float(value) for name, value in truth.items()}


def ringed(seed: int) -> tuple[nqp.Fit, dict[str, float]]:
    """A fit of one ring that is too short, and what is true."""
    world = spillovers.panel_of(seed)
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), spillovers=nqp.Rings((60.0,)), time=nqp.TimeEffects(),
        unidentified="drop",
    )  # fmt: skip
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1, draws=500), progress=False)
    truth = spillovers.of_same_cells(world.truth, nqp.group_time_effects(fit))
    return fit, {path: nqp.att(truth, path=path).item() for path in ("total", "direct")}


def answer(world: str, number: int) -> dict[str, Any]:
    """Which intervals cover, and what is said."""
    if world in spatial_received.WORLDS:
        return spatial_received.answer(world, number)
    seed = SEED + number
    fit, truth = ringed(seed) if world == "reach" else lagged(world, seed)
    covered = {path: holds(nqp.att(fit, path=path), value) for path, value in truth.items()}
    asked = OF_RINGS if world == "reach" else OF_LAGS
    return covered | {name: str(nqp.check(fit, name, progress=False).verdict) for name in asked}


def line(world: str, rows: pd.DataFrame) -> list[Any]:
    """A row of the table."""
    if world in spatial_received.WORLDS:
        return spatial_received.line(world, rows)
    asked = OF_RINGS if world == "reach" else OF_LAGS
    held, spoken = rows[list(PATHS)].dropna(axis=1), rows[list(asked)].isin(SPEAKING)
    silent = ~held.astype(bool).all(axis=1) & ~spoken.any(axis=1)
    return [
        world, len(rows), ", ".join(f"{x:.2f}" for x in held.mean()),
        ", ".join(f"{name} {share:.2f}" for name, share in spoken.mean().items()),
        f"{silent.mean():.2f}",
    ]  # fmt: skip


def main() -> None:
    """Run what is missing, world by world in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--only", nargs="*", default=list(WORLDS), choices=WORLDS)
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    rows = STORE.fill([(world,) for world in asked.only], range(asked.panels), answer)
    head = ["world", "panels", "covered: total, own, received", "spoken by", "wrong and silent"]
    print(markdown([head, *(line(x, rows[rows["world"] == x]) for x in asked.only)]))
    if asked.collect:
        STORE.keep()


if __name__ == "__main__":
    main()
