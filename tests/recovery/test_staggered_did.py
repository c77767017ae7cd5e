"""Estimands of a fit recover the same estimands of the simulated truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Simulated, staggered
from bayes_nqp.effects.estimands import att, contrast

GROUPS = [None, "region", "event_time", "cohort", ["region", "event_time"]]


@pytest.mark.slow
@pytest.mark.parametrize("errors", [nqp.IID(), nqp.AR1()], ids=["iid", "ar1"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"effect": "growing", "contrast": 0.5},
        {"effect": "cohorts", "missing": 0.15},
        {"effect": lambda cells: np.sin(cells["time"]) * (cells["region"] == "inland")},
    ],
    ids=["growing", "cohorts", "any"],
)
def test_without_noise_flat_effects_are_the_truth(
    arguments: dict[str, Any], errors: nqp.AR1 | nqp.IID
) -> None:
    # Deviations average to the cell's only where the same units are in every period.
    quiet = {"sigma": 1e-6, "deviation_sd": 0.0 if "missing" in arguments else 0.3}
    simulated = staggered(**arguments, **quiet, seed=8)
    design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), errors)
    effects = nqp.posterior_mean(design, simulated.panel)
    for by in GROUPS:
        np.testing.assert_allclose(att(effects, by=by), att(simulated.truth, by=by), atol=1e-4)


@pytest.fixture(scope="module")
def recovered() -> tuple[Simulated, nqp.Fit]:
    simulated = staggered(
        effect="growing", contrast=0.5, deviation_sd=0.5, sigma=0.2, missing=0.05, seed=21
    )
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())
    sampler = nqp.Importance(seed=21)
    return simulated, nqp.fit(design, simulated.panel, sampler, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("by", [*GROUPS, "unit"], ids=str)
def test_a_fit_recovers_the_truth(recovered: tuple[Simulated, nqp.Fit], by: Any) -> None:
    simulated, fit = recovered
    truth = att(simulated.truth, by=by).squeeze(["chain", "draw"])
    draws = att(nqp.group_time_effects(fit), by=by)
    z = (draws.mean(["chain", "draw"]) - truth) / draws.std(["chain", "draw"])
    assert z.sizes == truth.sizes
    # Neither far off, nor so close that intervals are too wide to mean anything.
    assert float(np.abs(z).max()) < 3.5
    assert float(draws.std(["chain", "draw"]).max()) < 0.3
    if z.size >= 10:
        assert 0.3 < float(np.sqrt((z**2).mean())) < 1.6


@pytest.mark.slow
def test_a_fit_recovers_contrasts_parameters_and_single_units(
    recovered: tuple[Simulated, nqp.Fit],
) -> None:
    simulated, fit = recovered
    effects = nqp.group_time_effects(fit)
    gap = contrast(att(effects, by="region"), region="inland", minus="coastal")
    known = contrast(att(simulated.truth, by="region"), region="inland", minus="coastal")
    assert abs(float(gap.mean()) - known.item()) < 3.5 * float(gap.std()) < 0.6
    for name, value in (("rho", 0.5), ("sigma", 0.2), ("scale_deviation", 0.5)):
        draws = fit.posterior[f"outcome__{name}"]
        assert abs(float(draws.mean()) - value) < 3.5 * float(draws.std()), name
    by_unit = att(effects, by="unit").mean(["chain", "draw"])
    own = att(simulated.truth, by="unit").squeeze()
    assert float(np.corrcoef(by_unit.sel(unit=own["unit"]), own)[0, 1]) > 0.9
