"""Draws of two equations move together as their estimation errors do, each by its own law."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.linalg as sl
from dense import Dense, values_of
from design_table import DESIGNS
from doors import Equation, ErrorStream, ModelFrame, SharedStreams, error_width, recovered

from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import Coefficients, SharedErrors, draw

DRAWS = 4_000
RELATED = 0.6
NAMES = [
    "partial, units, AR(1)", "partial, units, weights", "partial, none, iid",
    "partial, none, weights", "separate, units",
    "never, leads, partial", "covariates", "partial, units, AR(1) + noise",
    "partial, cities, AR(1)",
]  # fmt: skip


def _mixed(weights: Sequence[float], own: int) -> SharedStreams:
    streams = [ErrorStream([7, k]) for k in range(len(weights))]
    return SharedStreams(np.random.default_rng(own), streams, np.tile(weights, (DRAWS, 1)))


def _pair(related: float) -> list[SharedStreams]:
    return [_mixed([1.0], 1), _mixed([related, np.sqrt(1 - related**2)], 2)]


def _drawn(
    equation: Equation, xs: np.ndarray, source: SharedStreams | np.random.Generator | None
) -> Coefficients:
    if not isinstance(source, SharedStreams):
        return draw(equation.gaussian, xs, source)
    numbers = source.errors(len(xs), error_width(equation))
    errors = SharedErrors(numbers, equation.error_sums)
    return draw(equation.gaussian, xs, source.own, errors=errors)


def _point(names: tuple[str, ...], seed: int) -> np.ndarray:
    return 0.5 * np.random.default_rng(seed).standard_normal(len(names))


def _effects(
    model_frame: ModelFrame, equation: Equation, x: np.ndarray, mixed: SharedStreams
) -> np.ndarray:
    """Draws of effects without and with mean deviations (draw, 2 × cell)."""
    found = recovered(model_frame, equation, np.tile(x, (DRAWS, 1)), mixed)
    return np.concatenate([found.cell_mean, found.cell_effect], axis=1)


def _picked(reference: Dense) -> np.ndarray:
    cells = len(reference.cells)
    shares = reference.shares()
    return np.concatenate([np.eye(cells, shares.shape[1]), shares])


def _gap(one: np.ndarray, other: np.ndarray, correlation: np.ndarray) -> float:
    """Largest error of the correlations of draws, in standard errors."""
    a, b = ((draws - draws.mean(axis=0)) / draws.std(axis=0) for draws in (one, other))
    return float(np.abs((a.T @ b / DRAWS - correlation) * np.sqrt(DRAWS)).max())


@pytest.mark.parametrize("name", NAMES)
def test_shared_errors_leave_the_law_of_every_equation_as_it_is(name: str) -> None:
    case = DESIGNS[name]
    equation = model_frame_of(case.design, case.make(4, missing=0.15)).equations[0]
    xs = np.tile(_point(equation.problem.parameter_names, 4), (DRAWS, 1))
    draws = []
    for source in (_pair(RELATED)[1], np.random.default_rng(3)):
        found = _drawn(equation, xs, source)
        draws.append(np.concatenate([found.shared, found.positions, found.deviation], axis=1))
    means = _drawn(equation, xs[:1], None)
    mean = np.concatenate([means.shared, means.positions, means.deviation], axis=1)
    varies = draws[1].std(axis=0) > 1e-9
    ours, plain = (found[:, varies] for found in draws)
    assert np.abs((ours - mean[:, varies]).mean(axis=0) / plain.std(axis=0)).max() < 5.0 / np.sqrt(
        DRAWS
    )
    np.testing.assert_allclose(ours.std(axis=0), plain.std(axis=0), rtol=5.0 / np.sqrt(2 * DRAWS))
    gap = np.corrcoef(ours.T) - np.corrcoef(plain.T)
    assert np.abs(gap).max() < 5.5 * np.sqrt(2.0 / DRAWS)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [n for n in NAMES if n not in ("covariates", "partial, cities, AR(1)")]
)
@pytest.mark.parametrize("other", [4, 5], ids=["equal parameters", "unequal parameters"])
def test_draws_covary_as_dense_estimates_do(name: str, other: int) -> None:
    """By brute force: the means' linear map of rows, on errors with correlated innovations."""
    case = DESIGNS[name]
    panel = case.make(4, missing=0.15)
    model_frame = model_frame_of(case.design, panel)
    equation, reference = model_frame.equations[0], Dense(case.design, panel)
    names, pick = equation.problem.parameter_names, _picked(reference)
    half, variance, draws = [], [], []
    for seed, mixed in zip((4, other), _pair(RELATED), strict=True):
        x = _point(names, seed)
        values = values_of(names, x)
        means, covariance = reference.estimator(values)
        root = np.linalg.cholesky(reference.error_covariance(values))
        half.append(pick @ means @ root)
        variance.append(np.diag(pick @ covariance @ pick.T))
        draws.append(_effects(model_frame, equation, x, mixed))
    expected = RELATED * half[0] @ half[1].T / np.sqrt(np.outer(*variance))
    assert np.abs(expected).max() > 0.3
    assert _gap(*draws, expected) < 5.0


def _joint(reference: Dense, values: dict[str, float], related: float) -> np.ndarray:
    """Posterior covariance of both equations' effects, in the seemingly unrelated regression."""
    z, k = reference.in_cell, reference.cell_covariance(values)
    if reference.design.effect.varying is not None:
        z = np.concatenate([z, reference.in_unit_effect], axis=1)
        k = sl.block_diag(
            k, reference.deviation_variance(values) * np.eye(reference.in_unit_effect.shape[1])
        )
    eye, r = np.eye(2), np.array([[1.0, related], [related, 1.0]])
    whole = np.kron(r, reference.error_covariance(values)) + np.kron(eye, z @ k @ z.T)
    inverse = np.linalg.inv(whole)
    x, z, k = (np.kron(eye, a) for a in (reference.flat, z, k))
    flat = np.flatnonzero(reference.flat_cells)
    one = np.zeros((z.shape[1] // 2, reference.flat.shape[1]))
    one[flat, one.shape[1] - flat.size + np.arange(flat.size)] = 1.0
    gain = k @ z.T @ inverse
    a = np.kron(eye, one) - gain @ x
    g = np.linalg.pinv(x.T @ inverse @ x, rcond=1e-11, hermitian=True)
    return np.asarray(a @ g @ a.T + k - gain @ z @ k)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["separate, none, iid", "partial, units, AR(1)"])
def test_average_effects_have_the_correlation_of_a_seemingly_unrelated_regression(
    name: str,
) -> None:
    case = DESIGNS[name]
    panel = case.make(4, missing=0.15)
    model_frame = model_frame_of(case.design, panel)
    equation, reference = model_frame.equations[0], Dense(case.design, panel)
    names = equation.problem.parameter_names
    x = _point(names, 4)
    joint = _joint(reference, values_of(names, x), RELATED)
    weights = reference.in_cell.sum(axis=0)
    average = (weights / weights.sum()) @ reference.shares()
    both = np.kron(np.eye(2), average) @ joint @ np.kron(np.eye(2), average).T
    dense = both[0, 1] / np.sqrt(both[0, 0] * both[1, 1])
    draws = [
        _effects(model_frame, equation, x, mixed)[:, len(weights) :] @ weights
        for mixed in _pair(RELATED)
    ]
    ours = float(np.corrcoef(*draws)[0, 1])
    if name == "separate, none, iid":
        # Flat effects and one design: equation by equation is the whole posterior.
        assert dense == pytest.approx(RELATED, abs=1e-9)
        assert ours == pytest.approx(RELATED, abs=5.0 / np.sqrt(DRAWS))
    else:
        assert ours == pytest.approx(dense, abs=0.04)
        assert dense > 0.8 * RELATED
