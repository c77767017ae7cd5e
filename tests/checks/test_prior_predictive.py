"""Priors that allow the data, and priors that do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp

pytestmark = pytest.mark.xdist_group("prior_checks")

DATA = nqp.simulation.staggered(units=40, periods=10, cohorts=(4, 6, 8), seed=2).panel
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), nqp.AR1())


@pytest.fixture(scope="session")
def ordinary() -> nqp.Fit:
    """A fit under the default priors."""
    return nqp.fit(DESIGN, DATA, nqp.Importance(draws=250, chains=2, seed=1), progress=False)


def under(fit: nqp.Fit, **priors: float) -> nqp.CheckResult:
    """Ask under other priors; nothing that the fit sampled enters."""
    design = fit.design.replace(priors=nqp.Priors(**priors))  # type: ignore[arg-type]
    return nqp.check(replace(fit, design=design), "prior_predictive")


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_it_holds_on_any_scale(ordinary: nqp.Fit, factor: float) -> None:
    scaled = replace(ordinary, panel=DATA.with_outcome(factor * DATA.outcome))
    result = nqp.check(scaled, "prior_predictive")
    assert result.verdict == "passed"
    found = result.evidence
    assert isinstance(found, xr.Dataset)
    plain = nqp.check(ordinary, "prior_predictive").evidence
    assert isinstance(plain, xr.Dataset)
    np.testing.assert_allclose(found["p_value"], plain["p_value"], atol=1e-9)


@pytest.mark.slow
def test_it_fails_where_the_spread_is_outside(ordinary: nqp.Fit) -> None:
    result = under(ordinary, level=0.001, sigma=0.01)
    assert result.verdict == "failed"
    assert "the SD of untreated outcomes within units is 0.867 (95 %" in result.sentence
    assert "too narrow" in result.sentence
    assert "with sigma=1.0 instead of" in result.sentence


def test_it_fails_where_effects_are_outside(ordinary: nqp.Fit) -> None:
    tight = dict.fromkeys(("level", "drift", "walk", "contrast", "cohort", "cell", "member"), 0.001)
    moved = DATA.with_outcome(
        DATA.outcome + 30.0 * (DATA.frame["time"] >= DATA.frame["cohort"]).to_numpy()
    )
    result = under(replace(ordinary, panel=moved), **tight)
    assert result.verdict == "failed"
    assert "the mean difference between treated observations" in result.sentence
    assert "overall effect (level)" in result.sentence
    assert "within units is" not in result.sentence


@pytest.mark.slow
def test_priors_far_too_wide_are_doubted(ordinary: nqp.Fit) -> None:
    result = under(ordinary, sigma=300.0)
    assert result.verdict in ("caution", "failed")
    assert "too wide" in result.sentence
    assert "with sigma=1.0 instead of" in result.sentence


@pytest.mark.slow
def test_effects_that_differ_little_are_no_doubt(ordinary: nqp.Fit) -> None:
    """Priors of how cells differ, fifty times as wide: shrinkage is what they are there for."""
    result = under(ordinary, cell=50.0, contrast=50.0, walk=50.0)
    found = result.evidence
    assert isinstance(found, xr.Dataset)
    assert found["p_value"].sel(statistic="sd of treated less untreated") < 0.02
    assert result.verdict == "passed", result.sentence


def test_two_periods_have_no_autocorrelation() -> None:
    """Residuals of two rows are −1 times one another in every panel: nothing to draw."""
    frame = DATA.frame
    kept = frame["time"].isin([3, 4]) & (frame["cohort"].isna() | (frame["cohort"] == 4))
    panel = nqp.Panel.from_frame(frame[kept], **DATA.arguments)
    sampler = nqp.Importance(draws=250, chains=2, seed=1)
    result = nqp.check(nqp.fit(DESIGN, panel, sampler, progress=False), "prior_predictive")
    assert "autocorrelation, lag 1" not in result.evidence["statistic"]
    assert result.verdict == "passed", result.sentence
    nqp.plots.check(result)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"effect": nqp.NoPooling()}, {"moderator": "size"}])
def test_flat_priors_say_nothing_of_how_effects_differ(changes: dict[str, object]) -> None:
    """A flat slope of a moderator, and flat effects, are drawn from a wide prior in its place."""
    size = np.random.default_rng(1).normal(size=DATA.n_units)[DATA.unit_codes]
    arguments = {**DATA.arguments, "moderators": ["size"]}
    panel = nqp.Panel.from_frame(DATA.frame.assign(size=size), **arguments)
    sampler = nqp.Importance(draws=250, chains=2, seed=1)
    fit = nqp.fit(DESIGN.replace(**changes), panel, sampler, progress=False)
    result = nqp.check(fit, "prior_predictive")
    assert result.verdict == "passed", result.sentence
    assert "sd of treated less untreated" not in result.evidence["statistic"]


@pytest.mark.slow
def test_the_observed_statistics_are_those_of_the_rows(ordinary: nqp.Fit) -> None:
    found = nqp.check(ordinary, "prior_predictive").evidence
    assert isinstance(found, xr.Dataset)
    observed = found["observed"].sel(statistic="sd within units")
    # s is the same standard deviation with its degrees of freedom.
    assert 0.8 * ordinary.scale < float(observed) < ordinary.scale
    effect = float(found["observed"].sel(statistic="treated less untreated"))
    design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID())
    assert effect == pytest.approx(nqp.att(nqp.posterior_mean(design, DATA)).item(), rel=1e-6)


@pytest.mark.slow
def test_its_picture(ordinary: nqp.Fit) -> None:
    result = nqp.check(ordinary, "prior_predictive")
    figure = nqp.plots.check(result)
    assert sum(ax.axison for ax in figure.axes) == 5
    assert "simulated from the priors" in str(figure.get_supxlabel()).replace("\n", " ")
