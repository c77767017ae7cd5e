"""The diagonal of the inverse of a spatial lag, against inverses of dense matrices."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial import cKDTree

from bayes_nqp.gaussian import inverse_diagonal

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
