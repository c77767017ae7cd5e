"""Breakdown values of the Chinese city panel, and simulated coverage, as Markdown on stdout.

python -m benchmarks.sensitivity [city_nqpf_cbec_2010_2021.csv] [--replications 400]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from benchmarks.china_cities import hierarchical_panel, line, read

import bayes_nqp as nqp

TIMES = np.array([-6, -5, -4, -3, -2, 0, 1])
SD = 0.01


def cities(path: Path) -> None:
    """Print what the check says of every quantity."""
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region", "market"], varying="unit"), nqp.AR1())
    fit = nqp.fit(design, hierarchical_panel(read(path)), nqp.Importance(seed=1), progress=False)
    nqp.check(fit, "pretrends", progress=False)
    begin = time.perf_counter()
    found = nqp.check(fit, "trend_sensitivity", progress=False)
    print(f"{time.perf_counter() - begin:.1f} s. {found.verdict}: {found.sentence}\n")
    print(line("quantity", "bounds", "estimate", "95 %", "Δ", "breakdown M̄", "region, M̄ = 1"))
    print(line("---", "---", "---:", "---:", "---:", "---:", "---:"))
    for k in range(found.evidence.sizes["quantity"]):
        one = found.evidence.isel(quantity=k)
        at = one.sel(limit=1)
        number = {name: float(one[name]) for name in one.data_vars if one[name].ndim == 0}
        print(
            line(
                one["label"].item(),
                "own" if one["kind"].item() == "own" else "its process",
                f"{number['estimate']:+.3f}",
                f"[{number['original_lower']:+.3f}, {number['original_upper']:+.3f}]",
                f"{number['largest_step']:.3f}",
                f"{number['breakdown']:.2f}",
                f"[{float(at['lower']):+.3f}, {float(at['upper']):+.3f}]",
            )
        )


def coverage(replications: int) -> None:
    """Print coverage of the region at M̄ = 1 where the first step after adoption is the largest."""
    covariance = SD**2 * (0.5 * np.eye(TIMES.size) + 0.5)
    root, rng = np.linalg.cholesky(covariance), np.random.default_rng(1)
    print(line("largest step, in sd of a lead", "coverage at e = 0", "mean width"))
    print(line("---:", "---:", "---:"))
    for size in (0.0, 0.5, 1.0, 2.0, 4.0):
        hits, widths = [], []
        for replication in range(replications):
            steps = rng.uniform(-1, 1, 5)
            steps *= size * SD / np.abs(steps).max()
            leads = -np.cumsum(steps[::-1])[::-1]
            after = rng.choice([-1.0, 1.0]) * size * SD * np.array([1.0, 2.0])
            mean = np.r_[leads, after] + root @ rng.standard_normal(TIMES.size)
            draws = nqp.event_study_draws(mean, covariance, TIMES, draws=2000, seed=replication)
            found = nqp.trend_sensitivity(draws, event_time=0, grid=[1], prior=None)
            low, high = float(found["lower"][0]), float(found["upper"][0])
            hits.append(low < 0 < high)
            widths.append(high - low)
        print(line(f"{size:g}", f"{np.mean(hits):.3f}", f"{np.mean(widths) / SD:.1f} sd"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--replications", type=int, default=400)
    arguments = parser.parse_args()
    if arguments.path is not None:
        cities(arguments.path)
        print()
    coverage(arguments.replications)


if __name__ == "__main__":
    main()
