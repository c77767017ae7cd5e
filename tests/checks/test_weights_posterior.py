"""The posterior of weights and forms: evidence, draws that are mixed, and what is left out."""

from __future__ import annotations

import linked_cities as cities
import linked_provinces as provinces
import numpy as np
import pandas as pd
import pytest
from scipy import linalg
from scipy.special import logsumexp
from scipy.stats import beta
from tests.doors import form_posteriors

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.model_frame import model_frame_of

SAMPLER = nqp.Importance(seed=1, draws=250)
RANDOM = nqp.spatial_weights.matrix(
    pd.DataFrame(np.roll(np.eye(40), 11, axis=1) + np.roll(np.eye(40), 17, axis=1),
                 cities.IDS, cities.IDS)
)  # fmt: skip


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(cities.design_of(), cities.PANEL, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def answer(fit: nqp.Fit) -> nqp.WeightsPosterior:
    return nqp.weights_probabilities(
        fit, {"three": cities.WEIGHTS, "random": RANDOM}, forms=["SAR", "SDM", "SEM"]
    )


def test_the_weights_that_made_the_outcome_have_the_probability(
    answer: nqp.WeightsPosterior,
) -> None:
    assert answer.weights["three"] > 0.99
    assert answer.weights.sum() == pytest.approx(1.0)
    table = answer.table
    assert table["probability"].is_monotonic_decreasing
    assert table["log_marginal"][0] == 0.0
    # Even odds, so that probabilities are those of log marginal likelihoods.
    fitted = table[table["probability"] > 0]
    odds = np.exp(fitted["log_marginal"])
    assert fitted["probability"].to_numpy() == pytest.approx((odds / odds.sum()).to_numpy())
    assert fitted[["att", "own", "received"]].notna().all(axis=None)
    assert "P(three)" in repr(answer)


@pytest.mark.slow
def test_draws_are_mixed_in_proportion(answer: nqp.WeightsPosterior) -> None:
    means = answer.table.set_index(["weights", "form"])
    weights = means["probability"]
    for path, name in (("total", "att"), ("direct", "own"), ("received", "received")):
        expected = (means[name].fillna(0.0) * weights).sum()
        spread = means[f"{name}_sd"].max() / np.sqrt(nqp.att(answer, path=path).size)
        assert float(nqp.att(answer, path=path).mean()) == pytest.approx(expected, abs=5 * spread)
    total, own, near = (nqp.att(answer, path=p).to_numpy() for p in ("total", "direct", "received"))
    assert total == pytest.approx(own + near)
    assert nqp.summary(nqp.att(answer))["gate"][0] == "passed"


def test_errors_alone_receive_nothing() -> None:
    fit = nqp.fit(cities.design_of(), cities.panel_of(delta=0.0, seed=5), SAMPLER, progress=False)
    alone = nqp.weights_probabilities(fit, {"three": cities.WEIGHTS}, forms=["SEM", "SDEM"])
    share = float((nqp.att(alone, path="received") == 0.0).mean())
    assert 0.0 < share < 1.0
    assert share == pytest.approx(alone.forms["SEM"], abs=1e-3)
    assert alone.table.set_index("form")["received"]["SEM"] == 0.0


def test_what_a_design_does_not_allow_is_left_out() -> None:
    mixed = cities.design_of(time=nqp.TimeEffects(by=["coast"]), spillovers=None)
    fit = nqp.fit(mixed, cities.PANEL, SAMPLER, progress=False)
    found = nqp.weights_probabilities(fit, {"three": cities.WEIGHTS}, forms=["SAR", "SLX"])
    assert found.forms.to_dict() == {"SLX": 1.0}
    assert "the likelihood is adjusted" in str(found.left_out[0][1])
    with pytest.raises(StudyError, match="no spatial model") as caught:
        nqp.weights_probabilities(fit, {"three": cities.WEIGHTS}, forms=["SAR", "SDM"])
    assert "the likelihood is adjusted" in str(caught.value)
    varying = cities.design_of(effect=nqp.CompletePooling(), spillovers=None)
    fit = nqp.fit(varying, cities.PANEL, SAMPLER, progress=False)
    found = nqp.weights_probabilities(fit, {"three": cities.WEIGHTS}, forms=["SAR", "SEM"])
    assert found.forms.to_dict() == {"SAR": 1.0}
    assert "three, SEM" in dict(found.left_out)
    with pytest.raises(StudyError, match="'weights' is empty"):
        nqp.weights_probabilities(fit, {})
    with pytest.raises(StudyError, match="'forms'"):
        nqp.weights_probabilities(fit, {"three": cities.WEIGHTS}, forms=["SAC"])  # type: ignore[list-item]


@pytest.mark.slow
def test_evidence_is_that_of_dense_densities() -> None:
    """Coefficients by Gaussian integrals, delta and sigma on a grid; theta under unit information
    about zero where no outcome follows another's.
    """
    panel = provinces.panel_of(delta=0.1, theta=0.2)
    design = provinces.design_of()
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=1000), progress=False)
    answer = nqp.weights_probabilities(
        fit, {"four": provinces.WEIGHTS}, forms=["SAR", "SEM", "SDEM", "SLX"]
    )
    units, periods, w = provinces.UNITS, provinces.PERIODS, provinces.W
    model_frame = model_frame_of(design, panel)
    s, exposure = model_frame.equations[0].scale, model_frame.exposure
    assert exposure is not None
    y, x, dose = (
        provinces.table(panel, column)
        for column in (panel.outcome / s, panel.covariates[:, 0], panel.exposures[:, 0])
    )
    near, level = w @ x, nqp.Priors().level / exposure.size
    size = (near - near.mean(axis=1, keepdims=True)).std()
    own = np.stack([level * dose, x / size], axis=2)
    between, within = (linalg.null_space(np.ones((1, k))) for k in (units, periods))
    prior, scales = np.diag([1.0, 0.0]), np.array([s * level, s / size])
    models = {model.term.form: model for model in answer.models}
    spreads = {}
    for form in ("SDEM", "SLX"):
        other = nqp.fit(
            design.replace(spillovers=models[form].term), panel,
            nqp.Importance(seed=1, draws=1000), progress=False,
        )  # fmt: skip
        theta = form_posteriors(other)["theta"].to_numpy().reshape(-1, 2)
        spreads[form] = units * np.cov((theta / scales).T)

    def rows(values: np.ndarray) -> np.ndarray:
        return np.einsum("ia,itk,tb->abk", between, values, within).reshape(-1, values.shape[2])

    def linked(values: np.ndarray) -> np.ndarray:
        return np.einsum("ij,jtk->itk", w, values)

    def precision(form: str) -> tuple[np.ndarray, float]:
        """Of own and linked coefficients, and the log of what it is multiplied by."""
        if form not in spreads:
            return prior, -0.5 * np.log(2.0 * np.pi)
        spread = spreads[form]
        matrix = linalg.block_diag(prior, prior + np.linalg.inv(spread))
        logs = np.log(1.0 + spread[0, 0]) - np.linalg.slogdet(spread)[1] - 3 * np.log(2 * np.pi)
        return matrix, 0.5 * logs

    sigma = fit.posterior["outcome__sigma"].mean().item() / s * np.linspace(0.75, 1.4, 60)
    k, wk, w2k = rows(own), rows(linked(own)), rows(linked(linked(own)))
    heights: dict[str, list[float]] = {form: [] for form in models}
    grid = np.linspace(-0.6, 0.8, 141)
    for delta in grid:
        ground = (
            (periods - 1) * np.linalg.slogdet(between.T @ (np.eye(units) - delta * w) @ between)[1]
            + beta(3, 3).logpdf((1.0 + delta) / 2.0)
            - np.log(2.0)
            + np.log(grid[1] - grid[0])
        )
        lagged = rows((y - delta * w @ y)[..., None])[:, 0]
        members = {
            "SAR": (lagged, k, ground), "SEM": (lagged, k - delta * wk, ground),
            "SDEM": (lagged, np.hstack([k - delta * wk, wk - delta * w2k]), ground),
            "SLX": (rows(y[..., None])[:, 0], np.hstack([k, wk]), -np.log(grid.size)),
        }  # fmt: skip
        for form, (r, columns, base) in members.items():
            matrix, constant = precision(form)
            for sd in sigma:
                inner, side = columns.T @ columns / sd**2 + matrix, columns.T @ r / sd**2
                fitted = side @ np.linalg.solve(inner, side) - r @ r / sd**2
                logs = np.linalg.slogdet(inner)[1] - len(inner) * np.log(2.0 * np.pi)
                height = 0.5 * (fitted - logs) - len(r) * np.log(sd) - 0.5 * sd**2
                heights[form].append(base + constant + height)
    for form in ("SEM", "SDEM", "SLX"):
        expected = logsumexp(heights[form]) - logsumexp(heights["SAR"])
        ours = models[form].log_marginal - models["SAR"].log_marginal
        assert ours == pytest.approx(expected, abs=0.15)
