"""Run: python -m benchmarks.far_groups [--panels N] [--collect]; an interrupted run goes on.

What partial pooling costs the group that is farthest from the others: six groups with time effects
of their own, 12 periods, three cohorts, errors that follow an AR(1) of .5. Worlds: groups alike;
effects of groups that differ by a normal law of sd .7; one group apart from five by 2. A row a
panel in .cache/far_groups, kept in benchmarks/measured by --collect, with a table in
benchmarks/results/pooling.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from ._store import ROOT, Program, Store
from .worlds import ar1

STORE = Store("far_groups")
SEED, GROUPS, PERIODS, SIZES = 41_000_000, 6, 12, (60, 200)
WORLDS = ("alike", "normal", "one apart")
POOLINGS = {"pooled": nqp.PartialPooling(), "separate": nqp.NoPooling()}


def made(world: str, units: int, number: int) -> tuple[nqp.Panel, pd.Series]:
    """A panel, and the average effect of each group."""
    rng = np.random.default_rng([SEED, WORLDS.index(world), units, number])
    group, t = np.arange(units) % GROUPS, np.arange(PERIODS)
    means = {
        "alike": np.zeros(GROUPS), "normal": rng.normal(0.0, 0.7, GROUPS),
        "one apart": np.where(np.arange(GROUPS) == 0, 2.0, 0.0),
    }[world]  # fmt: skip
    start = np.where(rng.random(units) < 0.6, rng.choice([4, 6, 8], units), PERIODS)
    treated = t >= start[:, None]
    effect = means[group] + rng.normal(0.0, 0.2, units)
    levels = np.cumsum(rng.normal(0.0, 0.4, (GROUPS, PERIODS)), axis=1)[group]
    errors = ar1(rng, units, 0.5, 1.0)
    y = 2.0 * rng.normal(size=(units, 1)) + levels + errors + treated * effect[:, None]
    cohort = np.where(start < PERIODS, start + 2008.0, np.nan)
    frame = pd.DataFrame({
        "unit": np.repeat([f"u{k:03d}" for k in range(units)], PERIODS),
        "year": np.tile(t + 2008, units), "y": y.ravel(), "cohort": np.repeat(cohort, PERIODS),
        "group": np.repeat([f"g{k}" for k in group], PERIODS),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", strata=["group"]
    )
    rows = pd.Series(np.repeat(effect, PERIODS)).groupby(frame["group"].where(treated.ravel()))
    return panel, rows.mean()


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Whether intervals of groups hold the truth, of the one that is farthest from all and of all.

    Groups without controls in some period are left out.
    """
    panel, truth = made(world, units, number)
    row: dict[str, Any] = {"world": world, "units": units, "number": number}
    for name, pooling in POOLINGS.items():
        design = nqp.StaggeredDiD(effect=pooling, unidentified="drop")
        fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False)
        draws = nqp.att(fit, by="group")
        groups = [str(x) for x in draws["group"].to_numpy()]
        low, high = draws.quantile([0.025, 0.975], ("chain", "draw")).transpose("quantile", "group")
        true = truth[groups].to_numpy()
        held = ((low <= true) & (true <= high)).to_numpy()
        far = int(np.abs(true - true.mean()).argmax())
        row[f"{name}: farthest"], row[f"{name}: all"] = bool(held[far]), float(held.mean())
        row[f"{name}: width"] = round(float((high - low)[far]), 4)
    return row


def table() -> str:
    """Coverage of the farthest group and of all, and the width of the former's interval."""
    head = (
        "| effects of six groups | units | panels | farthest: pooled | separate | all: pooled "
        "| separate | width, pooled over separate |"
    )
    lines = [head, "|" + " --- |" * 8]
    for (world, units), part in STORE.rows().groupby(["world", "units"]):
        means = part.drop(columns=["world", "units", "number"]).astype(float).mean()
        cells = [means[f"{name}: {x}"] for x in ("farthest", "all") for name in POOLINGS]
        cells.append(means["pooled: width"] / means["separate: width"])
        numbers = [f"{x:.2f}" for x in cells]
        lines.append(" | ".join([f"| {world}", str(units), str(len(part)), *numbers]) + " |")
    return "\n".join(lines)


PROGRAM = Program(
    STORE, ROOT / "benchmarks" / "results" / "pooling.md", WORLDS, SIZES, measured, table
)

if __name__ == "__main__":
    PROGRAM.run(__doc__)
