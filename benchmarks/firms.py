"""Wall clock of 4,000 firms in 250 cities against that of the cities themselves.

    python -m benchmarks.firms [--repeats 3] [--studies]

Firms: some 40,000 rows, entering and leaving, 2 % of them missing, effect deviations by city.
Cities: 285 × 14, deviations by unit. Both have AR(1) errors and the default sampler, and are fitted
in turns in one process, each once beforehand to compile; planning is part of a fit. With --studies
the shipped studies are compared too: their own channels, covariates and samplers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

MODELS = Path(__file__).resolve().parents[1] / "models"


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Wall clock and processor seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def compare(what: str, firms: Callable[[], object], cities: Callable[[], object], n: int) -> None:
    """Fit both in turns and print the ratio of their quickest fits."""
    firms(), cities()
    found = [(timed(firms), timed(cities)) for _ in range(n)]
    walls = [min(pair[k][0] for pair in found) for k in range(2)]
    cpus = [min(pair[k][1] for pair in found) for k in range(2)]
    print(
        f"| {what} | {walls[0] / walls[1]:.2f}× | {walls[0]:.2f} s ÷ {walls[1]:.2f} s; by CPU "
        f"{cpus[0] / cpus[1]:.2f}× ({cpus[0]:.2f} s ÷ {cpus[1]:.2f} s); best of {n}, in turns |",
        flush=True,
    )


def plain(n: int) -> None:
    """One equation, without channels and covariates."""
    from bayes_nqp import Importance, PartialPooling, StaggeredDiD, fit, simulation

    firms = simulation.firms(seed=1, covariates=()).panel
    cities = simulation.cities(seed=1, covariates=()).panel
    strata = list(cities.roles.strata)
    by_city, by_unit = (StaggeredDiD(PartialPooling(strata, varying=v)) for v in ("city", "unit"))
    compare(
        f"{firms.n_rows:,} rows of {firms.n_units:,} firms ÷ {cities.n_rows:,} of cities",
        lambda: fit(by_city, firms, Importance(seed=1), progress=False),
        lambda: fit(by_unit, cities, Importance(seed=1), progress=False),
        n,
    )


def studies(n: int) -> None:
    """Both shipped studies."""
    from bayes_nqp import fit
    from bayes_nqp.studies import validate

    firms, cities = (validate(MODELS / f"{k}_pilot_zones.toml") for k in ("firm", "city"))
    compare(
        "firm_pilot_zones.toml ÷ city_pilot_zones.toml",
        lambda: fit(firms.design, firms.panel, firms.sampler, progress=False),
        lambda: fit(cities.design, cities.panel, cities.sampler, progress=False),
        n,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--studies", action="store_true")
    args = parser.parse_args()
    print("| what | firms ÷ cities | behind it |\n| --- | ---: | --- |")
    plain(args.repeats)
    if args.studies:
        studies(args.repeats)


if __name__ == "__main__":
    main()
