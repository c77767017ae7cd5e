"""Coverage of own, total and received effects where a policy reaches neighbours.

    python -m benchmarks.spillovers [PANELS] [--seed FIRST] [--levels 1 | 4 | 30] [--collect]
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
of 60 km, which is too short, and under the right ones. A row a panel in .cache/spillovers and
.cache/spillovers_checks, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import xarray as xr

import bayes_nqp as nqp

from ._coverage import against, holds, printed
from ._store import Store
from .earned import markdown

STORE = Store("spillovers", ("levels", "seed"))
CHECKS = Store("spillovers_checks", ("fit", "seed"))
ASKED: dict[str, tuple[tuple[float, ...] | None, tuple[str, ...]]] = {
    "ignored": (None, ("spillover_bias",)),
    "a ring of 60 km": ((60.0,), ("ring_reach", "donut")),
    "rings of 100 and 200 km": ((100.0, 200.0), ("ring_reach", "donut")),
}
"""Rings of a fit, and what is asked of it."""
VERDICTS = ("passed", "inconclusive", "caution", "failed", "not applicable")
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


def answer(levels: int, seed: int) -> dict[str, float]:
    """One panel under each design: errors, sds and coverage."""
    world, out = panel_of(seed, levels), {}
    time_effects = nqp.TimeEffects() if levels == 1 else nqp.TimeEffects(by=["level"])
    for name in NAMES:
        fit = nqp.fit(
            nqp.StaggeredDiD(
                nqp.CompletePooling(varying=None), spillovers=rings_of(name, levels),
                time=time_effects,
                unidentified="drop",
            ),
            world.panel, nqp.Importance(seed=1), progress=False,
        )  # fmt: skip
        truth = of_same_cells(world.truth, nqp.group_time_effects(fit))
        own = nqp.att(fit, path="direct") if name == "rings" else nqp.att(fit)
        out[f"{name}, total"] = (nqp.att(fit), nqp.att(truth).item())
        out[f"{name}, own"] = (own, nqp.att(truth, path="direct").item())
        for onto in ("untreated", "treated") if name == "rings" else ():
            rings, true_rings = (
                nqp.spillover_effects(x, by="ring", onto=onto) for x in (fit, truth)
            )
            for label in rings["ring"].to_numpy().tolist():
                pair = rings.sel(ring=label), true_rings.sel(ring=label).item()
                out[f"received, {onto}, {label}"] = pair
    return against(out)


def asked(name: str, seed: int) -> dict[str, Any]:
    """Of one panel and fit: whether its intervals cover, and what checks say."""
    world, (km, checks) = panel_of(seed), ASKED[name]
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), spillovers=km and nqp.Rings(km), time=nqp.TimeEffects(),
        unidentified="drop",
    )  # fmt: skip
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
    truth = of_same_cells(world.truth, nqp.group_time_effects(fit))
    own = nqp.att(fit, path="direct") if km else nqp.att(fit)
    said = {check: str(nqp.check(fit, check, progress=False).verdict) for check in checks}
    total = holds(nqp.att(fit), nqp.att(truth).item())
    return said | {"total": total, "own": holds(own, nqp.att(truth, path="direct").item())}


def verdicts(seeds: range) -> None:
    """Print how often each verdict is given, and coverage given "passed"."""
    rows = CHECKS.fill([(name,) for name in ASKED], seeds, asked)
    lines = [["fit", "covered: total, own", "check", *VERDICTS, "covered given holds"]]
    for name, (_, checks) in ASKED.items():
        part = rows[rows["fit"] == name]
        every = ", ".join(f"{part[x].mean():.2f}" for x in ("total", "own"))
        for check in checks:
            held = part[part[check] == "passed"]
            given = ", ".join(f"{held[x].sum()} of {len(held)}" for x in ("total", "own"))
            counts = [str((part[check] == verdict).sum()) for verdict in VERDICTS]
            lines.append([name, every, f"`{check}`", *counts, given])
    print(markdown(lines))


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
        "CompletePooling(varying=None)": nqp.CompletePooling(varying=None),
        "CompletePooling()": nqp.CompletePooling(),
        "PartialPooling()": nqp.PartialPooling(),
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
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--checks", action="store_true")
    parser.add_argument("--collect", action="store_true")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.panels)
    if arguments.speed:
        speed()
    elif arguments.checks:
        verdicts(seeds)
    else:
        rows = STORE.fill([(arguments.levels,)], seeds, answer)
        printed(f"{arguments.levels} levels of time effects", rows)
    if arguments.collect:
        (CHECKS if arguments.checks else STORE).keep()


if __name__ == "__main__":
    main()
