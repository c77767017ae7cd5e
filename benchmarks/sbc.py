"""Run: python -m benchmarks.sbc; an interrupted run goes on where it stopped.

Simulation-based calibration of the whole library on the panel of the coverage study, with a
factor of five levels so that every scale is there. Writes its section of docs/calibration.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib

import bayes_nqp as nqp
from bayes_nqp.calibration import Calibration, calibrate
from bayes_nqp.simulation import staggered

ROOT = Path(__file__).resolve().parents[1]
SEED = 20180418
ERRORS = {"ar1": nqp.AR1(), "ar1-noise": nqp.AR1Noise(), "iid": nqp.IID()}
SAMPLER = nqp.IMH(draws=250, thin=8)
START, END = "<!-- sbc: start -->", "<!-- sbc: end -->"
PARAMETERS = (
    "scale_walk", "scale_strata_region", "scale_cohort", "scale_cell", "scale_deviation", "level",
    "drift", "rho", "noise", "sigma",
)  # fmt: skip
ESTIMANDS = ("att", "centre − east", "att[event_time=3]")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sbc", description=__doc__)
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--errors", action="append", choices=list(ERRORS), help="all by default")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--store", type=Path, default=ROOT / ".cache" / "sbc")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "calibration.md")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args()


def panel() -> nqp.Panel:
    """60 units, 14 periods, seven batches, 30 % never treated; of its outcome only s is used."""
    regions = ("east", "north", "south", "west", "centre")
    return staggered(strata={"region": regions}, seed=1).panel


def run(name: str, options: argparse.Namespace) -> Calibration:
    design = nqp.StaggeredDiD(nqp.Partial(["region"]), ERRORS[name])
    with joblib.parallel_config(backend="threading", n_jobs=options.workers):
        return calibrate(
            design, panel(), options.replications, sampler=SAMPLER, seed=SEED,
            store=options.store, progress=not options.quiet,
        )  # fmt: skip


def main() -> None:
    options = arguments()
    for name in options.errors or ERRORS:
        result = run(name, options)
        wanted = [q for q in (*PARAMETERS, *ESTIMANDS) if q in result.quantities]
        print(name, result, result.only(wanted), sep="\n", flush=True)
        print(result.only(wanted).uniformity.to_string(), flush=True)


if __name__ == "__main__":
    main()
