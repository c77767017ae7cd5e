"""Coverage of own, total and received effects where a policy reaches neighbours.

    python -m benchmarks.spillovers [PANELS] [--seed FIRST]

Panels of `tests/spilled.py`: 150 places over 16 by 14 degrees, 14 periods, AR(1) errors of .6, 40 %
adopt at eight dates; untreated rows within 100 km of a unit in force receive .5, within 200 km .25,
treated ones within 100 km .3. Effects under rings, under rings onto untreated rows alone, and where
spillovers are ignored. Periods without any control beyond the last ring are left out, of the truth
too. Seeds are those from FIRST (default 1000) on.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

import bayes_nqp as nqp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from spilled import EDGES, Spilled, spilled

DESIGNS = {
    "ignoring": None,
    "onto untreated": nqp.Rings(EDGES, onto="untreated"),
    "rings": nqp.Rings(EDGES),
}


def inside(draws: np.ndarray, truth: float) -> tuple[float, float, float]:
    """Error, sd, and whether the 95 % interval holds the truth."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(draws.mean() - truth), float(draws.std()), float(low <= truth <= high)


def answers(world: Spilled, name: str, effect: nqp.Complete | nqp.Partial) -> dict[str, tuple]:
    """One panel under one design."""
    design = nqp.StaggeredDiD(
        effect, spillovers=DESIGNS[name], time=nqp.TimeEffects(), unidentified="drop"
    )
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
    kept = np.zeros(world.ring.shape, dtype=bool)
    rows = fit.plan.kept
    kept[fit.plan.frame.unit[rows], fit.plan.frame.time[rows]] = True
    treated, near = kept & world.treated, kept & ~world.treated
    truths = {"own": world.own[treated].mean()}
    truths["total"] = truths["own"] + world.received[treated].mean()
    total = nqp.att(fit).to_numpy().ravel()
    out = {"total": inside(total, truths["total"])}
    own = nqp.att(fit, path="direct").to_numpy().ravel() if name == "rings" else total
    out["own"] = inside(own, truths["own"])
    for onto in ("untreated", "treated") if name == "rings" else ():
        rings = nqp.received(fit, by="ring", onto=onto)
        rows = treated if onto == "treated" else near
        for k, label in enumerate(rings["ring"].to_numpy()):
            truth = world.received[(world.ring == k) & rows].mean()
            draws = rings.sel(ring=label).to_numpy().ravel()
            out[f"received, {onto}, {label}"] = inside(draws, truth)
    return out


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
        world = spilled(arguments.seed + k)
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
