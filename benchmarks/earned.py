"""Run: python -m benchmarks.earned --panels N [--collect]; an interrupted run goes on.

Log Bayes factors of parallel over differential trends where trends are parallel and where they are
not: the share of panels above several thresholds, from which `HELD` was chosen. A row a panel of
each length in .cache/earned; `--collect` adds the rows to benchmarks/measured, and writes
benchmarks/results/trends.md.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import beta

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.checks.trends._bayes_factor import log_bayes_factor
from bayes_nqp.data.simulation import staggered

from ._store import ROOT, Program, Store

STORE = Store("earned")
SEED = 11_000_000
WORLDS: Final = {"parallel": "none", "lines": "lines", "bend": "bend", "one factor": "factor"}
UNITS = (30, 60, 150, 285)
BEFORE = (4, 6, 8)
"""Periods before the first cohort adopts."""
AFTER = 5
THRESHOLDS = (3.0, 3.5, 4.0, 4.5)


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Log Bayes factors of one panel of each length."""
    row: dict[str, Any] = {"world": world, "units": units, "number": number}
    for before in BEFORE:
        panel = staggered(
            units=units,
            periods=before + AFTER,
            cohorts=(before + 1, before + 2, before + 4),
            strata={},
            effect="growing",
            growth=0.1,
            drift=WORLDS[world],
            seed=SEED + number,
        ).panel
        try:
            row[f"before {before}"] = log_bayes_factor(
                nqp.StaggeredDiD(), panel, nqp.AR1(), number
            )[0]
        except NQPError:
            row[f"before {before}"] = np.nan
    return row


def table() -> str:
    """Tabulate shares above the thresholds, over all lengths of the time before adoption."""
    head = ["scenario", "units", "panels", *(f"above {x:g}" for x in THRESHOLDS), "90 % lie below"]
    rows, body = STORE.rows(), []
    for units in UNITS:
        for world in WORLDS:
            part = rows[(rows["world"] == world) & (rows["units"] == units)]
            value = pd.Series(part[[f"before {x}" for x in BEFORE]].to_numpy().ravel())
            shares = [share(int((value > x).sum()), len(value)) for x in THRESHOLDS]
            body.append([world, units, len(value), *shares, f"{value.quantile(0.9):.2f}"])
    return markdown([head, *body])


def share(count: int, number: int) -> str:
    """A share and its 95 % binomial interval."""
    low = beta.ppf(0.025, count, number - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, number - count) if count < number else 1.0
    return f"{count / number:.2f} ({low:.2f}–{high:.2f})"


def markdown(rows: list[list[Any]]) -> str:
    """Lay cells out as a table."""
    head, *body = [" | ".join(map(str, row)) for row in rows]
    return "\n".join(f"| {x} |" for x in (head, " | ".join(["---"] * len(rows[0])), *body))


if __name__ == "__main__":
    Program(
        STORE, ROOT / "benchmarks" / "results" / "trends.md", WORLDS, UNITS, measured, table
    ).run(__doc__)
