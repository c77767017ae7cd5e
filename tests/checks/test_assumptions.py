"""The effect under each assumption about trends, beside placebos and held-out predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bayes_nqp as nqp

TRENDS = ("parallel trends", "a linear differential trend", "differential trends")


def checked(drift: str, **options: object) -> nqp.CheckResult:
    simulated = nqp.simulation.staggered(
        units=100, effect="growing", growth=0.1, drift=drift, seed=3
    )
    fit = nqp.fit(nqp.StaggeredDiD(), simulated.panel, nqp.Importance(seed=1), progress=False)
    return nqp.check(fit, "assumptions", progress=False, **options)


@pytest.fixture(scope="module")
def factor() -> nqp.CheckResult:
    return checked("factor")


@pytest.mark.slow
def test_assumptions_stand_side_by_side(factor: nqp.CheckResult, tmp_path: Path) -> None:
    evidence = factor.evidence
    assert tuple(evidence["assumption"].to_numpy()) == TRENDS
    assert evidence["group"].to_numpy().tolist() == ["", "coastal", "inland"]
    means = evidence["att"].isel(group=0).mean(["chain", "draw"])
    widths = evidence["att"].isel(group=0).std(["chain", "draw"])
    # A factor that adopters load on: parallel trends take it for an effect, the others less so.
    assert float(means[0] - means[2]) > 2.0 * float(widths[0])
    assert float(widths[2]) > 1.3 * float(widths[0])
    assert factor.verdict == "caution"
    for name in TRENDS:
        assert name in factor.details
    assert np.isfinite(evidence["held_out"]).all()
    figure = nqp.plots.check(factor)
    assert len(figure.axes) == 2
    assert "趋势" in nqp.plots.check(factor, language="zh").axes[0].get_yticklabels()[1].get_text()


@pytest.mark.slow
def test_the_report_shows_it(factor: nqp.CheckResult, tmp_path: Path) -> None:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(5, 6), seed=1).panel
    fit = nqp.fit(
        nqp.StaggeredDiD(), panel, nqp.Importance(seed=1, draws=200, chains=2), progress=False
    )
    nqp.report(fit, tmp_path / "out", checks=[factor], formats=["html"], progress=False)
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "under differential trends" in text
    assert "depends on the assumption about trends" in text


@pytest.mark.slow
@pytest.mark.parametrize("own", [0, 2])
def test_the_draws_of_the_fit_are_its_own(own: int) -> None:
    """The assumption that was fitted has the fit's own effect, in all groups and to all digits."""
    made = nqp.simulation.staggered(units=30, periods=8, cohorts=(5, 6), seed=4)
    design = nqp.StaggeredDiD(trends=nqp.DifferentialTrends() if own else None)
    fit = nqp.fit(design, made.panel, nqp.Importance(seed=1), progress=False)
    evidence = nqp.check(fit, "assumptions", progress=False).evidence
    line = evidence["att"].isel(assumption=own)
    assert float(line.isel(group=0).mean()) == pytest.approx(float(nqp.att(fit).mean()), rel=1e-9)
    (factor,) = made.panel.roles.strata
    for level in evidence["group"].to_numpy()[1:]:
        group = nqp.att(fit, by=factor).sel({factor: level})
        assert float(line.sel(group=level).mean()) == pytest.approx(float(group.mean()), rel=1e-9)
        assert float(line.sel(group=level).std()) == pytest.approx(float(group.std()), rel=0.01)


def test_it_is_asked_by_name_alone() -> None:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(5, 6), seed=1).panel
    assert "assumptions" in nqp.checks.CHECKS
    assert "assumptions" not in nqp.checks.suiting(nqp.StaggeredDiD(), panel)


@pytest.mark.slow
def test_held_out_predictions_know_a_drift() -> None:
    """Where adopters drift along steep lines, differential trends predict better than parallel."""
    steep = nqp.simulation.staggered(
        units=100, seed=3,
        drift=lambda _, cohort, periods: np.outer(cohort > 0, 0.4 * np.arange(periods)),
    ).panel  # fmt: skip
    fit = nqp.fit(nqp.StaggeredDiD(), steep, nqp.Importance(seed=1), progress=False)
    evidence = nqp.check(fit, "assumptions", progress=False).evidence
    assert float(evidence["held_out"][2]) > float(evidence["held_out"][0])


def test_assumptions_without_a_placebo_are_drawn_alone() -> None:
    made = nqp.simulation.staggered(units=40, periods=7, cohorts=(4, 5), strata={}, seed=2)
    fit = nqp.fit(
        nqp.StaggeredDiD(anticipation=1), made.panel, nqp.Importance(seed=1), progress=False
    )
    result = nqp.check(fit, "assumptions", progress=False)
    assert bool(result.evidence["placebo"].isnull().all())
    assert len(nqp.plots.check(result).axes) == 1
