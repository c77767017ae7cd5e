"""Effects along paths on a new unit: against draws made by hand, and against the sample."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Channel, channels

SAMPLER = nqp.Importance(draws=400, chains=2, seed=2)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.IID(), moderator="z")


@pytest.fixture(scope="session")
def panel() -> nqp.Panel:
    simulated = channels(
        mediators={"digital": Channel(1.0, slope=0.5, interaction=0.2)}, units=120, periods=8,
        cohorts=(4, 6), deviation_sd=0.6, rho=0.0, sigma=0.5, seed=5,
    )  # fmt: skip
    frame = simulated.panel.frame.copy()
    rng = np.random.default_rng(5)
    frame["z"] = rng.normal(size=simulated.panel.n_units)[simulated.panel.unit_codes]
    frame["digital"] += 0.3 * frame["z"] * simulated.panel.unit_codes % 2
    return nqp.Panel.from_frame(frame, **{**simulated.panel.arguments, "moderators": ["z"]})


@pytest.fixture(scope="session")
def fit(panel: nqp.Panel) -> nqp.Fit:
    design = nqp.Mediation(DESIGN, interaction=True, moderates=("a", "b", "direct"))
    return nqp.fit(design, panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_paths_of_a_new_unit_add_up(fit: nqp.Fit) -> None:
    effects = nqp.group_time_effects(fit, "population")
    assert effects.attrs["target"] == "population"
    assert "deviation" not in effects
    parts = nqp.nde(effects, "region") + nqp.nie(effects, "region", mediators="digital")
    np.testing.assert_allclose(nqp.total(effects, "region"), parts, atol=1e-10)


def test_a_new_unit_is_what_its_equations_say(fit: nqp.Fit) -> None:
    """The first two moments of every path, from the parameters alone."""
    effects = nqp.group_time_effects(fit, "population")["effect"]
    posterior, model_frame = fit.posterior, fit.model_frame
    stratum = xr.DataArray(model_frame.table.stratum, dims="cell")
    z = xr.DataArray(np.zeros(model_frame.table.size), dims="cell")
    treated = model_frame.codes.treated
    cells = model_frame.cell_of_row[treated]
    z.values[:] = np.bincount(cells, model_frame.moderator.values[treated]) / np.bincount(cells)

    def at(name: str) -> xr.DataArray:
        found = posterior[name]
        if "mediator" in found.dims:
            found = found.sel(mediator="digital", drop=True)
        return found.isel(outcome__stratum=stratum).drop_vars("outcome__stratum")

    def on(name: str) -> xr.DataArray:
        slope = posterior[f"{name}__moderation"].isel({f"{name}__stratum": stratum})
        return posterior[f"{name}__cell_mean"] + slope.drop_vars(f"{name}__stratum") * z

    slope = at("outcome__b") + at("outcome__b_moderation") * z + at("outcome__d")
    expected = on("digital") * slope
    spread = posterior["digital__scale_deviation"] * slope
    gap = ((effects.sel(path="digital") - expected) / spread).stack(one=("chain", "draw"))
    assert abs(float(gap.mean())) < 0.11
    assert float(gap.std()) == pytest.approx(1.0, abs=0.08)
    direct = effects.sel(path="direct").var(["chain", "draw"])
    assert (direct > 0.9 * float((posterior["outcome__scale_deviation"] ** 2).mean())).all()


@pytest.mark.slow
def test_on_average_a_new_unit_is_like_the_sample(fit: nqp.Fit) -> None:
    new, own = nqp.group_time_effects(fit, "population"), fit.effects
    for path in ("direct", "digital", "total"):
        one, other = nqp.att(new, path=path), nqp.att(own, path=path)
        assert float(one.std()) > 2 * float(other.std())
        assert float(one.mean()) == pytest.approx(float(other.mean()), abs=0.15)


@pytest.mark.slow
def test_the_mean_over_all_units_is_a_new_units_without_its_deviations(fit: nqp.Fit) -> None:
    """Cells' effects without deviations, at the mean moderator; paths add up."""
    mean, new = (nqp.group_time_effects(fit, x) for x in ("superpopulation", "population"))
    assert mean.attrs["target"] == "superpopulation"
    assert "deviation" not in mean
    parts = nqp.nde(mean, "region") + nqp.nie(mean, "region", mediators="digital")
    np.testing.assert_allclose(nqp.total(mean, "region"), parts, atol=1e-10)
    for path in ("direct", "digital", "total"):
        of_mean, of_new, at_hand = (nqp.att(x, path=path) for x in (mean, new, fit.effects))
        assert float(at_hand.std()) < float(of_mean.std()) < 0.6 * float(of_new.std())
        gap = 4 * float(of_new.std()) / np.sqrt(of_new.size)
        assert float(of_mean.mean()) == pytest.approx(float(of_new.mean()), abs=gap)


@pytest.mark.slow
def test_the_mean_over_all_units_of_one_equation_is_that_of_cells() -> None:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    fit = nqp.fit(nqp.StaggeredDiD(nqp.CompletePooling()), panel, SAMPLER, progress=False)
    effect = nqp.group_time_effects(fit, "superpopulation")["effect"].isel(path=0)
    np.testing.assert_array_equal(effect, fit.posterior["outcome__cell_mean"])
    with pytest.raises(nqp.errors.StudyError, match="'superpopulation' or 'population'"):
        nqp.group_time_effects(fit, "everyone")


@pytest.mark.slow
def test_without_deviations_it_is_the_sample(panel: nqp.Panel) -> None:
    design = nqp.Mediation(
        DESIGN.replace(effect=nqp.PartialPooling(["region"], varying=None), moderator=None), lag=1
    )
    fit = nqp.fit(design, panel, nqp.Importance(draws=50, chains=2, seed=1), progress=False)
    for target in ("population", "superpopulation"):
        new = nqp.group_time_effects(fit, target)
        np.testing.assert_allclose(new["effect"], fit.effects["effect"], atol=1e-10)
