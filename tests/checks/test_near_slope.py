"""Never treated units near adopters that were on their way before the policy reached them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks.trends._near_slope import near_slope

UNITS, PERIODS = 90, 9
TIME = np.arange(PERIODS)
NAMES = [f"u{k:02d}" for k in range(UNITS)]
SAMPLER = nqp.Importance(seed=1, draws=250)
RNG = np.random.default_rng(8)
LONGITUDE, LATITUDE = 105.0 + 10.0 * RNG.random(UNITS), 25.0 + 10.0 * RNG.random(UNITS)
START = np.where(RNG.random(UNITS) < 0.3, RNG.integers(4, 8, UNITS), 99)
EAST = np.radians(LONGITUDE) * np.cos(np.radians(30.0))
APART = 6371.0 * np.hypot(EAST[:, None] - EAST, np.radians(LATITUDE[:, None] - LATITUDE))
LINKS = (APART + 1e9 * np.eye(UNITS) < 120.0) * 1.0
SPILLOVERS = {
    "rings": nqp.Rings([120]),
    "share": nqp.ShareTreated(nqp.spatial_weights.matrix(pd.DataFrame(LINKS, NAMES, NAMES))),
    "linked": nqp.SpatialLag(
        nqp.spatial_weights.matrix(pd.DataFrame(LINKS, NAMES, NAMES)), lag=False
    ),
}


def fit_of(slope: float, spillovers: str | None) -> nqp.Fit:
    """Effects of 1, .4 received near adopters, and a slope of never treated units near them."""
    force = (TIME >= START[:, None]) * 1.0
    near = (LINKS @ (START < 99) > 0.0) & (START == 99)
    y = force + 0.4 * (LINKS @ force > 0.0) + slope * near[:, None] * TIME
    rng = np.random.default_rng(9)
    y += rng.standard_normal((UNITS, 1)) + 0.4 * rng.standard_normal((UNITS, PERIODS))
    table = pd.DataFrame(
        {"unit": np.repeat(NAMES, PERIODS), "time": np.tile(TIME, UNITS), "y": y.ravel(),
         "cohort": np.repeat(np.where(START < 99, START, np.nan), PERIODS),
         "longitude": np.repeat(LONGITUDE, PERIODS), "latitude": np.repeat(LATITUDE, PERIODS)}
    )  # fmt: skip
    panel = nqp.Panel.from_frame(table, unit="unit", time="time", cohort="cohort", outcome="y")
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), errors=nqp.IID(), time=nqp.TimeEffects(),
        spillovers=spillovers and SPILLOVERS[spillovers], unidentified="drop",
    )  # fmt: skip
    return nqp.fit(design, panel, SAMPLER, progress=False)


@pytest.mark.parametrize("spillovers", SPILLOVERS)
def test_units_near_adopters_that_grow_by_themselves_are_found(spillovers: str) -> None:
    fit = fit_of(0.15, spillovers)
    found = near_slope(fit)
    assert found is not None
    assert found.tail < 1e-4
    assert found.worse("passed") == "failed"
    if spillovers == "rings":
        assert abs(found.slope.mean() - 0.15) < 3.0 * found.slope.std()
        # Without the slope what is received takes it in; with it .4 is left.
        without, beside = (nqp.spillover_effects(x) for x in (found.fit, found.beside))
        assert abs(float(beside.mean()) - 0.4) < 3.0 * float(beside.std())
        assert float(without.mean()) - 0.4 > 3.0 * float(without.std())
        result = nqp.check(fit, "pretrends", progress=False)
        assert result.verdict == "failed"
        assert "near treated units" in result.sentence + result.details
        assert "spillovers on untreated units are" in result.details
        assert result.evidence.attrs["near_tail_probability"] == pytest.approx(found.tail)


@pytest.mark.parametrize("spillovers", SPILLOVERS)
def test_units_that_move_in_parallel_until_they_are_exposed(spillovers: str) -> None:
    found = near_slope(fit_of(0.0, spillovers))
    assert found is not None
    assert found.tail > 0.02
    assert abs(found.slope.mean()) < 3.0 * found.slope.std()
    assert found.words is None
    assert {found.worse(x) for x in ("passed", "failed")} == {"passed", "failed"}


def test_nobody_is_asked_where_nobody_receives() -> None:
    assert near_slope(fit_of(0.15, None)) is None
