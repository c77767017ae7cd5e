"""A prior of scales is one file: half-t is what it says, and one of outside goes all the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from marginal import Marginal
from random_panels import random_panel
from scipy import stats
from scipy.integrate import quad

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.codec import decode, encode
from bayes_nqp.numerics.linear_gaussian import density
from bayes_nqp.numerics.parameters import (
    Correlation,
    CutCorrelation,
    Gamma,
    HalfNormal,
    Normal,
    ScalePrior,
)
from bayes_nqp.studies import json_schema, validate

SAMPLER = nqp.Importance(draws=250, chains=2, seed=1)


@register("scale")
@door
@dataclass(frozen=True, slots=True)
class Exponential(ScalePrior):
    """Exponential prior of a scale, by its mean."""

    scale: float

    @property
    def kind(self) -> Message:
        """Exponential."""
        return Message("exponential")

    def log_pdf(self, value: np.ndarray) -> np.ndarray:
        """``-log scale - x / scale``."""
        return np.asarray(-np.log(self.scale) - value / self.scale)

    def draw(self, generator: np.random.Generator, size: int) -> np.ndarray:
        """Exponential numbers."""
        return generator.exponential(self.scale, size)

    def variable(self, name: str) -> Any:
        """PyMC's exponential."""
        import pymc as pm

        return pm.Exponential(name, scale=self.scale)


SCALES = [HalfNormal(0.7), nqp.HalfT(3, 0.5), nqp.HalfT(1.5, 2.0), Exponential(0.4)]
PRIORS = [
    *SCALES,
    Correlation(3.0, 2.0),
    CutCorrelation(3.0, 3.0, -0.9, 0.95),
    Normal(0.5),
    Gamma(2.0, 0.1, 2.0),
]


# Densities


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_densities_integrate_to_one(prior: Any) -> None:
    """On the unconstrained scale, Jacobian included."""
    at, edge = float(prior.unconstrain(np.float64(max(prior.centre, 1e-3)))), 120.0
    mass = sum(
        quad(lambda u: float(np.exp(prior.log_density(np.float64(u)))), *ends, epsabs=1e-11)[0]
        for ends in ((at - edge, at - 6.0), (at - 6.0, at + 6.0), (at + 6.0, at + edge))
    )
    assert mass == pytest.approx(1.0, abs=1e-8)


@pytest.mark.parametrize("nu", [1.0, 3.0, 40.0])
def test_half_t_is_twice_a_t(nu: float) -> None:
    x = np.array([1e-9, 0.1, 0.5, 3.0, 200.0])
    ours = nqp.HalfT(nu, 0.5).log_pdf(x)
    assert ours == pytest.approx(np.log(2.0) + stats.t.logpdf(x, nu, scale=0.5), abs=1e-10)


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_draws_have_the_density(prior: Any) -> None:
    drawn = prior.draw(np.random.default_rng(1), 4000)
    u = np.sort(prior.unconstrain(drawn))
    inside = np.linspace(u[0] - 60.0, u[-1] + 60.0, 200_001)
    below = np.cumsum(np.exp(prior.log_density(inside))) * (inside[1] - inside[0])
    ranks = np.interp(u, inside, below)
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_row_models_have_the_density(prior: Any) -> None:
    import pymc as pm

    with pm.Model() as model:
        prior.variable("outcome__x")
    free = model.initial_point()
    (name,) = free
    logp = model.compile_logp()
    u = np.linspace(-2.0, 2.0, 5)
    theirs = np.array([logp({name: np.float64(x)}) for x in u])
    assert theirs == pytest.approx(prior.log_density(u), abs=1e-7)


@pytest.mark.slow
def test_row_models_and_the_fast_density_are_one() -> None:
    """Every scale of effects under half-t, integrated over coefficients from the row model."""
    names = ("walk", "cohort", "cell", "member", "sigma", "noise")
    priors, numbers = (nqp.Priors(**dict.fromkeys(names, x)) for x in (nqp.HalfT(3, 0.5), 0.5))
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(["region"]), nqp.AR1PlusNoise(), priors=priors, unidentified="drop"
    )
    panel = random_panel(4, units=11, periods=6, missing=0.1, strata=("region",))
    (equation,) = model_frame_of(design, panel).equations
    space = equation.gaussian.space
    points = 0.5 * np.random.default_rng(1).standard_normal((2, len(space)))
    marginal = Marginal(nqp.to_pymc(design, panel), [f"outcome__{name}" for name in space.names])
    gap = np.array([marginal(point) for point in points]) - density(equation.gaussian, points)
    assert gap == pytest.approx(0.0, abs=1e-6)
    assert np.ptp(gap) < 1e-9
    # Beside half-normal priors nothing but these densities differs.
    (plain,) = model_frame_of(design.replace(priors=numbers), panel).equations
    values = plain.gaussian.space.constrain(points)
    moved = np.zeros(len(points))
    for k, parameter in enumerate(plain.gaussian.space.parameters):
        if isinstance(parameter.prior, HalfNormal):
            moved += np.log(2.0) + stats.t.logpdf(values[:, k], 3, scale=0.5)
            moved -= stats.halfnorm.logpdf(values[:, k], scale=0.5)
    ours = density(equation.gaussian, points) - density(plain.gaussian, points)
    assert ours == pytest.approx(moved, abs=1e-8)


def test_a_scale_that_is_not_estimated_is_that_of_its_prior() -> None:
    made = nqp.simulation.staggered(units=30, periods=7, cohorts=(4, 5), strata={}, seed=1)
    half = nqp.Priors(cohort=nqp.HalfT(3, 0.5), walk=nqp.HalfT(3, 0.25))
    plain = nqp.Priors(cohort=0.5, walk=0.25)
    ours, theirs = (
        model_frame_of(nqp.StaggeredDiD(priors=priors), made.panel).equations[0].gaussian
        for priors in (half, plain)
    )
    points = 0.3 * np.random.default_rng(1).standard_normal((2, len(ours.space)))
    assert ours.space == theirs.space
    assert density(ours, points).tolist() == density(theirs, points).tolist()


# Arithmetic and doors


@pytest.mark.parametrize("prior", SCALES, ids=repr)
def test_priors_scale(prior: ScalePrior) -> None:
    assert (2.5 * prior).scale == (prior * 2.5).scale == 2.5 * prior.scale
    assert (prior / 2.5).centre == pytest.approx(prior.centre / 2.5)
    x = np.array([0.1, 2.0])
    assert (2.0 * prior).log_pdf(2.0 * x) == pytest.approx(prior.log_pdf(x) - np.log(2.0))


def test_a_number_is_half_normal() -> None:
    assert nqp.Priors(member=HalfNormal(0.5)) == nqp.Priors(member=0.5)
    assert nqp.Priors(member=0.5).scale("member") == HalfNormal(0.5)
    assert nqp.Priors(member=nqp.HalfT(3, 0.5)).scale("member") == nqp.HalfT(3, 0.5)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: nqp.HalfT(3, 0.0), "'scale' of HalfT is 0.0"),
        (lambda: nqp.HalfT(0.0, 1.0), "'nu' is 0.0"),
        (lambda: nqp.Priors(member="wide"), "'member' is 'wide'"),
        (lambda: nqp.Priors(level=nqp.HalfT(3, 1)), "'level' is a HalfT"),
        (lambda: nqp.Priors(member=nqp.HalfT), "'member' is the class HalfT"),
    ],
)
def test_wrong_ones_are_refused_in_words(wrong: Any, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        wrong()


STUDY = """
title = "priors"
[data]
simulation = "staggered"
options = {{ units = 40, periods = 8, cohorts = [4, 6], seed = 1 }}
[design]
effect = "CompletePooling"
[priors]
{}
[sampler]
draws = 200
"""
LINES = [
    ("member = { type = 'HalfT', nu = 3, scale = 0.5 }", ""),
    ("member = { type = 'Exponential', scale = 0.5 }", ""),
    ("member = { type = 'HalfNormals', scale = 0.5 }", "'priors.member' has the type"),
    ("member = { type = 'HalfT', nu = '3', scale = 0.5 }", "'priors.member.nu' is '3'"),
    ("member = { type = 'HalfT', nu = 3, scal = 0.5 }", "'scal'"),
    ("member = { nu = 3 }", "'priors.member' has no type"),
    ("member = 'wide'", "'priors.member' is 'wide'"),
    ("level = { type = 'HalfT', nu = 3, scale = 0.5 }", "'level' is a HalfT"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("line", "words"), LINES)
def test_studies_state_them(line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(line), encoding="utf-8")
    if not words:
        design = validate(path).design
        (kind,) = {type(x).__name__ for x in (design.priors.member,)}
        assert f"'{kind}'" in line
        assert kind in json_schema()["definitions"]
        return
    with pytest.raises(StudyError, match=words):
        validate(path)


# A prior of outside, from truth to a report


MADE = nqp.simulation.staggered(units=60, periods=8, cohorts=(4, 6), strata={}, seed=3)
DESIGN = nqp.StaggeredDiD(
    nqp.CompletePooling(),
    priors=nqp.Priors(member=Exponential(0.5), sigma=nqp.HalfT(3, 1.0), noise=Exponential(0.3)),
)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, MADE.panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_it_is_fitted_drawn_saved_and_varied(fit: nqp.Fit, tmp_path: Path) -> None:
    draws, truth = nqp.att(fit), float(nqp.att(MADE.truth).mean())
    assert abs(float(draws.mean()) - truth) < 3.0 * float(draws.std())
    assert nqp.load(fit.save(tmp_path / "fit.nc")).facts.priors == DESIGN.priors
    assert decode(encode(DESIGN)) == DESIGN
    prior = nqp.prior_predictive(DESIGN, MADE.panel, draws=2000, seed=1)
    drawn = prior["outcome__scale_deviation"].to_numpy().ravel() / fit.scale
    assert stats.kstest(drawn, "expon", (0.0, 0.5)).pvalue > 1e-3
    names = nqp.check(fit, "specifications", progress=False).evidence["specification"]
    assert "effect priors × 2.5" in names
    evidence = nqp.check(fit, "prior_sensitivity").evidence
    assert "scale_deviation" in set(evidence["quantity"])


@pytest.mark.parametrize(
    ("language", "said", "unsaid"),
    [
        (
            "en",
            "half-normal with scale 0.5s for other changes between periods; exponential "
            "with scale 0.5s for random effects of units; half-Student-t (3 degrees of freedom) "
            "with scale 1s for innovations;",
            "half-normal with scale 0.5s for random effects",
        ),
        (
            "zh",
            "半正态先验的尺度：效应的其余逐期变化 0.5s；exponential 先验的尺度："
            "单位层面的随机效应 0.5s；"
            "半 t（自由度 3）先验的尺度：新息（扰动项）1s；",
            "半正态先验的尺度：单位层面的随机效应",
        ),
    ],
    ids=["en", "zh"],
)
def test_reports_say_it_in_its_words(
    fit: nqp.Fit, tmp_path: Path, language: str, said: str, unsaid: str
) -> None:
    nqp.report(
        fit, tmp_path / "out", checks=[], formats=["html"], language=language, progress=False
    )
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert said in text
    assert unsaid not in text


@pytest.mark.parametrize(
    ("shocks", "english", "chinese"),
    [
        (nqp.ClusterTimeEffects("city"), "half-normal with scale 0.5s", "半正态先验的尺度：0.5s"),
        (
            nqp.ClusterTimeEffects("city", nqp.HalfT(3, 0.25)),
            "half-Student-t (3 degrees of freedom) with scale 0.25s",
            "半 t（自由度 3）先验的尺度：0.25s",
        ),
        (
            nqp.ClusterTimeEffects("city", Exponential(1.0), nqp.AR1()),
            "exponential with scale 1s",
            "exponential 先验的尺度：1s",
        ),
    ],
    ids=["half-normal", "half-t", "own"],
)
def test_shocks_say_the_prior_that_they_have(
    shocks: nqp.ClusterTimeEffects, english: str, chinese: str
) -> None:
    said = shocks.words({})
    assert f"a separate standard deviation ({english})" in said.in_("en")
    assert f"（{chinese}）" in said.in_("zh")
    assert nqp.ClusterTimeEffects("city", HalfNormal(0.5)) == nqp.ClusterTimeEffects("city")
    design = nqp.StaggeredDiD(shocks=shocks)
    assert decode(encode(design)) == design
    panel = random_panel(4, units=20, periods=6)
    parameters = (
        model_frame_of(design.replace(unidentified="drop"), panel).equations[0].problem.space
    )
    by_name = {x.name: x.prior for x in parameters.parameters}
    scale = shocks.scale
    assert by_name["scale_shocks"] == (HalfNormal(scale) if isinstance(scale, float) else scale)
