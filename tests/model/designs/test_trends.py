"""Differential trends: what they need, and that effects are right where treated units drift."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError

TRENDS = nqp.DifferentialTrends()
SAMPLER = nqp.Importance(seed=1)


def fitted(drift: str, trends: nqp.DifferentialTrends | None, seed: int) -> tuple[float, float]:
    """Error of the average effect, and its posterior sd."""
    simulated = nqp.simulation.staggered(
        effect="growing", growth=0.1, strata={}, drift=drift, seed=seed
    )
    fit = nqp.fit(nqp.StaggeredDiD(trends=trends), simulated.panel, SAMPLER, progress=False)
    assert fit.gate.passed
    effect = nqp.att(fit)
    return float(effect.mean() - nqp.att(simulated.truth).mean()), float(effect.std())


@pytest.mark.slow
def test_a_factor_biases_parallel_trends_and_not_these() -> None:
    parallel, alone = zip(*(fitted("factor", None, seed) for seed in (3, 4, 5)), strict=True)
    drifting, wide = zip(*(fitted("factor", TRENDS, seed) for seed in (3, 4, 5)), strict=True)
    assert np.abs(parallel).max() > 2.5 * np.mean(alone)
    assert np.abs(drifting).max() < 2.5 * np.mean(wide)
    assert np.mean(wide) > 1.3 * np.mean(alone)


@pytest.mark.slow
def test_where_trends_are_parallel_effects_are_those_of_parallel_trends() -> None:
    (error, wide), (_, alone) = fitted("none", TRENDS, 7), fitted("none", None, 7)
    assert abs(error) < 2.5 * wide
    assert alone < wide < 3.0 * alone


def test_what_they_need() -> None:
    panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    with pytest.raises(IdentificationError, match="flat leads"):
        nqp.StaggeredDiD(trends=TRENDS, controls="never").spec(panel)
    early = nqp.simulation.staggered(units=30, periods=8, cohorts=(3,), strata={}, seed=1).panel
    with pytest.raises(IdentificationError, match="3 untreated periods"):
        nqp.StaggeredDiD(trends=TRENDS).spec(early)
    anticipated = nqp.StaggeredDiD(trends=TRENDS, anticipation=1)
    short = nqp.simulation.staggered(units=30, periods=8, cohorts=(4,), strata={}, seed=1).panel
    nqp.StaggeredDiD(trends=TRENDS).spec(short)
    with pytest.raises(IdentificationError, match="3 untreated periods"):
        anticipated.spec(short)
    all_treated = nqp.simulation.staggered(never=0.0, strata={}, seed=1).panel
    with pytest.raises(IdentificationError, match="never treated"):
        nqp.StaggeredDiD(trends=TRENDS).spec(all_treated)


def test_a_stratum_without_them_is_named() -> None:
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    lone = (frame["region"] == "coastal") & frame["cohort"].isna()
    panel = nqp.Panel.from_frame(
        frame[~lone], unit="unit", time="time", cohort="cohort", outcome="outcome", strata="region"
    )
    with pytest.raises(IdentificationError, match="coastal"):
        nqp.StaggeredDiD(trends=TRENDS).spec(panel)
    # Without strata of effects, one drift is shared.
    nqp.StaggeredDiD(nqp.CompletePooling(), trends=TRENDS).spec(panel)


@pytest.mark.parametrize("name", ["line", "walk", "cohort_line", "cohort_walk"])
def test_scales_are_not_below_zero(name: str) -> None:
    with pytest.raises(StudyError, match=f"'{name}' is -0.1"):
        nqp.DifferentialTrends(**{name: -0.1})


@pytest.mark.slow
def test_a_scale_of_zero_leaves_its_part_out() -> None:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    lines = nqp.DifferentialTrends(walk=0.0, cohort_walk=0.0)
    parts = nqp.StaggeredDiD(trends=lines).spec(panel).equations[0].processes
    assert [len(x.scales) for x in parts] == [1, 1, 1]
    small = nqp.DifferentialTrends(walk=1e-4, cohort_walk=1e-4)
    found = [
        nqp.att(nqp.fit(nqp.StaggeredDiD(trends=x), panel, SAMPLER, progress=False))
        for x in (lines, small)
    ]
    assert abs(float(found[0].mean() - found[1].mean())) < 0.1 * float(found[0].std())
    with pytest.raises(StudyError, match="all scales"):
        nqp.DifferentialTrends(0.0, 0.0, 0.0, 0.0)


@pytest.mark.slow
def test_they_are_saved_and_read(tmp_path) -> None:
    panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), strata={}, seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling(), trends=nqp.DifferentialTrends(walk=0.1))
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=200, chains=2), progress=False)
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == design
    assert float(nqp.att(again).mean()) == float(nqp.att(fit).mean())


def test_mediators_drift_too() -> None:
    panel = nqp.simulation.channels(units=60, periods=10, cohorts=(5, 7), seed=1).panel
    design = nqp.Mediation(nqp.StaggeredDiD(trends=TRENDS), mediators=["digital", "finance"])
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=300), progress=False)
    for name in ("outcome", "digital", "finance"):
        assert f"{name}__scale_trend_walk" in fit.posterior
    total = nqp.total(fit)
    parts = nqp.nde(fit) + nqp.nie(fit).sel(mediator="all mediators")
    assert float(abs(total - parts).max()) < 1e-9


def test_the_drift_is_that_of_the_panel() -> None:
    """Relative to the last period before adoption; zero there, and with a picture of its own."""
    simulated = nqp.simulation.staggered(
        units=120, strata={}, drift="lines", rho=0.2, sigma=0.5, seed=4
    )
    panel = simulated.panel
    fit = nqp.fit(nqp.StaggeredDiD(trends=TRENDS), panel, SAMPLER, progress=False)
    draws = nqp.differential_trend(fit)
    assert float(abs(draws.sel(event_time=-1)).max()) == 0.0
    assert draws["units"].sel(event_time=0).item() == (panel.cohort_codes >= 0).sum()
    plain = nqp.simulation.staggered(units=120, strata={}, rho=0.2, sigma=0.5, seed=4).panel
    apart = (panel.outcome - plain.outcome).reshape(120, 14)
    adopts = np.flatnonzero(panel.cohort_codes >= 0)
    for e in (-4, 2):
        at = panel.cohort_codes[adopts]
        inside = (at + e >= 0) & (at + e < 14)
        who, when = adopts[inside], at[inside]
        true = (apart[who, when + e] - apart[who, when - 1]).mean()
        found = draws.sel(event_time=e)
        assert abs(float(found.mean()) - true) < 3.0 * float(found.std())
    figure = nqp.plots.differential_trend(fit)
    assert "Differential trend" in figure.axes[0].get_ylabel()
    parallel = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1, draws=100), progress=False)
    with pytest.raises(StudyError, match="parallel trends"):
        nqp.differential_trend(parallel)


def test_strata_have_a_drift_in_common() -> None:
    """Drifts of strata alone would average out in the effect on all of them."""
    strata = {"region": ("north", "south"), "size": ("a", "b", "c")}
    panel = nqp.simulation.staggered(
        units=120, periods=10, cohorts=(5, 7), strata=strata, drift="factor", seed=4
    ).panel
    together = nqp.StaggeredDiD(nqp.CompletePooling(), time=nqp.TimeEffects(()), trends=TRENDS)
    apart = nqp.StaggeredDiD(
        nqp.CompletePooling(), time=nqp.TimeEffects(tuple(strata)), trends=TRENDS
    )
    one, six = (nqp.fit(d, panel, SAMPLER, progress=False) for d in (together, apart))
    assert "outcome__scale_common_trend_walk" not in one.posterior
    assert "outcome__scale_common_trend_walk" in six.posterior
    assert float(nqp.att(six).std()) > 0.7 * float(nqp.att(one).std())


@pytest.mark.slow
def test_the_drift_of_strata_has_what_they_share() -> None:
    """The path of each stratum is the panel's, and their mean that of all adopters."""
    common = {"units": 160, "rho": 0.2, "sigma": 0.5, "seed": 4}
    panel = nqp.simulation.staggered(**common, drift="lines").panel
    plain = nqp.simulation.staggered(**common).panel
    fit = nqp.fit(nqp.StaggeredDiD(trends=TRENDS), panel, SAMPLER, progress=False)
    draws, together = nqp.differential_trend(fit, by="stratum"), nqp.differential_trend(fit)
    apart = (panel.outcome - plain.outcome).reshape(160, 14)
    region = panel.strata_codes["region"]
    for k, name in enumerate(panel.levels["region"]):
        who = np.flatnonzero((panel.cohort_codes >= 0) & (region == k))
        at = panel.cohort_codes[who]
        inside = at + 2 < 14
        true = (apart[who, np.minimum(at + 2, 13)] - apart[who, at - 1])[inside].mean()
        of_stratum = draws.sel(event_time=2, stratum=name)
        assert abs(float(of_stratum.mean()) - true) < 3.0 * float(of_stratum.std())
    weights = draws["units"] / draws["units"].sum("stratum")
    np.testing.assert_allclose((draws * weights).sum("stratum"), together, atol=1e-9)
