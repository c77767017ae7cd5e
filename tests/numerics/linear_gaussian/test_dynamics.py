"""The adjustment of outcomes of the period before: a dense operator, its scores, Lancaster's."""

from __future__ import annotations

import numpy as np
import pytest
from linked_cities import LEVEL, UNITS, W
from scipy.linalg import logm
from scipy.sparse import csr_array

from bayes_nqp.numerics.linear_gaussian import (
    coefficients_of,
    dynamic_determinant,
    lasting_response,
    responses,
    series_length,
)

T = 6
POINTS = [(0.4, 0.5, -0.1), (-0.3, 0.2, 0.3), (0.75, 0.1, 0.05), (0.0, 0.6, 0.0)]
ONE = np.zeros(UNITS, dtype=np.int64)


def operator(delta: float, tau: float, psi: float) -> np.ndarray:
    """What takes all rows after the first, period by period, to their errors."""
    before = np.kron(np.eye(T, k=-1), tau * np.eye(UNITS) + psi * W)
    return np.kron(np.eye(T), np.eye(UNITS) - delta * W) - before


def projection(levels: np.ndarray) -> np.ndarray:
    """M: means of units over periods, and of levels over units, are off."""
    same = np.equal.outer(levels, levels) * 1.0
    means = same / same.sum(axis=1, keepdims=True)
    return np.kron(np.eye(T) - 1.0 / T, np.eye(UNITS) - means)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("levels", [LEVEL, ONE], ids=["two levels", "one"])
def test_it_is_the_trace_of_the_dense_logarithm(
    point: tuple[float, float, float], levels: np.ndarray
) -> None:
    curve = dynamic_determinant(csr_array(W), levels, T)
    ours = (T - 1) * float(curve(*np.array(point)[:, None])[0])
    assert ours == pytest.approx(np.trace(projection(levels) @ logm(operator(*point))), abs=1e-8)


def test_scores_are_unbiased() -> None:
    """Its slopes are ``tr(M A' A^-1)``, what projected errors give on average."""
    curve, m = dynamic_determinant(csr_array(W), LEVEL, T), projection(LEVEL)
    point, step = np.array([0.4, 0.5, -0.1]), 1e-5
    inverse = np.linalg.inv(operator(*point))
    for k, unit in enumerate(np.eye(3)):
        up, down = (float(curve(*(point + s * unit)[:, None])[0]) for s in (step, -step))
        slope = (operator(*(point + unit)) - operator(*point)) @ inverse
        assert (T - 1) * (up - down) / (2 * step) == pytest.approx(np.trace(m @ slope), abs=1e-6), k


def test_without_links_it_is_lancasters() -> None:
    """``b(rho) = 1/T sum_t (T - t) / t rho^t`` of every unit that time effects leave."""
    rho = np.array([-0.4, 0.3, 0.8])
    curve = dynamic_determinant(csr_array(W), ONE, T)
    ours = (T - 1) * curve(0.0 * rho, rho, 0.0 * rho)
    b = sum((T - t) / (t * T) * rho**t for t in range(1, T))
    assert ours == pytest.approx((UNITS - 1) * b, rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_responses_are_powers_of_the_dense_map(point: tuple[float, float, float]) -> None:
    delta, tau, psi = point
    coefficients = np.array([point])
    size = series_length(coefficients, 9)
    powers = np.stack([np.linalg.matrix_power(W, j) for j in range(size)])
    inverse = np.linalg.inv(np.eye(UNITS) - delta * W)
    step = inverse @ (tau * np.eye(UNITS) + psi * W)
    of_h = np.tensordot(responses(coefficients, 9, size)[0], powers, axes=1)
    for h, ours in enumerate(of_h):
        assert ours == pytest.approx(np.linalg.matrix_power(step, h) @ inverse, abs=1e-9)
    end = np.tensordot(lasting_response(coefficients, size)[0], powers, axes=1)
    dense = np.linalg.inv((1.0 - tau) * np.eye(UNITS) - (delta + psi) * W)
    assert end == pytest.approx(dense, abs=1e-9)


def test_every_point_is_stationary() -> None:
    generator = np.random.default_rng(1)
    parameters = generator.uniform(-0.9, 0.9, (50, 3))
    for delta, tau, psi in coefficients_of(parameters):
        step = np.linalg.solve(np.eye(UNITS) - delta * W, tau * np.eye(UNITS) + psi * W)
        assert np.abs(np.linalg.eigvals(step)).max() < 0.9 + 1e-9
    delta, tau, psi = coefficients_of(parameters).T
    assert (tau + psi) / (1 - delta) == pytest.approx(parameters[:, 1])
    assert (tau - psi) / (1 + delta) == pytest.approx(parameters[:, 2])
