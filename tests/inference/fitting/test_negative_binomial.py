"""Negative binomial counts: density, weights, and the overdispersion that is found."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from counted import counted, panel_of
from scipy import stats

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.inference.fitting._approximation import Observations, approximate
from bayes_nqp.inference.fitting._correction import Correction
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import draw

Array = npt.NDArray[np.float64]
FAMILY = nqp.NegativeBinomial()
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), likelihood=FAMILY)
SAMPLER = nqp.Importance(seed=1, draws=250, proposals=1000)


def overdispersed(units: int = 30, dispersion: float = 0.4, seed: int = 6) -> pd.DataFrame:
    """Counts whose rates are multiplied by gamma noise."""
    df = counted(units, 8, level=2.0, effect=0.6, seed=seed)
    rng = np.random.default_rng(seed)
    noise = rng.gamma(1.0 / dispersion, dispersion, len(df))
    return df.assign(y=rng.poisson((df["y"] + 0.5) * noise).astype(float))


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, panel_of(overdispersed()), SAMPLER, progress=False)


def test_effect_and_overdispersion_are_found(fit: nqp.Fit) -> None:
    draws, dispersion = nqp.att(fit), fit.posterior["outcome__dispersion"]
    assert abs(float(draws.mean()) - 0.6) < 3.0 * float(draws.std())
    assert abs(float(dispersion.mean()) - 0.4) < 3.0 * float(dispersion.std())
    assert float(dispersion.std()) < 0.2
    assert fit.gate.passed, fit.gate
    assert float(nqp.relative_effects(fit).mean()) > 0.2


@pytest.mark.parametrize("dispersion", [1e-6, 0.3, 5.0])
def test_its_density_is_that_of_scipy(dispersion: float) -> None:
    y, o = np.array([0.0, 1.0, 7.0, 150.0]), np.array([-2.0, 0.0, 2.0, 5.0])
    ours = FAMILY.log_density(y, o, values=[np.array(dispersion)])
    size = 1.0 / dispersion
    expected = stats.nbinom.logpmf(y, size, size / (size + np.exp(o)))
    np.testing.assert_allclose(ours, expected, rtol=1e-7 if dispersion > 0.01 else 1e-4)
    poisson = nqp.Poisson().log_density(y, o)
    np.testing.assert_allclose(FAMILY.log_density(y, o, values=[np.array(0.0)]), poisson, rtol=1e-4)


def test_its_noise_is_that_of_replications() -> None:
    generator, values = np.random.default_rng(1), [np.array([[0.3]])]
    y = FAMILY.observed(np.full((1, 200_000), np.log(5.0)), values, generator)
    assert y.mean() == pytest.approx(5.0, rel=0.01)
    assert y.var() == pytest.approx(5.0 + 0.3 * 25.0, rel=0.03)
    noise = np.log(generator.gamma(1.0 / 0.3, 0.3, 200_000))
    assert noise.var() == pytest.approx(
        float(FAMILY.independent_variance([np.array(0.3)])), rel=0.02
    )


def test_the_approximation_adds_the_variance_of_the_noise() -> None:
    """The density is that of AR(1) errors with white noise of the same variance, to rounding."""
    panel = panel_of(counted(12, 6, seed=5))
    observations = Observations.of(model_frame_of(DESIGN, panel))
    found = approximate(observations)
    white = DESIGN.replace(likelihood=nqp.Poisson(), errors=nqp.AR1PlusNoise())
    other = Observations.of(model_frame_of(white, panel))
    assert other.raw.restated is not None
    same = other.raw.restated(found.equation.rows)
    space, theirs = found.equation.problem.space, same.problem.space
    rng = np.random.default_rng(2)
    x = found.point + 0.3 * rng.normal(size=(5, found.point.size))
    values = dict(zip(space.names, space.constrain(x).T, strict=True))
    u = FAMILY.independent_variance([values.pop("dispersion")]) / observations.raw.scale**2
    values["noise"] = np.sqrt(u) / values["sigma"]
    at = theirs.unconstrain(np.column_stack([values[name] for name in theirs.names]))
    ours = equation_density(found.equation)(x) - space.log_prior(x)
    expected = equation_density(same)(at) - theirs.log_prior(at)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


def test_its_gradient_is_that_of_the_density() -> None:
    observations = Observations.of(model_frame_of(DESIGN, panel_of(counted(12, 6, seed=5))))
    density = equation_density(approximate(observations).equation)
    x = np.array([approximate(observations).point])
    slope = density.gradients(x)[1][0]
    step = 1e-4 * np.eye(x.size)
    numeric = (density(x + step) - density(x - step)) / 2e-4
    np.testing.assert_allclose(slope, numeric, atol=1e-5)


def test_weights_are_their_integrals() -> None:
    """Monte Carlo from the prior of errors, and a grid of levels, with SciPy's density."""
    observations = Observations.of(model_frame_of(DESIGN, panel_of(counted(12, 6, seed=5))))
    found = approximate(observations)
    problem, s, rng = found.equation.gaussian, observations.raw.scale, np.random.default_rng(3)
    x = found.point[None] + 0.2 * rng.normal(size=(2, found.point.size))
    coefficients, values = draw(problem, x, rng), problem.values(x)
    correction = Correction(observations, found, np.random.default_rng(4), size=512)
    ours = correction.by_unit(x, coefficients)[0]
    names, natural = found.equation.problem.space.names, found.equation.problem.space.constrain(x)
    size = 1.0 / natural[:, names.index("dispersion")]
    grid, units = observations.grid, correction.units[:4]
    y, offset = grid(observations.outcome)[units], grid(observations.offset)[units]
    z, v = grid(found.outcome)[units], grid(found.variances)[units]
    eta, periods = grid(observations.expected(coefficients))[:, units], y.shape[1]
    laws = observations.raw.problem.errors.covariance(periods, values.noise[:, :-1])
    for b, law in enumerate(laws * (values.sigma**2)[:, None, None]):
        errors = rng.standard_normal((2000, periods)) @ np.linalg.cholesky(law).T
        more = np.eye(periods) * values.noise[b, -1] * values.sigma[b] ** 2
        for i in range(len(units)):
            levels = np.linspace(-15.0, 15.0, 161)  # multiples of s
            level = levels + (z[i] - eta[b, i]).mean()
            mu = np.exp(s * (eta[b, i] + errors[:, None] + level[:, None]) + offset[i])
            log_p = stats.nbinom.logpmf(y[i], size[b], size[b] / (size[b] + mu))
            p = np.exp(log_p.sum(axis=-1)).sum(axis=1) * (levels[1] - levels[0])
            q, r = np.linalg.inv(law + more + np.diag(v[i])), z[i] - eta[b, i]
            one = q.sum(axis=1)
            energy = r @ q @ r - (one @ r) ** 2 / one.sum()
            log_z = 0.5 * np.linalg.slogdet(q)[1] - 0.5 * np.log(one.sum()) - 0.5 * energy
            log_z -= 0.5 * (periods - 1) * np.log(2.0 * np.pi)
            error = p.std() / p.mean() / np.sqrt(p.size)
            assert abs(ours[b, i] - (np.log(p.mean()) - log_z)) < 4.0 * error + 0.01


def test_unusable_values_are_refused() -> None:
    with pytest.raises(StudyError, match="prior"):
        nqp.NegativeBinomial(prior=0.0)
    df = counted(12, 6)
    df.loc[df.index[9], "y"] = 2.5
    with pytest.raises(PanelError, match=r"(?s)whole numbers.*u01"):
        model_frame_of(DESIGN, panel_of(df))


@pytest.mark.slow
def test_nuts_agrees(fit: nqp.Fit) -> None:
    """The No-U-Turn sampler on the model of single observations has the same posterior."""
    panel = panel_of(overdispersed(16), strata=[])
    ours = nqp.fit(DESIGN, panel, nqp.Importance(seed=1, proposals=8000), progress=False)
    nuts = nqp.fit(DESIGN, panel, nqp.NUTS(seed=1, draws=4000, tune=1000), progress=False)
    for mine, theirs, limit in (
        (nqp.att(ours), nqp.att(nuts), 0.08),
        (ours.posterior["outcome__dispersion"], nuts.posterior["outcome__dispersion"], 0.15),
    ):
        sd = float(theirs.std())
        assert abs(float(mine.mean() - theirs.mean())) < limit * sd
        assert float(mine.std()) / sd == pytest.approx(1.0, abs=2.0 * limit)
