"""The largest eigenvalue of untreated innovations: what it sees, and what is no factor to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from doors import Innovations, Untreated, innovations_of
from matplotlib import pyplot

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered

Array = npt.NDArray[np.float64]
NAME = "largest eigenvalue, share"
PERIODS = 10


def asked(panel: nqp.Panel, design: nqp.StaggeredDiD | None = None) -> nqp.checks.CheckResult:
    sampler = nqp.Importance(draws=250, chains=2, seed=1)
    fit = nqp.fit(design or nqp.StaggeredDiD(), panel, sampler, progress=False)
    return nqp.check(fit, "model_fit", draws=300, progress=False)


def p_of(values: Array, seed: int = 1) -> float:
    """One-sided p-value of innovations that are independent over time by nature."""
    level = np.zeros(len(values), dtype=np.int64)
    innovations = Innovations(values, level, np.ones(values.shape[1]))
    signed = innovations.replicated(199, seed)
    return float((1 + (signed >= innovations.share()).sum()) / 200)


def student(rng: np.random.Generator) -> Array:
    return rng.standard_t(3, (60, PERIODS))


def unequal(rng: np.random.Generator) -> Array:
    return rng.standard_normal((60, PERIODS)) * np.exp(rng.standard_normal((60, 1)))


def noisy(rng: np.random.Generator) -> Array:
    return rng.standard_normal((60, PERIODS)) * np.where(np.arange(PERIODS) == 6, 5.0, 1.0)


@pytest.mark.parametrize("draw", [student, unequal, noisy])
def test_tails_and_unequal_variances_are_no_factor(
    draw: Callable[[np.random.Generator], Array],
) -> None:
    p = np.array([p_of(draw(np.random.default_rng(k)), k) for k in range(60)])
    # A chance of .05 exceeds 8 of 60 panels once in a hundred times.
    assert (p < 0.05).sum() <= 8
    assert p.mean() > 0.35


def test_heavy_tails_of_many_units_are_rejected_on_neither_side() -> None:
    low = []
    for k in range(60):
        values = np.random.default_rng(k).standard_t(3, (285, PERIODS))
        innovations = Innovations(values, np.zeros(285, dtype=np.int64), np.ones(PERIODS))
        low.append((1 + (innovations.replicated(99, k) <= innovations.share()).sum()) / 100)
    # A chance of .05 exceeds 8 of 60 panels once in a hundred times; means give 12.
    assert (np.array(low) < 0.05).sum() <= 8
    assert np.mean(low) > 0.4


@pytest.mark.parametrize("loud", [1.0, 4.0])
def test_many_units_over_few_periods_are_rejected_on_neither_side(loud: float) -> None:
    """Unit effects take up a share of every period that is large, and another in each."""
    constant, p = np.array([0.87, 0.5, 0.5, 0.5, 0.5]), []
    for k in range(30):
        rng = np.random.default_rng(k)
        values = rng.standard_normal((1500, 5)) * [1.0, loud, 1.0, 1.0, 1.0]
        values = values + rng.normal(0.0, 3.0, (1500, 1)) * constant
        innovations = Innovations(values, np.arange(1500) % 2, constant)
        p.append((1 + (innovations.replicated(99, k) >= innovations.share()).sum()) / 100)
    # Chances of .05 exceed 5 of 30 once in two hundred times; signs of what unit effects leave: 30.
    assert (np.array(p) < 0.05).sum() <= 5
    assert (np.array(p) > 0.95).sum() <= 5


@pytest.mark.slow
def test_a_factor_is_seen_beside_a_noisy_period() -> None:
    p = []
    for k in range(40):
        rng = np.random.default_rng(k)
        walk = 0.5 * rng.standard_normal(PERIODS).cumsum()
        p.append(p_of(noisy(rng) + rng.standard_normal((60, 1)) * walk, k))
    # Without the variances of periods in the weights of unit effects, some .4 are.
    assert (np.array(p) < 0.05).mean() > 0.7


@pytest.mark.slow
def test_shocks_of_clusters_are_no_factor_where_the_model_has_them() -> None:
    """Twelve clusters of five whose units share shocks as large as errors of their own, AR(1)."""
    cluster, level = np.arange(60) % 12, np.zeros(60, dtype=np.int64)
    time = np.arange(PERIODS)
    lower = np.linalg.cholesky(0.6 ** np.abs(time[:, None] - time) / (1.0 - 0.36))
    shock, constant = np.linalg.inv(lower), np.linalg.inv(lower).sum(axis=1)
    blind, seeing = [], []
    for k in range(40):
        rng = np.random.default_rng(k)
        e = rng.standard_t(5, (60, PERIODS)) / np.sqrt(5 / 3)
        e = e + (rng.standard_normal((12, PERIODS)) @ shock.T)[cluster]
        for shared, p in (((), blind), (((cluster, shock),), seeing)):
            innovations = Innovations(e, level, constant, shared)
            signed = innovations.replicated(99, k)
            p.append((1 + (signed >= innovations.share()).sum()) / 100)
    assert (np.array(seeing) < 0.05).sum() <= 6
    assert np.mean(seeing) > 0.35
    assert (np.array(blind) < 0.05).mean() > 0.7


def test_model_fit_draws_shared_shocks_anew() -> None:
    def provinces(rng: np.random.Generator, units: int, periods: int) -> Array:
        shocks = 2.0 * rng.standard_normal((12, periods))
        return rng.standard_normal((units, periods)) + shocks[np.arange(units) % 12]

    panel = staggered(units=200, noise=provinces, cohorts=(8, 10), periods=12, seed=5).panel
    home = [f"p{code % 12}" for code in panel.unit_codes]
    panel = nqp.Panel.from_frame(panel.frame.assign(province=home), **panel.arguments)
    shocks = nqp.ClusterTimeEffects("province")
    chances = [
        float(
            asked(panel, nqp.StaggeredDiD(nqp.CompletePooling(), shocks=term))
            .evidence["p_value"]
            .sel(statistic=NAME)
        )
        for term in (None, shocks)
    ]
    assert chances[0] < 0.02
    assert chances[1] > 0.1


def test_a_factor_is_seen_in_innovations() -> None:
    rng = np.random.default_rng(3)
    noise, loading, walk = noisy(rng), rng.standard_normal((60, 1)), rng.standard_normal(PERIODS)
    assert p_of(noise + loading * walk) == pytest.approx(1 / 200)


def test_levels_of_units_and_periods_do_not_enter() -> None:
    rng = np.random.default_rng(4)
    e, constant, level = rng.standard_normal((40, 8)), rng.uniform(0.5, 1.5, 8), np.arange(40) % 2
    shifted = e + rng.normal(size=(2, 8))[level] * 5
    shares = [Innovations(x, level, constant).share() for x in (e, shifted)]
    np.testing.assert_allclose(*shares)
    effect = Innovations(np.outer(rng.normal(size=40) * 1e6, constant) + e, level, constant)
    assert effect.share() < 0.5


@pytest.mark.slow
def test_model_fit_names_a_common_factor_and_what_to_try() -> None:
    def shared(rng: np.random.Generator, units: int, periods: int) -> Array:
        errors = rng.standard_normal((units, periods))
        return errors + rng.standard_normal((units, 1)) * (-1.0) ** (np.arange(periods) // 2)

    result = asked(staggered(noise=shared, seed=2).panel)
    assert result.verdict == "caution"
    assert "With trends=nqp.DifferentialTrends() in the design" in result.sentence
    assert "move together" in result.details
    assert "trends=nqp.DifferentialTrends()" in result.sentence
    assert "StudentT" not in result.sentence
    assert "共同变动" in result.detailed("zh")
    assert isinstance(result.evidence, xr.Dataset)
    alone = result.evidence.sel(statistic=NAME)
    assert float(alone["p_value"]) < 0.01
    assert float(alone["observed"]) > float(alone["replicated"].max())
    for language in ("en", "zh"):
        figure = nqp.plots.check(result, language=language)
        assert any(
            any(word in ax.get_title("left") for word in ("eigenvalue", "特征值"))
            for ax in figure.axes
        )
        pyplot.close(figure)
    drifting = asked(
        staggered(noise=shared, seed=2).panel, nqp.StaggeredDiD(trends=nqp.DifferentialTrends())
    )
    assert "DifferentialTrends" not in drifting.sentence


@pytest.mark.slow
def test_lines_of_cohorts_are_not_seen() -> None:
    result = asked(staggered(drift="lines", seed=2).panel)
    assert isinstance(result.evidence, xr.Dataset)
    assert float(result.evidence["p_value"].sel(statistic=NAME)) > 0.05


@pytest.mark.slow
def test_units_are_complete_over_the_window_and_untreated_there() -> None:
    panel = staggered(units=60, periods=12, cohorts=(8, 10), missing=0.05, seed=3).panel
    fit = nqp.fit(
        nqp.StaggeredDiD(), panel, nqp.Importance(draws=250, chains=2, seed=1), progress=False
    )
    rows = Untreated(fit.model_frame)
    innovations = innovations_of(fit, rows)
    assert innovations is not None
    assert np.isfinite(innovations.values).all()
    free = np.zeros((panel.n_units, 12), dtype=bool)
    free[rows.who, rows.time] = True
    noise = {
        free[:, first:last].all(axis=1).sum() ** -0.5 + (last - first) ** -0.5: (first, last)
        for first in range(12)
        for last in range(first + 1, 13)
        if free[:, first:last].all(axis=1).any()
    }
    first, last = noise[min(noise)]
    size = (int(free[:, first:last].all(axis=1).sum()), last - first)
    assert innovations.values.shape == size


@pytest.mark.slow
def test_few_untreated_units_are_not_asked() -> None:
    result = asked(staggered(units=16, periods=6, cohorts=(3, 4), never=0.2, seed=3).panel)
    assert isinstance(result.evidence, xr.Dataset)
    assert NAME not in result.evidence["statistic"]
