"""Run: python -m benchmarks.shapes --panels 40; an interrupted run goes on where it stopped.

How much wider the interval under a linear differential trend is than under parallel trends, where
trends are parallel: by units, periods, periods before the first adoption, one stratum or two.
`--collect` adds rows to benchmarks/measured, and writes benchmarks/results/model_average.md.
"""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import numpy as np

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered

from ._store import ROOT, Store
from .earned import markdown

STORE = Store("shapes", ("shape", "strata", "number"))
MARK = "<!-- python -m benchmarks.shapes -->"
SEED = 31_000_000
SHAPES: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "120 × 5": (120, 5, (3, 4)),
    "100 × 8": (100, 8, (4, 5, 6)),
    "60 × 12": (60, 12, (5, 7, 9)),
    "200 × 12": (200, 12, (5, 7, 9)),
    "300 × 20": (300, 20, (8, 12, 16)),
    "50 × 30": (50, 30, (12, 16, 20)),
}
"""Units, periods, and the periods in which cohorts adopt, counted from one."""
TRENDS: dict[str, nqp.DifferentialTrends | None] = {
    "default": None,
    "lines": nqp.DifferentialTrends(walk=0.0, cohort_walk=0.0),
}
STRATA: dict[str, dict[str, Any]] = {"one": {"strata": {}}, "two": {"contrast": 0.3}}


def measured(shape: str, strata: str, number: int) -> dict[str, Any]:
    """Intervals under parallel trends and under a linear differential trend, on one panel."""
    units, periods, cohorts = SHAPES[shape]
    seed = SEED + number
    made = staggered(units=units, periods=periods, cohorts=cohorts, seed=seed, **STRATA[strata])
    row: dict[str, Any] = {"shape": shape, "strata": strata, "number": number}
    row["truth"] = float(nqp.att(made.truth).mean())
    for name, trends in TRENDS.items():
        design, sampler = nqp.StaggeredDiD(trends=trends), nqp.Importance(seed=number)
        draws = nqp.att(nqp.fit(design, made.panel, sampler, progress=False))
        low, high = np.quantile(draws, (0.025, 0.975))
        row |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return row


def table() -> str:
    """Tabulate coverage of both, and the ratio of their widths, by shape."""
    head = ["units × periods", "first adoption", "strata", "panels", "parallel trends cover"]
    head += ["a linear trend covers", "its width"]
    rows: list[list[Any]] = [head]
    frame = STORE.rows()
    for shape, (_, _, cohorts) in SHAPES.items():
        for strata in STRATA:
            part = frame[(frame["shape"] == shape) & (frame["strata"] == strata)]
            if part.empty:
                continue
            span = {x: part[f"{x}_high"] - part[f"{x}_low"] for x in TRENDS}
            covers = [
                f"{part['truth'].between(part[f'{x}_low'], part[f'{x}_high']).mean():.2f}"
                for x in TRENDS
            ]
            width = (span["lines"] / span["default"]).mean()
            rows.append([shape, min(cohorts), strata, len(part), *covers, f"{width:.2f}"])
    return markdown(rows)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument(
        "--collect", action="store_true", help="write benchmarks/results/model_average.md"
    )
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    if options.collect:
        STORE.keep()
        path = ROOT / "benchmarks" / "results" / "model_average.md"
        before, _, after = path.read_text(encoding="utf-8").split(MARK)
        path.write_text(f"{before}{MARK}\n\n{table()}\n\n{MARK}{after}", encoding="utf-8")
        return
    for number in range(options.panels):
        for shape in SHAPES:
            for strata in STRATA:
                if (shape, strata, number) not in STORE.ready():
                    STORE.add(measured(shape, strata, number))


if __name__ == "__main__":
    main()
