"""The comparison of a simulated study's results with the true effects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import xarray as xr
from doors import with_linked

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v


def effects_of(received: Sequence[float], rings: Sequence[str]) -> xr.Dataset:
    """One treated cell, and untreated ones of four rows by ring; outside all rings it is empty."""
    n = 1 + len(rings)
    total = np.array([1.0, *received])
    own = np.where(np.arange(n) == 0, 1.0, 0.0)
    return schema.build(
        np.stack([total, own, total - own])[None, None], strata={"region": ["a"] * n},
        cohort=[2010.0] + [np.nan] * (n - 1), time=[2012] * n, event_time=[2] * n, rows=[4] * n,
        units=[4] * n, paths=[v.TOTAL, v.DIRECT, v.RECEIVED],
        role=[v.TREATED, *[v.NEIGHBOUR] * (n - 1)],
        labels={v.RING: ["", *rings], "exposure_time": [np.nan] + [0.0] * (n - 1)},
    )  # fmt: skip


def test_cells_that_only_linked_mediators_reach_are_zero_in_the_truth() -> None:
    rings = ["0–75 km", "75–150 km"]
    truth = effects_of([0.4, 0.2], rings)
    fit = effects_of([0.5, 0.1, 0.05], [*rings, ""])
    together = with_linked(truth, fit)
    assert float(nqp.spillover_effects(together).mean()) == pytest.approx(0.2)
    assert float(nqp.spillover_effects(fit).mean()) == pytest.approx(0.65 / 3)
    assert float(nqp.att(together).mean()) == float(nqp.att(truth).mean()) == 1.0
    by_ring = nqp.spillover_effects(together, by="ring")
    assert by_ring.sel(ring=rings).to_numpy().ravel() == pytest.approx([0.4, 0.2])


def test_cells_that_a_simulation_states_are_kept() -> None:
    truth = effects_of([0.4, 0.3], ["0–75 km", ""])
    assert with_linked(truth, effects_of([0.5, 0.1], ["0–75 km", ""])) is truth
    assert with_linked(truth.isel(cell=[0, 1]), effects_of([0.5], ["0–75 km"])).sizes["cell"] == 2
