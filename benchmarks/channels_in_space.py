"""Coverage of effects by whose treatment and through whose mediator, and what checks say.

    python -m benchmarks.channels_in_space [--panels N] [--only WORLD] [--seed FIRST] [--collect]
    python -m benchmarks.channels_in_space --speed    beside the same channels without space

Panels of `nqp.simulation.channels_in_space`, 150 units, 10 periods, AR(1) errors of .5, effects one
curve for all with deviations of units. In "linked" units receive the share of their four nearest in
force, in "rings" by the distance to the nearest in force (50 and 100 km); both are fitted as they
are. In "too short" links are the eight nearest, and the fit has the two nearest; in "shocks" near
units share shocks to the mediator and the outcome; in "ignored" the fit has neither spillovers nor
links. A row a panel in .cache/channels_in_space, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

import bayes_nqp as nqp

from ._coverage import COVERS, against, printed
from ._store import Store

STORE = Store("channels_in_space", ("world", "seed"))
KM = (50.0, 100.0)
CHECK = "linked_mediators"


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
        nqp.CompletePooling(), spillovers=term, time=nqp.TimeEffects(), unidentified="raise"
    )
    return nqp.fit(
        nqp.Mediation(design, links=links), panel, nqp.Importance(seed=1), progress=False
    )


def answer(name: str, seed: int) -> dict[str, Any]:
    """Of one panel: errors, sds and coverage by path; and what the check says."""
    world = WORLDS[name]
    made = nqp.simulation.channels_in_space(**world.made, seed=seed)
    fit, paths = fit_of(world, made.panel), {}
    if world.nearest is None:
        paths["total"] = (nqp.att(fit), nqp.att(made.truth).item())
        ours, true = (nqp.nie(x, mediators="digital") for x in (fit, made.truth))
        paths["treated, own, digital"] = (ours, true.item())
    else:
        # Cells of untreated rows differ under rings from those of the truth.
        for onto in ("treated",) if world.rings else ("treated", "untreated"):
            ours, true = (nqp.paths_in_space(x, onto=onto) for x in (fit, made.truth))
            for whose in ("own", "others", "total"):
                for along in ours["path"].to_numpy().tolist():
                    at = {"treatment_of": whose, "path": along}
                    if (truth := true.sel(at).item()) != 0.0:
                        paths[f"{onto}, {whose}, {along}"] = (ours.sel(at), truth)
    return against(paths) | {CHECK: str(nqp.check(fit, CHECK, progress=False).verdict)}


def report(name: str, rows: pd.DataFrame) -> None:
    """Print coverage and bias by path, and verdicts."""
    printed(name, rows)
    print(CHECK, rows[CHECK].value_counts().to_dict())
    for label in ("total", "treated, total, total"):
        if (missed := f"{label}{COVERS}") in rows.columns[rows.notna().any()]:
            wrong = (rows[CHECK] == "passed") & (rows[missed] == 0)
            print(f"wrong and silent ({label}): {wrong.sum()} of {len(rows)}")


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
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    if asked.speed:
        speed()
        return
    seeds = range(asked.seed, asked.seed + asked.panels)
    for name in [asked.only] if asked.only else WORLDS:
        report(name, STORE.fill([(name,)], seeds, answer))
    if asked.collect:
        STORE.keep()


if __name__ == "__main__":
    main()
