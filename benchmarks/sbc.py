"""Run: python -m benchmarks.sbc; an interrupted run goes on where it stopped.

Simulation-based calibration of model and sampler: truths drawn from the prior, ranked among draws
of refits. Writes its section of docs/calibration.md.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import joblib

import bayes_nqp as nqp
from bayes_nqp.calibration import Calibration, calibrate
from bayes_nqp.compression import ErrorStructure
from bayes_nqp.simulation import staggered

ROOT = Path(__file__).resolve().parents[1]
SEED = 20180418
SAMPLER = nqp.IMH(draws=500)
REGIONS = ("east", "north", "south", "west", "centre")
PARAMETERS = (
    "scale_walk", "scale_strata_region", "scale_cohort", "scale_cell", "scale_deviation", "level",
    "drift", "rho", "noise", "sigma",
)  # fmt: skip
ESTIMANDS = ("att", "coastal − inland", "centre − east", "att[event_time=3]")


@dataclass(frozen=True, slots=True)
class Case:
    """A panel, of whose outcome only s is used, and the errors of its design."""

    text: str
    errors: ErrorStructure
    small: bool = True

    def panel(self) -> nqp.Panel:
        if not self.small:
            return staggered(seed=1).panel
        return staggered(
            periods=9, cohorts=(4, 5, 6, 7, 8), strata={"region": REGIONS}, seed=1
        ).panel


CASES = {
    "ar1": Case("the panel of the coverage study: 60 × 14, two regions", nqp.AR1(), small=False),
    "ar1-regions": Case("60 × 9, five regions, five batches: every scale is there", nqp.AR1()),
    "iid": Case("the same with independent errors", nqp.IID()),
    "ar1-noise": Case("the same with AR(1) and white noise", nqp.AR1Noise()),
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sbc", description=__doc__)
    parser.add_argument("--replications", type=int, default=1000, help="a case")
    parser.add_argument("--case", action="append", choices=list(CASES), help="all by default")
    parser.add_argument("--workers", type=int, default=1, help="threads")
    parser.add_argument("--store", type=Path, default=ROOT / ".cache" / "sbc")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser.parse_args()


def run(name: str, options: argparse.Namespace) -> Calibration:
    case = CASES[name]
    design = nqp.StaggeredDiD(nqp.Partial(["region"]), case.errors)
    with joblib.parallel_config(backend="threading", n_jobs=options.workers):
        return calibrate(
            design, case.panel(), options.replications, sampler=SAMPLER, seed=SEED,
            store=options.store / name, progress=not options.quiet,
        )  # fmt: skip


def main() -> None:
    options = arguments()
    for name in options.case or CASES:
        result = run(name, options)
        wanted = [q for q in (*PARAMETERS, *ESTIMANDS) if q in result.quantities]
        print(name, result, result.only(wanted), sep="\n", flush=True)
        print(result.only(wanted).uniformity.to_string(), flush=True)


if __name__ == "__main__":
    main()
