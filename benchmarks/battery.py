"""Run: python -m benchmarks.battery --panels 100; an interrupted run goes on where it stopped.

What all checks together say of panels in which everything that the default design assumes is true,
and of panels in which something is wrong: how often some check fails, and how often something is
in doubt. `--only WORLD` runs one world, `--collect` writes the results to
benchmarks/results/checks.md.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

import bayes_nqp as nqp
from bayes_nqp.checks import run_checks
from bayes_nqp.checks.shared import DOUBT, FAILS
from bayes_nqp.data.simulation import channels, staggered
from bayes_nqp.model.designs import Design

from ._store import ROOT, Store
from .earned import markdown, share

STORE = Store("battery", ("world", "number"))
SEED = 21_000_000
PAGE, MARK = ROOT / "benchmarks" / "results" / "checks.md", "<!-- python -m benchmarks.battery -->"
SIZES: Mapping[str, Mapping[str, Any]] = {
    "60 × 14": {"units": 60, "periods": 14},
    "100 × 13": {"units": 100, "periods": 13, "cohorts": (5, 7, 9, 11)},
    "285 × 12": {"units": 285, "periods": 12, "cohorts": (6, 7, 9, 11)},
}
STRATA: Mapping[str, Mapping[str, Any]] = {
    "one stratum": {"strata": {}},
    "two strata": {"contrast": 0.3},
}
WRONG: Mapping[str, Mapping[str, Any]] = {
    "AR(1) of .8, fitted as independent": {"rho": 0.8},
    "lines of cohorts": {"drift": "lines"},
    "a line of the treated that bends": {"drift": "bend"},
    "one factor, earlier adopters load more": {"drift": "factor"},
    "a slope of .1 of the treated": {"trend": 0.1},
}
"""Of 100 × 13 in two strata."""


def simulated(world: str, number: int) -> tuple[Design, nqp.Panel, float]:
    """A design, a panel, and the true average effect."""
    seed, errors = SEED + number, nqp.AR1()
    size, _, rest = world.partition(", ")
    if rest == "channels":
        made = channels(**{k: v for k, v in SIZES[size].items() if k != "cohorts"}, seed=seed)
        design: Design = nqp.Mediation(nqp.StaggeredDiD(), made.panel.roles.mediators)
    elif size in SIZES:
        made = staggered(**{**SIZES[size], **STRATA[rest], "seed": seed})
        design = nqp.StaggeredDiD()
    else:
        made = staggered(
            **{**SIZES["100 × 13"], **STRATA["two strata"], **WRONG[world], "seed": seed}
        )
        independent = world.startswith("AR(1)")
        design = nqp.StaggeredDiD(errors=nqp.IID() if independent else errors)
    return design, made.panel, float(nqp.att(made.truth).mean())


def worlds() -> list[str]:
    """All of them, clean ones first."""
    kinds = (*STRATA, "channels")
    return [*(f"{size}, {kind}" for kind in kinds for size in SIZES), *WRONG]


def judged(world: str, number: int) -> dict[str, Any]:
    """Verdicts of all checks on a panel, and whether the interval covers."""
    design, panel, truth = simulated(world, number)
    fit = nqp.fit(design, panel, nqp.Importance(seed=number), progress=False)
    low, high = np.quantile(nqp.att(fit), (0.025, 0.975))
    verdicts = {result.name: result.verdict for result in run_checks(fit)}
    return {"covers": bool(low <= truth <= high), **verdicts}


def run(names: list[str], panels: int, part: tuple[int, int]) -> None:
    """Compute what is not there yet, a panel of every world at a time."""
    ready = STORE.ready()
    for number in range(part[0], panels, part[1]):
        for world in names:
            if (world, number) not in ready:
                line = {"world": world, "number": number, **judged(world, number)}
                STORE.add(line, f"{part[0]}of{part[1]}")


def tables() -> str:
    """The battery by world, then every check's rates on clean panels and on wrong ones."""
    frame = STORE.rows()
    names = [name for name in frame.columns if name not in ("world", "number", "covers")]
    rows: list[list[Any]] = [["world", "panels", "covered", "some check fails", "some in doubt"]]
    for world in [w for w in worlds() if w in set(frame["world"])]:
        part = frame[frame["world"] == world]
        counts = [int((part[names] == verdict).any(axis=1).sum()) for verdict in (FAILS, DOUBT)]
        covered = f"{part['covers'].mean():.2f}"
        rows.append([world, len(part), covered, *(share(k, len(part)) for k in counts)])
    wrong = frame["world"].isin(list(WRONG))
    each: list[list[Any]] = [
        ["check", "clean: in doubt", "clean: fails", "wrong: speaks, by world"]
    ]
    for name in names:
        said = frame.loc[~wrong, name].dropna()
        if said.empty:
            continue
        speaks = frame[name].isin([DOUBT, FAILS])[wrong].groupby(frame["world"], sort=False).mean()
        spoken = "; ".join(f"{world} {rate:.2f}" for world, rate in speaks.items() if rate >= 0.2)
        rates = (f"{(said == verdict).mean():.2f}" for verdict in (DOUBT, FAILS))
        each.append([f"`{name}`", *rates, spoken])
    return f"{markdown(rows)}\n\n{markdown(each)}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=0)
    parser.add_argument("--only", action="append", help="a world, or the beginning of several")
    parser.add_argument("--part", default="0/1", help="K/N: panels K, K + N, …")
    parser.add_argument("--collect", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    chosen = [w for w in worlds() if not options.only or w.startswith(tuple(options.only))]
    first, _, step = options.part.partition("/")
    run(chosen, options.panels, (int(first), int(step)))
    print(tables())
    if options.collect:
        STORE.keep()
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{MARK}\n")
        after = rest.partition(f"{MARK}\n")[2]
        PAGE.write_text(f"{before}{MARK}\n{tables()}\n{MARK}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
