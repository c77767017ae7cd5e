"""Placebos in time, in space and mixed: what is dealt, and what they cannot say."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from doors import AssignmentUnits, permutations, placebo_dates
from scipy.stats import norm

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.checks import CheckResult
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=500, chains=2, seed=4)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(varying="unit"))


def fitted(panel: nqp.Panel, design: nqp.StaggeredDiD = DESIGN) -> nqp.Fit:
    return nqp.fit(design, panel, SAMPLER, progress=False)


def asked(fit: nqp.Fit, name: str, **options: object) -> tuple[CheckResult, xr.Dataset]:
    result = nqp.check(fit, name, progress=False, **options)
    assert isinstance(result.evidence, xr.Dataset), result
    return result, result.evidence


@pytest.fixture(scope="module")
def calm() -> nqp.Fit:
    """A fit whose assumptions are true, with a clear effect."""
    return fitted(staggered(effect="flat", level=2.0, seed=5).panel)


@pytest.fixture(scope="module")
def trending() -> nqp.Fit:
    """Treated units that drift away from the others from the first period on."""
    return fitted(staggered(effect="flat", level=0.0, trend=0.3, seed=5).panel)


@pytest.fixture(scope="module")
def firms() -> nqp.Fit:
    """Firms of cities that adopt as a whole."""
    panel = staggered(units=60, periods=9, cohorts=(4, 6), seed=3).panel
    frame = panel.frame
    city = panel.unit_codes // 3
    first = frame.groupby(city)["cohort"].transform("first")
    region = frame.groupby(city)["region"].transform("first")
    frame = frame.assign(city=city, cohort=first, region=region)
    return fitted(nqp.Panel.from_frame(frame, **panel.arguments))


def test_a_placebo_in_time_fails_on_a_trend(trending: nqp.Fit) -> None:
    result, evidence = asked(trending, "placebo_time")
    assert result.verdict == "failed", result
    assert evidence["effect"].dims == ("chain", "draw", "shift")
    assert evidence["shift"].to_numpy().tolist() == [1, 2, 3]
    assert (evidence["effect"].mean(("chain", "draw")) > 0).all()
    with pytest.raises(StudyError, match="'periods' is 0"):
        nqp.check(trending, "placebo_time", periods=0, progress=False)
    late = nqp.check(trending, "placebo_time", periods=12, progress=False)
    assert late.verdict == "not applicable"


def test_shifts_are_judged_together(calm: nqp.Fit) -> None:
    result, evidence = asked(calm, "placebo_time")
    assert result.verdict == "passed", result
    draws = evidence["effect"].transpose("shift", ...).to_numpy().reshape(3, -1)
    tails = 2 * norm.sf(np.abs(draws.mean(axis=1)) / draws.std(axis=1))
    for k in (1, 2, 3):
        _, first = asked(calm, "placebo_time", periods=k)
        assert first.attrs["chance"] == pytest.approx(min(1.0, k * tails[:k].min()), rel=1e-6)


def test_a_placebo_in_space_holds_for_a_clear_effect(calm: nqp.Fit) -> None:
    result, evidence = asked(calm, "placebo_space", repetitions=60)
    assert result.verdict == "passed", result
    assert evidence.attrs["p"] == evidence.attrs["p_over_sd"] == pytest.approx(1 / 61)
    assert evidence.attrs["p_left"] == 1.0
    assert evidence.attrs["p_right"] == pytest.approx(1 / 61)
    assert abs(float(evidence["placebo"].mean())) < 0.3
    assert evidence.attrs["dealt_to"] == "unit"


def test_a_placebo_in_space_finds_falls_as_it_finds_rises(calm: nqp.Fit) -> None:
    assert calm.panel is not None
    mirrored = fitted(calm.panel.with_outcome(-calm.panel.outcome))
    _, evidence = asked(mirrored, "placebo_space", repetitions=20)
    assert float(evidence["actual"]) < 0.0
    assert evidence.attrs["p"] == evidence.attrs["p_over_sd"] == pytest.approx(1 / 21)
    assert evidence.attrs["p_left"] == pytest.approx(1 / 21)


def test_a_placebo_in_space_doubts_intervals_that_are_too_narrow() -> None:
    panel = staggered(effect="flat", level=0.0, rho=0.9, seed=8).panel
    narrow = fitted(panel, nqp.StaggeredDiD(nqp.PartialPooling(varying=None), nqp.IID()))
    result, evidence = asked(narrow, "placebo_space", repetitions=60)
    assert result.verdict == "caution", result
    assert evidence.attrs["excluding_zero"] > 0.3


@pytest.mark.parametrize("mode", ["cohort sizes", "free"])
def test_a_mixed_placebo_holds_for_a_clear_effect(calm: nqp.Fit, mode: str) -> None:
    result, evidence = asked(calm, "placebo_mixed", repetitions=40, mode=mode)
    assert result.verdict == "passed", result
    assert evidence.attrs["p"] == pytest.approx(1 / 41)
    _, space = asked(calm, "placebo_space", repetitions=40)
    assert not np.allclose(space["placebo"], evidence["placebo"])


def test_a_mixed_placebo_has_two_modes(calm: nqp.Fit) -> None:
    with pytest.raises(StudyError, match=r"'mode' is 'fixed'[\s\S]*'free'"):
        nqp.check(calm, "placebo_mixed", mode="fixed", progress=False)


def test_deals_keep_what_they_promise() -> None:
    rng = np.random.default_rng(2)
    cohort = np.repeat([-1, 3, 3, 5, 8], [10, 4, 2, 7, 1])
    places = AssignmentUnits("city", np.repeat(np.arange(24), 3), cohort, rng.integers(0, 2, 24))
    sizes = {name: np.bincount(cohort[places.stratum == name] + 1) for name in (0, 1)}
    dates = np.arange(2, 10)
    for mode in (None, *placebo_dates):
        move = None if mode is None else lambda x, g, m=mode: placebo_dates[m](dates, x, g)
        actual, *permuted = permutations(places, 30, 1, move)
        np.testing.assert_array_equal(actual, np.repeat(cohort, 3))
        assert len({tuple(codes) for codes in permuted}) == 30
        for codes in permuted:
            by_place = codes.reshape(24, 3)
            assert (by_place == by_place[:, :1]).all()
            new = by_place[:, 0]
            for name, size in sizes.items():
                inside = new[places.stratum == name]
                assert (inside < 0).sum() == size[0]
                if mode is None:
                    np.testing.assert_array_equal(
                        np.bincount(inside + 1, minlength=size.size), size
                    )
            assert set(new[new >= 0]) <= set(dates)
            if mode == "cohort sizes":
                assert sorted(np.unique(new[new >= 0], return_counts=True)[1]) == [1, 6, 7]
    assert any(np.unique(x[x >= 0]).size > 3 for x in permutations(places, 9, 1, move))


def test_whole_cities_of_firms_are_dealt(firms: nqp.Fit) -> None:
    _, evidence = asked(firms, "placebo_space", repetitions=20)
    assert evidence.attrs["dealt_to"] == "city"
    result, apart = asked(firms, "placebo_space", repetitions=20, groups="unit")
    assert apart.attrs["dealt_to"] == "unit"
    # Firms of one city share nothing here, so that single firms scatter less than cities do.
    assert not np.allclose(apart["placebo"], evidence["placebo"])
    assert "by unit" in result.figure
    with pytest.raises(PanelError, match=r"'region' adopt at different times[\s\S]*groups='unit'"):
        nqp.check(firms, "placebo_space", groups="region", progress=False)


def test_neither_space_nor_mixed_speaks_to_parallel_trends() -> None:
    """No effect, and a common factor: deals find the estimate far out all the same."""
    world = staggered(units=120, level=0.0, deviation_sd=0.0, drift="factor", seed=2)
    fit = fitted(world.panel)
    for name in ("placebo_space", "placebo_mixed"):
        result, evidence = asked(fit, name, repetitions=40)
        assert evidence.attrs["p"] < 0.05
        assert "not parallel trends" in result.details
        assert "平行趋势" in result.detailed("zh")
        assert re.search("[\u4e00-\u9fff]", result.figure_in("zh"))
    assert nqp.check(fit, "placebo_time", progress=False).verdict != "passed"


@pytest.mark.filterwarnings("ignore:labels need a Chinese")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_pictures_are_in_outcome_units(calm: nqp.Fit, language: str) -> None:
    result, evidence = asked(calm, "placebo_space", repetitions=40)
    ax = plots.check(result, language=language).axes[0]
    upright = [line.get_xdata()[0] for line in ax.lines if np.ptp(line.get_xdata()) == 0]
    assert pytest.approx(float(evidence["actual"])) in upright
    result, evidence = asked(calm, "placebo_time")
    ax = plots.check(result, language=language).axes[0]
    points = {
        line.get_xdata()[0]: line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o"
    }
    assert points[0] == pytest.approx(float(nqp.att(calm).mean()))
    assert 1 in points
