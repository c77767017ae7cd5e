"""Prior draws follow the priors that the model states."""

from __future__ import annotations

import numpy as np
import pytest
from dense import Dense
from design_table import DESIGNS
from doors import _prior

from bayes_nqp import AR1, IID, PartialPooling, StaggeredDiD, StudentT, prior_predictive
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.testing import assert_equal
from bayes_nqp.inference.model_frame import model_frame_of

DRAWS = 6_000


@pytest.fixture(scope="module")
def drawn():
    case = DESIGNS["partial, many scales"]
    panel = case.make(2, missing=0.1)
    s = model_frame_of(case.design, panel).equations[0].scale
    return prior_predictive(case.design, panel, draws=DRAWS, seed=5), s, panel


def _sd(values):
    return float(np.asarray(values).std())


@pytest.mark.slow
def test_scales_and_errors(drawn):
    prior, s, _ = drawn
    half = np.sqrt(2.0 / np.pi)
    for name, scale in {"sigma": 1.0, "scale_walk": 0.5, "scale_cohort": 1.0, "scale_cell": 0.5,
                        "scale_deviation": 1.0}.items():  # fmt: skip
        values = prior[f"outcome__{name}"].values / s
        assert values.mean() == pytest.approx(scale * half, rel=0.03)
        assert (values >= 0).all()
    rho = prior["outcome__rho"].values
    assert rho.mean() == pytest.approx(2.0 * 3.0 / 5.0 - 1.0, abs=0.02)
    assert rho.var() == pytest.approx(4.0 * 0.6 * 0.4 / 6.0, rel=0.06)


@pytest.mark.slow
def test_coefficients(drawn):
    prior, s, _ = drawn
    assert _sd(prior["outcome__level"]) == pytest.approx(5.0 * s, rel=0.04)
    assert _sd(prior["outcome__drift"]) == pytest.approx(0.5 * s, rel=0.04)
    region = prior["outcome__strata_region"]
    assert _sd(region[..., 0] - region[..., 1]) == pytest.approx(2.0 * s, rel=0.04)
    assert float(abs(region.sum(region.dims[-1])).max()) < 1e-9
    # Half-normal scales: the variance of a cohort is that of its scale.
    assert _sd(prior["outcome__cohort"][..., 0]) == pytest.approx(s, rel=0.08)


@pytest.mark.slow
def test_effects_have_the_covariance_of_the_model(drawn):
    prior, _, panel = drawn
    case = DESIGNS["partial, many scales"]
    reference = Dense(case.design, panel)
    squares = {"scale_walk": 0.5, "scale_cohort": 1.0, "scale_cell": 0.5, "scale_deviation": 1.0}
    both = np.zeros((reference.shares().shape[1],) * 2)
    cells = len(reference.cells)
    # Scales enter as squares, whose means are those of half-normals.
    both[:cells, :cells] = reference.cell_covariance(squares)
    both[cells:, cells:] = np.eye(both.shape[0] - cells) * reference.deviation_variance(squares)
    expected = reference.shares() @ both @ reference.shares().T
    draws = prior["effect"].values.reshape(DRAWS, -1) / reference.s
    found = draws.T @ draws / DRAWS
    np.testing.assert_allclose(np.diag(found), np.diag(expected), rtol=0.12)
    np.testing.assert_allclose(found, expected, atol=0.12 * np.diag(expected).max())


@pytest.mark.slow
@pytest.mark.parametrize("errors", [AR1(), IID()])
def test_errors_of_rows(errors):
    """Outcomes less everything else are AR(1), over gaps too."""
    case = DESIGNS["complete, none, common time"]
    panel = case.make(3, missing=0.3)
    design = case.design.replace(errors=errors)
    drawn = _prior._Draws
    model_frame = model_frame_of(design, panel)
    layout = _prior.row_layout(model_frame, model_frame.equations[0])
    assert (layout.gap > 1).any()
    values = drawn(model_frame, model_frame.equations[0], layout, 40_000, np.random.default_rng(0))
    if errors == AR1():
        values.parameters["rho"][:] = -0.6
    values.parameters["sigma"][:] = 1.5
    streams = np.random.default_rng(1).spawn(3)
    rows = values.errors(slice(0, 40_000), streams)[:, :12]
    reference = Dense(design, panel)
    truth = reference.error_covariance({"sigma": 1.5, "rho": -0.6})[:12, :12]
    assert reference.rows[:12].tolist() == layout.rows[:12].tolist()
    np.testing.assert_allclose(rows.T @ rows / 40_000, truth, atol=0.08)


def test_outcomes_hold_everything():
    """Flat priors are wide; the rows' variance adds up, weights and covariates included."""
    case = DESIGNS["baseline"]
    panel = case.make(2)
    s = model_frame_of(case.design, panel).equations[0].scale
    prior = prior_predictive(case.design, panel, draws=3000, seed=1)
    outcome = prior["outcome"]
    assert outcome.dims == ("chain", "draw", "row")
    assert outcome.sizes["row"] == panel.n_rows
    first = outcome.isel(row=0)  # unit effect, and a covariate whose slope is as wide
    assert 100 * s < _sd(first) < 300 * s
    assert _sd(outcome - outcome.isel(row=0)) > 100 * s


def test_student_t_keeps_the_standard_deviation():
    case = DESIGNS["complete, none, common time"]
    panel = case.make(3)
    model_frame = model_frame_of(case.design.replace(likelihood=StudentT(5.0)), panel)
    layout = _prior.row_layout(model_frame, model_frame.equations[0])
    values = _prior._Draws(
        model_frame, model_frame.equations[0], layout, 2000, np.random.default_rng(0)
    )
    values.parameters["sigma"][:] = 2.0
    rows = values.errors(slice(0, 2000), np.random.default_rng(1).spawn(3))
    assert _sd(rows) == pytest.approx(2.0, rel=0.02)
    assert np.mean(rows**4) / np.mean(rows**2) ** 2 > 4.5


def test_seeds_and_chunks(monkeypatch):
    case = DESIGNS["partial, units, AR(1) + noise"]
    panel = case.make(2, missing=0.2)
    one = prior_predictive(case.design, panel, draws=50, seed=3)
    assert_equal(one, prior_predictive(case.design, panel, draws=50, seed=3))
    monkeypatch.setattr(_prior, "_CHUNK_NUMBERS", 700)
    assert_equal(one, prior_predictive(case.design, panel, draws=50, seed=3))
    other = prior_predictive(case.design, panel, draws=50, seed=4)
    assert not np.allclose(one["effect"], other["effect"])
    assert one.attrs["draws"] == "prior"
    with pytest.raises(StudyError, match="'draws' is 0"):
        prior_predictive(case.design, panel, draws=0)


def test_outcome_enters_by_its_scale_only():
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(2)
    design = StaggeredDiD(PartialPooling(), unidentified="drop")
    one = prior_predictive(design, panel, draws=20, seed=1)
    other = prior_predictive(design, panel.with_outcome(10.0 * panel.outcome), draws=20, seed=1)
    np.testing.assert_allclose(10.0 * one["outcome"], other["outcome"])
