"""Units' own loadings on series: exact given these, right where loadings drive adoption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from dense import Dense, values_of
from design_table import DESIGNS
from doors import NetRows, net_rows, series_of
from marginal import Marginal

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Calendar, Facts, Term, Timing
from bayes_nqp.model.predictors import Series
from bayes_nqp.numerics.linear_gaussian import SharedErrors, density, draw, gaussian_problem

SAMPLER = nqp.Importance(draws=500, seed=1)
NAMES = [
    "partial, units, AR(1)", "partial, none, iid", "partial, cities, AR(1)", "partial, cities, iid",
    "partial, units, weights", "partial, units, AR(1) + noise", "covariates", "shocks, units",
]  # fmt: skip


@dataclass(frozen=True)
class Given(Term):
    """Series that are known."""

    curves: tuple[tuple[float, ...], ...]
    redrawn: tuple[tuple[tuple[float, ...], ...], ...] = ()

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say so."""
        return Message("Series are known.")

    def equation(self, equation: Any, facts: Facts, timing: Timing, panel: nqp.Panel) -> Any:
        """Add them."""
        redraws = (lambda: np.array(self.redrawn).swapaxes(1, 2)) if self.redrawn else None
        return replace(equation, series=Series(np.array(self.curves).T, Message("known"), redraws))


class DenseGiven(Dense):
    """Rows with columns of every unit times every series."""

    @property
    def flat(self) -> np.ndarray:  # type: ignore[override]
        """All columns with flat priors."""
        (term,) = self.design.terms
        units = (self.unit[:, None] == np.unique(self.unit)).astype(float)
        more = [units * np.array(curve)[self.time][:, None] for curve in term.curves]
        return np.concatenate([*more, super().flat], axis=1)


def tupled(array: np.ndarray) -> Any:
    return tuple(tuple(map(float, row)) for row in array)


def curves(periods: int, seed: int = 0, number: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((number, periods)).cumsum(axis=1)


def case_of(name: str, number: int = 2, **panel: Any) -> tuple[nqp.StaggeredDiD, nqp.Panel]:
    case = DESIGNS[name]
    made = case.make(11, **{"units": 14, "periods": 8, **panel})
    assert isinstance(case.design, nqp.StaggeredDiD)
    given = Given(tupled(curves(made.periods, number=number)))
    return case.design.replace(terms=(given,)), made


@pytest.mark.parametrize("name", NAMES)
def test_density_is_dense(name: str) -> None:
    design, panel = case_of(name, missing=0.1)
    problem = gaussian_problem(model_frame_of(design, panel).equations[0].problem)
    reference = DenseGiven(design, panel)
    points = 0.7 * np.random.default_rng(3).standard_normal((3, len(problem.space)))
    values = [values_of(problem.space.names, x) for x in points]
    theirs = np.array([reference.log_likelihood(v) + reference.log_prior(v) for v in values])
    ours = density(problem, points)
    change = np.diff(theirs)
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())


def test_effects_are_dense() -> None:
    design, panel = case_of("partial, units, AR(1)", missing=0.1)
    equation = model_frame_of(design, panel).equations[0]
    problem, reference = equation.gaussian, DenseGiven(design, panel)
    point = 0.4 * np.random.default_rng(3).standard_normal((1, len(problem.space)))
    mean, covariance = reference.posterior(values_of(problem.space.names, point[0]))
    positions = equation.positions.cells
    cells = len(reference.cells)
    ours = draw(problem, point, None).positions[0, positions] * equation.scale
    assert ours == pytest.approx(mean[:cells], rel=1e-7, abs=1e-8)
    drawn = draw(problem, point.repeat(5000, axis=0), np.random.default_rng(0)).positions[
        :, positions
    ]
    sd = np.sqrt(np.diag(covariance)[:cells])
    assert drawn.std(axis=0) * equation.scale == pytest.approx(sd, rel=0.06)


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, none, iid"])
def test_the_row_model_is_the_same(name: str) -> None:
    design, panel = case_of(name, units=11, periods=7)
    (equation,) = model_frame_of(design, panel).equations
    points = 0.5 * np.random.default_rng(1).standard_normal((2, len(equation.gaussian.space)))
    names = [f"outcome__{name}" for name in equation.gaussian.space.names]
    marginal = Marginal(nqp.to_pymc(design, panel), names)
    gap = np.array([marginal(x) for x in points]) - density(equation.gaussian, points)
    assert np.ptp(gap) < 1e-8


def test_only_what_series_span_matters() -> None:
    """Another basis, with a constant and a larger unit; and outcomes with loadings of their own."""
    design, panel = case_of("partial, units, AR(1)", missing=0.1)
    given = np.array(design.terms[0].curves)
    mixed = 10.0 * np.array([[1.0, 2.0], [-1.0, 0.5]]) @ given + 3.0
    other = design.replace(terms=(Given(tupled(mixed)),))
    loaded = np.random.default_rng(5).standard_normal((panel.n_units, 2)) @ given
    scale = model_frame_of(design, panel).equations[0].scale
    moved = panel.with_outcome(panel.outcome + loaded[panel.unit_codes, panel.time_codes])
    problems = [
        model_frame_of(d, p, scale=scale).equations[0].gaussian
        for d, p in ((design, panel), (other, panel), (design, moved))
    ]
    points = 0.5 * np.random.default_rng(1).standard_normal((4, len(problems[0].space)))
    ours, *others = (density(problem, points) for problem in problems)
    assert np.diff(others[0]) == pytest.approx(np.diff(ours), rel=1e-8)
    assert others[1] == pytest.approx(ours, rel=1e-9)
    effects = [draw(problem, points, None).positions[:, -1] for problem in problems]
    assert effects[1] == pytest.approx(effects[0], rel=1e-6, abs=1e-8)


def test_draws_are_given_redrawn_series() -> None:
    """Each distinct point has one of them, in turn; means are given the series themselves."""
    design, panel = case_of("partial, units, AR(1)")
    two = [tupled(curves(panel.periods, seed=seed)) for seed in (1, 2)]
    term = replace(design.terms[0], redrawn=tuple(two))
    problem = model_frame_of(design.replace(terms=(term,)), panel).equations[0].gaussian
    plain = model_frame_of(design, panel).equations[0].gaussian
    points = np.zeros((6000, len(problem.space))) + 1e-9 * np.arange(6000)[:, None]
    assert np.array_equal(
        draw(problem, points[:5], None).positions, draw(plain, points[:5], None).positions
    )
    assert np.array_equal(density(problem, points[:5]), density(plain, points[:5]))
    drawn = draw(problem, points, np.random.default_rng(0)).shared
    means = []
    for number, one in enumerate(two):
        alone = model_frame_of(design.replace(terms=(Given(one),)), panel).equations[0].gaussian
        means.append(draw(alone, points[:1], None).shared[0])
        part = drawn[number::2]
        error = 5.0 * part.std(axis=0) / np.sqrt(len(part))
        assert (np.abs(part.mean(axis=0) - means[-1]) < error + 1e-9).all()
    assert np.abs(means[0] - means[1]).max() > 0.01


def test_errors_in_common_leave_draws_given_redrawn_series_their_law() -> None:
    design, panel = case_of("partial, units, AR(1)")
    term = replace(design.terms[0], redrawn=(tupled(curves(panel.periods, seed=1)),))
    equation = model_frame_of(design.replace(terms=(term,)), panel).equations[0]
    points, sums = np.zeros((4_000, len(equation.gaussian.space))), equation.error_sums
    assert sums is not None
    errors = SharedErrors(np.random.default_rng(1).standard_normal((4_000, sums.width)), sums)
    ours, plain = (
        draw(equation.gaussian, points, np.random.default_rng(2), errors=e) for e in (errors, None)
    )
    for one, other in ((ours.shared, plain.shared), (ours.positions, plain.positions)):
        varies = other.std(axis=0) > 1e-9
        ratio = one.std(axis=0)[varies] / other.std(axis=0)[varies]
        np.testing.assert_allclose(ratio, 1.0, rtol=5.0 / np.sqrt(4_000))


def driven(rng: np.random.Generator, cohort: np.ndarray, periods: int) -> np.ndarray:
    """Two factors; the larger the loadings, the earlier units adopt."""
    t = np.arange(periods)
    curve = np.stack([0.3 * t + 0.5 * rng.standard_normal(periods).cumsum(), 1.5 * np.sin(t)], 1)
    loadings = rng.standard_normal((cohort.size, 2))
    late = np.where(cohort > 0, cohort, periods + 1)
    out = np.empty((cohort.size, periods))
    order = np.argsort(-(loadings.sum(axis=1) + 0.7 * rng.standard_normal(cohort.size)))
    out[np.argsort(late, kind="stable")] = loadings[order] @ curve.T
    return out


def simulated(seed: int, drift: Any = driven, **changes: Any) -> nqp.simulation.Simulated:
    arguments = {
        "units": 60, "periods": 20, "never": 0.4, "cohorts": (11, 13, 16), "strata": {}
    } | changes  # fmt: skip
    return nqp.simulation.staggered(drift=drift, seed=seed, **arguments)


def fitted(made: nqp.simulation.Simulated, trends: Any) -> tuple[float, float, nqp.Fit]:
    design = nqp.StaggeredDiD(trends=trends)
    fit = nqp.fit(design, made.panel, SAMPLER, progress=False)
    effect = nqp.att(fit)
    return float(effect.mean() - nqp.att(made.truth).mean()), float(effect.std()), fit


@pytest.mark.slow
def test_loadings_that_drive_adoption() -> None:
    made = [simulated(seed) for seed in (3, 6)]
    parallel, alone, _ = zip(*(fitted(m, None) for m in made), strict=True)
    error, sd, fits = zip(*(fitted(m, nqp.Factors()) for m in made), strict=True)
    assert np.abs(np.array(parallel) / alone).min() > 4.0
    assert np.abs(np.array(error) / sd).max() < 2.6
    assert np.abs(error).mean() < 0.5 * np.abs(parallel).mean()
    assert all("2 common factors" in fit.notes[-1] for fit in fits)


def rows_of(panel: nqp.Panel, **design: Any) -> NetRows:
    spec = nqp.StaggeredDiD(**design).spec(panel)
    assert isinstance(spec.timing, Calendar)
    return net_rows(spec.equations[0], spec.facts, spec.timing, spec.panel)


def with_common(panel: nqp.Panel, curve: np.ndarray) -> nqp.Panel:
    return panel.with_outcome(panel.outcome + curve[panel.time_codes])


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Sine of the largest angle between what series span."""
    return float(np.abs(one - other @ (other.T @ one)).max())


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_no_function_of_time_changes_series(seed: int, missing: float) -> None:
    panel = simulated(seed, missing=missing, units=50, strata={"region": ("a", "b")}).panel
    moved = with_common(panel, 5.0 * np.arange(panel.periods) + 30.0 * np.sin(np.arange(20.0)))
    for number in (1, 2):
        one, other = (series_of(rows_of(x), number).series[0] for x in (panel, moved))
        assert apart(one, other) < 1e-7


@pytest.mark.slow
def test_no_function_of_time_changes_effects() -> None:
    made = simulated(4, units=50)
    moved = replace(made, panel=with_common(made.panel, 5.0 * np.arange(20.0)))
    for number in (1, 2):
        (one, sd, _), (other, *_) = (fitted(m, nqp.Factors(number)) for m in (made, moved))
        assert abs(one - other) < 1e-6 * sd


def test_complete_series_are_principal_components() -> None:
    """Without gaps, series are those of the singular value decomposition, whatever the ridge."""
    rng = np.random.default_rng(0)
    y = rng.standard_normal((30, 2)) @ rng.standard_normal((2, 9)) + rng.standard_normal((30, 9))
    y -= y.mean(axis=0)
    y -= y.mean(axis=1, keepdims=True)
    none = np.zeros((30, 9, 0))
    rows = NetRows(y, np.ones(y.shape, bool), np.ones((30, 1)), none, np.ones(30), y[:, 0] > 9)
    fit = series_of(rows, 2)
    right = np.linalg.svd(y)[2]
    assert apart(fit.series[0], right[:2].T) < 1e-7


def test_series_are_net_of_covariates() -> None:
    """A covariate that moves with a series of its own is no factor."""
    rng, panel = np.random.default_rng(2), simulated(3, missing=0.1).panel
    boom = rng.standard_normal(panel.periods).cumsum()
    x = rng.standard_normal(panel.n_units)[panel.unit_codes] * boom[panel.time_codes]
    frame = panel.frame.assign(x=x + rng.standard_normal(x.size))
    names = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    plain = nqp.Panel.from_frame(frame, **names, covariates=["x"])
    moved = plain.with_outcome(plain.outcome + 20.0 * plain.covariates[:, 0])
    one, other = (series_of(rows_of(x), 2) for x in (plain, moved))
    assert apart(one.series[0], other.series[0]) < 1e-7


def test_least_squares_that_do_not_converge_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayes_nqp.model.latent_factors._least_squares.STEPS", 2)
    monkeypatch.setattr("bayes_nqp.model.latent_factors._number.STEPS", 2)
    with pytest.raises(IdentificationError, match="did not converge in 2 steps"):
        nqp.StaggeredDiD(trends=nqp.Factors(2)).spec(simulated(3).panel)


def test_units_with_few_untreated_periods_stay_and_are_named() -> None:
    made = simulated(3, cohorts=(3, 12, 15))
    error, sd, fit = fitted(made, nqp.Factors(2))
    assert abs(error) < 2.6 * sd
    (note,) = (x for x in fit.notes if "fewer than 5 untreated periods" in x)
    early = made.panel.unit_labels[made.panel.cohort_codes == made.panel.cohort_codes.max()]
    assert "are estimated by pooling" in note
    assert not {*map(str, early)} & {*note.replace(")", "").split(", ")}


@pytest.mark.slow
def test_error_of_series_widens_intervals() -> None:
    """Held at their estimate, series are taken for known."""
    made = simulated(3)
    _, sd, fit = fitted(made, nqp.Factors(2))
    series = fit.model_frame.equations[0].problem.series
    assert series is not None
    known = nqp.StaggeredDiD(terms=(Given(tupled(series.T)),))
    held = nqp.att(nqp.fit(known, made.panel, SAMPLER, progress=False))
    assert sd > 1.1 * float(held.std())


def test_a_number_is_chosen_or_refused() -> None:
    """Nothing else is fitted in the place of a model that was asked for."""
    with pytest.raises(IdentificationError, match="do not predict held-out") as caught:
        fitted(simulated(6, "none"), nqp.Factors())
    assert "Factors(number=1)" in caught.value.hint
    early = simulated(1, cohorts=(3, 4), never=0.3).panel
    with pytest.raises(IdentificationError, match="cannot be chosen"):
        nqp.StaggeredDiD(trends=nqp.Factors()).spec(early)


@pytest.mark.slow
def test_the_average_and_pretrends_name_factors() -> None:
    made = simulated(3)
    error, sd, fit = fitted(made, None)
    average = nqp.model_average(fit)
    assert abs(error) > 4.0 * sd
    assert average.weights["2 common factors"] > 0.9
    draws = nqp.att(average)
    assert abs(float(draws.mean() - nqp.att(made.truth).mean())) < 2.6 * float(draws.std())
    found = nqp.check(fit, "pretrends")
    assert "nqp.Factors(number=2)" in found.sentence + found.details


@pytest.mark.slow
def test_the_average_is_without_factors_where_trends_are_parallel() -> None:
    *_, fit = fitted(simulated(6, "none"), None)
    assert not any("factor" in name for name in nqp.model_average(fit).weights.index)


@pytest.mark.slow
def test_gaps_and_strata() -> None:
    made = simulated(3, missing=0.05, strata={"region": ("a", "b")})
    error, sd, _ = fitted(made, nqp.Factors(2))
    assert abs(error) < 2.6 * sd


def test_what_they_need() -> None:
    few = simulated(1, never=0.2).panel
    with pytest.raises(IdentificationError, match="18 untreated units in every period"):
        nqp.StaggeredDiD(trends=nqp.Factors(2)).spec(few)
    with pytest.raises(IdentificationError, match="32 periods"):
        nqp.StaggeredDiD(trends=nqp.Factors(30)).spec(few)
    panel = simulated(1).panel
    with pytest.raises(IdentificationError, match="flat leads"):
        nqp.StaggeredDiD(trends=nqp.Factors(1), controls="never").spec(panel)
    with pytest.raises(StudyError, match="sufficient statistics"):
        nqp.StaggeredDiD(trends=nqp.Factors(1), likelihood=nqp.StudentT()).spec(panel)
    with pytest.raises(StudyError, match="NUTS does not support estimated series"):
        nqp.fit(nqp.StaggeredDiD(trends=nqp.Factors(1)), panel, nqp.NUTS(), progress=False)
    pooled = nqp.StaggeredDiD(trends=nqp.Factors(1), time=nqp.TimeEffects(pooled=True))
    with pytest.raises(StudyError, match="pooled"):
        pooled.spec(panel)
    with pytest.raises(StudyError, match="-1"):
        nqp.Factors(-1)


@pytest.mark.slow
def test_they_are_saved_and_told(tmp_path: Any) -> None:
    _, _, fit = fitted(simulated(3), nqp.Factors(2))
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert again.notes == fit.notes
    assert float(nqp.att(again).mean()) == float(nqp.att(fit).mean())
    assert "Bayesian bootstrap" in str(fit.design.trends.words({}))
    told = nqp.check(again, "pretrends")
    assert told.verdict == "inconclusive"
    assert "ompare with a fit with trends=nqp.DifferentialTrends()" in told.sentence
