"""Omitted variables: least squares, coefficient_stability (Oster) and robustness values."""

from __future__ import annotations

import numpy as np
import pyfixest
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import staggered
from bayes_nqp.robustness import Coefficient, Stability, average_regression, benchmark

SAMPLER = nqp.Importance(draws=200, chains=2, seed=4)
CONTROLS = ["income", "roads", "weak"]


def simulated(*, selection: float = 0.4, slope: float = 0.6) -> nqp.Panel:
    """Three covariates, of which income follows the treatment; some observations are missing."""
    panel = staggered(units=40, periods=8, cohorts=(4, 6), strata={}, seed=5).panel
    rng = np.random.default_rng(2)
    start = panel.cohort_codes[panel.unit_codes]
    treated = (start >= 0) & (panel.time_codes >= start)
    frame = panel.frame.assign(
        **{name: rng.standard_normal(panel.n_rows) for name in CONTROLS}, treated=treated * 1.0
    )
    frame["income"] += selection * treated
    frame["outcome"] += slope * frame["income"] + 0.3 * frame["roads"]
    some = np.ones(len(frame), dtype=bool)
    some[rng.choice(len(frame), 12, replace=False)] = False
    return nqp.Panel.from_frame(frame[some], **{**panel.arguments, "covariates": CONTROLS})


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(nqp.StaggeredDiD(), simulated(), SAMPLER, progress=False)


@pytest.fixture(scope="module")
def result(fit: nqp.Fit) -> nqp.CheckResult:
    return nqp.check(fit, "omitted_variables", progress=False)


def dummies(panel: nqp.Panel) -> np.ndarray:
    """Unit and time effects as columns (row, effect)."""
    return np.column_stack(
        [
            np.equal.outer(panel.unit_codes, np.unique(panel.unit_codes)),
            np.equal.outer(panel.time_codes, np.unique(panel.time_codes)[1:]),
        ]
    ).astype(float)


@pytest.mark.slow
def test_the_constant_coefficient_is_that_of_two_way_fixed_effects(fit: nqp.Fit) -> None:
    ours = average_regression(fit, constant=True)
    frame = fit.rows.frame
    for covariates, formula in ((True, "treated + income + roads + weak"), (False, "treated")):
        theirs = pyfixest.feols(f"outcome ~ {formula} | unit + time", frame, vcov="iid")
        mine = ours.coefficient(covariates=covariates)
        np.testing.assert_allclose(mine.value, theirs.coef()["treated"], rtol=1e-9)
        np.testing.assert_allclose(mine.se, theirs.se()["treated"], rtol=1e-9)
        clustered = theirs.vcov({"CRV1": "unit"}).se()["treated"]
        np.testing.assert_allclose(mine.se * mine.inflation, clustered, rtol=1e-3)
        stability = ours.stability()
        r2 = stability.r2_long if covariates else stability.r2_short
        np.testing.assert_allclose(r2, theirs._r2_within, rtol=1e-9)


@pytest.mark.slow
def test_the_coefficient_is_the_average_of_group_time_effects(fit: nqp.Fit) -> None:
    panel, frame = fit.rows, fit.rows.frame
    treated = frame["treated"].to_numpy() == 1.0
    start = panel.cohort_codes[panel.unit_codes]
    cell = np.where(treated, start * 100 + panel.time_codes, -1)
    cells = np.unique(cell[treated])
    x = np.column_stack([np.equal.outer(cell, cells), frame[CONTROLS], dummies(panel)])
    x, y = x.astype(float), panel.outcome
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    share = np.array([(cell == c).sum() for c in cells]) / treated.sum()
    weights = np.append(share, np.zeros(x.shape[1] - cells.size))
    e = y - x @ slopes
    freedom = y.size - np.linalg.matrix_rank(x)
    variance = float(e @ e) / freedom * weights @ np.linalg.pinv(x.T @ x) @ weights
    ours = average_regression(fit).coefficient()
    np.testing.assert_allclose(ours.value, share @ slopes[: cells.size], rtol=1e-9)
    np.testing.assert_allclose([ours.se, ours.freedom], [variance**0.5, freedom], rtol=1e-8)


def proportional(delta: float, seed: int) -> tuple[Stability, float, float]:
    """Data for which (1) of Oster holds in the sample: regressions, true effect, and R_max."""
    rng = np.random.default_rng(seed)
    w1, w2, v, e = np.linalg.qr(rng.standard_normal((400, 5)))[0].T[:4]
    w1, w2, e = 1.3 * w1, 0.8 * w2, 0.7 * e
    lead, beta = 0.5, 0.9
    # Cov(d, W) = c Var(W), and δ times as much for the omitted index.
    d = lead * w1 + delta * lead * w2 + v
    y = beta * d + w1 + w2 + e
    total = float(y @ y)
    short = float(d @ y / (d @ d))
    both = np.column_stack([d, w1])
    long, _ = np.linalg.lstsq(both, y, rcond=None)[0]
    rss = float(np.linalg.lstsq(both, y, rcond=None)[1][0])
    net = d - w1 * (w1 @ d) / (w1 @ w1)
    stability = Stability(
        short, float(long), 1 - float(((y - short * d) ** 2).sum()) / total, 1 - rss / total,
        total, float(d @ d), float(net @ net),
    )  # fmt: skip
    return stability, beta, 1 - float(e @ e) / total


@pytest.mark.parametrize("delta", [0.4, 1.0, 1.7])
def test_oster_finds_selection_and_effect_of_data_that_hold_it(delta: float) -> None:
    stability, beta, r_max = proportional(delta, 3)
    assert stability.long > beta
    np.testing.assert_allclose(stability.delta(r_max, beta), delta, rtol=1e-9)
    np.testing.assert_allclose(stability.adjusted(r_max, delta), beta, rtol=1e-7)


def test_equal_selection_is_the_root_of_the_quadratic() -> None:
    s, _, r_max = proportional(0.7, 8)
    b, m = s.short - s.long, (r_max - s.r2_long) * s.outcome
    r = (s.r2_long - s.r2_short) * s.outcome
    theta = m * (s.treatment - s.net) - r * s.net - s.treatment * s.net * b**2
    inside = theta**2 + 4 * m * b**2 * s.treatment**2 * s.net
    nu = (-theta + np.array([1, -1]) * np.sqrt(inside)) / (-2 * s.net * b * s.treatment)
    onward = s.long - nu[np.sign(-nu) == np.sign(-b)]
    np.testing.assert_allclose(s.adjusted(r_max), onward[0], rtol=1e-8)


STATSPAI = {
    1: (0.9082762680829819, -0.05410310721850892),
    4: (0.6554108182241761, -0.3762280105234739),
    5: (0.9912819361200506, -0.00467838520933983),
}
"""δ for no effect and β* at δ = 1 of `oster_bounds(…, r_max=0.8)`, StatsPAI 1.40.2.

Its exact solution was compared with Stata's psacalc 2.1 by its authors.
"""


@pytest.mark.parametrize("seed", STATSPAI)
def test_selection_is_that_of_statspai(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 300
    x = rng.standard_normal((n, 2))
    d = x @ [0.5, -0.2] + rng.standard_normal(n)
    y = 0.4 * d + x @ [0.8, 0.3] + 1.2 * rng.standard_normal(n)
    x, d, y = x - x.mean(axis=0), d - d.mean(), y - y.mean()
    short = float(d @ y / (d @ d))
    slopes, rss, *_ = np.linalg.lstsq(np.column_stack([d, x]), y, rcond=None)
    net = d - x @ np.linalg.lstsq(x, d, rcond=None)[0]
    total = float(y @ y)
    stability = Stability(
        short, float(slopes[0]), 1 - float(((y - short * d) ** 2).sum()) / total,
        1 - float(rss[0]) / total, total, float(d @ d), float(net @ net),
    )  # fmt: skip
    found = stability.delta(0.8), stability.adjusted(0.8)
    np.testing.assert_allclose(found, STATSPAI[seed], rtol=1e-9)


def test_published_numbers_of_breastfeeding() -> None:
    """Oster (2019), table 3, months of breastfeeding and IQ at R_max = 0.61.

    The statistics, the identified set and δ are those that R's bate 0.1.0 prints in its vignette.
    """
    sd_outcome, sd_treatment, net = 0.9900242, 4.629618, 18.99883
    published = Stability(
        0.04447926, 0.01740748, 0.04465201, 0.255621, sd_outcome**2, sd_treatment**2, net
    )
    np.testing.assert_allclose(published.delta(0.61), 0.366194618840608, rtol=1e-6)
    np.testing.assert_allclose(published.adjusted(0.61), -0.0337, atol=5e-5)
    # The vignette prints 0.38 as the R_max at which δ is one.
    assert published.delta(0.375) > 1.0 > published.delta(0.385)


def test_published_numbers_of_darfur() -> None:
    """Cinelli and Hazlett (2020), tables 1 and 2; digits beyond those by R's sensemakr 0.1.4."""
    darfur = Coefficient(0.097315819284945, 0.02325653780981115, 783)
    np.testing.assert_allclose(darfur.partial_r2, 0.02187309, rtol=1e-6)
    np.testing.assert_allclose(darfur.robustness_value(), 0.13877635, rtol=1e-6)
    np.testing.assert_allclose(darfur.robustness_value(1.0, 0.05), 0.07625797, rtol=1e-6)
    female = (0.009081065190331463, 0.10903391542785612)
    published = {1: (0.00916, 0.12464, 0.0752, 0.0219), 2: (0.01833, 0.24932, 0.0529, 0.0204),
                 3: (0.02749, 0.37404, 0.0304, 0.0187)}  # fmt: skip
    for times, numbers in published.items():
        r2 = benchmark(*female, times)
        assert r2 is not None
        np.testing.assert_allclose([*r2, *darfur.adjusted(*r2)], numbers, atol=6e-5)
    assert benchmark(0.6, 0.1, 2.0) is None


@pytest.mark.slow
def test_a_known_confounder_moves_the_coefficient_as_predicted(fit: nqp.Fit) -> None:
    full = average_regression(fit)
    others = {name: x for name, x in full.covariates.items() if name != "income"}
    without = type(full)(full.y, full.d, others, full.unit, full.removed)
    (x,) = full.covariates["income"].T
    known = type(full)(full.y, full.d, {**others, "income": x[:, None]}, full.unit, full.removed)
    before, after = without.coefficient(), known.coefficient()
    assert abs(after.value) < abs(before.value)
    value, se = Coefficient(before.value, before.se, before.freedom).adjusted(
        *known.partial_r2("income")
    )
    np.testing.assert_allclose([value, se], [after.value, after.se], rtol=1e-9)


@pytest.mark.slow
def test_robustness_values_are_where_effect_and_significance_end(fit: nqp.Fit) -> None:
    ours = average_regression(fit).coefficient()
    value, _ = ours.adjusted(*[ours.robustness_value()] * 2)
    np.testing.assert_allclose(value, 0.0, atol=1e-9)
    half, _ = ours.adjusted(*[ours.robustness_value(0.5)] * 2)
    np.testing.assert_allclose(half, 0.5 * ours.value, rtol=1e-9)
    value, se = ours.adjusted(*[ours.robustness_value(1.0, 0.05)] * 2)
    np.testing.assert_allclose(value / se, np.sign(ours.value) * ours.critical(0.05), rtol=1e-9)
    assert ours.inflation != 1.0


def test_the_table_and_the_figure_have_the_numbers_of_the_check(result: nqp.CheckResult) -> None:
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    table = nqp.table(result, "omitted_variables")
    numbers = table.numbers.set_index("label")
    assert float(numbers.loc["δ for no effect"].iloc[1]) == float(evidence["delta"])
    bounds = numbers.loc["2 × income"]
    wanted = [float(evidence[name][1]) for name in ("bound_value", "bound_se", "bound_lower")]
    np.testing.assert_allclose(bounds.iloc[1:4].to_numpy(float), wanted)
    assert "稳健值" in nqp.table(result, "omitted_variables", language="zh").to_markdown()
    figure = nqp.plots.check(result)
    left, right = figure.axes
    points = left.lines[1].get_xydata()
    np.testing.assert_allclose(
        points, evidence[["bound_treatment", "bound_outcome"]].to_array().to_numpy().T
    )
    assert left.get_title(loc="left") != right.get_title(loc="left")
    corner = evidence["contour"].isel(r2_treatment=0, r2_outcome=0)
    assert float(corner) == float(evidence["value"][1])


def test_strong_covariates_give_caution_and_none_no_answer() -> None:
    panel = simulated(selection=1.5, slope=1.0)
    fit = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
    strong = nqp.check(fit, "omitted_variables", alpha=0.02, progress=False)
    assert strong.verdict == "caution", strong
    assert "With a confounder as strong as roads, the 98 % confidence" in strong.sentence
    much = nqp.check(fit, "omitted_variables", r_max=1.0, progress=False)
    assert "times that on the covariates explains the effect" in much.sentence
    assert isinstance(much.evidence, xr.Dataset)
    assert 0.0 < float(much.evidence["delta"]) < 1.0
    bare = nqp.fit(nqp.StaggeredDiD(covariates=()), panel, SAMPLER, progress=False)
    none = nqp.check(bare, "omitted_variables", progress=False)
    assert none.verdict == "not applicable"
    assert "covariates=[…]" in none.sentence
    with pytest.raises(StudyError, match="no covariate"):
        nqp.table(bare, "omitted_variables")
    with pytest.raises(StudyError, match="below the within R² with covariates"):
        nqp.check(fit, "omitted_variables", r_max=0.01, progress=False)
