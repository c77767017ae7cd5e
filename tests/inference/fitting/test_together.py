"""Errors of mediators' equations: their correlation is found, and draws of effects have it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from doors import Correlated, correlated, residual_moments

import bayes_nqp as nqp
from bayes_nqp.data.simulation import CHANNELS, channels
from bayes_nqp.inference.model_frame import model_frame_of

DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), nqp.AR1()))
UNEQUAL = {
    name: replace(channel, rho=rho)
    for (name, channel), rho in zip(CHANNELS.items(), (0.2, 0.5, 0.8), strict=True)
}


def _points(model_frame: object) -> list[np.ndarray]:
    """Parameters of mediators' equations, their autocorrelation and sd the true ones."""
    found = []
    for one in model_frame.equations[1:]:  # type: ignore[attr-defined]
        names = one.problem.parameter_names
        x = np.full(len(names), np.log(0.1))
        x[names.index("rho")] = 2.0 * np.arctanh(UNEQUAL[one.name].rho)
        x[names.index("sigma")] = -np.log(one.scale)
        found.append(x)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("related", [0.0, 0.6])
def test_residuals_have_the_correlation_of_innovations(related: float) -> None:
    panel = channels(mediators=UNEQUAL, units=400, related=related, missing=0.1, seed=3).panel
    model_frame = model_frame_of(DESIGN, panel)
    moments, freedom = residual_moments(model_frame.equations[1:], _points(model_frame))
    scale = np.array([one.scale for one in model_frame.equations[1:]])
    expected = related + (1.0 - related) * np.eye(3)
    assert 2500 < freedom < panel.n_rows - panel.n_units
    np.testing.assert_allclose(
        moments * np.outer(scale, scale), expected, atol=4.5 * np.sqrt(2.0 / freedom)
    )


def test_correlations_are_drawn_with_their_own_uncertainty() -> None:
    found = Correlated(np.array([[1.0, 0.5], [0.5, 1.0]]), 200.0, 1).draws(20_000)
    z = np.arctanh(found[:, 0, 1])
    np.testing.assert_allclose(found[:, [0, 1], [0, 1]], 1.0)
    assert z.mean() == pytest.approx(np.arctanh(0.5), abs=0.005)
    assert z.std() == pytest.approx(1.0 / np.sqrt(200.0), rel=0.03)


def test_one_mediator_shares_with_none_and_copies_are_told() -> None:
    frame = channels(mediators={"digital": CHANNELS["digital"]}, units=40, seed=1).panel.frame
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    frame = frame.assign(other=2.0 * frame["digital"])
    panel = nqp.Panel.from_frame(frame, **roles, strata=["region"], mediators=["digital"])
    assert correlated(model_frame_of(DESIGN, panel).equations[1:], [], 1) is None
    one = model_frame_of(DESIGN, panel).equations[1]
    other = replace(
        one,
        problem=model_frame_of(nqp.StaggeredDiD(nqp.NoPooling(), nqp.AR1()), panel)
        .equations[0]
        .problem,
    )
    x = np.zeros((1, 1, len(one.problem.space.names)))
    assert "independent" in str(correlated([one, other], [x, x], 1))


@cache
def _fit(related: float) -> nqp.Fit:
    simulated = channels(
        mediators=UNEQUAL, units=40, periods=8, cohorts=(4, 6), related=related, seed=2
    )
    return nqp.fit(
        DESIGN, simulated.panel, nqp.Importance(draws=1000, chains=2, seed=1), progress=False
    )


def test_effects_on_mediators_are_correlated_in_a_fit() -> None:
    fit = _fit(0.8)
    rows = fit.effects["rows"] / fit.effects["rows"].sum()
    average = np.stack(
        [
            (fit.posterior[f"{name}__cell_effect"] * rows).sum("cell").to_numpy().ravel()
            for name in UNEQUAL
        ]
    )
    found = np.corrcoef(average)[np.tril_indices(3, -1)]
    assert (found > 0.45).all()
    assert (found < 0.9).all()
    assert fit.notes == fit.model_frame.notes


def test_parameters_of_equations_are_drawn_apart() -> None:
    """What equations have in common is their errors; their parameters have streams of their own."""
    posterior = _fit(0.8).posterior
    sigma = [posterior[f"{name}__sigma"].to_numpy().ravel() for name in ("outcome", *UNEQUAL)]
    found = np.corrcoef(sigma)[np.tril_indices(len(sigma), -1)]
    assert np.abs(found).max() < 5.0 / np.sqrt(1000.0)
