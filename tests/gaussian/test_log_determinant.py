"""``tr(M log(I - delta W))`` against the matrix logarithm, for links of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import block_diag, logm
from scipy.spatial import cKDTree

from bayes_nqp.gaussian import HIGHEST, LOWEST, LogDeterminant, log_determinant

UNITS = 48
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
