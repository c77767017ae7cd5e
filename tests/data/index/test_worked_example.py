"""The worked example of docs/data.md, by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

import bayes_nqp as nqp

ROOT = Path(__file__).resolve().parents[3]
PATENTS, ENERGY = (1.0, 3.0, 2.0, 8.0), (9.0, 7.0, 6.0, 5.0)


def test_the_worked_example() -> None:
    z = ([(x - 1) / 7 for x in PATENTS], [(9 - x) / 4 for x in ENERGY])
    spreads = []
    for column in z:
        shares = [x / sum(column) for x in column]
        entropy = -sum(p * math.log(p) for p in shares if p) / math.log(4)
        spreads.append(1 - entropy)
    weights = [d / sum(spreads) for d in spreads]
    values = [weights[0] * a + weights[1] * b for a, b in zip(*z, strict=True)]

    df = pd.DataFrame({"city": list("AABB"), "year": [2014, 2015] * 2})
    df = df.assign(patents=PATENTS, energy=ENERGY)
    recipe = nqp.ProductivityIndex(nqp.IndexSystem.of("patents", negative="energy"))
    index = recipe.build(df, unit="city", time="year")
    assert index.weights["weight"].tolist() == pytest.approx(weights, abs=1e-14)
    assert index.values.tolist() == pytest.approx(values, abs=1e-14)

    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for number in (*weights, *(1 - d for d in spreads), *spreads, *values[1:3]):
        assert f"{number:.4f}".removeprefix("0") in page, number
