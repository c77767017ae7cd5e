"""The check of the error model: where it holds, and where intervals are too narrow."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp import simulation
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.model.designs import Noise

SAMPLER = nqp.Importance(draws=500, chains=2, seed=4)
SMALL = {"units": 60, "periods": 10, "cohorts": (4, 6, 8), "seed": 5}
# With pooled cells alone the model has few scales, and refits are quick.
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), time=nqp.TimeEffects(["region"]))


def provinces(generator: np.random.Generator, units: int, periods: int) -> np.ndarray:
    """Walks that units of one of twelve provinces share, and a little noise."""
    walks = generator.normal(size=(12, periods)).cumsum(axis=1)
    return walks[np.arange(units) // 5] + 0.5 * generator.normal(size=(units, periods))


def with_provinces(panel: nqp.Panel) -> nqp.Panel:
    df = panel.frame.copy()
    df["province"] = "p" + (panel.unit_codes // 5).astype(str).astype(object)
    df["half"] = np.where(panel.unit_codes < 30, "a", "b")
    return nqp.Panel.from_frame(
        df, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"]
    )


@pytest.fixture(scope="session")
def serial() -> nqp.Fit:
    """AR(1) errors, and a model that has them."""
    panel = with_provinces(simulation.staggered(rho=0.7, **SMALL).panel)
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


@pytest.fixture(scope="session")
def together() -> nqp.Fit:
    """Units of a province move together, and a model that does not know."""
    panel = with_provinces(simulation.staggered(noise=provinces, **SMALL).panel)
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


def evidence_of(fit: nqp.Fit, **options: object) -> tuple[nqp.CheckResult, xr.Dataset]:
    result = nqp.check(fit, "error_model", **options)
    assert isinstance(result.evidence, xr.Dataset)
    return result, result.evidence


@pytest.mark.slow
@pytest.mark.parametrize("errors", [nqp.IID(), nqp.AR1()])
def test_the_figure_has_what_untreated_clusters_say(errors: Noise) -> None:
    """Errors that last, of a model that knows them and of one that has deviations for them."""
    panel = simulation.staggered(rho=0.8, never=0.6, **SMALL).panel
    fit = nqp.fit(DESIGN.replace(errors=errors), panel, SAMPLER, progress=False)
    result, evidence = evidence_of(fit)
    apart = evidence["ratio_controls"] > evidence["limit_controls"]
    assert apart.any() == (errors == nqp.IID())
    told = [f"{x:.2f} for" for x in evidence["ratio_controls"].to_numpy()[apart.to_numpy()]]
    shown = str(result.figure).partition("clusters without treated units")
    assert bool(shown[1]) == bool(told)
    assert not told or any(x in shown[0] for x in told)


@pytest.mark.slow
def test_it_holds_where_the_model_is_true(serial: nqp.Fit) -> None:
    result, evidence = evidence_of(serial)
    assert result.verdict == "passed"
    assert result.kind == "specifications"
    assert evidence["specification"].to_numpy().tolist() == [
        "as fitted", "AR(1) + noise", "AR(1) errors of unequal spread", "independent errors",
    ]  # fmt: skip
    assert set(evidence["change"].to_numpy()[1:]) == {"errors"}
    assert evidence["counts"].to_numpy().tolist() == [True, True, True, False]
    factors = evidence["log_bayes_factor"]
    assert factors["cluster"].to_numpy().tolist() == ["unit", "province"]
    assert np.isnan(factors[0])
    assert float(factors[1]) < 3.0
    assert evidence["quantity"].to_numpy().tolist() == [
        "att", "att[region=coastal]", "att[region=inland]", "coastal − inland",
    ]  # fmt: skip
    sd = nqp.att(serial, by="region").std(["chain", "draw"], ddof=0)
    np.testing.assert_allclose(evidence["posterior_sd"][1:3], sd)
    np.testing.assert_allclose(evidence["robust_sd"], evidence["posterior_sd"] * evidence["ratio"])
    assert (evidence["limit"] >= 1.2).all()


@pytest.mark.slow
def test_it_fails_where_errors_are_serially_correlated_and_the_model_has_none(
    serial: nqp.Fit,
) -> None:
    naive = nqp.fit(DESIGN.replace(errors=nqp.IID()), serial.panel, SAMPLER, progress=False)
    result, evidence = evidence_of(naive)
    assert result.verdict in ("caution", "failed")
    assert "errors=nqp.AR1PlusNoise()" in result.sentence
    sd = evidence["att"].std(["chain", "draw"]).set_index(specification="specification")
    serial_ones = sd.sel(specification=["AR(1) errors", "AR(1) + noise"])
    assert (serial_ones > 1.2 * sd.sel(specification="as fitted")).all()
    assert set(evidence["change"].to_numpy()[1:4]) == {"errors"}


@pytest.mark.slow
def test_clusters_see_serial_correlation_that_no_deviation_takes_for_its_own(
    serial: nqp.Fit,
) -> None:
    design = DESIGN.replace(errors=nqp.IID(), effect=nqp.CompletePooling(varying=None))
    naive = nqp.fit(design, serial.panel, SAMPLER, progress=False)
    result, evidence = evidence_of(naive)
    assert result.verdict in ("caution", "failed")
    assert (evidence["ratio"] > evidence["limit"]).any()
    assert "Clustered by unit, standard errors are up to" in result.sentence


@pytest.mark.slow
def test_shocks_of_a_province_show_only_when_clustered_by_it(together: nqp.Fit) -> None:
    by_unit = evidence_of(together)[1]
    result, by_province = evidence_of(together, cluster="province")
    assert result.verdict in ("caution", "failed")
    assert "Errors are correlated within a province" in result.details
    ratio = [float(e["ratio"].sel(quantity="att")) for e in (by_unit, by_province)]
    assert ratio[0] < 1.2 < ratio[1]
    assert by_province.attrs["clusters"] == 12


@pytest.mark.slow
def test_shocks_that_last_are_seen_by_their_evidence(together: nqp.Fit) -> None:
    result, evidence = evidence_of(together)
    assert result.verdict == "failed"
    assert float(evidence["log_bayes_factor"].sel(cluster="province")) > 100
    assert "shocks by province" in evidence["specification"]
    changes = [key for key, _ in groupby(evidence["change"].to_numpy()[1:])]
    assert changes == ["errors", "shocks"]
    assert "Units of the same province share persistent shocks" in result.sentence + result.details
    assert "shocks=nqp.ClusterTimeEffects(by='province', errors=nqp.AR1())" in result.sentence
    shocks = nqp.ClusterTimeEffects("province", errors=nqp.AR1())
    again = nqp.fit(together.variant(shocks=shocks), together.panel, SAMPLER, progress=False)
    cured = evidence_of(again)[1]
    assert abs(float(cured["log_bayes_factor"].sel(cluster="province"))) < 0.5
    assert "shocks by province" not in cured["specification"]


def test_trends_are_not_named_before_shocks_that_provinces_share(together: nqp.Fit) -> None:
    result = nqp.check(together, "pretrends", progress=False)
    assert result.verdict != "passed"
    assert "shocks=nqp.ClusterTimeEffects(by='province', errors=nqp.AR1())" in result.sentence
    assert "DifferentialTrends" not in result.sentence


@pytest.mark.slow
def test_shocks_are_told_where_they_change_nothing() -> None:
    """Adoption is balanced within provinces, so that the effect rests on differences in them."""

    def mild(generator: np.random.Generator, units: int, periods: int) -> np.ndarray:
        walks = generator.normal(size=(12, periods)).cumsum(axis=1)
        return 0.3 * walks[np.arange(units) % 12] + generator.normal(size=(units, periods))

    layout = {**SMALL, "units": 120, "seed": 6}
    panel = simulation.staggered(noise=mild, **layout).panel
    frame = panel.frame.assign(province=[f"p{code % 12}" for code in panel.unit_codes])
    panel = nqp.Panel.from_frame(frame, **panel.arguments)
    result, _ = evidence_of(nqp.fit(DESIGN, panel, SAMPLER, progress=False))
    assert result.verdict == "passed"
    assert "Units of the same province share persistent shocks" in result.sentence + result.details
    assert "fit shocks" not in result.sentence


@pytest.mark.slow
def test_event_times_are_judged_on_request(serial: nqp.Fit) -> None:
    evidence = evidence_of(serial, event_times=True)[1]
    assert "att[event_time=6]" in evidence["quantity"]
    assert np.isfinite(evidence["ratio"]).all()


@pytest.mark.slow
def test_few_clusters_are_not_asked(serial: nqp.Fit) -> None:
    result = nqp.check(serial, "error_model", cluster="half")
    assert result.verdict == "not applicable"
    assert "2 clusters by half" in result.sentence
    assert nqp.check(serial, "error_model", cluster="region").verdict == "not applicable"


def test_unknown_and_cutting_clusters_are_refused(serial: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="did you mean 'province'"):
        nqp.check(serial, "error_model", cluster="provinces")
    by_province = replace(
        serial, design=DESIGN.replace(effect=nqp.CompletePooling(varying="province"))
    )
    with pytest.raises(StudyError, match="cut through what effects vary by, 'province'"):
        nqp.check(by_province, "error_model", cluster="unit")


def test_weighted_panels_have_no_other_error_structures(serial: nqp.Fit) -> None:
    assert serial.panel is not None
    df = serial.panel.frame.assign(w=1.0)
    panel = nqp.Panel.from_frame(
        pd.DataFrame(df), unit="unit", time="time", cohort="cohort", outcome="outcome",
        strata=["region"], weights="w",
    )  # fmt: skip
    design = DESIGN.replace(errors=nqp.IID(), effect=nqp.CompletePooling(varying=None))
    weighted = nqp.fit(design, panel, SAMPLER, progress=False)
    result = nqp.check(weighted, "error_model")
    assert result.kind == "none"
    assert result.verdict in ("caution", "failed")


@pytest.mark.slow
def test_a_unit_without_a_province_counts_by_itself_and_is_said(serial: nqp.Fit) -> None:
    panel = with_provinces(simulation.staggered(rho=0.7, **SMALL).panel)
    first = str(panel.unit_labels[0])

    def without(cells: np.ndarray) -> nqp.Panel:
        frame = panel.frame.copy()
        frame["province"] = frame["province"].astype(object).mask(cells)
        return nqp.Panel.from_frame(frame, **panel.arguments)

    whole, _ = evidence_of(serial)
    for cells, said in ((panel.unit_codes == 0, True), (np.arange(panel.n_rows) == 3, False)):
        fit = nqp.fit(DESIGN, without(cells), SAMPLER, progress=False)
        result, evidence = evidence_of(fit)
        assert "province" in evidence["cluster"].to_numpy()
        assert (f"({first})" in result.details) is said
        assert (result.details == whole.details) is not said
    shared = DESIGN.replace(shocks=nqp.ClusterTimeEffects("province"))
    assert nqp.fit(shared, without(panel.unit_codes == 0), SAMPLER, progress=False).gate.passed
    with pytest.raises(PanelError, match="province"):
        nqp.fit(shared, without(panel.unit_codes < 6), SAMPLER, progress=False)
