"""Coverage of own, total and received effects where a policy reaches neighbours.

    python -m benchmarks.spillovers [PANELS] [--seed FIRST]

Panels of `nqp.simulation.staggered`: 150 places over 16 by 14 degrees, 14 periods, AR(1) errors of
.6, 40 % adopt at eight dates; untreated rows within 100 km of a unit in force receive .5, within
200 km .25, treated ones within 100 km .3. Effects under rings, under rings onto untreated rows
alone, and where spillovers are ignored. Periods without any control beyond the last ring are left
out, of the truth too. Seeds are those from FIRST (default 1000) on.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import xarray as xr

import bayes_nqp as nqp

EDGES = (100.0, 200.0)
NEAR = nqp.simulation.Spillover(nqp.Rings(EDGES), untreated=(0.5, 0.25), treated=(0.3, 0.0))
DESIGNS = {
    "ignoring": None,
    "onto untreated": nqp.Rings(EDGES, onto="untreated"),
    "rings": nqp.Rings(EDGES),
}


def inside(draws: np.ndarray, truth: float) -> tuple[float, float, float]:
    """Error, sd, and whether the 95 % interval holds the truth."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(draws.mean() - truth), float(draws.std()), float(low <= truth <= high)


def panel_of(seed: int) -> nqp.simulation.Simulated:
    """A panel, and its truth."""
    return nqp.simulation.staggered(
        units=150, cohorts=range(6, 14), never=0.6, strata={}, effect="growing", level=0.8,
        growth=0.1, deviation_sd=0.0, rho=0.6, spillover=NEAR, seed=seed,
    )  # fmt: skip


def answers(
    world: nqp.simulation.Simulated, name: str, effect: nqp.Complete | nqp.Partial
) -> dict[str, tuple]:
    """One panel under one design."""
    design = nqp.StaggeredDiD(
        effect, spillovers=DESIGNS[name], time=nqp.TimeEffects(), unidentified="drop"
    )
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
    truth = of_same_periods(world.truth, nqp.cell_effects(fit))
    total, own = nqp.att(fit), nqp.att(fit, path="direct") if name == "rings" else nqp.att(fit)
    out = {
        "total": inside(total.to_numpy(), nqp.att(truth).item()),
        "own": inside(own.to_numpy(), nqp.att(truth, path="direct").item()),
    }
    for onto in ("untreated", "treated") if name == "rings" else ():
        rings, true_rings = (nqp.received(x, by="ring", onto=onto) for x in (fit, truth))
        for label in rings["ring"].to_numpy():
            draws, value = (x.sel(ring=label).to_numpy() for x in (rings, true_rings))
            out[f"received, {onto}, {label}"] = inside(draws, value.item())
    return out


def of_same_periods(truth: xr.Dataset, effects: xr.Dataset) -> xr.Dataset:
    """The truth of those periods whose effects the design identifies."""
    times = np.unique(effects["time"].to_numpy()[effects["identified"].to_numpy()])
    return truth.assign_coords(identified=("cell", np.isin(truth["time"].to_numpy(), times)))


def main() -> None:
    """Print coverage, bias and sd by design and effect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("panels", nargs="?", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--partial", action="store_true", help="partial pooling in place of none")
    arguments = parser.parse_args()
    effect = nqp.Partial() if arguments.partial else nqp.Complete(varying=None)
    results: dict[tuple[str, str], list[tuple]] = {}
    start = time.perf_counter()
    for k in range(arguments.panels):
        world = panel_of(arguments.seed + k)
        for name in DESIGNS:
            for what, answer in answers(world, name, effect).items():
                results.setdefault((name, what), []).append(answer)
    print(f"{arguments.panels} panels, {time.perf_counter() - start:.0f} s")
    for (name, what), rows in results.items():
        error, sd, covered = np.array(rows).T
        se = error.std() / np.sqrt(len(rows))
        print(
            f"{name:15s} {what:35s} coverage {covered.mean():.3f} "
            f"bias {error.mean():+.3f} (se {se:.3f}) sd {sd.mean():.3f}"
        )


if __name__ == "__main__":
    main()
