"""Run: python -m benchmarks.receivers [--panels N] [--only WORLD ...] [--collect].

Goes on where it stopped; --collect keeps rows in benchmarks/measured.

What groups receive of linked units' treatment, where they receive differently and alike: coverage
and width of 95 % intervals under one coefficient for all ("one") and by group ("by"), as Markdown.
120 units, 10 periods, four nearest in the plane, four groups, two fifths treated, own effect 1,
AR(1) errors of .5 and sd .5; under SLX, and under SDM with a lag of .3.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd

import bayes_nqp as nqp

from ._store import Store
from .earned import markdown

STORE = Store("receivers", ("world", "term", "number"))
SEED, UNITS, PERIODS, NEAREST = 987, 120, 10, 4
IDS = [f"u{k:03d}" for k in range(UNITS)]
THETA = {"differ": (1.2, 0.6, -0.2, 0.0), "alike": (0.5, 0.5, 0.5, 0.5)}
WORLDS = {f"{form} {name}": (form, name) for form in ("SLX", "SDM") for name in THETA}


def world_of(form: str, name: str, number: int) -> tuple[nqp.Panel, Any, dict[str, np.ndarray]]:
    """A panel, its weights, and the truth: own and received effects (unit, period), and who is in.

    Effects are rows of ``S^-1 [D + sum_l theta_l 1_l W D]``, own ones its diagonal.
    """
    rng, delta = np.random.default_rng([SEED, number]), 0.3 * (form == "SDM")
    place = rng.random((UNITS, 2))
    distance = np.linalg.norm(place[:, None] - place, axis=2) + 9.0 * np.eye(UNITS)
    w = np.zeros((UNITS, UNITS))
    w[np.arange(UNITS)[:, None], np.argsort(distance, axis=1)[:, :NEAREST]] = 1.0 / NEAREST
    group = rng.permutation(UNITS) % 4
    start = np.where(rng.random(UNITS) < 0.4, rng.integers(3, 8, UNITS), 99)
    treated = (np.arange(PERIODS) >= start[:, None]) * 1.0
    onto = np.array(THETA[name])[group][:, None] * w
    errors = np.zeros((UNITS, PERIODS))
    errors[:, 0] = rng.standard_normal(UNITS) / np.sqrt(0.75)
    for t in range(1, PERIODS):
        errors[:, t] = 0.5 * errors[:, t - 1] + rng.standard_normal(UNITS)
    inverse, mean = np.linalg.inv(np.eye(UNITS) - delta * w), treated + onto @ treated
    levels = rng.standard_normal((UNITS, 1)) + 0.3 * np.arange(PERIODS)
    own = np.diag(inverse + inverse @ onto)[:, None] * treated
    start_of = np.where(start < 99, start, np.nan)
    table = pd.DataFrame(
        {"unit": np.repeat(IDS, PERIODS), "time": np.tile(np.arange(PERIODS), UNITS),
         "cohort": np.repeat(start_of, PERIODS),
         "y": (inverse @ (mean + levels + 0.5 * errors)).ravel(),
         "region": np.repeat([f"g{g}" for g in group], PERIODS)}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(
        table, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"]
    )
    since = np.arange(PERIODS) >= start.min()
    truth = {"own": own, "received": inverse @ mean - own, "group": group,
             "treated": treated > 0.0, "untreated": (treated == 0.0) & since}  # fmt: skip
    return panel, nqp.spatial_weights.matrix(pd.DataFrame(w, IDS, IDS)), truth


def measured(world: str, term: str, number: int) -> dict[str, float]:
    """Whether intervals hold the truth of each group, how wide they are, and CPU seconds."""
    panel, weights, truth = world_of(*WORLDS[world], number)
    lag = nqp.SpatialLag(
        weights, lag=world.startswith("SDM"), receivers="region" if term == "by" else ()
    )
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"], varying=None), nqp.AR1(), nqp.TimeEffects(), spillovers=lag
    )
    since = time.process_time()
    fit = nqp.fit(design, panel, nqp.Importance(seed=number + 1), progress=False)
    out = {"seconds": time.process_time() - since}
    every = {
        "untreated": (nqp.spillover_effects(fit, by="region"), "received", "untreated"),
        "treated": (nqp.spillover_effects(fit, by="region", onto="treated"), "received", "treated"),
        "own": (nqp.att(fit, by="region", path="direct"), "own", "treated"),
    }
    for name, (draws, what, rows) in every.items():
        for g in range(4):
            inside = truth[rows] & (truth["group"] == g)[:, None]
            low, high = np.quantile(draws.sel(region=f"g{g}"), [0.025, 0.975])
            value = truth[what][inside].mean()
            width = float(f"{high - low:.4g}")
            out |= {f"{name} {g}": float(low <= value <= high), f"{name} {g} width": width}
    return out


def table(rows: pd.DataFrame) -> str:
    """Coverage by group, their mean, and mean widths of untreated and own effects."""
    who = ("untreated", "treated", "own")
    lines = [["world", "θ", "panels", *(f"{x}: groups 1 to 4 (mean)" for x in who), "widths",
              "CPU s"]]  # fmt: skip
    for (world, term), part in rows.groupby(["world", "term"], sort=False):
        held = [part[[f"{name} {g}" for g in range(4)]].mean() for name in who]
        shares = [f"{' '.join(f'{x:.2f}' for x in line)} ({line.mean():.3f})" for line in held]
        wide = [part[[f"{x} {g} width" for g in range(4)]].to_numpy().mean() for x in who[::2]]
        widths, spent = ", ".join(f"{x:.2f}" for x in wide), f"{part['seconds'].mean():.2f}"
        lines.append([str(world), str(term), str(len(part)), *shares, widths, spent])
    return markdown(lines)


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--only", nargs="*", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    cases = [(world, term) for world in asked.only for term in ("one", "by")]
    print(table(STORE.fill(cases, range(asked.panels), measured)))
    if asked.collect:
        STORE.keep()


if __name__ == "__main__":
    main()
