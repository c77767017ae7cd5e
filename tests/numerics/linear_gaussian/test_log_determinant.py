"""``tr(M log(I - delta W))`` against the matrix logarithm, for links of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import block_diag, logm
from scipy.spatial import cKDTree

from bayes_nqp.numerics.linear_gaussian import HIGHEST, LOWEST, LogDeterminant, log_determinant
from bayes_nqp.numerics.parameters import CutCorrelation

UNITS = 90
DELTA = np.array([LOWEST + 1e-3, -0.6, 0.0, 0.35, 0.8, HIGHEST - 1e-3])


def standardised(links: np.ndarray) -> sparse.csr_array:
    """Rows that sum to one."""
    return sparse.csr_array(links / links.sum(axis=1, keepdims=True))


def nearest(*, symmetric: bool) -> np.ndarray:
    """Links with the four nearest of random places."""
    places = np.random.default_rng(4).random((UNITS, 2))
    links = np.zeros((UNITS, UNITS))
    near = cKDTree(places).query(places, 5)[1][:, 1:]
    links[np.arange(UNITS)[:, None], near] = 1.0
    return np.maximum(links, links.T) if symmetric else links


def inverse_distance() -> np.ndarray:
    """Links among all of random places."""
    places = np.random.default_rng(5).random((UNITS, 2))
    distance = np.linalg.norm(places[:, None] - places, axis=2)
    return np.where(distance > 0, 1.0 / np.maximum(distance, 1e-3), 0.0)


LINKS = {
    "nearest": nearest(symmetric=True),
    "directed": nearest(symmetric=False),
    "dense": inverse_distance(),
    "dense and directed": inverse_distance() * np.linspace(1.0, 2.0, UNITS) ** np.arange(
        UNITS
    )[:, None] * np.random.default_rng(6).uniform(0.5, 1.5, (UNITS, UNITS)),
    "pairs": block_diag(*[np.ones((2, 2)) - np.eye(2)] * (UNITS // 2)),
}  # fmt: skip


def dense(links: sparse.csr_array, levels: np.ndarray) -> np.ndarray:
    """The definition."""
    indicator = np.equal.outer(levels, np.unique(levels)).astype(float)
    m = np.eye(UNITS) - indicator @ np.linalg.pinv(indicator)
    w = links.toarray()
    return np.array([np.trace(m @ logm(np.eye(UNITS) - delta * w)).real for delta in DELTA])


@pytest.mark.parametrize("n_levels", [1, 4, 12])
@pytest.mark.parametrize("kind", LINKS)
def test_it_is_the_matrix_logarithm(kind: str, n_levels: int) -> None:
    links, levels = standardised(LINKS[kind]), np.arange(UNITS) % n_levels
    ours = log_determinant(links, levels)
    assert isinstance(ours, LogDeterminant)
    assert ours(DELTA) == pytest.approx(dense(links, levels), abs=1e-10, rel=1e-10)


@pytest.mark.parametrize("kind", LINKS)
def test_with_one_level_it_is_lee_and_yu(kind: str) -> None:
    links = standardised(LINKS[kind])
    w = links.toarray()
    plain = np.array([np.linalg.slogdet(np.eye(UNITS) - delta * w)[1] for delta in DELTA])
    ours = log_determinant(links, np.zeros(UNITS, dtype=np.int64))
    assert ours(DELTA) == pytest.approx(plain - np.log1p(-DELTA), abs=1e-10)


@pytest.mark.parametrize("kind", LINKS)
def test_feedback_is_the_mean_of_the_diagonal(kind: str) -> None:
    links = standardised(LINKS[kind])
    w = links.toarray()
    mean = [np.trace(w @ np.linalg.inv(np.eye(UNITS) - delta * w)) / UNITS for delta in DELTA]
    ours = log_determinant(links, np.zeros(UNITS, dtype=np.int64)).feedback(DELTA)
    assert ours == pytest.approx(np.array(mean), abs=1e-8)


def test_the_prior_of_delta_is_a_beta_cut_to_where_it_is_computed() -> None:
    prior = CutCorrelation(3.0, 3.0, LOWEST, HIGHEST)
    u = np.linspace(-30.0, 30.0, 60_001)
    mass = np.exp(prior.log_density(u))
    assert np.trapezoid(mass, u) == pytest.approx(1.0, abs=1e-8)
    draws = prior.draw(np.random.default_rng(1), 40_000)
    assert LOWEST < draws.min() < draws.max() < HIGHEST
    moment = np.trapezoid(mass * prior.constrain(u) ** 2, u)
    assert np.mean(draws**2) == pytest.approx(moment, abs=0.005)
    values = np.array([-0.9, 0.1, 0.95])
    assert prior.constrain(prior.unconstrain(values)) == pytest.approx(values, abs=1e-12)
    kernel = prior.log_kernel(values)
    assert kernel[1] - kernel[0] == pytest.approx(2.0 * np.log(0.99 / 0.19))
