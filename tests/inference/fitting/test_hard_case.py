"""A posterior close to zero in several scales: autocorrelated errors, noise on top, few units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp

UNITS, PERIODS, STRATA, RHO = 84, 13, 6, 0.5
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def fits() -> list[nqp.Fit]:
    """Eighty-four units in six strata and seven cohorts; the noise of the data is none."""
    rng = np.random.default_rng(4)
    cohort = np.where(rng.random(UNITS) < 0.3, np.inf, 5.0 + np.arange(UNITS) % 7)
    errors = rng.standard_normal((UNITS, PERIODS))
    errors[:, 0] /= np.sqrt(1 - RHO**2)
    for t in range(1, PERIODS):
        errors[:, t] += RHO * errors[:, t - 1]
    year = np.arange(1, PERIODS + 1)
    since = year - cohort[:, None]
    effect = 1 + 0.1 * np.maximum(since, 0) + 0.3 * rng.standard_normal((UNITS, 1))
    level = rng.standard_normal((UNITS, 1)) + 0.1 * year
    frame = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(UNITS), PERIODS),
            "year": np.tile(year, UNITS),
            "cohort": np.repeat(np.where(np.isinf(cohort), np.nan, cohort), PERIODS),
            "region": np.repeat([f"r{k // 7 % STRATA}" for k in range(UNITS)], PERIODS),
            "y": (level + np.where(since >= 0, effect, 0.0) + errors).ravel(),
        }
    )
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="year", cohort="cohort", outcome="y", strata=["region"]
    )
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"], varying="unit"), nqp.AR1PlusNoise(), unidentified="drop"
    )
    return [
        nqp.fit(design, panel, nqp.Importance(draws=500, seed=seed), progress=False)
        for seed in SEEDS
    ]


@pytest.mark.slow
def test_chains_move_where_noise_is_close_to_zero(fits: list[nqp.Fit]) -> None:
    for fit in fits:
        assert fit.gate.ess_bulk > 400, fit.gate
        assert fit.gate.importance_ess > 400, fit.gate
        assert fit.gate.khat < fit.gate.khat_limit, fit.gate


@pytest.mark.slow
def test_seeds_agree(fits: list[nqp.Fit]) -> None:
    """As far as effective draws allow: a range of three means above 4.13 errors has p < .01."""
    quantities = {name: [fit.posterior[f"outcome__{name}"] for fit in fits]
                  for name in ("noise", "rho", "sigma")}  # fmt: skip
    quantities["att"] = [nqp.att(fit) for fit in fits]
    error = 1.0 / np.sqrt(min(fit.gate.ess_bulk for fit in fits))
    for name, draws in quantities.items():
        means = [float(x.mean()) for x in draws]
        assert np.ptp(means) < 4.13 * error * np.mean([float(x.std()) for x in draws]), name
