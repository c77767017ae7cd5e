"""Direct and indirect effects approach those of the simulated truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp.data.simulation import CHANNELS, Channel, Simulated, channels
from bayes_nqp.effects.estimands import contrast, nde, nie, total

GROUPS = [None, "region", "event_time", "cohort", ["region", "event_time"]]
FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.AR1())
ESTIMANDS: dict[str, Callable[..., xr.DataArray]] = {"total": total, "direct": nde, "indirect": nie}


def mediators(interaction: float, **changes: float) -> dict[str, Channel]:
    """Channels with unequal autocorrelation, of which two interact with treatment."""
    extra = {"digital": interaction, "finance": -0.5 * interaction, "idle": 0.0}
    rho = {"digital": 0.2, "finance": 0.5, "idle": 0.8}
    return {
        name: replace(channel, interaction=extra[name], rho=rho[name], **changes)
        for name, channel in CHANNELS.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMANDS)
@pytest.mark.parametrize("interaction", [0.0, 0.4], ids=["one slope", "interaction"])
def test_almost_without_noise_flat_effects_are_the_truth(interaction: float, name: str) -> None:
    # Slopes are read from what moves mediators within cells, so it stays well above what moves
    # the outcome there beside them.
    simulated = channels(
        mediators=mediators(interaction, sigma=1e-3), sigma=1e-5, deviation_sd=0.0, contrast=0.3,
        growth=0.1, seed=8,
    )  # fmt: skip
    design = nqp.Mediation(FLAT, interaction=bool(interaction))
    effects = nqp.posterior_mean(design, simulated.panel, rho=0.5)
    for by in GROUPS:
        found, truth = (ESTIMANDS[name](x, by=by) for x in (effects, simulated.truth))
        np.testing.assert_allclose(found, truth.transpose(*found.dims), atol=5e-3)


@pytest.fixture(scope="module")
def large() -> tuple[Simulated, xr.Dataset]:
    simulated = channels(
        mediators=mediators(0.3), units=3000, related=0.4, missing=0.05, contrast=0.3, seed=3
    )
    design = nqp.Mediation(FLAT, interaction=True)
    return simulated, nqp.posterior_mean(design, simulated.panel, rho=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMANDS)
def test_with_noise_many_units_bring_flat_effects_to_the_truth(
    large: tuple[Simulated, xr.Dataset], name: str
) -> None:
    simulated, effects = large
    for by in (None, "region"):
        found, truth = (ESTIMANDS[name](x, by=by) for x in (effects, simulated.truth))
        np.testing.assert_allclose(found, truth.transpose(*found.dims), atol=0.08)


@pytest.mark.slow
def test_confounding_moves_indirect_effects_as_far_as_its_slope() -> None:
    given = {"units": 2000, "related": 0.4, "seed": 5}
    found = {}
    for confounding in (0.0, 0.5):
        simulated = channels(**given, confounding=confounding)  # type: ignore[arg-type]
        effects = nqp.posterior_mean(nqp.Mediation(FLAT), simulated.panel, rho=0.5)
        found[confounding] = (nie(effects) - nie(simulated.truth)).squeeze()
    # Innovations of sd 1: given the others, the mediator's has a variance of 1 − R².
    within = 1.0 / np.linalg.inv(np.full((3, 3), 0.4) + 0.6 * np.eye(3))[0, 0]
    slope = 0.5 / np.sqrt(within)
    effect = nqp.att(simulated.truth, path="digital").item() / 0.5
    np.testing.assert_allclose(found[0.0], 0.0, atol=0.06)
    assert abs(found[0.5].sel(mediator="digital").item() - slope * effect) < 0.1


@pytest.fixture(scope="module")
def recovered() -> tuple[Simulated, nqp.Fit]:
    chosen = {
        "digital": Channel(level=0.8, slope=0.6, contrast=0.6, deviation_sd=0.3, sigma=0.2),
        "idle": Channel(level=0.5, slope=0.0, deviation_sd=0.3, sigma=0.2),
    }
    simulated = channels(mediators=chosen, units=60, deviation_sd=0.3, sigma=0.2, seed=21)
    design = nqp.Mediation(
        nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1())
    )
    return simulated, nqp.fit(design, simulated.panel, nqp.Importance(seed=21), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("by", [*GROUPS, "unit"], ids=str)
@pytest.mark.parametrize("name", ESTIMANDS)
def test_a_fit_recovers_the_truth(recovered: tuple[Simulated, nqp.Fit], name: str, by: Any) -> None:
    simulated, fit = recovered
    truth = ESTIMANDS[name](simulated.truth, by=by).squeeze(["chain", "draw"])
    draws = ESTIMANDS[name](nqp.group_time_effects(fit), by=by)
    z = (draws.mean(["chain", "draw"]) - truth) / draws.std(["chain", "draw"])
    assert z.sizes == truth.sizes
    # Neither far off, nor so close that intervals are too wide to mean anything.
    assert float(np.abs(z).max()) < 3.8
    assert float(draws.std(["chain", "draw"]).max()) < 0.4
    if z.size >= 10:
        assert 0.3 < float(np.sqrt((z**2).mean())) < 1.6


@pytest.mark.slow
def test_a_fit_recovers_slopes_and_tells_channels_and_strata_apart(
    recovered: tuple[Simulated, nqp.Fit],
) -> None:
    _, fit = recovered
    slopes = fit.posterior["outcome__b"]
    known = {"digital": {"inland": 0.9, "coastal": 0.3}, "idle": {"inland": 0.0, "coastal": 0.0}}
    for mediator, by_stratum in known.items():
        for stratum, slope in by_stratum.items():
            draws = slopes.sel(mediator=mediator, outcome__stratum=stratum)
            assert abs(float(draws.mean()) - slope) < 3.5 * float(draws.std()) < 0.5
    via = nie(fit, by="region")
    gap = contrast(via.sel(mediator="digital"), region="inland", minus="coastal")
    assert float((gap > 0).mean()) > 0.99
    assert float((nie(fit, mediators="digital") > nie(fit, mediators="idle")).mean()) > 0.99
