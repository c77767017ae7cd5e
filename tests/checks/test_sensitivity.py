"""Robust regions: against linear programs and published ones, and the check that reads them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import (
    BoundedEffect,
    Process,
    TrendCells,
    lead_design,
    lead_fit,
    process_of,
    sensitivity_sentence,
    truncated_normal,
)
from doors import _bounds as bounds
from scipy.optimize import linprog

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import details_of, undetailed
from bayes_nqp.data.simulation import staggered as simulated
from bayes_nqp.effects.estimands import att

SAMPLER = nqp.Importance(draws=500, chains=2, seed=4)
TIMES = np.array([-5, -4, -3, -2, 0, 1, 2])


def event_study(mean: np.ndarray | None = None, sd: float = 0.1, seed: int = 1) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(TIMES.size, TIMES.size))
    covariance = sd**2 * (root @ root.T / TIMES.size + 0.3)
    mean = np.r_[0.02, -0.03, 0.02, 0.01, 1.0, 1.1, 1.2] if mean is None else mean
    return nqp.event_study_draws(mean, covariance, TIMES, draws=4000, seed=seed)


@pytest.fixture(scope="session")
def calm() -> nqp.Fit:
    """Parallel trends, and a clear effect."""
    panel = simulated(effect="flat", level=3.0, rho=0.0, sigma=0.4, cohorts=(9, 10, 11), seed=5)
    return nqp.fit(
        nqp.StaggeredDiD(nqp.PartialPooling(["region"])), panel.panel, SAMPLER, progress=False
    )


@pytest.fixture(scope="session")
def jumping() -> nqp.Fit:
    """Treated units that jump before adoption, by more than the effect."""
    panel = simulated(effect="flat", level=1.0, rho=0.0, sigma=0.4, cohorts=(9, 10, 11), seed=5)
    panel = panel.panel
    codes = np.asarray(panel.cohort_codes)[panel.unit_codes]
    jump = 3.0 * ((codes >= 0) & (np.asarray(panel.time_codes) == codes - 4))
    panel = panel.with_outcome(panel.outcome + jump)
    return nqp.fit(nqp.StaggeredDiD(nqp.PartialPooling(["region"])), panel, SAMPLER, progress=False)


def interval(draws: xr.DataArray) -> np.ndarray:
    return np.quantile(draws.to_numpy(), [0.025, 0.975])


# -- bounds against linear programs


def extreme(weights: np.ndarray, rows: np.ndarray, limits: np.ndarray) -> float:
    """Largest Σ w δ under rows · δ within ± limits."""
    best = linprog(
        -weights, A_ub=np.r_[rows, -rows], b_ub=np.r_[limits, limits], bounds=(None, None)
    )
    assert best.status == 0
    return -best.fun


@pytest.mark.parametrize("seed", range(6))
def test_relative_magnitudes_are_the_sharp_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 7))
    weights = rng.normal(size=size)
    draws, pre = rng.normal(size=(1, size)), rng.normal(size=(1, 3))
    process = process_of(
        TrendCells(pre, np.repeat("g", 3), np.arange(-4, -1), np.ones(3)),
        TrendCells(draws, np.repeat("g", size), np.arange(size), np.ones(size)),
        weights,
    )
    largest = np.abs(np.diff(np.r_[pre[0], 0.0])).max()
    steps = np.eye(size) - np.eye(size, k=-1)
    widest = extreme(weights, steps, np.full(size, 1.3 * largest))
    low, high = bounds.relative_magnitudes(process.effect, bounds.parts_of(process))(1.3)
    effect = float(draws[0] @ weights)
    assert [low[0], high[0]] == pytest.approx([effect - widest, effect + widest], rel=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_a_contrast_by_difference_is_the_sharp_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 5
    both = []
    for _ in range(2):
        reach = np.cumsum(rng.uniform(size=size))[::-1]
        steps = rng.normal(size=(1, 4))
        both.append(Process(np.zeros(1), steps, (-5, -4, -3, -2), steps, (), None, reach))
    own = [np.abs(one.steps).max() for one in both]
    between = np.abs(both[0].steps - both[1].steps).max()
    # Steps of the first, of the second, and their difference are bounded.
    eye = np.eye(size)
    zero = np.zeros((size, size))
    rows = np.r_[np.c_[eye, zero], np.c_[zero, eye], np.c_[eye, -eye]]
    limits = np.repeat([*own, between], size)
    widest = extreme(np.r_[both[0].reach, -both[1].reach], rows, limits)
    spread = bounds.spread_of(bounds.parts_of(*both), 1)[0]
    assert spread == pytest.approx(widest, rel=1e-7)
    apart = bounds.spread_of(bounds.parts_of(*both, "own"), 1)[0]
    assert apart == pytest.approx(sum(o * p.reach.sum() for o, p in zip(own, both, strict=True)))
    assert apart >= spread


@pytest.mark.parametrize("seed", range(4))
def test_smoothness_is_the_sharp_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, bound, slope = 5, 0.07, 0.2
    weights = rng.normal(size=size)
    # Known leads on a straight line, so that the set is all there is.
    line = -slope * np.arange(4, 0, -1)[None] + 1e-9 * rng.normal(size=(400, 4))
    process = process_of(
        TrendCells(line, np.repeat("g", 4), np.arange(-5, -1), np.ones(4)),
        TrendCells(np.zeros((400, size)), np.repeat("g", size), np.arange(size), np.ones(size)),
        weights,
    )
    bends = np.eye(size) - 2 * np.eye(size, k=-1) + np.eye(size, k=-2)
    known = np.zeros(size)
    known[0] = slope  # δ₀ − 2·0 + δ₋₂ with δ₋₂ = −slope

    def worst(sign: float) -> float:
        best = linprog(
            sign * weights,
            A_ub=np.r_[bends, -bends],
            b_ub=np.r_[bound + known, bound - known],
            bounds=(None, None),
        )
        return sign * best.fun

    low, high = bounds.smoothness(process, None, "difference", 0)[0](bound)
    assert low.mean() == pytest.approx(-worst(-1.0), abs=1e-6)
    assert high.mean() == pytest.approx(-worst(1.0), abs=1e-6)


@pytest.mark.slow
def test_truncated_draws_have_the_moments_of_rejection_sampling() -> None:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(3, 3))
    covariance, mean = root @ root.T + 0.1 * np.eye(3), np.array([1.0, -1.0, 0.5])
    many = rng.multivariate_normal(mean, covariance, 1_000_000)
    kept = many[(np.abs(many) < 1).all(axis=1)]
    drawn = truncated_normal(mean, covariance, 1.0, 40_000, rng)
    assert np.abs(drawn).max() <= 1
    assert drawn.mean(axis=0) == pytest.approx(kept.mean(axis=0), abs=0.02)
    assert np.cov(drawn.T) == pytest.approx(np.cov(kept.T), abs=0.02)
    far = truncated_normal(np.full(3, 50.0), covariance, 0.1, 100, rng)
    assert np.isfinite(far).all()
    assert np.abs(far).max() <= 0.1


def test_steps_are_averaged_over_cohorts_known_on_both_sides() -> None:
    # The long cohort lies 10 above the short one, and both are flat: no step may show it.
    keys = np.array(["a", "a", "a", "b"])
    leads = TrendCells(
        np.array([[10.0, 10.0, 0.0, 1.0]]), keys, np.array([-4, -3, -2, -2]), np.ones(4)
    )
    effects = TrendCells(np.ones((1, 2)), np.array(["a", "b"]), np.array([0, 0]), np.ones(2))
    process = process_of(leads, effects, np.array([0.5, 0.5]))
    assert process.step_times == (-4, -3, -2)
    assert process.steps[0] == pytest.approx([0.0, -10.0, -0.5])
    assert process.bends[0] == pytest.approx([-10.0, 10.0])
    assert process.differential_trend is not None
    assert process.differential_trend[0] == pytest.approx(-0.5)


# -- regions


@pytest.mark.parametrize("bound", ["relative magnitudes", "smoothness"])
def test_breakdown_is_where_regions_begin_to_hold_zero(bound: str) -> None:
    draws = event_study()
    found = nqp.trend_sensitivity(draws, bound=bound)
    at = float(found["breakdown"])
    assert 0 < at < np.inf
    near = nqp.trend_sensitivity(draws, bound=bound, grid=[0.99 * at, 1.01 * at])
    assert float(near["lower"][0]) > 0 > float(near["lower"][1])
    out = (found["lower"] > 0) | (found["upper"] < 0)
    assert (out == (found["limit"] < at)).all()
    assert (np.diff(found["lower"]) < 0).all()
    assert (np.diff(found["upper"]) > 0).all()
    assert (found["lower_probability"] <= found["upper_probability"]).all()


def test_breakdown_is_solved_beyond_the_grid_and_zero_without_an_effect() -> None:
    found = nqp.trend_sensitivity(event_study(), grid=[0, 0.01])
    assert float(found["breakdown"]) > 0.5
    assert float(found["breakdown"]) == pytest.approx(
        float(nqp.trend_sensitivity(event_study())["breakdown"]), rel=1e-5
    )
    none = nqp.trend_sensitivity(event_study(np.zeros(TIMES.size)))
    assert float(none["breakdown"]) == 0
    negative = nqp.trend_sensitivity(event_study(-np.r_[0, 0, 0, 0, 1.0, 1, 1]))
    assert float(negative["breakdown"]) > 0


def test_weights_by_event_time_are_linear_combinations() -> None:
    draws = event_study()
    flat = draws.sel(chain=0).transpose("draw", "event_time").to_numpy()
    found = nqp.trend_sensitivity(draws, weights={2: 1.0, 0: -1.0})
    assert float(found["estimate"]) == pytest.approx((flat[:, 6] - flat[:, 4]).mean())
    # Only the steps from 0 to 1 and from 1 to 2 bear on it.
    assert float(found["reach"]) == pytest.approx(2.0)
    same = nqp.trend_sensitivity(draws, {"event_time": 2}, minus=0)
    xr.testing.assert_allclose(
        found["lower"].drop_vars("gate"), same["lower"].drop_vars(["gate", "contrast"])
    )
    own = nqp.trend_sensitivity(draws, {"event_time": 2}, minus=0, contrast="own")
    assert (own["upper"][1:] > same["upper"][1:]).all()


def test_priors_lie_within_the_sets_they_are_priors_of() -> None:
    draws = event_study()
    found = nqp.trend_sensitivity(draws, prior=nqp.BoundedDeviation(magnitude=1), grid=[1])
    low, high = interval(found["adjusted"])
    assert float(found["lower"][0]) < low < float(found["original_lower"])
    assert float(found["original_upper"]) < high < float(found["upper"][0])
    none = nqp.trend_sensitivity(draws, prior=nqp.BoundedDeviation(magnitude=0))
    assert interval(none["adjusted"]) == pytest.approx(
        [float(none["original_lower"]), float(none["original_upper"])]
    )
    # Leads that are known and jump by about one: ω is about one, times √3 steps.
    known = np.r_[3.0, 2.0, 3.0, 1.0, 5.0, 5.0, 5.0]
    normal = nqp.trend_sensitivity(
        event_study(known, sd=1e-3), event_time=2, prior=nqp.SmoothnessPrior()
    )
    assert 1.2 * 3**0.5 * 0.8 < float(normal["adjusted"].std()) < 3.5 * 3**0.5


def test_what_cannot_be_asked_is_said() -> None:
    draws = event_study()
    with pytest.raises(StudyError, match=r"'bound' is 'smooth'.*\n.*smoothness"):
        nqp.trend_sensitivity(draws, bound="smooth")
    with pytest.raises(StudyError, match="negative limit"):
        nqp.trend_sensitivity(draws, grid=[-1, 0])
    with pytest.raises(StudyError, match="event time 9"):
        nqp.trend_sensitivity(draws, event_time=9)
    with pytest.raises(StudyError, match="by='time'"):
        nqp.trend_sensitivity(draws, by="time")
    with pytest.raises(StudyError, match="'minus' is missing"):
        nqp.trend_sensitivity(draws, {"event_time": 0})
    with pytest.raises(StudyError, match="not positive definite"):
        nqp.event_study_draws([0, 0], [[1, 1], [1, 1]], [-2, 0])
    with pytest.raises(StudyError, match="no lead"):
        nqp.trend_sensitivity(nqp.event_study_draws([1], [[1]], [0]))
    with pytest.raises(StudyError, match="'scale' is -1"):
        nqp.BoundedDeviation(scale=-1)


# -- fits


def nested(found: xr.Dataset) -> None:
    assert (found["lower"].diff("limit") <= 0).all()
    assert (found["upper"].diff("limit") >= 0).all()


@pytest.mark.slow
def test_at_zero_regions_are_the_intervals_of_the_lead_fit(calm: nqp.Fit) -> None:
    own = lead_fit(calm)
    whole = nqp.trend_sensitivity(calm)
    nested(whole)
    assert [whole[e][0].item() for e in ("lower", "upper")] == pytest.approx(interval(att(own)))
    for by in ("region", "event_time", "cohort"):
        found, draws = nqp.trend_sensitivity(calm, by=by), att(own, by)
        low, high = np.quantile(draws.to_numpy().reshape(-1, draws.sizes[by]), [0.025, 0.975], 0)
        assert found["lower"].sel(limit=0).to_numpy() == pytest.approx(low)
        assert found["upper"].sel(limit=0).to_numpy() == pytest.approx(high)
    assert float(whole["original_probability"]) == float((att(own) > 0).mean())
    assert whole.attrs["prior"] == "BoundedDeviation(scale=1.0, magnitude=None)"
    assert whole.attrs["bound"] == "relative magnitudes"


@pytest.mark.slow
def test_contrasts_are_bounded_in_both_ways(calm: nqp.Fit) -> None:
    draws = att(lead_fit(calm), "region")
    expected = interval(nqp.contrast(draws, region="inland", minus="coastal"))
    found = {
        kind: nqp.trend_sensitivity(calm, region="inland", minus="coastal", contrast=kind)
        for kind in ("difference", "own")
    }
    for kind, one in found.items():
        assert [one["lower"][0].item(), one["upper"][0].item()] == pytest.approx(expected)
        assert one.attrs["contrast_bound"] == kind
        assert one["contrast"].item() == "inland − coastal"
        nested(one)
    by = nqp.trend_sensitivity(calm, by="region")
    own = (by["reach"] * by["largest_step"]).sum()
    assert float(found["own"]["reach"] * found["own"]["largest_step"]) == pytest.approx(float(own))
    with pytest.raises(StudyError, match=r"'inlnd' is not a level.*\n.*inland"):
        nqp.trend_sensitivity(calm, region="inlnd", minus="coastal")


@pytest.mark.slow
def test_the_breakdown_value_is_reported_with_its_meaning(calm: nqp.Fit) -> None:
    found = nqp.check(calm, "trend_sensitivity", progress=False)
    assert found.verdict == "reported", found
    assert found.evidence["kind"].to_numpy().tolist() == [
        "overall", "level", "level", "difference", "own",
    ]  # fmt: skip
    whole = found.evidence.isel(quantity=0)
    breakdown, step, bearable = (
        float(whole[name]) for name in ("breakdown", "largest_step", "bearable")
    )
    assert breakdown > 1
    assert bearable == pytest.approx(breakdown * step)
    for language in ("en", "zh"):
        sentence = found.said(language)
        for number in (breakdown, bearable, step):
            assert f"{number:.2g}" in sentence
        assert f"M̄ = {breakdown:.2g}" in sentence
        assert f"{breakdown:.2g}" in found.figure_in(language)


def numbers_in(sentence: str) -> list[float]:
    return [float(x) for x in re.findall(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.%])", sentence)]


@pytest.mark.slow
def test_a_sentence_has_one_measure_of_changes_before_adoption(
    calm: nqp.Fit, jumping: nqp.Fit
) -> None:
    for fit in (calm, jumping):
        found = nqp.check(fit, "trend_sensitivity", progress=False)
        whole = found.evidence.isel(quantity=0)
        bearable, breakdown, step = numbers_in(found.sentence)[:3]
        assert bearable == pytest.approx(breakdown * step, rel=0.12)
        assert step == pytest.approx(float(whole["largest_step"]), rel=0.06)
        # What a reader compares is what is printed: below M̄ = 1 less than the largest change.
        assert (bearable < step) == (breakdown < 1)
    assert found.verdict == "reported", found
    assert 0 < float(whole["breakdown"]) < 0.5
    assert float(whole["largest_step"]) == pytest.approx(3.0, abs=0.5)
    table = nqp.table([found], "diagnostics")
    assert not table.stamps
    assert next(cell.text for row in table.rows for cell in row.cells) == "reported"


@pytest.mark.slow
def test_the_sentence_has_three_parts_that_can_be_read(calm: nqp.Fit, jumping: nqp.Fit) -> None:
    for fit in (calm, jumping):
        found = nqp.check(fit, "trend_sensitivity", progress=False)
        parts = re.split(r"(?<=[.])\s+(?=[A-Z])", found.sentence)
        assert 2 <= len(parts) <= 3, parts
        assert parts[0].startswith("The average effect stays different from zero if")
        assert parts[-1].startswith("Next: ")
        assert all(len(part.partition(" (")[0].split()) <= 25 for part in parts[1:])
        assert found.said("zh").count("。") == len(parts)


def effect(label: str, kind: str, breakdown: float, **more: bool) -> BoundedEffect:
    """An effect of whose regions no more is known than the sentence takes."""
    low = 0.1 if breakdown else -0.1
    numbers = {"breakdown": breakdown, "largest_step": 0.5, "original_lower": low, "estimate": 0.1}
    regions = xr.Dataset({**numbers, "original_upper": 1.0})
    return BoundedEffect(label, "" if kind == "overall" else "region", kind, regions, **more)


WHOLE = effect("overall", "overall", 0.9)
PARTS = (effect("a", "level", 0.2), effect("b", "level", 0.8))


@pytest.mark.parametrize(
    ("contrasts", "named"),
    [
        ((), "The weakest group effect, region = a, stays different from zero up to 0.1 per"),
        ((("a − b", 0.6, False),), "The weakest group effect, region = a,"),
        (
            (("a − b", 0.6, True),),
            "The weakest difference between groups, a − b, stays",
        ),
        ((("a − b", 0.6, True), ("a − c", 0.4, True)), "difference between groups, a − c, stays"),
        ((("a − b", 0.6, True), ("a − c", 0.4, False)), "difference between groups, a − b, stays"),
        ((("a − b", 0.6, True), ("a − c", 0.0, True)), "the difference a − c is 0.1 ["),
        ((("a − b", 1.6, True),), "up to 0.8 per period (M̄ = 1.6 times its own largest change)"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_weakest_claimed_difference_is_named(
    contrasts: tuple[tuple[str, float, bool], ...], named: str, language: str
) -> None:
    several = [effect(x, "difference", size, claimed=told) for x, size, told in contrasts]
    sentence = sensitivity_sentence([WHOLE, *PARTS, *several], undecided=False)
    claimed = [x for x, _, told in contrasts if told]
    if language == "en":
        assert named in sentence
    said = sentence.in_(language)
    assert ("region = a" in said) == (not claimed)
    assert sum(x in said for x in claimed) == bool(claimed)


def test_what_the_fit_leaves_open_is_said_in_three_sentences() -> None:
    several = [WHOLE, *PARTS, effect("a − b", "difference", 0.3, claimed=True)]
    sentence = sensitivity_sentence(several, undecided=True)
    assert "The fit itself, which uses all periods" in sentence
    assert "difference between groups, a − b" in sentence
    assert "difference between groups, a − b" in details_of(sentence)
    assert len(re.split(r"(?<=[.])\s+(?=[A-Z])", undetailed(sentence))) == 3
    unclear = sensitivity_sentence([effect("overall", "overall", 0.0)], undecided=False)
    assert "(M̄ = 0)" in unclear
    assert "stays different" not in unclear


def test_nothing_is_reported_where_no_effect_is_claimed(calm: nqp.Fit) -> None:
    shifted = calm.panel.frame
    flat = calm.panel.with_outcome(np.random.default_rng(3).standard_normal(len(shifted)))
    fit = nqp.fit(calm.design, flat, SAMPLER, progress=False)
    found = nqp.check(fit, "trend_sensitivity", progress=False)
    assert found.verdict == "not applicable", found
    assert "no conclusion about it depends on parallel trends" in found.sentence
    others = found.evidence.sizes["quantity"] - 1
    assert others > 1
    for language, words in (
        ("en", f"{others} other effects, whose intervals"),
        ("zh", "其区间均包含零"),
    ):
        figure = found.figure_in(language)
        assert words in figure
        assert "inland" not in figure


@pytest.mark.slow
def test_a_claimed_difference_without_an_average_effect_is_reported(calm: nqp.Fit) -> None:
    panel = calm.panel
    cohort = np.asarray(panel.cohort_codes)[panel.unit_codes]
    on = (cohort >= 0) & (np.asarray(panel.time_codes) >= cohort)
    inland = (np.asarray(panel.strata_codes["region"])[panel.unit_codes] == 1) & on
    effects = 3.0 * (inland - inland[on].mean()) * on
    noise = np.random.default_rng(3).standard_normal(on.size)
    fit = nqp.fit(calm.design, panel.with_outcome(noise + effects), SAMPLER, progress=False)
    low, high = interval(att(fit))
    assert low <= 0 <= high
    found = nqp.check(fit, "trend_sensitivity", progress=False)
    assert found.verdict == "reported", found
    assert "The weakest difference between groups, coastal − inland," in found.sentence
    assert "组间差异（coastal − inland）" in found.said("zh")


@pytest.mark.filterwarnings("ignore:labels need a Chinese")
def test_pictures_show_a_panel_for_each_group(calm: nqp.Fit) -> None:
    found = nqp.check(calm, "trend_sensitivity", progress=False)
    for language in ("en", "zh"):
        titles = [ax.get_title(loc="left") for ax in nqp.plots.check(found, language=language).axes]
        assert sum("inland" in title for title in titles) == 3
    figure = nqp.plots.trend_sensitivity(nqp.trend_sensitivity(calm, by="region"))
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["coastal", "inland"]
    with pytest.raises(StudyError, match="one ax"):
        nqp.plots.trend_sensitivity(nqp.trend_sensitivity(calm, by="region"), ax=figure.axes[0])


# -- real panels


def test_the_minimum_wage_panel(shared_data: Path) -> None:
    file = shared_data / "minimum_wage" / "mpdta.csv"
    if not file.exists():
        pytest.skip("no mpdta.csv")
    df = pd.read_csv(file).rename(columns={"first.treat": "first_treat"})
    panel = nqp.Panel.from_frame(
        df, unit="countyreal", time="year", cohort="first_treat", outcome="lemp", never=0
    )
    design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), controls="never")
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    found = nqp.trend_sensitivity(fit)
    nested(found)
    expected = interval(att(lead_fit(fit)))
    assert [found["lower"][0].item(), found["upper"][0].item()] == pytest.approx(expected)


@pytest.mark.slow
def test_the_city_panel(shared_data: Path) -> None:
    file = shared_data / "china" / "city_nqpf_cbec_2010_2021.csv"
    if not file.exists():
        pytest.skip("no city panel")
    df = pd.read_csv(file, encoding="utf-8-sig")
    region = df["coastal_province"].map({0.0: "inland", 1.0: "coastal"})
    df = df.assign(ln_nqpf=np.log(df["nqpf"]), region=region)
    panel = nqp.Panel.from_frame(
        df[region.notna()], unit="code", time="year", cohort="cbec_year", outcome="ln_nqpf",
        strata=["region"],
    )  # fmt: skip
    design = lead_design(nqp.StaggeredDiD(nqp.PartialPooling(["region"])), panel)
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    for found in (
        nqp.trend_sensitivity(fit),
        nqp.trend_sensitivity(fit, region="inland", minus="coastal"),
        nqp.trend_sensitivity(fit, region="inland", minus="coastal", contrast="own"),
    ):
        nested(found)
    draws = att(fit, "region")
    expected = interval(nqp.contrast(draws, region="inland", minus="coastal"))
    assert [found["lower"][0].item(), found["upper"][0].item()] == pytest.approx(expected)
    # Zones moved apart from other cities before adoption, by more than the effect bears.
    check = nqp.check(fit, "trend_sensitivity", progress=False)
    assert check.verdict == "reported"
    assert float(check.evidence["bearable"][0]) < float(check.evidence["largest_step"][0])


def medicaid() -> xr.DataArray:
    """Event study of states that expanded Medicaid in 2014 against those that did not by 2015.

    The data of Carey, Miller and Wherry come with moderndid; the regression is that of the
    vignette of HonestDiD: state and year effects, 2008 to 2015, clustered by state.
    """
    import pyfixest
    from moderndid import load_ehec

    df = pd.DataFrame(load_ehec().to_dict(as_series=False))
    df = df[(df["year"] < 2016) & (df["yexp2"] != 2015)]
    df = df.assign(D=(df["yexp2"] == 2014).astype(float))
    fit = pyfixest.feols("dins ~ i(year, D, ref=2013) | stfips + year", df, vcov={"CRV1": "stfips"})
    years = fit.coef().index.str.extract(r"(\d{4})", expand=False).astype(int)
    return nqp.event_study_draws(fit.coef(), fit._vcov, years.to_numpy() - 2014)


@pytest.mark.slow
def test_published_regions_of_the_medicaid_expansion() -> None:
    draws = medicaid()
    # Reference behaviour of the design; HonestDiD has [.0170, .0720] at M̄ = 1, and
    # [.0259, .0607] and [.0029, .0907] at M = 0 and .02.
    found = nqp.trend_sensitivity(draws, event_time=0, grid=[1])
    assert [found["lower"].item(), found["upper"].item()] == pytest.approx(
        [0.0120, 0.0789], abs=0.0015
    )
    found = nqp.trend_sensitivity(draws, event_time=0, bound="smoothness", grid=[0, 0.02])
    assert found["lower"].to_numpy() == pytest.approx([0.0261, 0.0007], abs=0.0015)
    assert found["upper"].to_numpy() == pytest.approx([0.0606, 0.0910], abs=0.0015)
