"""Run: python -m benchmarks.reading; with --rows N.

Processor time of reading a table of firms by steps (`Panel.from_file` before it makes a panel) over
that of pandas alone, file by file, in one run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from bayes_nqp.data.reading import reading_of

ROLES = {"unit": "firm", "time": "year", "cohort": "cohort"}
READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "csv": pd.read_csv, "parquet": pd.read_parquet, "dta": pd.read_stata,
}  # fmt: skip


def firms(rows: int) -> pd.DataFrame:
    """Ten years of each firm, called by text."""
    rng, units = np.random.default_rng(1), rows // 10
    return pd.DataFrame({
        "firm": np.repeat([f"firm {k}" for k in range(units)], 10),
        "year": np.tile(np.arange(2010, 2020), units),
        "y": rng.normal(size=10 * units), "x": rng.normal(size=10 * units),
        "cohort": np.repeat(np.where(rng.random(units) < 0.5, 2015, 0), 10),
    })  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    """Processor time of the fastest of nine."""
    times = []
    for _ in range(9):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    frame = firms(rows)
    print("| file | pandas, s | by steps, s | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as home:
        paths = {ending: Path(home) / f"firms.{ending}" for ending in READERS}
        frame.to_csv(paths["csv"], index=False)
        frame.to_parquet(paths["parquet"])
        frame.to_stata(paths["dta"], write_index=False, version=118)
        for ending, path in paths.items():
            alone = seconds(lambda path=path, ending=ending: READERS[ending](path))  # type: ignore[misc]
            steps = seconds(lambda path=path: reading_of(path, None, roles=ROLES))  # type: ignore[misc]
            print(f"| .{ending} | {alone:.3f} | {steps:.3f} | {steps / alone:.2f} |")


if __name__ == "__main__":
    main()
