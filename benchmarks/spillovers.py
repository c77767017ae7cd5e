"""Coverage of own, total and received effects where a policy reaches neighbours.

    python -m benchmarks.spillovers [PANELS] [--seed FIRST] [--levels 1 | 4 | 30]
    python -m benchmarks.spillovers --speed     what rings cost beside the fit without them
    python -m benchmarks.spillovers --checks    what checks say of reach, and coverage by verdict

Panels of `nqp.simulation.staggered` over 16 by 14 degrees, AR(1) errors of .6, 40 % adopt at many
dates: 150 places and 14 periods, with time effects in common or by 4 levels, or 285 places and 12
periods, by 30 levels. Untreated rows within 100 km of a unit in force receive .5, within 200 km
.25, treated ones within 100 km .3 (40 and 80 km with 30 levels, where places are dense). Effects
under rings, under rings onto untreated rows alone, and where spillovers are ignored. Periods of a
level without any control beyond the last ring are left out, of the truth too. Seeds are those from
FIRST (default 1000) on.

`--checks` asks `spillover_bias` where spillovers are ignored, `ring_reach` and `donut` under a ring
of 60 km, which is too short, and under the right ones, panel by panel kept in .cache/spillovers.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import bayes_nqp as nqp

STORE = Path(__file__).resolve().parents[1] / ".cache" / "spillovers"
ASKED: dict[str, tuple[tuple[float, ...] | None, tuple[str, ...]]] = {
    "ignored": (None, ("spillover_bias",)),
    "a ring of 60 km": ((60.0,), ("ring_reach", "donut")),
    "rings of 100 and 200 km": ((100.0, 200.0), ("ring_reach", "donut")),
}
"""Rings of a fit, and what is asked of it."""
VERDICTS = ("holds", "could not tell", "in doubt", "fails", "not applicable")
EDGES = {1: (100.0, 200.0), 4: (100.0, 200.0), 30: (40.0, 80.0)}
"""Kilometres, by the number of levels of time effects."""
SIZES: dict[int, dict[str, Any]] = {
    1: {"units": 150, "cohorts": range(6, 14), "strata": {}},
    4: {"units": 150, "cohorts": range(6, 14)},
    30: {"units": 285, "periods": 12, "cohorts": range(5, 12)},
}
NAMES = ("ignoring", "onto untreated", "rings")


def rings_of(name: str, levels: int) -> nqp.Rings | None:
    """What a design says of neighbours."""
    if name == "ignoring":
        return None
    return nqp.Rings(EDGES[levels], **({} if name == "rings" else {"onto": "untreated"}))


def inside(draws: np.ndarray, truth: float) -> tuple[float, float, float]:
    """Error, sd, and whether the 95 % interval holds the truth."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(draws.mean() - truth), float(draws.std()), float(low <= truth <= high)


def panel_of(seed: int, levels: int = 1) -> nqp.simulation.Simulated:
    """A panel, and its truth."""
    near = nqp.simulation.Spillover(
        nqp.Rings(EDGES[levels]), untreated=(0.5, 0.25), treated=(0.3, 0.0)
    )
    strata = {"level": [f"l{k:02d}" for k in range(levels)]}
    size = {"strata": strata} | SIZES[levels]
    return nqp.simulation.staggered(
        **size, never=0.6, effect="growing", level=0.8, growth=0.1, deviation_sd=0.0, rho=0.6,
        spillover=near, seed=seed,
    )  # fmt: skip


def answers(
    world: nqp.simulation.Simulated,
    name: str,
    effect: nqp.Complete | nqp.Partial,
    levels: int,
) -> dict[str, tuple]:
    """One panel under one design."""
    time_effects = nqp.TimeEffects() if levels == 1 else nqp.TimeEffects(by=["level"])
    design = nqp.StaggeredDiD(
        effect, spillovers=rings_of(name, levels), time=time_effects, unidentified="drop"
    )
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
    truth = of_same_cells(world.truth, nqp.cell_effects(fit))
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


def asked(seed: int) -> dict[str, Any]:
    """Of one panel, by fit: whether its intervals cover, and what checks say."""
    path = STORE / f"{seed}.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    world, out = panel_of(seed), {}
    for name, (km, checks) in ASKED.items():
        design = nqp.StaggeredDiD(
            nqp.Complete(varying=None), spillovers=km and nqp.Rings(km), time=nqp.TimeEffects(),
            unidentified="drop",
        )  # fmt: skip
        fit = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
        truth = of_same_cells(world.truth, nqp.cell_effects(fit))
        own = nqp.att(fit, path="direct") if km else nqp.att(fit)
        said = {check: nqp.check(fit, check, progress=False) for check in checks}
        out[name] = {
            "total": inside(nqp.att(fit).to_numpy(), nqp.att(truth).item())[2],
            "own": inside(own.to_numpy(), nqp.att(truth, path="direct").item())[2],
            "said": {check: result.verdict for check, result in said.items()},
        }
    STORE.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(out))
    return out


def verdicts(seeds: range) -> None:
    """Print how often each verdict is given, and coverage given "holds"."""
    results = [asked(seed) for seed in seeds]
    print(f"| fit | covered: total, own | check | {' | '.join(VERDICTS)} | covered given holds |")
    print("| --- " * (len(VERDICTS) + 4) + "|")
    for name, (_, checks) in ASKED.items():
        rows = [result[name] for result in results]
        every = ", ".join(f"{np.mean([x[part] for x in rows]):.2f}" for part in ("total", "own"))
        for check in checks:
            said = [x["said"][check] for x in rows]
            held = [x for x, verdict in zip(rows, said, strict=True) if verdict == "holds"]
            given = [
                f"{int(sum(x[part] for x in held))} of {len(held)}" for part in ("total", "own")
            ]
            counts = " | ".join(str(said.count(verdict)) for verdict in VERDICTS)
            print(f"| {name} | {every} | `{check}` | {counts} | {', '.join(given)} |")


def of_same_cells(truth: xr.Dataset, effects: xr.Dataset) -> xr.Dataset:
    """The truth of those periods, of levels, whose effects the design identifies."""
    keys = [name for name in ("level", "time") if name in effects.coords]
    identified = effects["identified"].to_numpy()
    pairs = zip(*(effects[name].to_numpy()[identified] for name in keys), strict=True)
    known = set(pairs)
    cells = zip(*(truth[name].to_numpy() for name in keys), strict=True)
    return truth.assign_coords(identified=("cell", np.array([cell in known for cell in cells])))


def seconds(designs: list[nqp.StaggeredDiD], panel: nqp.Panel) -> list[float]:
    """CPU time of designs in turns: the mean over five seeds of the least of three fits."""
    spent = np.full((len(designs), 5), np.inf)
    for k in range(15):
        for place, design in enumerate(designs):
            # No plan is remembered for another outcome.
            other = panel.with_outcome(panel.outcome + 1e-9 * k)
            began = time.process_time()
            nqp.fit(design, other, nqp.Importance(seed=k % 5 + 1), progress=False, threads=1)
            once = time.process_time() - began
            spent[place, k % 5] = min(spent[place, k % 5], once)
    return list(spent.mean(axis=1))


def speed() -> None:
    """Print CPU seconds of fits with rings and without, on one panel of each size."""
    sizes: dict[str, dict[str, Any]] = {
        "150 × 14": {"units": 150, "cohorts": range(6, 14), "never": 0.6},
        "285 × 12": {
            "units": 285, "periods": 12, "cohorts": {6: 12, 7: 1, 9: 22, 10: 22, 11: 51},
        },
    }  # fmt: skip
    effects = {
        "Complete(varying=None)": nqp.Complete(varying=None), "Complete()": nqp.Complete(),
        "Partial()": nqp.Partial(),
    }  # fmt: skip
    for size, arguments in sizes.items():
        near = nqp.simulation.Spillover(nqp.Rings(EDGES[1]), untreated=(0.5, 0.25))
        panel = nqp.simulation.staggered(**arguments, strata={}, spillover=near, seed=1).panel
        for name, effect in effects.items():
            plain = nqp.StaggeredDiD(effect, time=nqp.TimeEffects(), unidentified="drop")
            with_rings = plain.replace(spillovers=nqp.Rings(EDGES[1]))
            spent = seconds([plain, with_rings], panel)
            print(
                f"{size}, {name:22s} {spent[0]:.3f} s, with rings {spent[1]:.3f} s, "
                f"{spent[1] / spent[0]:.1f} ×",
                flush=True,
            )


def main() -> None:
    """Print coverage, bias and sd by design and effect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("panels", nargs="?", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--levels", type=int, default=1, choices=list(SIZES))
    parser.add_argument("--designs", nargs="*", choices=NAMES, default=list(NAMES))
    parser.add_argument("--partial", action="store_true", help="partial pooling in place of none")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--checks", action="store_true")
    arguments = parser.parse_args()
    if arguments.speed:
        speed()
        return
    if arguments.checks:
        verdicts(range(arguments.seed, arguments.seed + arguments.panels))
        return
    effect = nqp.Partial() if arguments.partial else nqp.Complete(varying=None)
    results: dict[tuple[str, str], list[tuple]] = {}
    start = time.perf_counter()
    for k in range(arguments.panels):
        world = panel_of(arguments.seed + k, arguments.levels)
        for name in arguments.designs:
            for what, answer in answers(world, name, effect, arguments.levels).items():
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
