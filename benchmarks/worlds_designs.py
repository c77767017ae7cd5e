"""Run: python -m benchmarks.worlds_designs [--panels N] [--collect]; an interrupted one goes on.

Coverage and bias of each candidate model by itself, in scenarios of `benchmarks.worlds`, 200 units,
on panels that are not in its table. No prior probability of the model average enters. A row a panel
in .cache/worlds_designs, kept in benchmarks/measured by --collect.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp.checks.trends._candidates import CANDIDATES, evidence_of
from bayes_nqp.inference.fitting import short_refit

from ._store import ROOT, Program, Store
from .earned import markdown
from .worlds import made

STORE = Store("worlds_designs")
WORLDS: Final = (
    "two steps", "three steps", "announced", "persistent dip", "rebased", "common walk",
    "crowded out", "late shock",
)  # fmt: skip
FIRST = 1000
"""Number of the first panel."""


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Mean and interval of the average effect under each candidate model."""
    panel, truth = made(world, units, FIRST + number)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=FIRST + number), progress=False)
    row: dict[str, Any] = {"world": world, "units": units, "number": number, "truth": truth}
    for x in evidence_of(fit):
        if x.reason:
            continue
        try:
            draws = nqp.att(short_refit(fit, x.candidate.design(fit)))
        except NQPError:
            continue
        low, high = np.quantile(draws, [0.025, 0.975])
        values = {"mean": draws.mean(), "low": low, "high": high}
        row |= {f"{x.candidate.name}: {k}": round(float(y), 4) for k, y in values.items()}
    return row


def table() -> str:
    """Tabulate coverage and bias by candidate model and scenario."""
    frame = STORE.rows()
    by_world = {name: frame[frame["world"] == name] for name in WORLDS}
    head = ["candidate model", *(f"{name} ({len(part)})" for name, part in by_world.items())]
    body = []
    for name in (str(x.name) for x in CANDIDATES):
        if f"{name}: mean" in frame:
            body.append([name, *(covered(part, name) for part in by_world.values())])
    return markdown([head, *body])


def covered(rows: pd.DataFrame, name: str) -> str:
    """Coverage of a candidate model, and its bias in brackets."""
    rows = rows[rows[f"{name}: mean"].notna()]
    covers = rows["truth"].between(rows[f"{name}: low"], rows[f"{name}: high"]).mean()
    return f"{covers:.2f} ({(rows[f'{name}: mean'] - rows['truth']).mean():+.2f})"


if __name__ == "__main__":
    Program(
        STORE, ROOT / "benchmarks" / "results" / "model_average.md", WORLDS, (200,), measured, table
    ).run(__doc__)
