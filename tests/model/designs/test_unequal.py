"""Errors of unequal spread: their variances, what they repair, and who tells of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from doors import residual_moments

import bayes_nqp as nqp
from bayes_nqp.checks.model import evenly
from bayes_nqp.inference.model_frame import model_frame_of

SAMPLER = nqp.Importance(draws=400, seed=1)
UNITS, PERIODS, ADOPTERS = 60, 12, 15


def spread_out(seed: int, sd: float) -> nqp.Panel:
    """Fifteen units adopt, and their errors are ``sd`` times as large as others'; no effect."""
    rng = np.random.default_rng([91, seed])
    errors = rng.normal(size=(UNITS, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += 0.5 * errors[:, t - 1]
    errors[:ADOPTERS] *= sd
    y = errors + rng.normal(size=(UNITS, 1)) + rng.normal(size=PERIODS)
    start = np.full(UNITS, np.nan)
    start[:ADOPTERS] = np.arange(ADOPTERS) % 3 + 5
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(UNITS), PERIODS), "time": np.tile(np.arange(PERIODS), UNITS),
        "cohort": np.repeat(start, PERIODS), "y": y.ravel(),
        "half": np.repeat(np.where(np.arange(UNITS) % 2, "a", "b"), PERIODS),
    })  # fmt: skip
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


def variances(design: nqp.StaggeredDiD, panel: nqp.Panel) -> np.ndarray:
    rows = model_frame_of(design, panel).equations[0].rows
    assert rows.weights is not None
    relative = 1.0 / rows.weights
    np.testing.assert_allclose(relative.mean(), 1.0, rtol=1e-12)
    return np.asarray([relative[rows.unit == k][0] for k in range(UNITS)])


def test_variances_are_those_of_the_groups() -> None:
    found = np.mean(
        [
            variances(nqp.StaggeredDiD(errors=nqp.Heteroskedastic()), spread_out(k, 3.0))
            for k in range(8)
        ],
        axis=0,
    )
    ratio = found[0] / found[-1]
    assert np.ptp(found[:ADOPTERS]) == np.ptp(found[ADOPTERS:]) == 0.0
    assert 7.0 < ratio < 10.0
    by = nqp.Heteroskedastic(nqp.IID(), by="half")
    halves = variances(nqp.StaggeredDiD(errors=by), spread_out(1, 3.0))
    assert np.unique(halves).size == 2


@pytest.mark.slow
def test_intervals_are_as_wide_as_errors_of_adopters_demand() -> None:
    sds, means = [], []
    for seed in range(12):
        panel = spread_out(seed, 3.0)
        fit = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
        both = [
            nqp.att(x)
            for x in (
                fit,
                nqp.fit(fit.variant(errors=nqp.Heteroskedastic()), panel, SAMPLER, progress=False),
            )
        ]
        sds.append([float(x.std()) for x in both])
        means.append(float(both[1].mean()))
    alike, apart = np.mean(sds, axis=0)
    assert apart > 1.2 * alike
    assert 0.6 < np.std(means) / apart < 1.4


@pytest.mark.slow
def test_the_check_of_errors_names_them_where_they_differ_and_is_silent_where_not() -> None:
    verdicts = {}
    for sd in (1.0, 3.0):
        fit = nqp.fit(nqp.StaggeredDiD(), spread_out(3, sd), SAMPLER, progress=False)
        verdicts[sd] = nqp.check(fit, "error_model")
    assert verdicts[1.0].verdict == "passed"
    assert verdicts[3.0].verdict in ("caution", "failed")
    assert "errors=nqp.Heteroskedastic()" in str(verdicts[3.0].sentence)


def test_every_structure_has_it_beyond_itself_once() -> None:
    for errors in (nqp.IID(), nqp.AR1(), nqp.AR1PlusNoise()):
        assert nqp.Heteroskedastic(errors) in errors.richer
    assert not [
        x
        for x in nqp.Heteroskedastic(nqp.IID()).richer
        if isinstance(x.errors, nqp.Heteroskedastic)
    ]


def test_equations_whose_spread_goes_the_other_way_keep_their_correlation() -> None:
    """Mediators correlate by .6, and each spreads in a half of its own."""
    rng, units, periods = np.random.default_rng(3), 120, 10
    half, who = np.arange(units) % 2, np.arange(units)
    start = np.where(who // 2 % 2 == 0, 5.0 + who // 4 % 2 * 2, np.nan)
    first, own = rng.normal(size=(2, units, periods))
    treated = np.arange(periods) >= start[:, None]
    one = first * np.where(half, 3.0, 1.0)[:, None] + treated
    other = (0.6 * first + 0.8 * own) * np.where(half, 1.0, 3.0)[:, None] + treated
    y = 0.3 * one + 0.2 * other + treated + rng.normal(size=(units, periods))
    frame = pd.DataFrame({
        "unit": np.repeat(who, periods), "time": np.tile(np.arange(periods), units),
        "cohort": np.repeat(start, periods), "half": np.repeat(np.where(half, "a", "b"), periods),
        "y": y.ravel(), "one": one.ravel(), "other": other.ravel(),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", mediators=["one", "other"]
    )
    errors = nqp.Heteroskedastic(nqp.IID(), by="half")
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(varying=None), errors=errors))
    mediators = model_frame_of(design, panel).equations[1:]
    points = [np.zeros(len(x.gaussian.space)) for x in mediators]
    moments, _ = residual_moments(mediators, points)
    correlation = moments[0, 1] / np.sqrt(moments[0, 0] * moments[1, 1])
    assert 0.5 < correlation < 0.7


def test_trends_are_asked_under_errors_that_spread_as_untreated_rows_say() -> None:
    """Leads of few loud adopters rest on their own spread, and so does the model average."""
    fit = nqp.fit(nqp.StaggeredDiD(), spread_out(3, 3.0), SAMPLER, progress=False)
    asked = evenly(fit)
    assert asked.fit.facts.noise == nqp.Heteroskedastic()
    results = {x: nqp.check(fit, x, progress=False) for x in ("pretrends", "placebo_time")}
    assert all(str(asked.words) in x.sentence + x.details for x in results.values())
    assert results["pretrends"].evidence.attrs["tail_probability"] > 0.1
    answer, under = nqp.model_average(fit), nqp.model_average(asked.fit)
    assert answer.errors == asked.words
    assert not under.errors
    pd.testing.assert_frame_equal(answer.table, under.table)


def test_pre_adoption_coefficients_leave_the_variances_as_they_are() -> None:
    """Periods before adoption are untreated under controls="never" too: leads are as wide."""
    panel, errors = spread_out(3, 3.0), nqp.Heteroskedastic()
    found = [
        variances(nqp.StaggeredDiD(errors=errors, controls=x), panel) for x in ("all", "never")
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_errors_that_spread_alike_are_left_as_they_are(seed: int) -> None:
    """One sigma is asked where it is true."""
    fit = nqp.fit(nqp.StaggeredDiD(), spread_out(seed, 1.0), SAMPLER, progress=False)
    assert evenly(fit).fit is fit


def test_errors_of_no_size_are_left_as_they_are() -> None:
    """Where those who adopt never move before, nothing tells how their errors spread."""
    frame, rng = spread_out(1, 1.0).frame.copy(), np.random.default_rng(1)
    half = rng.integers(-3, 4, (22, PERIODS)).astype(float)
    others = np.concatenate([half, -half, np.zeros((1, PERIODS))])  # each period adds up to zero
    frame["y"] = np.concatenate([np.zeros((ADOPTERS, PERIODS)), others]).ravel()
    frame["y"] += frame["time"] >= frame["cohort"]
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
    fit = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
    assert evenly(fit).fit is fit
