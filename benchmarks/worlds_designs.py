"""Run: python -m benchmarks.worlds_designs [--panels N] [--collect]; an interrupted one goes on.

Designs of the average, one by one, in the worlds of `benchmarks.worlds` in which it covers least,
200 units, panels that are not in its table: how often each covers, what it weighs, and how often
leads that it does not free contradict it. A row a panel in .cache/worlds_designs, kept in
benchmarks/measured by --collect.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

import bayes_nqp as nqp
from bayes_nqp.checks.trends._candidates import (
    CANDIDATES,
    CONTRADICTED,
    evidence_of,
    probabilities,
)
from bayes_nqp.errors import NQPError
from bayes_nqp.fitting import short_refit

from ._store import ROOT, Program, Store
from .earned import markdown
from .worlds import made

STORE = Store("worlds_designs")
WORLDS: Final = (
    "two steps", "three steps", "announced", "persistent dip", "rebased", "common walk",
    "crowded out", "late shock",
)  # fmt: skip
FIRST, MUCH = 1000, 0.1
"""Number of the first panel; the mean weight from which a design is shown."""


def measured(world: str, units: int, number: int) -> dict[str, Any]:
    """Weight, interval and leads of each design."""
    panel, truth = made(world, units, FIRST + number)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=FIRST + number), progress=False)
    evidence = [x for x in evidence_of(fit) if not x.reason]
    row: dict[str, Any] = {"world": world, "units": units, "number": number, "truth": truth}
    for x, weight in zip(evidence, probabilities(evidence), strict=True):
        try:
            draws = nqp.att(short_refit(fit, x.candidate.design(fit)))
        except NQPError:
            continue
        low, high = np.quantile(draws, [0.025, 0.975])
        values = {"weight": weight, "tail": x.tail, "mean": draws.mean(), "low": low, "high": high}
        row |= {f"{x.candidate.name}: {k}": round(float(y), 4) for k, y in values.items()}
    return row


def table() -> str:
    """Of every world, designs that weigh a tenth or cover most."""
    head = [
        "world", "design", "panels", "covers", "bias", "width", "mean weight", "has the most",
        "contradicted by its leads",
    ]  # fmt: skip
    rows, body = STORE.rows(), []
    for world in WORLDS:
        lines = by_design(rows[rows["world"] == world])
        shown = lines[(lines["weight"] >= MUCH) | (lines["covers"] == lines["covers"].max())]
        for name, line in shown.iterrows():
            panels, *shares = line
            body.append([world, name, f"{panels:.0f}", *(f"{x:.2f}" for x in shares)])
    return markdown([head, *body])


def by_design(rows: pd.DataFrame) -> pd.DataFrame:
    """What each design does in one world."""
    names = [str(x.name) for x in CANDIDATES]
    weights = pd.DataFrame({x: rows[f"{x}: weight"] for x in names if f"{x}: weight" in rows})
    first, lines = weights.idxmax(axis=1), {}
    for name in weights:
        part = rows[weights[name].notna()]
        low, high, tail = (part[f"{name}: {x}"] for x in ("low", "high", "tail"))
        lines[name] = {
            "panels": len(part),
            "covers": ((low <= part["truth"]) & (part["truth"] <= high)).mean(),
            "bias": (part[f"{name}: mean"] - part["truth"]).mean(),
            "width": (high - low).mean(),
            "weight": weights[name].mean(),
            "most": (first == name).mean(),
            "contradicted": (tail < CONTRADICTED).mean(),
        }
    return pd.DataFrame(lines).T


if __name__ == "__main__":
    Program(STORE, ROOT / "docs" / "truth.md", WORLDS, (200,), measured, table).run(__doc__)
