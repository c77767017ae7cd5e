"""Whether outcomes follow those of the period before, or errors: worlds of each."""

from __future__ import annotations

import dynamic_cities as cities
import pytest

import bayes_nqp as nqp

SAMPLER = nqp.Importance(seed=1, draws=300)


def asked(panel: nqp.Panel, **changes: object) -> nqp.CheckResult:
    fit = nqp.fit(cities.design_of(**changes), panel, SAMPLER, progress=False)
    return nqp.check(fit, "dynamics", progress=False)


@pytest.mark.slow
def test_outcomes_that_follow_those_of_the_period_before_hold() -> None:
    result = asked(cities.panel_of())
    assert result.verdict == "passed"
    p = result.evidence["p"].to_series()
    assert p["errors"] < 0.01 < p["outcomes"]


def test_errors_that_do_are_told_from_them() -> None:
    result = asked(cities.panel_of((0.3, 0.0, 0.0), phi=0.6))
    assert result.verdict == "failed"
    assert "AR1" in str(result.sentence)
    p = result.evidence["p"].to_series()
    assert p["outcomes"] < 0.01 < p["errors"]


def test_without_covariates_it_cannot_tell() -> None:
    result = asked(cities.panel_of((0.3, 0.0, 0.0), phi=0.6), covariates=[])
    assert result.verdict == "inconclusive"
    assert "Covariates" in str(result.details)


@pytest.mark.slow
def test_it_is_asked_of_dynamics_alone() -> None:
    panel, term = cities.panel_of(), nqp.SpatialLag(cities.WEIGHTS)
    assert asked(panel, spillovers=term).verdict == "not applicable"
    fit = nqp.fit(cities.design_of(), panel, SAMPLER, progress=False)
    assert nqp.check(fit, "spatial_form", progress=False).verdict == "not applicable"
    assert nqp.check(fit, "pretrends", progress=False).verdict in ("passed", "inconclusive")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_and_methods_say_it(language: str) -> None:
    fit = nqp.fit(cities.design_of(), cities.panel_of(), SAMPLER, progress=False)
    text = nqp.table({"a": fit}, "spatial", language=language).to_markdown()
    for line in {
        "en": ["W × lagged outcome", "Long run, direct effect"],
        "zh": ["长期"],
    }[language]:
        assert line in text


def test_responses_are_drawn() -> None:
    fit = nqp.fit(cities.design_of(), cities.panel_of(), SAMPLER, progress=False)
    figure = nqp.plots.impulse_responses(fit, periods=4)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 5]
    mean = nqp.impulse_responses(fit, 4).mean(("chain", "draw"))
    for line, path in zip(lines, ("total", "direct", "received"), strict=True):
        assert line.get_ydata() == pytest.approx(mean.sel(path=path).to_numpy())
