"""Run: python -m benchmarks.tables; with --firms N, --columns 3, --memory 2GB, --fit.

Firms that enter, leave and pause, made by DuckDB and kept in a parquet file: processor seconds and
peak memory from the file to a panel and to a plan, each in a process of its own, imports included.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

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
import resource, sys, time
import bayes_nqp as nqp
panel = nqp.Panel.from_table(
    sys.argv[1], unit="firm", time="year", outcome="productivity", cohort="zone_year",
    strata="sector", covariates=["size", "debt"][: int(sys.argv[2]) - 1],
    memory=sys.argv[3] or None,
)
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"rows {panel.n_rows:,}; units {panel.n_units:,}; stand-ins {len(panel.unit_labels):,}")
print(f"panel {time.process_time():.1f} CPU s, peak {used.ru_maxrss / 2**20:.2f} GiB")
from bayes_nqp.planning import plan_of
plan_of(nqp.StaggeredDiD(unidentified='drop'), panel)
used = resource.getrusage(resource.RUSAGE_SELF)
print(f"and plan {time.process_time():.1f} CPU s, peak {used.ru_maxrss / 2**20:.2f} GiB")
if len(sys.argv) > 4:
    start = time.process_time()
    design = nqp.StaggeredDiD(unidentified="drop")
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    print(f"fit {time.process_time() - start:.1f} CPU s:", nqp.summary(nqp.att(fit)).to_string())
"""


def main() -> None:
    """Make the file where it is not there, and read it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=450_000)
    parser.add_argument("--columns", type=int, default=1, choices=(1, 2, 3))
    parser.add_argument("--memory", default="", help="of DuckDB, such as 2GB")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    import duckdb

    STORE.mkdir(parents=True, exist_ok=True)
    path = STORE / f"{arguments.firms}.parquet"
    if not path.exists():
        start = time.process_time()
        duckdb.execute(MAKER.format(firms=arguments.firms, periods=PERIODS, path=path))
        print(f"made in {time.process_time() - start:.0f} CPU s")
    given = [str(path), str(arguments.columns), arguments.memory]
    more = ["fit"] if arguments.fit else []
    subprocess.run([sys.executable, "-c", READER, *given, *more], check=True)


if __name__ == "__main__":
    main()
