"""Posterior predictive draws are those of the dense model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dense import Dense
from design_table import DESIGNS
from doors import _predictive
from fit_at import fit_at, without_coefficients
from moving_average import DenseMovingAverage, MovingAverage

from bayes_nqp import IID, Importance, StaggeredDiD, StudentT, fit, posterior_predictive
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal
from bayes_nqp.inference.model_frame import model_frame_of

NAMES = (
    "partial, units, AR(1)", "partial, units, weights", "partial, cities, AR(1)",
    "partial, units, AR(1) + noise", "never, leads", "pooled time", "covariates", "baseline",
    "separate, none, iid",
)  # fmt: skip
DRAWS = 12_000


@pytest.fixture(scope="session")
def short():
    """A fit of a panel with gaps, at two chains of few draws."""
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(2, missing=0.1)
    return fit(case.design, panel, Importance(draws=300, chains=2, seed=1), progress=False)


def _fixed(case, panel, values):
    """A fit whose every draw has the same parameters: what follows them is exact.

    It holds no coefficients, so that each draw gets its own given the parameters.
    """
    made = fit(case.design, panel, Importance(draws=4, chains=1, seed=1), progress=False)
    names = made.model_frame.equations[0].problem.parameter_names
    for name in names:
        own = 1.0 if name in ("rho", "noise") else made.scale
        made.groups["posterior"][f"outcome__{name}"][:] = values.get(name, 0.6) * own
    return without_coefficients(made), {name: values.get(name, 0.6) for name in names}


@pytest.mark.sample(2)
@pytest.mark.parametrize("name", NAMES)
def test_moments_given_the_parameters(name):
    """Means and covariances of all rows agree with those of the dense model."""
    case = DESIGNS[name]
    changes = {} if "cities" in name else {"missing": 0.15}
    panel = case.make(4, **changes)
    made, parameters = _fixed(case, panel, {"rho": 0.5, "noise": 0.7, "sigma": 0.9})
    _compare(made, Dense(case.design, panel), parameters)


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, cities, AR(1)"])
def test_moments_under_a_structure_of_ones_own(name):
    design = DESIGNS[name].design.replace(errors=MovingAverage())
    panel = DESIGNS[name].make(4, missing=0.15)
    equation = model_frame_of(design, panel).equations[0]
    parameters = dict.fromkeys(equation.problem.parameter_names, 0.6) | {"sigma": 0.9}
    x = equation.problem.space.unconstrain(np.array([[*parameters.values()]]))
    made = fit_at(design, panel, equation, x, None)
    _compare(made, DenseMovingAverage(design, panel), parameters)


def _compare(made, reference, parameters):
    """Compare means and covariances of replicated rows with those of the dense model."""
    found = posterior_predictive(made, draws=DRAWS, seed=3)
    wanted = np.searchsorted(found["row"].to_numpy(), reference.rows)
    draws = found["outcome"].to_numpy()[0][:, wanted]
    mean, covariance = _dense(reference, parameters)
    s = reference.s
    sd = np.sqrt(np.diag(covariance))
    assert np.abs((draws.mean(axis=0) - mean) / (sd * s)).max() < 5 / np.sqrt(DRAWS)
    error = np.cov(draws, rowvar=False) / s**2 - covariance
    assert np.abs(error / np.outer(sd, sd)).max() < 0.06


def _dense(reference, p):
    """Mean, outcome units, and covariance, multiples of s, of new rows with all else as it was.

    Rows are ``X b + Z u + e``, with flat ``b``: their expected value given the data, its
    covariance, and that of the new errors.
    """
    noise = reference.error_covariance(p)
    random = reference.covariance(p) - noise
    inverse = np.linalg.inv(noise + random)
    x = reference.flat
    g = np.linalg.pinv(x.T @ inverse @ x, rcond=1e-11, hermitian=True)
    beta = g @ (x.T @ inverse @ reference.y)
    rest = np.eye(x.shape[0]) - random @ inverse
    mean = x @ beta + random @ inverse @ (reference.y - x @ beta)
    spread = rest @ x @ g @ x.T @ rest.T + random - random @ inverse @ random
    return mean * reference.s, spread + noise


def test_seeds_and_chunks(short, monkeypatch):
    one = posterior_predictive(short, draws=40, seed=3)
    assert_equal(one, posterior_predictive(short, draws=40, seed=3))
    monkeypatch.setattr(_predictive, "_CHUNK_NUMBERS", 700)
    np.testing.assert_allclose(
        one["outcome"], posterior_predictive(short, draws=40, seed=3)["outcome"], rtol=1e-10
    )
    other = posterior_predictive(short, draws=40, seed=4)
    assert not np.allclose(one["outcome"], other["outcome"])


def test_draws_have_the_coefficients_that_the_fit_holds(short):
    """Other coefficients of a single draw move its outcomes, and those of no other."""
    groups = {**short.groups, "coefficients": short.groups["coefficients"].copy(deep=True)}
    groups["coefficients"]["outcome__slots"][0, 7] += 1.0
    one, other = (
        posterior_predictive(fitted, draws=600, seed=3)["outcome"].to_numpy()[0]
        for fitted in (short, replace(short, groups=groups))
    )
    moved = (one != other).any(axis=1)
    assert np.flatnonzero(moved).tolist() == [7]


def test_new_members_differ_only_where_rows_are_treated(short):
    same = posterior_predictive(short, draws=200, seed=3)["outcome"].to_numpy()[0]
    new = posterior_predictive(short, draws=200, seed=3, members="new")["outcome"].to_numpy()[0]
    treated = short.model_frame.codes.treated[short.model_frame.kept]
    np.testing.assert_allclose(same[:, ~treated], new[:, ~treated])
    assert new[:, treated].std(axis=0).mean() > same[:, treated].std(axis=0).mean()


def test_what_cannot_be_drawn(short):
    with pytest.raises(StudyError, match="'draws' is 0"):
        posterior_predictive(short, draws=0, seed=1)
    with pytest.raises(StudyError, match="'draws' is 'many'"):
        posterior_predictive(short, draws="many", seed=1)
    with pytest.raises(StudyError, match="'members' is 'old'"):
        posterior_predictive(short, members="old")
    design = StaggeredDiD(errors=IID(), likelihood=StudentT())
    with pytest.raises(StudyError, match="does not store the unit effects"):
        posterior_predictive(replace(short, design=design))
