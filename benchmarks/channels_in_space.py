"""Coverage of effects by whose treatment and through whose mediator, and what checks say.

    python -m benchmarks.channels_in_space [--panels N] [--only WORLD] [--seed FIRST] [--checks]
    python -m benchmarks.channels_in_space --speed    beside the same channels without space

Panels of `nqp.simulation.channels_in_space`, 150 units, 10 periods, AR(1) errors of .5, effects one
curve for all with deviations of units. In "linked" units receive the share of their four nearest in
force, in "rings" by the distance to the nearest in force (50 and 100 km); both are fitted as they
are. In "too short" links are the eight nearest, and the fit has the two nearest; in "shocks" near
units share shocks to the mediator and the outcome; in "ignored" the fit has neither spillovers nor
links. A panel is kept in .cache/channels_in_space.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import bayes_nqp as nqp

STORE = Path(__file__).resolve().parents[1] / ".cache" / "channels_in_space"
KM = (50.0, 100.0)
ASKED = ("linked_mediators",)


@dataclass(frozen=True)
class World:
    """How panels are made, and by how many nearest units they are fitted."""

    made: dict[str, Any] = field(default_factory=dict)
    nearest: int | None = 4
    rings: bool = False


WORLDS = {
    "linked": World(),
    "rings": World(
        {"spillover": nqp.simulation.Spillover(nqp.Rings(KM), (1.0, 0.5), (0.6, 0.3)),
         "never": 0.7},
        rings=True,
    ),
    "too short": World({"nearest_units": 8}, nearest=2),
    "shocks": World({"shocks": 0.5}),
    "ignored": World(nearest=None),
}  # fmt: skip


def fit_of(world: World, panel: nqp.Panel) -> nqp.Fit:
    """The design of a world on a panel."""
    links, term = None, None
    if world.nearest is not None:
        links = nqp.spatial_weights.nearest(panel, world.nearest)
        term = nqp.Rings(KM) if world.rings else nqp.SpatialLag(links, lag=False)
    design = nqp.StaggeredDiD(
        nqp.Complete(), spillovers=term, time=nqp.TimeEffects(), unidentified="raise"
    )
    return nqp.fit(
        nqp.Mediation(design, links=links), panel, nqp.Importance(seed=1), progress=False
    )


def answer(name: str, seed: int, checks: bool) -> dict[str, Any]:
    """Of one panel: error, sd and whether the interval covers, by path; and what checks say."""
    path = STORE / f"{name.replace(' ', '_')}_{seed}.json"
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if kept and (kept["said"] or not checks):
        return kept
    world = WORLDS[name]
    made = nqp.simulation.channels_in_space(**world.made, seed=seed)
    fit, paths = fit_of(world, made.panel), {}
    if world.nearest is None:
        paths["total"] = inside(nqp.att(fit), nqp.att(made.truth))
        paths["treated, own, digital"] = inside(
            nqp.nie(fit, mediators="digital"), nqp.nie(made.truth, mediators="digital")
        )
    else:
        # Cells of untreated rows differ under rings from those of the truth.
        for onto in ("treated",) if world.rings else ("treated", "untreated"):
            ours, true = (nqp.paths_in_space(x, onto=onto) for x in (fit, made.truth))
            for whose in ("own", "others", "total"):
                for along in ours["path"].to_numpy().tolist():
                    at = {"treatment_of": whose, "path": along}
                    if true.sel(at).item() != 0.0:
                        label = f"{onto}, {whose}, {along}"
                        paths[label] = inside(ours.sel(at), true.sel(at))
    said = {}
    if checks:
        for check in ASKED[:1] if world.nearest is None else ASKED:
            said[check] = nqp.check(fit, check, progress=False).verdict
    STORE.mkdir(parents=True, exist_ok=True)
    out = {"paths": paths, "said": said}
    path.write_text(json.dumps(out))
    return out


def inside(draws: Any, truth: Any) -> tuple[float, float, float]:
    """Error, sd, and whether the 95 % interval holds the truth."""
    values, value = draws.to_numpy().ravel(), float(truth.item())
    low, high = np.quantile(values, [0.025, 0.975])
    return float(values.mean() - value), float(values.std()), float(low <= value <= high)


def report(name: str, results: list[dict[str, Any]]) -> None:
    """Print coverage and bias by path, and verdicts."""
    print(f"\n{name}: {len(results)} panels\n| effect | covered | bias (se) | sd |")
    print("| --- | ---: | ---: | ---: |")
    for label in results[0]["paths"]:
        rows = np.array([x["paths"][label] for x in results if label in x["paths"]])
        error, sd, covered = rows.T
        se = error.std() / np.sqrt(len(rows))
        bias = f"{error.mean():+.3f} ({se:.3f})"
        print(f"| {label} | {covered.mean():.3f} | {bias} | {sd.mean():.3f} |")
    said = [x["said"] for x in results if x["said"]]
    for check in said[0] if said else ():
        verdicts = [x[check] for x in said]
        print(check, {v: verdicts.count(v) for v in sorted(set(verdicts))})
    if said and "linked_mediators" in said[0]:
        quiet = [x for x in results if x["said"] and x["said"]["linked_mediators"] == "holds"]
        label = next(iter(x for x in results[0]["paths"] if x.endswith("total")))
        wrong = sum(not x["paths"][label][2] for x in quiet)
        print(f"wrong and silent ({label}): {wrong} of {len(said)}")


def speed() -> None:
    """Processor time of one thread: channels without and with space."""
    for units, periods in ((150, 10), (285, 12)):
        cohorts = (4, 6, 8)
        made = nqp.simulation.channels_in_space(
            units=units, periods=periods, cohorts=cohorts, seed=1
        )
        spent = {}
        for name in ("ignored", "linked"):
            best = []
            for _ in range(3):
                begin = time.process_time()
                fit_of(WORLDS[name], made.panel)
                best.append(time.process_time() - begin)
            spent[name] = min(best)
        plain, linked = spent["ignored"], spent["linked"]
        print(f"{units} × {periods}: {plain:.2f} s, {linked:.2f} s ({linked / plain:.1f} ×)")


def main() -> None:
    """Read arguments, run what is missing and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--only", choices=list(WORLDS))
    parser.add_argument("--checks", action="store_true")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    if asked.speed:
        speed()
        return
    for name in [asked.only] if asked.only else WORLDS:
        seeds = range(asked.seed, asked.seed + asked.panels)
        report(name, [answer(name, seed, asked.checks) for seed in seeds])


if __name__ == "__main__":
    main()
