"""Shocks that units of a province share: that averages know them, and what they need."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from doors import study_design

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import Hint, IdentificationError, PanelError, StudyError, speaking
from bayes_nqp.model.codec import decode

SAMPLER = nqp.Importance(draws=400, seed=1)
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling())
SHOCKS = nqp.ClusterTimeEffects("province")
LASTING = nqp.ClusterTimeEffects("province", errors=nqp.AR1())
PROVINCES, EACH, PERIODS, SD = 20, 4, 8, 1.0


def panel_of(seed: int, sd: float = SD, rho: float = 0.0) -> nqp.Panel:
    """Provinces that adopt as a whole, with effects of 1, AR(1) errors and shared shocks."""
    rng = np.random.default_rng(seed)
    panel = nqp.simulation.staggered(
        units=PROVINCES * EACH, periods=PERIODS, cohorts=(4, 6), strata={}, deviation_sd=0.0,
        level=0.0, seed=seed,
    ).panel  # fmt: skip
    frame = panel.frame.copy()
    province = np.arange(PROVINCES * EACH) % PROVINCES
    cohort = np.array([4.0, 6.0, np.nan, np.nan])[province % 4]
    frame["cohort"] = cohort[panel.unit_codes]
    frame["province"] = np.char.add("p", province.astype(str))[panel.unit_codes]
    shocks = sd * rng.normal(size=(PROVINCES, PERIODS))
    for t in range(1, PERIODS):
        shocks[:, t] = rho * shocks[:, t - 1] + np.sqrt(1 - rho**2) * shocks[:, t]
    frame["outcome"] += shocks[province[panel.unit_codes], panel.time_codes]
    frame["outcome"] += frame["time"] >= frame["cohort"]
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="outcome")


def fitted(panel: nqp.Panel, shocks: nqp.ClusterTimeEffects | None) -> nqp.Fit:
    return nqp.fit(DESIGN.replace(shocks=shocks), panel, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def lasting() -> nqp.Fit:
    return fitted(panel_of(1, rho=0.7), LASTING)


@pytest.fixture(scope="module")
def fits() -> list[tuple[nqp.Fit, nqp.Fit]]:
    panels = [panel_of(seed) for seed in (1, 2, 3, 4)]
    return [(fitted(panel, None), fitted(panel, SHOCKS)) for panel in panels]


@pytest.mark.slow
def test_averages_are_as_wide_as_shared_shocks_demand(fits) -> None:
    alone, shared = zip(*((nqp.att(a), nqp.att(b)) for a, b in fits), strict=True)
    assert np.mean([x.std() for x in shared]) > 1.4 * np.mean([x.std() for x in alone])
    errors = np.array([(float(x.mean()) - 1.0) / float(x.std()) for x in shared])
    assert np.abs(errors).max() < 3.0
    assert (errors**2).mean() < 2.5


@pytest.mark.slow
def test_their_size_is_found(fits) -> None:
    draws = np.stack([b.posterior["outcome__scale_shocks"].to_numpy().ravel() for _, b in fits])
    low, high = np.quantile(draws, [0.005, 0.995], axis=1)
    assert ((low < SD) & (SD < high)).all()


@pytest.mark.slow
def test_without_shocks_nothing_changes() -> None:
    panel = panel_of(5, sd=0.0)
    alone, shared = nqp.att(fitted(panel, None)), nqp.att(fitted(panel, SHOCKS))
    assert float(shared.mean()) == pytest.approx(float(alone.mean()), abs=0.3 * float(alone.std()))
    # Of some thousand effective draws an sd is known to 2 %.
    assert 0.96 * float(alone.std()) < float(shared.std()) < 1.4 * float(alone.std())


@pytest.mark.slow
def test_how_long_they_last_is_found_and_averages_know_it(lasting: nqp.Fit) -> None:
    posterior = lasting.posterior
    low, high = np.quantile(posterior["outcome__shocks_rho"], [0.025, 0.975])
    assert 0.3 < low < 0.7 < high < 0.95
    at_once = fitted(lasting.panel, SHOCKS)
    assert float(nqp.att(lasting).std()) > 1.05 * float(nqp.att(at_once).std())
    assert abs(float(nqp.att(lasting).mean()) - 1.0) < 3.0 * float(nqp.att(lasting).std())


def test_what_lasts_is_replicated_and_drawn_from_the_prior(lasting: nqp.Fit) -> None:
    """Rows of a province in one period move together, and so do its periods."""
    prior = nqp.prior_predictive(lasting.design, lasting.panel, draws=400, seed=1)
    assert {"outcome__shocks_rho", "outcome__scale_shocks"} <= set(prior)
    assert nqp.check(lasting, "error_model", progress=False).verdict == "passed"
    assert nqp.check(lasting, "model_fit", progress=False).verdict == "passed"


@pytest.mark.slow
@pytest.mark.parametrize("which", ["at once", "lasting"])
def test_they_are_saved_read_and_said(fits, lasting, tmp_path, which: str) -> None:
    fit = fits[0][1] if which == "at once" else lasting
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert again.facts.term(nqp.ClusterTimeEffects) == fit.design.shocks
    assert float(abs(nqp.att(again) - nqp.att(fit)).max()) == 0.0
    nqp.report(fit, tmp_path / "report", checks=[], formats=["html"], progress=False)
    text = "".join(x.read_text() for x in (tmp_path / "report").rglob("*.html"))
    assert "All units of a cluster (province) share a shock in each period" in text
    last = (
        "the correlation over time of AR(1) errors",
        "their autocorrelation (shocks by province)",
    )
    assert [words in text for words in last] == [which == "lasting"] * 2


def test_studies_state_them() -> None:
    hint = Hint("shocks", SHOCKS)
    assert eval(f"dict({hint})", {"nqp": nqp}) == {"shocks": SHOCKS}
    with speaking("toml"):
        text = str(hint)
    assert text == '[design] shocks = { type = "ClusterTimeEffects", by = "province" }'
    table = {"type": "StaggeredDiD", **tomllib.loads(text.removeprefix("[design] "))}
    assert decode(table) == nqp.StaggeredDiD(shocks=SHOCKS)
    table = {"type": "ClusterTimeEffects", "by": "province", "errors": "AR1"}
    assert study_design({"shocks": table}, {}) == nqp.StaggeredDiD(shocks=LASTING)
    with speaking("toml"):
        assert 'errors = { type = "AR1" }' in str(Hint("shocks", LASTING))
    with pytest.raises(StudyError, match=r"'design\.shocks\.errors' is 'AR2'"):
        study_design({"shocks": table | {"errors": "AR2"}}, {})


def test_channels_have_them_too() -> None:
    simulated = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1)
    panel = simulated.panel
    frame = panel.frame.assign(province=(panel.unit_codes % 8).astype(str))
    panel = nqp.Panel.from_frame(frame, **simulated.panel.arguments)
    design = nqp.Mediation(DESIGN.replace(shocks=SHOCKS), mediators=["digital"])
    fit = nqp.fit(design, panel, nqp.Importance(draws=300, seed=1), progress=False)
    for name in ("outcome", "digital"):
        assert f"{name}__scale_shocks" in fit.posterior
    parts = nqp.nde(fit) + nqp.nie(fit, mediators="digital")
    assert float(abs(nqp.total(fit) - parts).max()) < 1e-9


def test_what_they_need() -> None:
    panel = panel_of(1)
    frame = panel.frame.assign(country="x", year=panel.frame["time"].astype(str))
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
    )
    design = DESIGN.replace(shocks=nqp.ClusterTimeEffects("country"))
    with pytest.raises(IdentificationError, match="time effects of all units"):
        design.spec(panel)
    with pytest.raises(PanelError, match="changes within units"):
        DESIGN.replace(shocks=nqp.ClusterTimeEffects("year")).spec(panel)
    with pytest.raises(StudyError, match="did you mean 'province'"):
        DESIGN.replace(shocks=nqp.ClusterTimeEffects("provinces")).spec(panel)
    with pytest.raises(StudyError, match="'shocks' is 'province'"):
        DESIGN.replace(shocks="province")
    for arguments, message in (
        ({"by": ""}, "'by' is ''"),
        ({"by": "x", "scale": 0}, "'scale' is"),
        ({"by": "x", "errors": "AR1"}, "'errors' is 'AR1'"),
    ):
        with pytest.raises(StudyError, match=message):
            nqp.ClusterTimeEffects(**arguments)
