"""What large problems cost: many cells, columns, equations and patterns, as a Markdown table.

    python -m benchmarks.large [NAME …] [--quick]

Each case is fitted in a process of its own on one thread, first and again with another seed.
Processor seconds are those of the whole process, imports included, less what making the rows took;
microseconds a point those of the density, over batches of its own size around the mode.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bayes_nqp import Panel
    from bayes_nqp.model.designs import Design

ONE_THREAD = dict.fromkeys(
    ("BAYES_NQP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
HEAD = """\
| case | cells | CPU s, first | CPU s, again | µs a point | least ESS_w | largest k-hat | bar, s |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def rows(
    units: int, periods: int, *, cohorts: int, strata: int, covariates: int = 0, mediators: int = 0
) -> Any:
    """Rows of independent errors: a third never treated, cohorts and strata at random."""
    import pandas as pd

    rng = np.random.default_rng(1)
    never = rng.random(units) < 0.3
    cohort = np.where(never, np.nan, 2004.0 + rng.integers(0, cohorts, units))
    stratum = rng.integers(0, strata, units)
    unit, time_ = np.repeat(np.arange(units), periods), 2000 + np.tile(np.arange(periods), units)
    treated = cohort[unit] <= time_
    y = rng.normal(size=units)[unit] + rng.normal(size=unit.size) + treated
    columns = {f"x{k}": rng.normal(size=unit.size) for k in range(covariates)}
    columns |= {f"m{k}": rng.normal(size=unit.size) + 0.3 * treated for k in range(mediators)}
    labels = {
        "unit": unit,
        "year": time_,
        "zone": cohort[unit],
        "region": stratum[unit].astype(str),
    }
    return pd.DataFrame(labels | columns | {"y": y + 0.1 * sum(columns.values(), np.zeros(1))})


def panel(frame: Any, **more: Any) -> Panel:
    """Validate such rows."""
    import bayes_nqp as nqp

    names = {"unit": "unit", "time": "year", "cohort": "zone", "outcome": "y"}
    return nqp.Panel.from_frame(frame, **names, strata=["region"], **more)


def castle() -> tuple[Design, Panel]:
    import bayes_nqp as nqp

    return nqp.StaggeredDiD(unidentified="drop"), nqp.datasets.castle_doctrine()


def deviations() -> tuple[Design, Panel]:
    """300 × 13, two crossed factors, deviations by unit."""
    from benchmarks._speed import panels

    import bayes_nqp as nqp

    frame = panels.frame(300).rename(columns={"cohort": "zone"})
    market = np.where(np.random.default_rng(3).random(300) < 0.5, "lo", "hi")
    frame["market"] = market[frame["unit"].to_numpy()]
    names = {"unit": "unit", "time": "year", "cohort": "zone", "outcome": "y"}
    strata = ["region", "market"]
    made = nqp.Panel.from_frame(frame, **names, strata=strata)
    return nqp.StaggeredDiD(nqp.PartialPooling(strata, varying="unit")), made


def firms() -> tuple[Design, Panel]:
    """2,000 firms that enter, leave and are missed: many patterns; deviations by city."""
    import bayes_nqp as nqp

    made = nqp.simulation.firms(seed=1, n_firms=2000, covariates=(), mediators=("digital",)).panel
    return nqp.StaggeredDiD(nqp.PartialPooling(list(made.roles.strata), varying="city")), made


def cells() -> tuple[Design, Panel]:
    """Eight strata × sixteen cohorts over 22 years."""
    import bayes_nqp as nqp

    made = panel(rows(6000, 22, cohorts=16, strata=8))
    return nqp.StaggeredDiD(unidentified="drop"), made


def covariates() -> tuple[Design, Panel]:
    import bayes_nqp as nqp

    names = [f"x{k}" for k in range(40)]
    frame = rows(2000, 13, cohorts=7, strata=2, covariates=40)
    return nqp.StaggeredDiD(unidentified="drop"), panel(frame, covariates=names)


def mediators() -> tuple[Design, Panel]:
    """Twelve channels: thirteen equations."""
    import bayes_nqp as nqp

    names = [f"m{k}" for k in range(12)]
    frame = rows(1000, 13, cohorts=7, strata=2, mediators=12)
    return nqp.Mediation(nqp.StaggeredDiD(unidentified="drop")), panel(frame, mediators=names)


CASES: dict[str, tuple[Callable[[], tuple[Design, Panel]], float | None]] = {
    "castle": (castle, 5.0),
    "deviations": (deviations, None),
    "firms": (firms, None),
    "cells": (cells, 15.0),
    "covariates": (covariates, 5.0),
    "mediators": (mediators, 12.0),
}


def measured(name: str, *, again: bool = True) -> dict[str, float]:
    """Fit one case in this process, and evaluate its densities."""
    import pandas  # noqa: F401

    import bayes_nqp as nqp

    nqp.Panel  # noqa: B018  (what panels import belongs to the fit)
    began = time.process_time()
    design, made = CASES[name][0]()
    making = time.process_time() - began
    fit = nqp.fit(design, made, nqp.Importance(seed=1), progress=False)
    found = {"making": making, "first": time.process_time()}
    began = time.process_time()
    if again:
        nqp.fit(design, made, nqp.Importance(seed=2), progress=False)
    found["again"] = time.process_time() - began
    stats = fit.groups["sample_stats"]
    found["cells"] = fit.effects.sizes["cell"]
    found["ess"] = float(stats["importance_ess"].min())
    found["khat"] = float(stats["khat"].max())
    found["point"] = 1e6 * np.mean([_point(e, fit) for e in fit.model_frame.equations])
    return found


def _point(equation: Any, fit: Any, times: int = 5) -> float:
    """Processor seconds of the density at one of 160 points, the least of several times."""
    from bayes_nqp.numerics.linear_gaussian import density

    problem = equation.gaussian
    centre = problem.space.unconstrain(problem.space.typical[None])
    points = centre + 0.3 * np.random.default_rng(0).standard_normal((160, centre.size))
    density(problem, points[:16])
    took = []
    for _ in range(times):
        began = time.process_time()
        density(problem, points)
        took.append((time.process_time() - began) / len(points))
    return min(took)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true", help="no second fit")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(CASES)):
        parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}")
    if options.alone:
        print(json.dumps(measured(options.names[0], again=not options.quick)))
        return 0
    print(HEAD, flush=True)
    for name in options.names or CASES:
        command = [sys.executable, "-m", "benchmarks.large", name, "--alone"]
        command += ["--quick"] if options.quick else []
        run = subprocess.run(
            command, env=os.environ | ONE_THREAD, check=True, capture_output=True, text=True
        )
        f, bar = json.loads(run.stdout.splitlines()[-1]), CASES[name][1]
        first = f["first"] - f["making"]
        print(
            f"| {name} | {f['cells']:,} | {first:.2f} | {f['again']:.2f} | {f['point']:,.0f} | "
            f"{f['ess']:,.0f} | {f['khat']:.2f} | {'' if bar is None else f'{bar:g}'} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
