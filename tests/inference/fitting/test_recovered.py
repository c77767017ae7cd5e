"""Coefficients are drawn from their dense posterior: means exactly, draws within their error."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS
from doors import recovered

from bayes_nqp import posterior_mean
from bayes_nqp.inference.model_frame import model_frame_of

DRAWS = 20_000


def _point(names: tuple[str, ...], seed: int) -> np.ndarray:
    return 0.5 * np.random.default_rng(seed).standard_normal(len(names))


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("seed", [1, 2])
def test_conditional_mean(name: str, seed: int) -> None:
    case = DESIGNS[name]
    panel = case.make(seed, missing=0.15, singletons=1)
    model_frame = model_frame_of(case.design, panel)
    names = model_frame.equations[0].problem.parameter_names
    reference = dense(case.design, panel)
    values = values_of(names, _point(names, seed))
    mean, _ = reference.posterior(values)
    effects = posterior_mean(
        case.design, panel,
        **{k: v if k.endswith(("rho", "noise")) else v * reference.s for k, v in values.items()},
    )  # fmt: skip
    expected = (reference.shares() @ mean)[~reference.lead]
    np.testing.assert_allclose(effects["effect"].values.ravel(), expected, rtol=0, atol=1e-9)
    if "deviation" in effects:
        deviation = mean[len(reference.cells) :]
        np.testing.assert_allclose(
            effects["deviation"].values.ravel(), deviation, rtol=0, atol=1e-9
        )


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        *product(
            [
                "partial, units, AR(1)", "partial, cities, AR(1)", "partial, units, weights",
                "partial, cities, weights", "separate, units", "pooled time",
                "never, leads, partial", "baseline",
            ],
            [0.15],
        ),
        # Without gaps several units are in one class, and differ from its mean.
        ("partial, units, AR(1)", 0.0), ("complete, units", 0.0),
    ],
)  # fmt: skip
def test_draws_have_the_dense_mean_and_covariance(name: str, missing: float) -> None:
    case = DESIGNS[name]
    panel = case.make(4, missing=missing)
    model_frame = model_frame_of(case.design, panel)
    equation = model_frame.equations[0]
    names = equation.problem.parameter_names
    x = _point(names, 4)
    reference = dense(case.design, panel)
    mean, covariance = reference.posterior(values_of(names, x))
    shares = reference.shares()
    # Effects without deviations, sample-mean effects, deviations: jointly.
    cells = len(reference.cells)
    pick = np.concatenate([np.eye(cells, mean.size), shares, np.eye(mean.size)[cells:]])
    mean, covariance = pick @ mean, pick @ covariance @ pick.T
    found = recovered(model_frame, equation, np.tile(x, (DRAWS, 1)), np.random.default_rng(0))
    draws = np.concatenate([found.cell_mean, found.cell_effect, found.deviation], axis=1)

    sd = np.sqrt(np.diag(covariance))
    assert (sd > 1e-6).all()
    error = (draws.mean(axis=0) - mean) / sd * np.sqrt(DRAWS)
    assert np.abs(error).max() < 4.5
    assert error.std() < 1.6
    correlation = covariance / np.outer(sd, sd)
    ours = (draws - mean) / sd
    gap = (ours.T @ ours / DRAWS - correlation) * np.sqrt(DRAWS / (1.0 + correlation**2))
    assert np.abs(gap).max() < 5.0


def test_coefficients_add_up_to_effects() -> None:
    """A cell's effect is the sum of the terms that are reported."""
    case = DESIGNS["partial, none, iid"]
    panel = case.make(2)
    model_frame = model_frame_of(case.design, panel)
    equation = model_frame.equations[0]
    x = np.tile(_point(equation.problem.parameter_names, 3), (50, 1))
    x[:, 0] = -30.0  # no deviations of single cells
    found = recovered(model_frame, equation, x, np.random.default_rng(0))
    c, table = found.coefficients, model_frame.table
    e = table.event_time
    total = c["level"] + c["drift"] * e
    for k, label in enumerate(next(p.labels for p in equation.globals if p.name == "walk")):
        total = total + c["walk"][:, [k]] * (e >= int(label))
    _, at = np.unique(table.cohort, return_inverse=True)
    total = total + c["cohort"][:, at]
    region, market = table.levels["region"], table.levels["market"]
    present = np.unique(region), np.unique(market)
    r, m = np.searchsorted(present[0], region), np.searchsorted(present[1], market)
    total = total + c["strata_region"][:, r] + c["strata_market"][:, m]
    total = total + c["strata_region×market"][:, r * present[1].size + m]
    np.testing.assert_allclose(found.cell_effect, total, atol=1e-8)
