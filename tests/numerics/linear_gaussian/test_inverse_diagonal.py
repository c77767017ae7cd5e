"""The diagonal of the inverse of a spatial lag, against inverses of dense matrices."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial import cKDTree

from bayes_nqp.numerics.linear_gaussian import inverse_diagonal, linked_diagonal

DELTAS = (-0.9, 0.0, 0.4, 0.95)


def near(n: int, k: int, parts: int) -> sparse.csr_array:
    """Weights of the k nearest in the plane, in parts far from one another, in random order."""
    generator = np.random.default_rng(n)
    places = generator.random((n, 2)) + 10.0 * generator.integers(parts, size=(n, 1))
    linked = cKDTree(places).query(places, k + 1)[1][:, 1:].ravel()
    at = np.repeat(np.arange(n), k)
    return sparse.csr_array((np.full(at.size, 1.0 / k), (at, linked)), shape=(n, n))


@pytest.mark.parametrize(
    ("n", "k", "parts"), [(9, 3, 1), (120, 3, 1), (500, 5, 3), (150, 40, 1), (130, 1, 2)]
)
def test_the_diagonal_is_that_of_the_dense_inverse(n, k, parts):
    weights = near(n, k, parts)
    diagonal = inverse_diagonal(weights, DELTAS)
    for row, delta in zip(diagonal, DELTAS, strict=True):
        dense = np.linalg.inv(np.eye(n) - delta * weights.toarray())
        np.testing.assert_allclose(row, np.diagonal(dense), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("n", "k", "parts"), [(9, 3, 1), (500, 5, 3), (150, 40, 1), (130, 1, 2)])
def test_what_comes_back_by_units_of_a_level_is_that_of_the_dense_inverse(n, k, parts):
    weights = near(n, k, parts)
    level = np.random.default_rng(1).integers(3, size=n)
    inside = [(level == x) * 1.0 for x in range(3)]
    ours, w = linked_diagonal(weights, inside, DELTAS), weights.toarray()
    for of_delta, delta in zip(ours, DELTAS, strict=True):
        inverse = np.linalg.inv(np.eye(n) - delta * w)
        dense = [np.diagonal(inverse @ np.diag(x) @ w) for x in inside]
        np.testing.assert_allclose(of_delta, dense, rtol=1e-11, atol=1e-13)
