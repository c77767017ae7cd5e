"""Replications of the fitted model, where it is true and where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from doors import Untreated, tail_of
from matplotlib.figure import Figure

import bayes_nqp as nqp

STAIRS = (4, 5, 6, 8)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())


def panel(seed: int, **arguments: object) -> nqp.Panel:
    given = {"units": 60, "periods": 12, "cohorts": STAIRS, "rho": 0.6, **arguments}
    return nqp.simulation.staggered(seed=seed, **given).panel  # type: ignore[arg-type]


def fitted(design: nqp.StaggeredDiD, data: nqp.Panel) -> nqp.Fit:
    return nqp.fit(design, data, nqp.Importance(draws=250, chains=2, seed=1), progress=False)


@pytest.fixture(scope="session")
def true_model() -> nqp.Fit:
    """AR(1) on AR(1), with rows missing."""
    return fitted(DESIGN, panel(3, missing=0.05))


def names(result: nqp.CheckResult) -> set[str]:
    """Statistics farther out than 95 % of replications have any."""
    found = result.evidence
    assert isinstance(found, xr.Dataset)
    out = np.abs(found["distance"].to_numpy()) > found.attrs["bound"]
    return set(found["statistic"].to_numpy()[out].tolist())


@pytest.mark.slow
def test_it_holds_where_the_model_is_true(true_model: nqp.Fit) -> None:
    result = nqp.check(true_model, "model_fit")
    assert result.verdict == "passed"
    assert result.kind == "predictive"
    found = result.evidence
    assert isinstance(found, xr.Dataset)
    assert found["replicated"].dims == ("replication", "statistic")
    wanted = {"autocorrelation, lag 3", "kurtosis of innovations", "pre-period slope"}
    assert wanted <= set(found["statistic"].to_numpy().tolist())
    assert not names(result)
    # The same seed: the same draws.
    assert result.digest == nqp.check(true_model, "model_fit").digest


@pytest.mark.slow
def test_independent_errors_fail_on_persistent_ones() -> None:
    result = nqp.check(fitted(DESIGN.replace(errors=nqp.IID()), panel(1, rho=0.8)), "model_fit")
    assert result.verdict == "failed"
    assert "autocorrelation, lag 1" in names(result)
    assert "errors=nqp.AR1()" in result.sentence


@pytest.mark.slow
def test_heavy_tails_are_seen_and_leave_the_average_as_it_is() -> None:
    """Least squares needs no normal errors: under t(3) its intervals cover .97."""
    result = nqp.check(fitted(DESIGN, panel(1, noise="student")), "model_fit")
    assert result.verdict == "passed"
    assert "kurtosis of innovations" in names(result)
    assert "does not depend on this misfit" in result.sentence


@pytest.mark.slow
def test_one_row_far_out_is_a_doubt() -> None:
    """A tail that one unit makes moves the average with it."""
    own = panel(1)
    frame = own.frame
    late = frame["time"].to_numpy() == frame["time"].max()
    first = frame["unit"].to_numpy() == frame.loc[frame["cohort"].notna(), "unit"].iloc[0]
    before = frame["time"].to_numpy() < frame["cohort"].to_numpy()
    moved = own.with_outcome(own.outcome + 40.0 * (first & before) - 40.0 * (first & late))
    result = nqp.check(fitted(DESIGN, moved), "model_fit")
    assert result.verdict in ("caution", "failed")
    assert "a single unit moves the average effect by up to 1." in result.sentence + result.details


@pytest.mark.slow
def test_noise_on_top_of_ar1_is_seen() -> None:
    data = panel(1, noise="ar1+white", rho=0.8, units=200)
    result = nqp.check(fitted(DESIGN, data), "model_fit")
    assert result.verdict == "passed"
    assert "partial autocorrelation, lag 2" in names(result)
    assert "does not depend on this misfit" in result.sentence


@pytest.mark.slow
def test_a_break_before_adoption_is_seen(true_model: nqp.Fit) -> None:
    own = true_model.panel
    assert own is not None
    frame = own.frame
    last = frame["time"].to_numpy() == frame["cohort"].to_numpy() - 1
    moved = own.with_outcome(own.outcome + 3.0 * last)
    result = nqp.check(fitted(DESIGN, moved), "model_fit")
    assert result.verdict == "failed"
    assert "last pre-period" in names(result)


@pytest.mark.slow
def test_statistics_ignore_levels_periods_and_slopes(true_model: nqp.Fit) -> None:
    rows = Untreated(true_model.model_frame)
    layout, rng = rows.layout, np.random.default_rng(0)
    y = rng.normal(size=(2, layout.rows.size))
    shifted = y + rng.normal(size=layout.unit.max() + 1)[layout.unit]
    shifted += rng.normal(size=layout.time_effect.max() + 1)[layout.time_effect]
    one, other = rows.residuals(y)[0], rows.residuals(shifted)[0]
    np.testing.assert_allclose(one, other, atol=1e-9)
    before, after = rows.before(y, one), rows.before(shifted, other)
    assert before.keys() == {"pre-period slope", "last pre-period", "pre-period steps"}
    for name in before:
        np.testing.assert_allclose(before[name], after[name], atol=1e-9)
    np.testing.assert_allclose(rows.differences(y), rows.differences(shifted), atol=1e-8)


@pytest.mark.slow
def test_residuals_are_least_squares(true_model: nqp.Fit) -> None:
    rows = Untreated(true_model.model_frame)
    y = np.random.default_rng(0).normal(size=(1, rows.layout.rows.size))
    unit = rows.unit[:, None] == np.arange(rows.count.size)
    x = np.concatenate([unit, rows.columns[rows.rows].toarray()], axis=1)
    expected = y[0, rows.rows] - x @ np.linalg.lstsq(x, y[0, rows.rows], rcond=None)[0]
    np.testing.assert_allclose(rows.residuals(y)[0][0], expected, atol=1e-9)
    earlier, later = rows.pairs(2)
    assert (rows.unit[earlier] == rows.unit[later]).all()
    assert (rows.time[later] - rows.time[earlier] == 2).all()
    key = {(u, t) for u, t in zip(rows.unit, rows.time, strict=True)}
    assert earlier.size == sum((u, t - 2) in key for u, t in key)


@pytest.mark.slow
def test_effects_do_not_enter(true_model: nqp.Fit) -> None:
    rows = Untreated(true_model.model_frame)
    y = np.random.default_rng(0).normal(size=(1, rows.layout.rows.size))
    treated = true_model.model_frame.codes.treated[true_model.model_frame.kept]
    np.testing.assert_array_equal(rows.residuals(y)[0], rows.residuals(y + 9.0 * treated)[0])


def test_the_joint_p_value_is_uniform_where_observed_is_one_of_them() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(400):
        draws = rng.normal(size=(200, 5)) * [1, 2, 3, 4, 5]
        tail = tail_of(
            {f"s{k}": draws[:1, k] for k in range(5)}, [{f"s{k}": draws[1:, k] for k in range(5)}]
        )
        found.append(tail.overall)
    assert np.mean(np.array(found) < 0.1) == pytest.approx(0.1, abs=0.045)


@pytest.mark.slow
def test_it_needs_the_rows(true_model: nqp.Fit) -> None:
    assert nqp.check(replace(true_model, panel=None), "model_fit").verdict == "not applicable"


def test_its_picture_has_a_panel_for_every_statistic(true_model: nqp.Fit) -> None:
    result = nqp.check(true_model, "model_fit")
    found = result.evidence
    assert isinstance(found, xr.Dataset)
    for language in ("en", "zh"):
        figure = nqp.plots.check(result, language=language)
        drawn = [ax for ax in figure.axes if ax.axison]
        assert len(drawn) == found.sizes["statistic"]
        line = drawn[0].lines[0].get_xdata()[0]
        assert line == pytest.approx(float(found["observed"][0]))
    one = Figure().subplots()
    nqp.plots.check(result, ax=one)
    assert len(one.get_yticks()) == found.sizes["statistic"]
