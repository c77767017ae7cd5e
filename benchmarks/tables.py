"""Run: python -m benchmarks.tables; with --firms N, --columns 3, --memory 2GB, --fit; or --scale.

Firms that enter, leave and pause, made by DuckDB and kept in a parquet file: processor seconds and
peak memory from the file to a panel and to a plan, each in a process of its own, imports included.
``--scale`` (`make bench-scale`) asks three such questions one after another, and holds each to its
bar: 4.9 million rows to a plan, the same with three columns, and a fit with unit deviations.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / ".cache" / "tables"
PERIODS = 13
MAKER = """
COPY (
    SELECT f.firm, t.year, f.zone_year, f.sector,
        f.level + .1 * t.year + .5 * (random() + random() - 1)
            + CASE WHEN f.zone_year <= t.year THEN .2 ELSE 0 END AS productivity,
        random() AS size, random() AS debt
    FROM (
        SELECT i AS firm, (i % 3)::INTEGER AS sector, random() AS level,
            CASE WHEN i % 7 < 3 THEN NULL ELSE [2015, 2016, 2018, 2020][1 + i % 4] END AS zone_year,
            2011 + CASE WHEN random() < .6 THEN 0 ELSE floor(random() * 6)::INTEGER END AS entry,
            2023 - CASE WHEN random() < .6 THEN 0 ELSE floor(random() * 6)::INTEGER END AS leave,
            CASE WHEN random() < .15 THEN 2012 + floor(random() * 10)::INTEGER ELSE 0 END AS pause
        FROM range({firms}) AS r(i)
    ) AS f, (SELECT 2011 + unnest(range({periods})) AS year) AS t
    WHERE t.year BETWEEN f.entry AND f.leave AND t.year <> f.pause
) TO '{path}' (FORMAT parquet)
"""
READER = """
import json, resource, sys, time
import bayes_nqp as nqp
panel = nqp.Panel.from_table(
    sys.argv[1], unit="firm", time="year", outcome="productivity", cohort="zone_year",
    strata="sector", covariates=["size", "debt"][: int(sys.argv[2]) - 1],
    memory=sys.argv[3] or None,
)

def used(**more):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": time.process_time(), "peak": peak, **more}

sizes = {"rows": panel.n_rows, "units": panel.n_units, "stand_ins": len(panel.unit_labels)}
found = {"panel": used(**sizes)}
from bayes_nqp.inference.model_frame import model_frame_of
design = nqp.StaggeredDiD(unidentified="drop")
model_frame_of(design, panel)
found["plan"] = used()
if len(sys.argv) > 4:
    start = time.process_time()
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    took = time.process_time() - start
    found["fit"] = used(took=took, gate=str(fit.gate), effect=float(nqp.att(fit).mean()))
print(json.dumps(found))
"""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "BAYES_NQP_THREADS")


def made(firms: int) -> Path:
    """The file of so many firms, made where it is not there."""
    import duckdb

    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / f"{firms}.parquet"
    if not path.exists():
        start = time.process_time()
        duckdb.execute(MAKER.format(firms=firms, periods=PERIODS, path=path))
        print(f"made in {time.process_time() - start:.0f} CPU s")
    return path


def read(path: Path, columns: int, memory: str = "", *, fit: bool = False) -> dict[str, Any]:
    """What a process of its own finds of the file."""
    given = [str(path), str(columns), memory, *(["fit"] if fit else [])]
    command = [sys.executable, "-c", READER, *given]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def scale() -> None:
    """A table of what is asked of 4.9 million rows, and the bars, on one thread."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    large, small = made(450_000), made(55_000)
    print(
        "| what, one thread | CPU s | bar | peak GiB | bar |\n| --- | ---: | ---: | ---: | ---: |"
    )
    one, three = read(large, 1), read(large, 3)
    rows, first = one["panel"]["rows"], one["plan"]["seconds"]
    for name, plan, bar, most in (
        (f"{rows:,} rows to a plan", one["plan"], 3.0, ".5"),
        ("the same with three columns", three["plan"], 4.0 * first, ""),
    ):
        print(f"| {name} | {plan['seconds']:.1f} | {bar:.1f} | {plan['peak']:.2f} | {most} |")
    for path in (small, large):
        found = read(path, 1, fit=True)
        fit, panel = found["fit"], found["panel"]
        print(
            f"| a fit of {panel['rows']:,} rows ({panel['stand_ins']:,} stand-ins, "
            f"{fit['gate']}) | {fit['took']:.1f} | 4.0 | {fit['peak']:.2f} | |"
        )


def main() -> None:
    """Make the file where it is not there, and read it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=450_000)
    parser.add_argument("--columns", type=int, default=1, choices=(1, 2, 3))
    parser.add_argument("--memory", default="", help="of DuckDB, such as 2GB")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--scale", action="store_true")
    arguments = parser.parse_args()
    if arguments.scale:
        scale()
        return
    path = made(arguments.firms)
    for step, found in read(path, arguments.columns, arguments.memory, fit=arguments.fit).items():
        said = (
            f"{k} {v}" if isinstance(v, str | int) else f"{k} {v:.4g}" for k, v in found.items()
        )
        print(f"{step}: {', '.join(said)}")


if __name__ == "__main__":
    main()
